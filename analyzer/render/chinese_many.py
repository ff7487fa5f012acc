"""What series of runs and batches note, in simplified Chinese. Forms as in chinese_said.py."""

# Full-width punctuation is what Chinese is written with.
# ruff: noqa: RUF001

from __future__ import annotations

_UNREAD = {
    r"it is empty": "它是空的",
    r"it may not be read by you \(permission denied\)": "您无权读取它（permission denied）",
    r"it is binary, and of no kind that is read": "它是二进制文件，且不属于可读取的种类",
    r"it is an ELF file, but not a core": "它是 ELF 文件，但不是核心转储",
    r"it is an ELF file but not a core \(a program or a library\?\)": "它是 ELF 文件，但不是核心转储（程序或库？）",
    r"no stack was found in this text": "在该文本中没有找到调用栈",
    r"it is packed twice; unpack it first": "它被打包了两次；请先解包",
    r"the archive is damaged: (.+)": "归档已损坏：{0}",
    r"the archive is empty": "归档是空的",
    r"the archive has no end mark: it may be cut off": "归档没有结束标记：可能被截断",
    r"its packed data is damaged": "其压缩数据已损坏",
    r"it is a link, or a device: there is no content in the archive": "它是链接或设备：归档中没有内容",
    r"it is larger than (\d+) MiB: one trace a file, please": "它大于 {0} MiB：请一个文件放一份调用栈",
    r"it is not a regular file": "它不是普通文件",
    r"it is too short for any header": "它太短，容不下任何文件头",
    r"it is cut off: (\d+) bytes at (\d+) are missing": "它被截断：位置 {1} 处缺少 {0} 字节",
    r"it is of a 32-bit process, for which there are no tables here": "它属于 32 位进程，这里没有相应的数据表",
    r"it is (.+ data) that cannot be unpacked: (.+)": "它是无法解包的 {0}：{1}",
    r"(\d+) workers were lost while they analysed it \(too little memory\?\); --retry tries it again": (
        "分析它时失去了 {0} 个工作进程（内存太少？）；--retry 会再试"
    ),
    r"(\d+) processes on (\d+) hosts were looked at\.": "查看了 {1} 台主机上的 {0} 个进程。",
    r"Of (\d+) processes could not be seen what they wait for: the workers lack the right to\.": (
        "{0} 个进程在等待什么无法看到：工作进程没有相应权限。"
    ),
    r"(\d+) hosts could not be scanned\.": "{0} 台主机未能扫描。",
    r"No host has a process with such an id\.": "没有主机上有这样 id 的进程。",
    r"Stands in code without names": "停在没有名称的代码中",
    r"Stands in (.+)": "停在 {0}",
}
_RUNS = {
    r"A hang of the loader is known long before the timeout: its child waits for a lock and never runs\.": (
        "加载器的挂起远在超时之前就能得知：它的子进程在等待一把锁，从不运行。"
    ),
    r"No run ended well: whether the command ever came to the place where it may hang is not known\.": (
        "没有一次运行正常结束：该命令是否到达过可能挂起之处不得而知。"
    ),
    r"(\d+) runs? (?:was|were) over, but did not end well\. They count as not hung, though they may have ended too early to "
    r"hang\.": "{0} 次运行结束了，但并不正常。它们计为未挂起，尽管可能结束得太早而来不及挂起。",
    r"How they ended: (.+)\.": "结束方式：{0}。",
    r"(\d+) runs? (?:was|were) not over after (\S+) s, but still at work: neither hung nor clean, and not part of the rate\. A "
    r"longer --timeout gives such runs the time they need; a busy loop stays one\.": (
        "{0} 次运行在 {1} 秒后没有结束，但仍在工作：既不算挂起也不算正常，不计入比率。"
        "更长的 --timeout 可给这样的运行所需的时间；忙循环则始终如此。"
    ),
    r"After (\d+) of the runs, processes of the command were still there in the background, and were ended\. A hang of theirs is "
    r"not seen: run the command in the foreground\.": (
        "{0} 次运行之后，该命令的进程仍留在后台，已被结束。它们的挂起看不到：请在前台运行该命令。"
    ),
    r"(\d+) runs? (?:was|were) under way when the series was ended: not counted\.": "系列结束时有 {0} 次运行正在进行：没有计入。",
    r"(\d+) runs? (?:was|were) hung and could not be looked at as it should: (.+)": "{0} 次运行挂起而未能正常查看：{1}",
    r"(\d+) runs at a time: durations hold the time that the runs took from each other\.": (
        "同时进行 {0} 次运行：时长包含各次运行相互占用的时间。"
    ),
    r"Every run of (\S+) began by entering its root directory, which its duration includes\.": (
        "{0} 的每次运行都先进入其根目录，时长包含这一步。"
    ),
    r"It was not over after (\S+) s, and ended while it was analysed\.": "它在 {0} 秒后没有结束，而在分析期间结束了。",
    r"Could not be ended: (.+)\.": "未能将其结束：{0}。",
}
CHINESE_MANY = {**_UNREAD, **_RUNS}
"""Form -> sentence; the first form that fits counts."""
