"""What the diagnosis says of a process, in simplified Chinese: what stays unexplained, what rules a signature out, what follows.

Forms as in chinese_said.py: regular expressions that have to fit the whole text.
"""

# Full-width punctuation is what Chinese is written with.
# ruff: noqa: RUF001

from __future__ import annotations

import re

_BECAUSE = {
    "a function that is not libc's stands between the wait and fork: a fork handler of the program waits, not fork itself": (
        "等待与 fork 之间有一个不属于 libc 的函数：在等待的是程序的 fork 处理函数，而不是 fork 本身"
    ),
    "a raw clone made this process, not fork: another signature speaks of that": (
        "该进程由裸 clone 产生，而不是 fork：那属于另一个特征"
    ),
    "a signal interrupted this very thread, which may have held the lock itself: a self-deadlock in a signal handler": (
        "信号打断的正是这个线程，它可能自己就持有这把锁：信号处理函数中的自我死锁"
    ),
    "a signal interrupted this very thread, which may itself be the waiter": "信号打断的正是这个线程，它可能自己就是等待者",
    "the condition is meant to be shared between processes: the waiters may live where nobody looked": (
        "该条件变量用于进程间共享：等待者可能在没有查看的地方"
    ),
    "another thread holds the lock": "另一个线程持有这把锁",
    "another thread of this process is inside the same part of libc without waiting: it can be the holder": (
        "本进程的另一个线程位于 libc 的同一部分且没有在等待：它可能是持有者"
    ),
    "another thread of this process is where it could hold the lock": "本进程的另一个线程所在之处可能持有这把锁",
    "fork was called from inside fork (by a fork handler) or from inside malloc: the thread may hold the lock itself": (
        "fork 是在 fork 内部（由 fork 处理函数）或 malloc 内部调用的：该线程可能自己持有这把锁"
    ),
    "glibc's own fork, or a program start, made this process": "该进程由 glibc 自己的 fork 或程序启动产生",
    "glibc's own fork, or a program start, made this process: no lock was left behind": (
        "该进程由 glibc 自己的 fork 或程序启动产生：没有遗留任何锁"
    ),
    "its holder lives in another process, from which the mutex was copied": "它的持有者在另一个进程中，互斥锁是从那里复制来的",
    "libc is entered twice in this thread, and without names it cannot be told whether the thread waits for itself": (
        "该线程两次进入 libc，而没有符号名就无法判断它是否在等待自己"
    ),
    "the allocator is entered twice in this thread, which may hold the lock itself: a damaged heap that is being reported, "
    "or a hook": "该线程两次进入内存分配器，可能自己持有这把锁：正在报告堆损坏，或是一个钩子函数",
    "the allocator's own fork handler waits, inside fork": "在等待的是分配器自己的 fork 处理函数，位于 fork 之内",
    "the holder of the loader's lock does not exist in this process": "加载器锁的持有者在本进程中不存在",
    "the holder of the stream does not exist in this process": "该流的持有者在本进程中不存在",
    "the mutex is meant to be shared between processes, and its holder lives: it may be released": (
        "该互斥锁用于进程间共享，而它的持有者仍在：它可能会被释放"
    ),
    "the mutex is meant to be shared between processes: the holder may live where nobody looked": (
        "该互斥锁用于进程间共享：持有者可能在没有查看的地方"
    ),
    "the process shares its memory with its parent (vfork or CLONE_VM), where the waiters still run": (
        "该进程与父进程共享内存（vfork 或 CLONE_VM），等待者仍在父进程中运行"
    ),
    "the process shares its memory with its parent (vfork or CLONE_VM), where the holder still runs": (
        "该进程与父进程共享内存（vfork 或 CLONE_VM），持有者仍在父进程中运行"
    ),
    "the signal interrupted code that is not seen to be inside libc, so it need not hold the lock": (
        "没有看到信号打断的代码位于 libc 内，因此它不一定持有这把锁"
    ),
    "the thread that holds the lock lives and can release it": "持有锁的线程仍在，能够释放它",
    "the thread waits for itself, not for others": "该线程在等待自己，而不是别的线程",
    "the thread waits inside an initialisation or a fork handler of its own, and may wait for itself": (
        "该线程在自己的初始化或 fork 处理函数中等待，可能在等待自己"
    ),
    "the waiting thread holds the lock itself": "等待的线程自己持有这把锁",
    # What the answer to a fact of [match] means, where it speaks against a signature
    "it sleeps in a futex call that nothing but a wake-up ends": "它在只有唤醒才能结束的 futex 调用中睡眠",
    "it is not in a futex call, or the call ends by itself": "它不在 futex 调用中，或该调用会自行结束",
    "the lock word says held": "锁字表明已被持有",
    "the lock word says free: the wait is about to end": "锁字表明空闲：等待即将结束",
    "its counters did not change": "它的计数器没有变化",
    "it ran in between": "其间它运行过",
    "its start time did not change": "它的启动时间没有变化",
    "the pid was given to another process meanwhile": "该 pid 其间被分配给了另一个进程",
    "the process uses glibc": "该进程使用 glibc",
    "the process uses another C library, or none": "该进程使用另一种 C 库，或没有 C 库",
    "at least two independent signs say that no fork() of glibc made this process": (
        "至少两个独立的迹象表明该进程不是由 glibc 的 fork() 产生"
    ),
    "glibc's fork() or a program start made this process": "该进程由 glibc 的 fork() 或程序启动产生",
    "no other process can change the word: whoever should release it must be here": (
        "没有其他进程能改变这个字：该释放它的只能在这里"
    ),
    "the word is meant to be shared, and another process may release it": "这个字用于共享，另一个进程可能释放它",
    "the thread waits for itself": "该线程在等待自己",
    "another thread holds it": "另一个线程持有它",
    "there is no other thread that could release anything": "没有其他线程能释放什么",
    "there are other threads": "还有其他线程",
}
_UNEXPLAINED = {
    r"Thread (\d+) of process (\d+) (.+)": "进程 {1} 的线程 {0} {2}",
    r"Each of (\d+) threads \((\d+), \.\.\.\) of process (\d+) (.+)": "进程 {2} 的 {0} 个线程（{1} 等）各自 {3}",
    r"No thread of process (\d+) could be looked at\.": "进程 {0} 没有能查看的线程。",
    r"Process (\d+) could not be judged, because of a mistake in hanganalyze: (.+)\.": (
        "hanganalyze 出错，未能判断进程 {0}：{1}。"
    ),
    r"Who waits for whom could not be worked out, because of a mistake in hanganalyze: (.+)\.": (
        "hanganalyze 出错，未能理清谁在等待谁：{0}。"
    ),
    r"Frames of thread (\d+) of process (-?\d+) are missing where they would decide about (.+): take the whole stack "
    r"\(gdb: set backtrace limit unlimited; install debug symbols\)\.": (
        "进程 {1} 的线程 {0} 恰在能够决定 {2} 的地方缺少栈帧：请取得完整的调用栈"
        "（gdb：set backtrace limit unlimited；安装调试符号）。"
    ),
    r"Frames of thread (\d+) of process (-?\d+) are missing where they would decide about (.+): ask for the whole stack, with "
    r"debug symbols \((gdb .+)\)\.": (
        "进程 {1} 的线程 {0} 恰在能够决定 {2} 的地方缺少栈帧：请索取带调试符号的完整调用栈（“{3}”）。"
    ),
    r"Frames of thread (\d+) of process (-?\d+) are missing where they would decide about (.+): name the program and the files "
    r"of its machine \(--exe, --sysroot\), or install the debug symbols\.": (
        "进程 {1} 的线程 {0} 恰在能够决定 {2} 的地方缺少栈帧：请指定程序及其机器上的文件（--exe、--sysroot），或安装调试符号。"
    ),
    r"waits for (.+?): who holds it\? Ask for the stacks of all its threads, and of its parent \((gdb .+)\)\.": (
        "等待 {0}：谁持有它？请索取它所有线程及其父进程的调用栈（“{1}”）。"
    ),
    r"waits for (.+?): who holds it\? Look at the other threads, and name the files of its machine \(--exe, --sysroot\) or "
    r"install debug symbols\.": ("等待 {0}：谁持有它？请看其他线程，并指定其机器上的文件（--exe、--sysroot）或安装调试符号。"),
    r"waits for (.+); what that is, only its own stack tells: ask for that \((gdb .+)\)\.": (
        "等待 {0}；那是什么，只有它自己的调用栈能说明：请索取（“{1}”）。"
    ),
    r"something in the kernel \((.+)\)": "内核中的某事（{0}）",
    r"has no frame with a name: ask for the stack with debug symbols \((gdb: .+)\)\.": (
        "没有带名称的栈帧：请索取带调试符号的调用栈（“{0}”）。"
    ),
    r"(\S+) fits the stack; a text proves nothing: ask for the report of «hanganalyze PID» made while it hangs, or for a core "
    r"\(gcore PID\)\.": "{0} 与调用栈相符；文本不能证明什么：请索取挂起期间“hanganalyze PID”的报告，或核心转储（“gcore PID”）。",
    r"waits for (.+?), held by thread (\d+), which is not in this process: look at what that thread does\.": (
        "等待 {0}，由本进程中不存在的线程 {1} 持有：请看那个线程在做什么。"
    ),
    r"waits for (.+?), held by thread (\d+): look at what that thread does\.": (
        "等待 {0}，由线程 {1} 持有：请看那个线程在做什么。"
    ),
    r"waits for (.+?): who holds it\? Look at the other threads, and install the debug symbols of libc and the program\.": (
        "等待 {0}：谁持有它？请看其他线程，并安装 libc 和程序的调试符号。"
    ),
    r"waits for (.+); whoever should provide it is the one to look at next\.": "等待 {0}；接下来要看的是应当提供它的一方。",
    r"could not be seen whole: (.+?)\.": "未能完整看到：{0}。",
    r"frames are missing, so nothing can be said of it": "缺少栈帧，因此无法判断",
    r"has no frame with a name: install the debug symbols, or name the program with --exe\.": (
        "没有带名称的栈帧：请安装调试符号，或用 --exe 指定程序。"
    ),
    r"is in (.+), which no signature explains\.": "位于 {0}，没有特征能解释。",
    r"(\S+) fits the stack; what could not be answered: (.+)\.": "{0} 与调用栈相符；未能回答的：{1}。",
    r"(\S+) fits the stack, and no fact makes it more than possible\.": "{0} 与调用栈相符，没有事实使其超出“可能”。",
    r"And (\d+) more like these\.": "另有 {0} 个与此类似。",
    r"a lock \((.+ <- .+)\)": "一把锁（{0}）",
    r"a lock": "一把锁",
    r"the lock at (0x\w+) \((.+ <- .+)\)": "地址 {0} 处的锁（{1}）",
    r"(\S+) \((.+ <- .+)\)": "{0}（{1}）",
    r"something that was not seen": "未能看到的对象",
    r"it could not be asked, because of a mistake in it or in hanganalyze: (.+)": "因特征或 hanganalyze 有误而未能判断：{0}",
}
_DERIVED = {
    r"(\d+) threads were seen": "看到了 {0} 个线程",
    r"one thread was seen; whether there are more was not asked": "看到了一个线程；没有询问是否还有更多",
    r"its futex call was not seen": "没有看到它的 futex 调用",
    r"the call's operation is (.+)": "该调用的操作为 {0}",
    r"futex operation (\w+)": "futex 操作 {0}",
    r"the lock it waits for is not known": "它等待的锁未知",
    r"the lock's holder is not known": "锁的持有者未知",
    r"where thread (\d+) lives is not known": "线程 {0} 在哪里未知",
    r"no process that was looked at has a thread (\d+)": "查看过的进程都没有线程 {0}",
    r"thread (\d+) belongs to this process": "线程 {0} 属于本进程",
    r"thread (\d+) belongs to process (\d+)": "线程 {0} 属于进程 {1}",
    r"the holder of the lock at (\w+) is not known": "地址 {0} 处的锁的持有者未知",
    r"it waits for a circle of others: (.+)": "它在等待由其他线程形成的环路：{0}",
    r"it waits for itself": "它在等待自己",
    r"it ends at thread (\d+), which is not in this process": "终止于不在本进程中的线程 {0}",
    r"it ends at thread (\d+), which waits for no lock": "终止于没有等待锁的线程 {0}",
    r"it was answered in two ways \((.+)\)": "得到了两种不同的答案（{0}）",
    r"not asked: a pasted trace shows stacks only": "没有询问：粘贴的文本只有调用栈",
    r"not asked: a core is one moment of one process": "没有询问：核心转储只是一个进程的一个时刻",
    r"in the text that was given": "在给出的文本中",
    r"it waits for (.+)": "它在等待 {0}",
    r"the frames fit (.+)": "栈帧与 {0} 相符",
    r"state (\w)": "状态 {0}",
    r"thread (\d+)": "线程 {0}",
    r"(#\d+ .+), called by #(\d+) (.+)": "{0}，由 #{1} {2} 调用",
}
_ASKED = {
    r"Does another thread fit (.+)\?": "是否有另一个线程与 {0} 相符？",
    r"Does another thread speak against it: (.+)\?": "是否有另一个线程与之矛盾：{0}？",
    r"What does the kernel say of the thread\?": "内核对该线程怎么说？",
}
_VERSIONS = {
    r"(dpkg|rpm|go) says (\S+); (\S+) compared with (.+?) as (?:dpkg|rpm|Go) compares; a distribution may have taken the fix "
    r"into this version all the same: its changelog tells": (
        "{0} 给出 {1}；按其规则将 {2} 与 {3} 比较；发行版仍可能已把修复移入该版本：见其变更日志"
    ),
    r"(dpkg|rpm|go) says (\S+); (\S+) compared with (.+?) as (?:dpkg|rpm|Go) compares": (
        "{0} 给出 {1}；按其规则将 {2} 与 {3} 比较"
    ),
    r"the package of the program was not asked for: there was no running process to ask": (
        "没有查询程序所属的软件包：没有运行中的进程可查"
    ),
    r"could not compare: (.+)": "无法比较：{0}",
    r"the program belongs to the package (.+)": "程序属于软件包 {0}",
    r"no version of it was found": "没有找到它的版本",
    r"no package database of its root \(dpkg, rpm\) knows the file it runs": (
        "其根目录的软件包数据库（dpkg、rpm）都不认识它运行的文件"
    ),
    r"(.+); it was built from commit (\w+)( with changes)?: see with «(.+)» whether that has the fix": (
        "{0}；由提交 {1} 构建{2}：用“{3}”查看其中是否有修复"
    ),
    r"(.+); it was built from commit (\w+)( with changes)?": "{0}；由提交 {1} 构建{2}",
    r" with changes": "（有改动）",
    r"the package databases of its root could not be read: (.+)": "无法读取其根目录的软件包数据库：{0}",
    r"the package database of its root could not be read: (.+)": "无法读取其根目录的软件包数据库：{0}",
    r"the package databases of its root did not answer within (\S+) s": "其根目录的软件包数据库在 {0} 秒内没有应答",
    r"the file it runs could not be looked at: (.+)": "无法查看它运行的文件：{0}",
    r"the file it runs was replaced or removed since it was started, so no package database speaks of it": (
        "它运行的文件在启动之后被替换或删除，因此没有软件包数据库能说明它"
    ),
    r"another file than the one it runs lies at its path, so no package database speaks of it": (
        "其路径上的文件不是它运行的那个，因此没有软件包数据库能说明它"
    ),
    r"the kernel does not say which file it runs: not permitted, or it has ended": (
        "内核没有说明它运行的是哪个文件：权限不足，或它已结束"
    ),
}


def _forms(sentences: dict[str, str]) -> dict[str, str]:
    """Each sentence, and the same with the value that was seen, in brackets behind it."""
    forms = {}
    for english, chinese in sentences.items():
        forms[re.escape(english)] = chinese
        forms[re.escape(english) + r" \((.+)\)"] = chinese + "（{0}）"
    return forms


CHINESE_JUDGED = {**_forms(_BECAUSE), **_ASKED, **_UNEXPLAINED, **_DERIVED, **_VERSIONS}
"""Form -> sentence; the first form that fits counts."""
