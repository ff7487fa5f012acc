"""What capture notes besides the answers, in simplified Chinese: why a method, what could not be seen, who might end a wait.

Forms as in chinese_said.py: regular expressions that have to fit the whole text.
"""

# Full-width punctuation is what Chinese is written with.
# ruff: noqa: RUF001

from __future__ import annotations

_WHY = {
    r"it was asked for": "按要求采用",
    r"thread (\d+) waits for a word that can no longer be read, and a stop would end the process": (
        "线程 {0} 等待的字已无法读取，停下会使该进程结束"
    ),
    r"but it was not stopped: (.+)": "但没有停下它：{0}",
    r"The system call ptrace is refused to everybody here \((.+)\): a seccomp filter, as some container runtimes set\.": (
        "这里对所有进程都拒绝系统调用 ptrace（{0}）：这是 seccomp 过滤器所致，有些容器运行时会设置它。"
    ),
    r"A security module \(SELinux, AppArmor\) lets its memory be read, but not the process be traced\.": (
        "安全模块（SELinux、AppArmor）允许读取它的内存，但不允许跟踪该进程。"
    ),
    r"nothing of it moved between two samples, so standing still costs it nothing, and gdb sees most live": (
        "两次采样之间它没有任何进展，停住不会造成损失，而 gdb 附加时看到的最多"
    ),
    r"its main thread has ended, and gdb attaches to a process by its main thread only": (
        "它的主线程已结束，而 gdb 只能通过主线程附加到进程"
    ),
    r"some of its threads work, but only gdb knows this kind of program": "它有线程在工作，但只有 gdb 认识这类程序",
    r"(\d+) of its (\d+) threads work, the main one among them, so it was stopped as shortly as can be": (
        "它的 {1} 个线程中有 {0} 个在工作，包括主线程，因此只停顿了尽可能短的时间"
    ),
    r"(\d+) of its (\d+) threads work, and without a stop (\S+) does not show where a thread returns to": (
        "它的 {1} 个线程中有 {0} 个在工作，而 {2} 不停顿就看不出线程返回到哪里"
    ),
    r"(\d+) of its (\d+) threads work, so it was photographed without stopping it": (
        "它的 {1} 个线程中有 {0} 个在工作，因此没有停顿就拍摄了快照"
    ),
    r"without a stop the stack of thread (.+) could not be seen whole": "不停顿就无法完整看到线程 {0} 的调用栈",
    r"the input is text": "输入是文本",
    r"nothing in it called for a debugger": "其中没有需要调试器的内容",
    r"a core shows one moment": "核心转储只有一个时刻",
    r"hanganalyze took this core (.+)": "该核心转储由 hanganalyze 获取：{0}",
    r"without stopping the process": "没有停止进程",
    r"while it stood still for (\S+) ms": "期间进程停顿了 {0} 毫秒",
}
_NOTES = {
    r"gdb ran as root: (.+)": "gdb 以 root 身份运行：{0}",
    r"its user's rights did not suffice": "其用户的权限不够",
    r"another program has the same path here": "此处的同一路径上是另一个程序",
    r"the process has changed its user or group": "进程改变过用户或组",
    r"the process has capabilities": "进程拥有 capability",
    r"the process is in a user namespace of its own": "进程位于自己的用户命名空间中",
    r"the process is not dumpable": "进程不可转储（not dumpable）",
    r"kernel\.yama\.ptrace_scope lets only root attach": "kernel.yama.ptrace_scope 只允许 root 附加",
    r"its user may not run (\S+)": "其用户不能运行 {0}",
    r"its user may not read (\S+)": "其用户不能读取 {0}",
    r"who it belongs to could not be found out \((.+)\)": "未能查明它属于谁（{0}）",
    r"no debugger was attached: (.+); hanganalyze (\d+) attaches one": "没有附加调试器：{0}；hanganalyze {1} 会附加",
    r"no debugger could be attached: (.+)": "未能附加调试器：{0}",
    r"hanganalyze was started from it": "hanganalyze 由它启动",
    r"an ancestor of hanganalyze": "它是 hanganalyze 的祖先进程",
    r"in another pid namespace": "位于另一个 pid 命名空间",
    r"it is not of the family and has threads that wait for work": "它不属于这组进程，且有线程在等待任务",
    r"it is not of the family and runs": "它不属于这组进程，且正在运行",
    r"process (\d+) traces it already": "进程 {0} 已在跟踪它",
    r"the debugger failed: (.+)": "调试器出错：{0}",
    r"(\d+) further descendants were not looked at": "另有 {0} 个后代进程没有查看",
    r"(\d+) of (\d+) threads were not looked at: the pause would have been too long": (
        "{1} 个线程中有 {0} 个没有查看：停顿会太久"
    ),
    r"the chain of waits leads to (\d+) further processes, which were not looked at": "等待链还通向 {0} 个没有查看的进程",
    r"there are too many open files to look at all of them: whoever holds an end may be missing": (
        "打开的文件太多，无法全部查看：可能漏掉了持有另一端的进程"
    ),
    r"who could end the wait of thread (\d+) could not be found out: (.+)": "未能查明谁能结束线程 {0} 的等待：{1}",
    r"who waits for whom between the processes could not be worked out: (.+)": "未能理清进程之间谁在等待谁：{0}",
    r"the lock that thread (\d+) waits for could not be read: (.+)": "未能读取线程 {0} 等待的锁：{1}",
    r"process (\d+) ended, and another one has its pid now: it was left out": "进程 {0} 已结束，其 pid 现属另一个进程：已略去",
    r"process (\d+) was left out, because what was seen of it made no sense: (.+)": "进程 {0} 已略去，因为所见内容不合理：{1}",
    r"another process has its pid now": "其 pid 现属另一个进程",
    r"the debugger had left it stopped; it was continued \(SIGCONT\)": "调试器使它停留在停止状态；已让它继续（SIGCONT）",
    r"it was stopped before, and the debugger let it run; it was stopped again \(SIGSTOP\)": (
        "它此前已停止，而调试器让它运行了；已再次停止它（SIGSTOP）"
    ),
    r"its memory could not be read: not permitted, or it has ended": "无法读取它的内存：权限不足，或它已结束",
    r"its processor architecture has no table here \(a 32-bit program\?\): glibc's facts stay unknown": (
        "这里没有其处理器体系结构的数据表（32 位程序？）：glibc 的各项事实仍为未知"
    ),
    r"the reference loader could not be photographed here: (.+)": "未能在此拍摄参考加载器的快照：{0}",
    r"its C library is musl, not glibc": "它的 C 库是 musl，不是 glibc",
    r"no C library is mapped, and the executable is unknown": "没有映射任何 C 库，可执行文件未知",
    r"glibc is linked statically, so its symbols cannot be looked up": "glibc 是静态链接的，因此无法查找其符号",
    r"the program is static and has no glibc that we recognise \(musl, Go, or none\)": (
        "程序是静态的，且没有我们认识的 glibc（musl、Go 或没有）"
    ),
    r"the mappings of the process could not be read": "无法读取进程的内存映射",
    r"the process was ended by (.+), which wrote this core": "进程因 {0} 而结束，并由此写出了该核心转储",
    r"not here, so without symbols: (.+)\. Give the files with --sysroot or --exe": (
        "这里没有，因此缺少符号：{0}。请用 --sysroot 或 --exe 给出文件"
    ),
    r"the core does not hold the build ids of these files, so they were not used: (.+)": (
        "核心转储中没有这些文件的构建 id，因此没有使用它们：{0}"
    ),
    r"the core is cut off: (\d+) bytes of memory are missing \(a limit on its size, or a full disk\)": (
        "核心转储被截断：缺少 {0} 字节内存（大小受限，或磁盘已满）"
    ),
    r"the core does not say which files were mapped \(a kernel before 3\.7\), so no module can be named": (
        "核心转储没有说明映射了哪些文件（3.7 之前的内核），因此无法给出模块名"
    ),
    r"(\S+) here is not (.+) of the core: its build id is (\w+), the core's (\w+); it was not used\. Give the right "
    r"files with --sysroot or --exe": (
        "此处的 {0} 不是核心转储中的 {1}：它的构建 id 为 {2}，核心转储中为 {3}；没有使用它。请用 --sysroot 或 --exe 给出"
    ),
    r"the executable": "可执行文件",
    r"the C library": "C 库",
}
_PROBLEMS = {
    r"its stack was not looked at": "没有查看它的调用栈",
    r"what was seen of it made no sense: (.+)": "所见内容不合理：{0}",
    r"gdb does not list this thread": "gdb 没有列出该线程",
    r"gdb could not unwind: (.+)": "gdb 无法展开调用栈：{0}",
    r"beyond frame (\d+) gdb had to guess: nothing proves that the file named for it is the core's": (
        "第 {0} 帧之外 gdb 只能猜测：没有什么能证明所指定的文件属于该核心转储"
    ),
    r"beyond frame (\d+) gdb had to guess: (.+) was not used": "第 {0} 帧之外 gdb 只能猜测：没有使用 {1}",
    r"(.+) has no build id that could be compared: (.+) was used because it was named, and what depends on it is less sure": (
        "{0} 没有可比较的构建 id：因为指定了 {1} 而使用了它，依赖它的内容不那么确定"
    ),
    r"gdb could not go on: (.+)": "gdb 无法继续：{0}",
    r"gdb says: (.+)": "gdb 的说法：{0}",
    r"gdb's list of its frames makes no sense": "gdb 给出的栈帧列表不合理",
    r"there was no time left to look for more": "没有时间继续查找",
    r"its outer frames need a register that only a stopped thread shows \(--capture stop\)": (
        "它的外层栈帧需要只有停止的线程才显示的寄存器（--capture stop）"
    ),
    r"it ended before the photograph was taken": "拍摄快照之前它已结束",
    r"it began or ended while the photograph was taken": "拍摄快照期间它开始或结束了",
    r"it runs: without a stop its stack cannot be seen \(--capture stop can\)": (
        "它正在运行：不停顿就看不到它的调用栈（--capture stop 可以）"
    ),
    r"it has ended: it has no stack any more": "它已结束：不再有调用栈",
    r"the kernel does not show its registers": "内核没有显示它的寄存器",
    r"it ran while the photograph was taken, so its stack would be made up": "拍摄快照期间它在运行，调用栈会是虚构的",
    r"it could not be stopped": "未能使它停止",
    r"it could not be stopped: (.+)": "未能使它停止：{0}",
    r"it ended before it could be stopped": "未及停止它已结束",
    r"it ended while it was being stopped": "停止的过程中它结束了",
    r"it waits in the kernel where nothing stops it": "它在内核中等待，无法使其停止",
    r"its registers could not be read: (.+)": "无法读取它的寄存器：{0}",
    r"it is a 32-bit thread, whose registers have no table here": "它是 32 位线程，这里没有其寄存器的数据表",
    r"it ended before gdb could attach": "gdb 附加之前它已结束",
    r"it ended while gdb attached": "gdb 附加期间它已结束",
    r"the kernel does not show its system call": "内核没有显示它的系统调用",
    # Pasted traces
    r"only the innermost frame was listed": "只列出了最内层的栈帧",
    r"only the innermost frame is in the text": "文本中只有最内层的栈帧",
    r"the text leaves frames out": "文本省略了栈帧",
    r"the print stops where a pager asked to go on": "输出停在分页程序询问是否继续之处",
    r"the command printed at most (\d+) frames": "该命令最多输出 {0} 个栈帧",
    r"(\d+) frames in the middle were dropped here, they are in the text": "中间的 {0} 个栈帧在此略去，文本中有",
    r"the stack begins at frame (\d+)": "调用栈从第 {0} 帧开始",
    r"frame (\d+) is missing": "缺少第 {0} 帧",
    r"frames (\d+) to (\d+) are missing": "缺少第 {0} 至 {1} 帧",
    r"No stack was recognised in the text\.": "文本中没有认出任何调用栈。",
    r"Read from text: (.+)\.": "读自文本：{0}。",
    r"(\d+) of (\d+) frames have a function's name\.": "{1} 个栈帧中有 {0} 个带函数名。",
    r"(\d+) of (\d+) stacks (?:is|are) cut\.": "{1} 个调用栈中有 {0} 个被截断。",
    r"(\d+) of (\d+) lines look like part of a trace and could not be read; the first is line (\d+)\.": (
        "{1} 行中有 {0} 行像是调用栈的一部分但无法读取；第一处在第 {2} 行。"
    ),
    r"Also found, and not read: (.+) \((\d+) lines\)\.": "还发现但没有读取：{0}（{1} 行）。",
    r"The text does not tell the process id: the number here only stands in for it\.": (
        "文本没有说明进程 id：这里的数字只是代替。"
    ),
    r"The text does not tell every thread's id: the debugger's own numbers, or numbers from 0, stand in for them\.": (
        "文本没有说明每个线程的 id：以调试器自己的编号或从 0 起的数字代替。"
    ),
    r"(\d+) threads more are in the text; they were not kept\.": "文本中还有 {0} 个线程；没有保留。",
    r"A text shows what was printed: nothing could be asked of the process, so no fact is known and nothing can be proven\.": (
        "文本只显示打印出来的内容：无法向进程查询，因此没有已知事实，什么也无法证实。"
    ),
    r"This is process (\d+) once more, or another one with this id\.": "这又是进程 {0}，或另一个使用该 id 的进程。",
}
_VALUES = {
    r"it shared its memory when the core was taken": "获取核心转储时它共享了内存",
    r"its memory was its own when the core was taken": "获取核心转储时它的内存是自己的",
    r"the list head was NULL when the core was taken": "获取核心转储时链表头为 NULL",
    r"the list head was set when the core was taken": "获取核心转储时链表头已设置",
    r"only the kernel knows it, and the process is not running here": "只有内核知道，而该进程没有在这里运行",
    r"this kernel lacks kcmp": "该内核没有 kcmp",
    r"it shares its memory with process (\d+)": "它与进程 {0} 共享内存",
    r"glibc's view of the process is the kernel's: (.+) answered no": "glibc 对该进程的看法与内核一致：{0} 均回答“否”",
    r"could not decide: (.+)": "无法判定：{0}",
    r"(\d+) of the two signs needed(?:: (.+))?": "所需的两个迹象中有 {0} 个 {1}",
    r"the stacks of the other threads were not seen": "没有看到其他线程的调用栈",
    r"no other thread is inside libc": "没有其他线程位于 libc 内",
    r"the lock word could not be read": "无法读取锁字",
    r"the memory is shared with another process, whose threads can release the lock": (
        "内存与另一个进程共享，其线程能释放这把锁"
    ),
    r"it is not known whether the memory is shared with another process": "不知道内存是否与另一个进程共享",
    r"its holder has exited": "它的持有者已退出",
    r"its holder is thread (\d+); this process has no such thread": "它的持有者是线程 {0}；本进程没有这个线程",
    r"it is held, no holder is noted in it, and the only thread of this process waits for it": (
        "它已被持有，其中没有记录持有者，而本进程唯一的线程正在等待它"
    ),
    r"it is held, the thread that it names as its holder could not be read, and the only thread of this process waits for it": (
        "它已被持有，其中所记的持有者线程无法读取，而本进程唯一的线程正在等待它"
    ),
    r"who holds it could not be read \((.+)\)": "无法读取由谁持有（{0}）",
    r"the holder is none of the threads here; which one it is could not be read \((.+)\)": (
        "持有者不是这里的任何线程；无法读取它是哪一个（{0}）"
    ),
    r"the holder is not recorded, and the process has (\d+) threads": "没有记录持有者，而该进程有 {0} 个线程",
    r"no holder is recorded": "没有记录持有者",
    r"the holder has no thread id: it has exited": "持有者没有线程 id：它已退出",
    r"the holder is thread (\d+), which is not here": "持有者是线程 {0}，不在这里",
    r"a malloc arena at (\w+) holds (\w+)": "地址 {0} 处的 malloc arena 的值为 {1}",
    r"there was no second sample": "没有第二次采样",
    r"it ran within (.+)": "它在 {0} 内运行过",
    r"no counter changed within (.+)": "{0} 内没有计数器变化",
    r"(\S+) ms": "{0} 毫秒",
    r"a saved process does not change": "保存下来的进程不会变化",
    r"a saved process has no state": "保存下来的进程没有状态",
    r"it had ended when the analysis was done": "分析完成时它已结束",
    r"the pid belongs to another process now": "该 pid 现属另一个进程",
    r"the main thread has ended, and a thread that ends gives its list up": "主线程已结束，而结束的线程会放弃它的链表",
    r"the main thread's thread pointer was not read": "没有读取主线程的线程指针",
    r"gdb wrote this core, and its ids may be those of another pid namespace": (
        "该核心转储由 gdb 写出，其中的 id 可能属于另一个 pid 命名空间"
    ),
    r"glibc says (\d+), the kernel says (\d+); and glibc lists (\d+) with ids that are not here, such as (\d+)": (
        "glibc 记录 {0}，内核给出 {1}；glibc 还列出了 {2} 个这里没有的 id，例如 {3}"
    ),
    r"this glibc does not export its thread count \(it does from 2\.34 on\)": "该 glibc 没有导出线程计数（从 2.34 起才有）",
    r"libc's exported symbols could not be read from memory": "无法从内存读取 libc 导出的符号",
    r"the memory of this process was not readable": "无法读取该进程的内存",
    r"no system call table for (\S+)": "没有 {0} 的系统调用表",
    r"process (\d+) has other threads, which may release the lock": "进程 {0} 还有其他线程，可能释放这把锁",
    r"the chain of holders ends at process (\d+)": "持有者的链条终止于进程 {0}",
    r"of the lock that process (\d+) waits for, no single holder could be looked at": (
        "进程 {0} 等待的锁，没有能查看的唯一持有者"
    ),
    r"none of the processes that were looked at waits for it": "查看过的进程都没有在等待它",
}
_PEERS = {
    r"(.+), whose other end only this process itself holds(?: \((\d+) processes could not be looked into\))?": (
        "{0}，其另一端只有该进程自己持有"
    ),
    r"(.+), whose other end no process holds that could be seen(?: \((\d+) processes could not be looked into\))?": (
        "{0}，没有看到持有其另一端的进程"
    ),
    r"(.+), which only this process itself holds(?: \((\d+) processes could not be looked into\))?": "{0}，只有该进程自己持有",
    r"(.+), which no process holds that could be seen(?: \((\d+) processes could not be looked into\))?": (
        "{0}，没有看到持有它的进程"
    ),
    r"(.+), of another network namespace": "{0}，属于另一个网络命名空间",
    r"(.+), of which none is left that runs": "{0}，其中已没有在运行的",
    r"something that the kernel does not show to us \(another user's process: sudo hanganalyze\)": (
        "内核没有向我们显示的对象（其他用户的进程：sudo hanganalyze）"
    ),
    r"a timer \(file descriptor (\d+)\)": "定时器（文件描述符 {0}）",
    r"a signal \(file descriptor (\d+)\)": "信号（文件描述符 {0}）",
    r"an epoll set \(file descriptor (\d+)\)": "epoll 集合（文件描述符 {0}）",
    r"an eventfd \(file descriptor (\d+)\)": "eventfd（文件描述符 {0}）",
    r"a terminal (.+) \(file descriptor (\d+)\)": "终端 {0}（文件描述符 {1}）",
    r"the terminal (.+) \(file descriptor (\d+)\)": "终端 {0}（文件描述符 {1}）",
    r"a file (.+) \(file descriptor (\d+)\)": "文件 {0}（文件描述符 {1}）",
    r"the file (.+) \(file descriptor (\d+)\)": "文件 {0}（文件描述符 {1}）",
    r"any of (\d+): (.+)": "{0} 个之一：{1}",
    r"(?:a byte|data) from a socket pair \(file descriptor (\d+)\)": "来自套接字对（文件描述符 {0}）的数据",
    r"a process to end \(pidfd, file descriptor (\d+)\)": "某个进程结束（pidfd，文件描述符 {0}）",
    r"process (\d+) to end \(pidfd, file descriptor (\d+)\)": "进程 {0} 结束（pidfd，文件描述符 {1}）",
    r"its child to call exec or to end \(vfork\)": "其子进程调用 exec 或结束（vfork）",
    r"its child (\d+) to end": "其子进程 {0} 结束",
    r"any of its children in process group (\d+) to end": "其进程组 {0} 中的任一子进程结束",
    r"any of its children to end": "任一子进程结束",
    r"the (flock|record lock) on (.+)": "{1}上的 {0}",
    r"a signal that continues it \(kill -CONT (\d+); in a shell: fg\)": "使它继续的信号（kill -CONT {0}；在 shell 中：fg）",
    r"its tracer, process (\d+) \((.+)\)": "跟踪它的进程 {0}（{1}）",
    r"somebody to open the FIFO (.+) for (reading|writing)": "有人打开 FIFO {0}（{1}）",
    r"reading": "读",
    r"writing": "写",
    r"data from a UNIX socket (.+)": "来自 UNIX 套接字{0}的数据",
    r"room in a UNIX socket (.+)": "UNIX 套接字{0}中的空间",
    r"data from a TCP connection with (\S+) (.+)": "来自与 {0} 的 TCP 连接{1}的数据",
    r"room in a TCP connection with (\S+) (.+)": "与 {0} 的 TCP 连接{1}中的空间",
    r"data from a socket (.+)": "来自套接字{0}的数据",
    r"room in a socket (.+)": "套接字{0}中的空间",
    r"\(file descriptor (\d+)\)": "（文件描述符 {0}）",
    r"an answer to its connect on (.+)": "对其在{0}上 connect 的应答",
    r"an ioctl on (.+)": "{0}上的 ioctl",
    r"the disk to hold (.+)": "磁盘存下{0}",
    r"what it waited for when a debugger stopped it for a moment; the kernel resumes the call and does not say which": (
        "调试器让它短暂停下时它所等待的对象；内核恢复了该调用，但没有说明是哪一个"
    ),
    r"the semaphore at (\S+)": "地址 {0} 处的信号量",
    r"the condition variable at (\S+)": "地址 {0} 处的条件变量",
    r"waits: (.+)": "等待：{0}",
    r"(\S+), held by the thread at (0x\w+)": "{0}（由地址 {1} 处的线程持有）",
    r"the lock at (0x\w+), (.+)": "地址 {0} 处的锁，{1}",
    r"held by thread (\d+), which does not exist in this process": "由本进程中不存在的线程 {0} 持有",
    r"held by thread (\d+)": "由线程 {0} 持有",
    r"which records no holder": "不记录持有者",
    r"whose holder is not known": "持有者未知",
}
CHINESE_SEEN = {**_WHY, **_NOTES, **_PROBLEMS, **_VALUES, **_PEERS}
"""Form -> sentence; the first form that fits counts."""
