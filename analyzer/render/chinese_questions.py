"""The questions of analyzer/model/facts.py in simplified Chinese; their English stands there."""

# Full-width punctuation is what Chinese is written with.
# ruff: noqa: RUF001

from __future__ import annotations

CHINESE_QUESTIONS = {
    "futex-wait": "该线程是否在没有超时的 futex 调用中等待？",
    "lock-word-held": "它等待的锁字是否表明锁已被持有？",
    "lock-orphaned": "锁是否由本进程中不存在的线程持有？",
    "lock-owner-alive": "持有锁的线程是否仍存活于能释放它的地方？",
    "lock-owner-is-self": "等待的线程自己是否持有这把锁？",
    "lock-holder-possible": "这把锁不记录持有者；本进程的其他线程是否可能持有它？",
    "lock-owner-elsewhere": "锁所记录的持有线程是否属于另一个进程？",
    "futex-private": "它等待的字是否为本进程私有？",
    "lock-cycle": "沿着锁的持有者追查，是否回到这个线程？",
    "robust-list-unregistered": "内核中主线程的 robust list 指针是否为空？",
    "tcb-tid-stale": "glibc 记录的线程 id 是否与内核给出的不同？",
    "thread-count-stale": "glibc 计数的线程是否多于内核？",
    "created-by-raw-clone": "该进程是否由绕过 glibc fork 的 clone 产生？",
    "address-space-shared": "该进程是否与父进程共享内存？",
    "no-progress": "两次采样之间，该线程是否没有动？",
    "same-process": "它是否仍是分析开始时的那个进程？",
    "state-unchanged": "该进程的状态是否与开始时相同？",
    "parent-waits-for-it": "父进程是否在等待该进程？",
    "single-thread": "该进程是否只有一个线程？",
    "stopped": "该进程是否已停止？",
    "libc-is-glibc": "它的 C 库是否为 glibc？",
    "multithreaded-parent": "父进程是否有多个线程？",
    "waited-for-while-stopped": "该进程是否已停止，而另一个进程正在等待它？",
    "file-lock-cycle": "沿着文件锁的持有者追查，是否回到这个进程？",
}
