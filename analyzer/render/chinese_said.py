"""What capture and scan say of a process, in simplified Chinese: whole sentences by their form; others stay as they are.

The saved result holds the English; a form is a regular expression that has to fit the whole text. Names, addresses and numbers
go through as they stand; a group that is itself such a sentence is said in Chinese too.
"""

# Full-width punctuation is what Chinese is written with.
# ruff: noqa: RUF001

from __future__ import annotations

_WAITS = {
    r"a futex at (\S+?)(?:, whose word is (\d+))?": "地址 {0} 处的 futex",
    r"a time to pass": "一段时间过去",
    r"any signal": "任何信号",
    r"a signal": "信号",
    r"a signal that continues it \(SIGCONT\)": "使它继续的信号 (SIGCONT)",
    r"its tracer \(a debugger\)": "跟踪它的进程（调试器）",
    r"a child process to end": "子进程结束",
    r"any of its file descriptors to become ready": "任何一个文件描述符就绪",
    r"data from (.+)": "来自{0}的数据",
    r"room in (.+)": "{0}中的空间",
    r"a connection on (.+)": "{0}上的连接",
    r"the lock on the file behind (.+)": "{0}所指文件上的锁",
    r"a record lock on (.+)": "{0}上的记录锁",
    r"file descriptor (\d+)": "文件描述符 {0}",
    r"a UNIX socket \(file descriptor (\d+)\)": "UNIX 套接字（文件描述符 {0}）",
    r"a pipe \(file descriptor (\d+)\)": "管道（文件描述符 {0}）",
    r"a FIFO (.+) \(file descriptor (\d+)\)": "FIFO {0}（文件描述符 {1}）",
    r"the system call (\S+)": "系统调用 {0}",
    r"system call (\d+)": "系统调用 {0}",
    r"waits for (.+), which closes a circle": "等待 {0}，从而形成环路",
    r"waits for (.+)": "等待 {0}",
    r"waits in (.+)": "在 {0} 中等待",
    r"waits for something that was not seen": "等待未能看到的对象",
    r"runs": "正在运行",
    r"is stopped": "已停止",
    r"(\S+), held by thread (\d+)": "{0}（由线程 {1} 持有）",
    r"(\S+), held by thread (\d+), which does not exist in this process": "{0}（由本进程中不存在的线程 {1} 持有）",
    r"(\S+), which records no holder": "{0}（不记录持有者）",
    r"(\S+), whose holder is not known": "{0}（持有者未知）",
    r"the lock at (0x\w+)": "地址 {0} 处的锁",
    r"a lock at (\S+), without a timeout": "地址 {0} 处的锁，没有超时",
    r"a futex at (\S+), without a timeout": "地址 {0} 处的 futex，没有超时",
}
_VALUES = {
    r"(\d) signs: (.+)": "{0} 个迹象：{1}",
    r"the robust list is not registered; (.+)": "robust list 没有登记；{0}",
    r"the thread control block holds another thread id; (.+)": "线程控制块中是另一个线程 id；{0}",
    r"the thread control block holds another thread id": "线程控制块中是另一个线程 id",
    r"glibc counts threads that are not there": "glibc 计入了并不存在的线程",
    r"the robust list is registered, as glibc's fork does": "robust list 已登记，glibc 的 fork 正是这样做的",
    r"the list head is NULL": "链表头为 NULL",
    r"the list head is (0x\w+)": "链表头为 {0}",
    r"glibc says (\d+), the kernel says (\d+)": "glibc 记录 {0}，内核给出 {1}",
    r"glibc counts (\d+), the kernel (\d+)": "glibc 计数 {0}，内核计数 {1}",
    r"could not check: (.+)": "未能检查：{0}",
    r"this lock does not record who holds it": "这把锁不记录由谁持有",
    r"it is not known whether this lock records its holder": "不知道这把锁是否记录持有者",
    r"its parent was not examined \(it has exited, or it is another program\)": "没有检查父进程（已退出，或是另一个程序）",
    r"(\S+) at (0x\w+) holds (0x\w+)": "地址 {1} 处的 {0} 的值为 {2}",
    r"the lock at (0x\w+) holds (0x\w+)": "地址 {0} 处的锁的值为 {1}",
    r"futex\((0x\w+), wait for it to change from (0x\w+), no timeout\)": "futex({0}，等待其值不再是 {1}，没有超时)",
    r"futex\((0x\w+), wait for it to change from (0x\w+), with a timeout\)": "futex({0}，等待其值不再是 {1}，有超时)",
    r"it is held, its holder is not recorded, and the only thread of this process waits for it": (
        "它已被持有，没有记录持有者，而本进程唯一的线程正在等待它"
    ),
    r"it is in (\w+)": "它位于 {0}",
    r"it ran within (\d+) ms": "它在 {0} 毫秒内运行过",
    r"no counter changed within (\d+) ms": "{0} 毫秒内没有计数器变化",
    r"its holder is thread (\d+) of process (\d+), which runs (.+); this process has no such thread": (
        "它的持有者是进程 {1} 的线程 {0}，该线程运行 {2}；本进程没有这个线程"
    ),
    r"its holder is thread (\d+) of process (\d+); this process has no such thread": (
        "它的持有者是进程 {1} 的线程 {0}；本进程没有这个线程"
    ),
    r"its holder, thread (\d+), is a thread of this process": "它的持有者线程 {0} 是本进程的线程",
    r"the holder is thread (\d+) of process (\d+)": "持有者是进程 {1} 的线程 {0}",
    r"the lock names its holder": "锁记录了持有者",
    r"the lock is free": "锁是空闲的",
    r"its memory is its own": "它的内存是自己的",
    r"its start time is the same": "启动时间相同",
    r"its state was (\w)": "它的状态是 {0}",
    r"(\w) before, (\w) after": "之前 {0}，之后 {1}",
    r"the kernel has one thread": "内核中有一个线程",
    r"the kernel has (\d+) threads": "内核中有 {0} 个线程",
    r"the parent has (\d+) threads": "父进程有 {0} 个线程",
    r"there is no other thread": "没有其他线程",
    r"no thread of it does": "它没有线程在等待",
    r"no other thread that was seen": "没有看到其他线程",
    r"not in the frames that were seen": "不在所见的栈帧中",
    r"not asked in this snapshot": "本次快照没有询问",
    r"(\d+) other thread\(s\) run, or are inside libc: (.+)": "另有 {0} 个线程在运行或位于 libc 内：{1}",
    r"thread (\d+) of process (\d+) waits for (.+)": "进程 {1} 的线程 {0} 在等待 {2}",
    r"(\d+) more: (.+)": "另有 {0} 个：{1}",
}
_QUESTIONS = {
    r"Are there more threads of which this holds\?": "还有其他线程也是如此吗？",
    r"Do the frames fit (.+)\?": "栈帧与 {0} 相符吗？",
    r"Do the frames speak against it: (.+)\?": "栈帧是否与之矛盾：{0}？",
}
_SCAN = {
    r"its counters stand still": "它的计数器停住不动",
    r"glibc never registered it with the kernel \(robust list NULL\): it came from a raw clone": (
        "glibc 从未向内核登记它（robust list 为 NULL）：它由裸 clone 产生"
    ),
    r"so do those of all its (\d+) threads": "它全部 {0} 个线程的计数器都是如此",
    r"it is the only thread, and no other process can release the lock": "它是唯一的线程，没有其他进程能释放这把锁",
    r"it is the only thread, and no other process can wake it": "它是唯一的线程，没有其他进程能唤醒它",
    r"idle thread pools wait like this too": "空闲的线程池也这样等待",
    r"it is uninterruptible \(state D\) and does not move": "它不可中断（状态 D），没有进展",
    r"it is stopped \(state (\w)\)": "它已停止（状态 {0}）",
    r"the kernel(?: in (\S+))?": "内核 {0}",
    r"process (.+) waits for it": "进程 {0} 在等待它",
    r"(.+) wait for it": "{0} 在等待它",
    r"what (\d+) process(?:es)? waits? for could not be seen: the kernel refuses even root": (
        "{0} 个进程在等待什么无法看到：内核连 root 也拒绝"
    ),
    r"what (\d+) process(?:es)? waits? for could not be seen: (.+)": "{0} 个进程在等待什么无法看到：{1}",
    r"(\d+) threads of large processes were not looked at": "大型进程的 {0} 个线程没有查看",
    r"(\d+) waiting threads were not looked at a second time": "{0} 个等待的线程没有看第二次",
}
CHINESE_SAID = {**_QUESTIONS, **_VALUES, **_SCAN, **_WAITS}
"""Form -> sentence; the first form that fits counts, so the more particular one stands first."""
