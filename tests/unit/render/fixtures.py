"""Diagnoses as real runs yield them, for the tests of every format.

The fork lock is the hang measured on podman 4.3.1 (Debian 12, glibc 2.36) with the stdio widener; its reference is the
loader with the upstream fix, held at the step where the other one hangs. The residual hang is podman 5.4.2.
"""

from __future__ import annotations

from dataclasses import replace

from analyzer.model import (
    Affected,
    Capture,
    ChainLink,
    Diagnosis,
    Fact,
    Finding,
    Frame,
    Host,
    Libc,
    Lock,
    Module,
    NearMiss,
    Owner,
    Process,
    Reason,
    Reference,
    ReferencePhoto,
    Snapshot,
    Syscall,
    Thread,
    ThreadRef,
    Tool,
    TrialFigures,
    Wait,
)

LIBC = "/usr/lib/x86_64-linux-gnu/libc.so.6"
PODMAN = "/usr/bin/podman"
HOST = Host("x86_64", "6.18.5", "Debian GNU/Linux 12 (bookworm)", 2)
TOOLS = (Tool("hanganalyze", "0.1.0"), Tool("gdb", "13.1", "/usr/bin/gdb"))
LOCK_ADDRESS = "0x7f2c5a9d2660"
ASKED_RAW = "Did a raw clone make it, past glibc's fork?"
ASKED_ORPHAN = "Does the lock's holder not exist in this process?"


def stack(*calls: tuple[str | None, str] | tuple[str | None, str, str, int]) -> tuple[Frame, ...]:
    """Frames from (function, module) or (function, module, file, line), innermost first."""
    frames = []
    for level, call in enumerate(calls):
        file, line = call[2:] if len(call) == 4 else (None, None)
        frames.append(Frame(level, call[0], call[1], hex(0x8A300 + 0x1F4 * level), file, line))
    return tuple(frames)


def glibc(version: str = "2.36", *, debug: bool = True) -> Libc:
    return Libc("glibc", version, LIBC, "93ac7d0cfb1c5b4e9d3d0e9a5a2a1d7ab2f2c9d4", debug)


FORK_STACK = stack(
    ("futex_wait", LIBC, "../sysdeps/nptl/futex-internal.h", 146),
    ("__GI___lll_lock_wait_private", LIBC, "./nptl/lowlevellock.c", 34),
    ("__GI__IO_list_lock", LIBC, "./libio/genops.c", 1172),
    ("__libc_fork", LIBC, "./posix/fork.c", 74),
    (None, PODMAN),
    ("reexec_in_user_namespace", PODMAN),
    ("_cgo_6d2e8f1bd7e3_Cfunc_reexec_in_user_namespace", PODMAN),
    ("runtime.asmcgocall", PODMAN),
    ("runtime.cgocall", PODMAN),
    ("runtime.main", PODMAN),
    ("runtime.goexit", PODMAN),
)


def raw_clone_facts(*, tid: int, stale: int, count: int) -> tuple[Fact, ...]:
    return (
        Fact("created-by-raw-clone", ASKED_RAW, "yes", "Two independent signs say so.", f"hanganalyze {tid} -v", tid),
        Fact(
            "robust-list-unregistered",
            "Is the robust list not registered?",
            "yes",
            "get_robust_list() gives NULL; glibc's fork() registers it again, a raw clone does not.",
            f'python3 -c "import ctypes as c; h=c.c_void_p(); n=c.c_size_t(); '
            f'c.CDLL(None).syscall(274,{tid},c.byref(h),c.byref(n)); print(h.value)"',
            tid,
        ),
        Fact(
            "tcb-tid-stale",
            "Is the thread id stored in libc another than the kernel's?",
            "yes",
            f"struct pthread says {stale}, the kernel says {tid}.",
            f"gdb -p {tid} -batch -ex 'p *(int*)($fs_base+720)'",
            tid,
        ),
        Fact(
            "thread-count-stale",
            "Does libc count more threads than the kernel?",
            "yes",
            f"__nptl_nthreads = {count}, the kernel counts 1.",
            f"gdb -p {tid} -batch -ex 'p (int)__nptl_nthreads'",
        ),
    )


def orphan_fact(tid: int, owner: int, parent: int) -> Fact:
    return Fact(
        "lock-orphaned",
        ASKED_ORPHAN,
        "yes",
        f"list_all_lock.owner -> tid {owner}; /proc/{tid}/task has no {owner}, /proc/{parent}/task has it.",
        f"gdb -p {tid} -batch -ex 'p list_all_lock' -ex 'x/wd (char*)list_all_lock.owner+720'; ls /proc/{tid}/task",
        tid,
    )


def reason(fact: Fact, decides: str) -> Reason:
    return Reason(fact.asked, fact.holds, fact.value, fact.how, decides, fact.name)  # type: ignore[arg-type]


def parent_process(pid: int = 2551) -> Process:
    waits = Wait("read", "a byte from a socket pair (file descriptor 7)", timed=False, peers=(ThreadRef(2560),))
    main = stack(
        ("__GI___libc_read", LIBC, "../sysdeps/unix/sysv/linux/read.c", 26),
        ("reexec_in_user_namespace", PODMAN),
        ("_cgo_6d2e8f1bd7e3_Cfunc_reexec_in_user_namespace", PODMAN),
        ("runtime.asmcgocall", PODMAN),
        ("runtime.goexit", PODMAN),
    )
    flush = stack(
        ("__GI___futex_abstimed_wait_cancelable64", LIBC, "./nptl/futex-internal.c", 57),
        ("__new_sem_wait_slow64", LIBC, "./nptl/sem_waitcommon.c", 183),
        ("blocking_write", "/usr/lib/libwiden-stdio.so", "widen-stdio.c", 31),
        ("_IO_cookie_write", LIBC, "./libio/iofopncook.c", 52),
        ("_IO_flush_all_lockp", LIBC, "./libio/genops.c", 702),
        ("hold_list_all_lock", "/usr/lib/libwiden-stdio.so", "widen-stdio.c", 58),
        ("start_thread", LIBC, "./nptl/pthread_create.c", 442),
        ("__GI___clone3", LIBC, "../sysdeps/unix/sysv/linux/x86_64/clone3.S", 81),
    )
    park = stack(
        ("runtime.futex", PODMAN),
        ("runtime.futexsleep", PODMAN),
        ("runtime.notesleep", PODMAN),
        ("runtime.mPark", PODMAN),
        ("runtime.mstart", PODMAN),
    )
    return Process(
        pid=pid,
        name="podman",
        ppid=2510,
        namespace_pids=(pid,),
        uid=1000,
        state="S",
        executable=PODMAN,
        build_id="4f0cbb7e1c0d4e3fa8d1c2b6d90c3f4a5b6c7d8e",
        architecture="x86_64",
        started_at="2025-03-04T09:12:31Z",
        cpu_s=0.04,
        libc=glibc(),
        modules=(Module(PODMAN, "4f0cbb7e1c0d4e3fa8d1c2b6d90c3f4a5b6c7d8e", "0x55d0c2a00000"), Module(LIBC, None)),
        threads=(
            Thread(pid, "podman", "S", pid, "unix_stream_read_generic", Syscall(0, "read", ("0x7",)), waits, frames=main),
            Thread(2552, "podman", "S", 2552, "futex_do_wait", frames=flush, moved=False),
            Thread(2553, "podman", "S", 2553, "futex_do_wait", frames=park, moved=False),
        ),
        threads_total=3,
        facts=(Fact("parent-waits-for-child", "Does it wait for its child?", "yes", waits.text, f"cat /proc/{pid}/syscall"),),
        capture=Capture("attach", 61.5, True, "S", "S"),
    )


def child_process(pid: int = 2560, parent: int = 2551) -> Process:
    lock = Lock(
        LOCK_ADDRESS,
        "list_all_lock",
        "debug information",
        2,
        True,
        Owner("0x7f2c59fff6c0", 2552, parent, True, "hold_list_all_lock", "blocking_write"),
        (pid,),
    )
    wait = Wait("futex", f"list_all_lock at {LOCK_ADDRESS}", timed=False, address=LOCK_ADDRESS)
    syscall = Syscall(202, "futex", (LOCK_ADDRESS, "0x80", "0x2", "0x0", "0x0", "0x0"), "0x7ffc1a2b3c40", "0x7f2c5a88a3f9")
    return Process(
        pid=pid,
        name="podman",
        ppid=parent,
        namespace_pids=(pid,),
        uid=1000,
        state="S",
        executable=PODMAN,
        build_id="4f0cbb7e1c0d4e3fa8d1c2b6d90c3f4a5b6c7d8e",
        architecture="x86_64",
        started_at="2025-03-04T09:12:31Z",
        cpu_s=0.0,
        libc=glibc(),
        threads=(Thread(pid, "podman", "S", pid, "futex_do_wait", syscall, wait, moved=False, frames=FORK_STACK),),
        threads_total=1,
        locks=(lock,),
        facts=(
            *raw_clone_facts(tid=pid, stale=parent, count=3),
            orphan_fact(pid, 2552, parent),
            Fact(
                "lock-owner-alive",
                "Is the lock's holder a thread of this process?",
                "no",
                "No thread 2552.",
                f"ls /proc/{pid}/task",
            ),
            Fact(
                "no-progress",
                "Did nothing move between two samples?",
                "yes",
                "Same counters after 0.2 s.",
                "grep ctxt /proc/2560/status",
            ),
        ),
        capture=Capture("attach", 84.2, True, "S", "S"),
    )


def fork_finding(child: Process) -> Finding:
    facts = {fact.name: fact for fact in child.facts}
    return Finding(
        signature="glibc-fork-lock-after-raw-clone",
        revision=1,
        certainty="proven",
        pid=child.pid,
        tid=child.pid,
        title="fork() waits for a lock whose holder a raw clone left behind",
        summary="The process was made by a raw clone while another thread held a lock of the C library. "
        "fork() takes that lock first, and the thread that would release it was not copied.",
        lock=child.locks[0],
        reasons=(
            Reason(
                "Does the stack fit?",
                "yes",
                "futex_wait <- __lll_lock_wait_private <- _IO_list_lock <- fork",
                f"gdb -p {child.pid} -batch -ex bt",
            ),
            reason(facts["tcb-tid-stale"], "likely"),
            reason(facts["robust-list-unregistered"], "likely"),
            reason(facts["thread-count-stale"], "likely"),
            reason(facts["created-by-raw-clone"], "proven"),
            reason(facts["lock-orphaned"], "proven"),
            reason(facts["lock-owner-alive"], "veto"),
        ),
        remedy="Kill the hung child and start the command again; the hang needs a race and rarely comes twice.\n\n"
        "In the code: between the raw clone and exec call nothing that takes a lock of the C library. Replacing fork() by a "
        "raw clone, as podman 5.4 does, removes this wait; setenv() and malloc() after it can still hang the same way.",
        references=(
            Reference("bug", "https://github.com/containers/podman/issues/25184"),
            Reference("fix", "https://github.com/containers/podman/pull/25245", "c06dba4845"),
        ),
        affected=Affected("podman", "4.3.1", "5.4", "yes", "dpkg-query in the target's root"),
        matched_levels=(0, 1, 2, 3),
        guilty_level=4,
    )


def reference_photo() -> ReferencePhoto:
    loader = "/home/user/.cache/hanganalyze/loader"
    child = Process(
        pid=3102,
        name="image-load",
        ppid=3100,
        state="S",
        executable=loader,
        architecture="x86_64",
        libc=glibc(),
        threads=(
            Thread(
                3102,
                "image-load",
                "S",
                3102,
                "do_sys_poll",
                wait=Wait("pause", "a signal", timed=False),
                frames=stack(
                    ("__libc_pause", LIBC, "../sysdeps/unix/sysv/linux/pause.c", 29),
                    ("stop_at", loader, "steps.c", 44),
                    ("create_pause_process", loader, "pause.c", 71),
                    ("child_main", loader, "child.c", 38),
                    ("main", loader, "main.c", 112),
                ),
            ),
        ),
        threads_total=1,
        facts=(
            *raw_clone_facts(tid=3102, stale=3100, count=3),
            Fact("lock-orphaned", ASKED_ORPHAN, "no", "No thread waits for a lock.", "cat /proc/3102/syscall", 3102),
        ),
    )
    parent = Process(
        pid=3100,
        name="image-load",
        ppid=2999,
        state="S",
        threads=(Thread(3100, "image-load", "S", wait=Wait("read", "a byte from a socket pair (file descriptor 4)")),),
        threads_total=3,
    )
    return ReferencePhoto(
        origin="built here",
        where="x86_64, Debian GNU/Linux 12 (bookworm), glibc 2.36",
        fix="upstream",
        widener="stdio",
        step="pause-process",
        steps=("threads", "raw-clone", "id-maps", "become-root", "pause-process"),
        processes=(parent, child),
        trials=(TrialFigures("none", "stdio", 8, 7, 0, 41.2), TrialFigures("upstream", "stdio", 200, 0, 0, 96.0)),
    )


def proven() -> Diagnosis:
    """The fork lock, proven, with the reference beside it; asked for by the parent's pid."""
    child, parent = child_process(), parent_process()
    return Diagnosis(
        status="root-cause",
        findings=(fork_finding(child),),
        near_misses=(
            NearMiss(
                "glibc-lock-after-raw-clone",
                1,
                2560,
                2560,
                "the wait lies inside fork(), which has a signature of its own",
            ),
        ),
        chain=(
            ChainLink(2551, 2551, "waits for a byte from a socket pair (file descriptor 7)", ThreadRef(2560, 2560)),
            ChainLink(2560, 2560, "waits for list_all_lock, held by thread 2552, which does not exist in this process", None),
        ),
        snapshot=Snapshot(
            capture=Capture("attach", 61.5, True, "S", "S", "gdb is installed and ptrace is permitted"),
            processes=(parent, child),
            host=HOST,
            tools=TOOLS,
            taken_at="2025-03-04T09:31:07Z",
            notes=("wchan of process 2560 reads 0: another user's process.",),
        ),
        reference=reference_photo(),
        subject=ThreadRef(2551),
    )


def recorded() -> Diagnosis:
    """The same, with a reference that ships with the package."""
    result = proven()
    photo = replace(reference_photo(), origin="recorded", trials=())
    return replace(result, reference=photo)


def residual() -> Diagnosis:
    """podman 5.4.2: setenv -> malloc in the raw-cloned child; the lock records no owner and there is no reference."""
    lock = Lock("0x7f9d3c1d2c80", "main_arena", "debug information", 2, False, None, (7345,))
    frames = stack(
        ("__lll_lock_wait_private", LIBC, "./nptl/lowlevellock.c", 34),
        ("__GI___libc_malloc", LIBC, "./malloc/malloc.c", 3329),
        ("__add_to_environ", LIBC, "./stdlib/setenv.c", 208),
        ("__setenv", LIBC, "./stdlib/setenv.c", 260),
        ("reexec_in_user_namespace", PODMAN),
        ("_cgo_0f1e_Cfunc_reexec_in_user_namespace", PODMAN),
        ("runtime.asmcgocall", PODMAN),
        ("runtime.goexit", PODMAN),
    )
    facts = raw_clone_facts(tid=7345, stale=7340, count=11)
    held = Fact(
        "no-possible-owner",
        "Is there no thread in this process that could hold it?",
        "yes",
        "The only thread is the one that waits.",
        "ls /proc/7345/task",
    )
    child = replace(
        child_process(7345, 7340),
        threads=(Thread(7345, "podman", "S", 7345, wait=Wait("futex", "main_arena", timed=False), moved=False, frames=frames),),
        libc=glibc("2.41", debug=False),
        locks=(lock,),
        facts=(*facts, held),
    )
    finding = replace(
        fork_finding(child_process()),
        signature="glibc-lock-after-raw-clone",
        pid=7345,
        tid=7345,
        title="setenv() waits for malloc's lock, which a raw clone copied while another thread held it",
        lock=lock,
        reasons=(
            Reason("Does the stack fit?", "yes", "__lll_lock_wait_private <- malloc <- setenv", "gdb -p 7345 -batch -ex bt"),
            reason(facts[0], "proven"),
            reason(held, "proven"),
            Reason("Did a signal handler interrupt malloc?", "unknown", "The outer frames have no symbols.", "bt", "veto"),
        ),
        affected=Affected("podman", "5.4.2", None, "yes"),
        matched_levels=(0, 1, 2, 3),
        guilty_level=4,
    )
    return Diagnosis(
        status="root-cause",
        findings=(finding,),
        near_misses=(),
        chain=(ChainLink(7345, 7345, "waits for main_arena, which records no holder", None),),
        snapshot=Snapshot(
            Capture("no-stop", 0.0, True, "S", "S"),
            (child,),
            HOST,
            TOOLS,
            "2025-03-05T14:02:00Z",
            notes=("The parent has ended.",),
        ),
        subject=ThreadRef(7345),
    )


def hung_unknown(threads: int = 1000, different: int = 60) -> Diagnosis:
    """A server with many threads that does not move, and no signature that fits."""
    server = "/opt/app/bin/order-service"
    many = []
    for number in range(threads):
        kind = number % different
        depth = 6 + kind % 20
        calls = [
            ("__futex_abstimed_wait_common64", LIBC, "./nptl/futex-internal.c", 57),
            ("___pthread_cond_wait", LIBC, "./nptl/pthread_cond_wait.c", 618),
            *((f"orders::stage_{kind}::step_{step}", server, f"src/stage_{kind}.cc", 100 + step) for step in range(depth)),
            ("start_thread", LIBC, "./nptl/pthread_create.c", 442),
            ("__GI___clone3", LIBC, "../sysdeps/unix/sysv/linux/x86_64/clone3.S", 81),
        ]
        tid = 9000 + number
        wait = Wait("futex", f"a condition variable at {hex(0x7F0000000000 + 64 * kind)}", timed=False)
        name = "order-service" if number == 0 else f"worker-{number}"
        many.append(Thread(tid, name, "S", tid, "futex_do_wait", None, wait, moved=False, frames=stack(*calls)))
    process = Process(
        pid=9000,
        name="order-service",
        ppid=1,
        state="S",
        executable=server,
        architecture="x86_64",
        libc=glibc(),
        threads=tuple(many),
        threads_total=threads,
        facts=(
            Fact(
                "no-progress",
                "Did nothing move between two samples?",
                "yes",
                "Same counters after 0.2 s.",
                "cat /proc/9000/status",
            ),
        ),
    )
    return Diagnosis(
        status="hung",
        findings=(),
        near_misses=(NearMiss("pthread-two-lock-cycle", 1, 9000, 9000, "no thread waits for a mutex whose owner waits in turn"),),
        chain=(),
        snapshot=Snapshot(Capture("attach", 402.0, True, "S", "S"), (process,), HOST, TOOLS, "2025-03-04T10:00:00Z"),
        unexplained=("All threads wait for condition variables and none moved in 0.2 s.",),
        subject=ThreadRef(9000),
    )


def healthy() -> Diagnosis:
    """A program that sleeps between two jobs."""
    sleeping = stack(
        ("__GI___clock_nanosleep", LIBC, "../sysdeps/unix/sysv/linux/clock_nanosleep.c", 78),
        ("__GI___nanosleep", LIBC, "../sysdeps/unix/sysv/linux/nanosleep.c", 25),
        ("wait_for_next_job", "/usr/local/bin/jobs", "jobs.c", 88),
        ("main", "/usr/local/bin/jobs", "jobs.c", 131),
        ("__libc_start_call_main", LIBC, "../sysdeps/nptl/libc_start_call_main.h", 58),
        ("__libc_start_main_impl", LIBC, "../csu/libc-start.c", 360),
        ("_start", "/usr/local/bin/jobs"),
    )
    thread = Thread(411, "jobs", "S", 411, wait=Wait("sleep", "3.2 seconds to pass", timed=True), moved=True, frames=sleeping)
    process = Process(411, "jobs", 1, state="S", architecture="x86_64", libc=glibc(), threads=(thread,), threads_total=1)
    snapshot = Snapshot(Capture("attach", 40.1, True, "S", "S"), (process,), HOST, TOOLS, "2025-03-04T11:00:00Z")
    return Diagnosis("not-hung", (), (), (), snapshot, subject=ThreadRef(411))


def cycle() -> Diagnosis:
    """Two threads, two locks, each holds what the other wants."""
    exe = "/usr/local/bin/bank"
    threads = tuple(
        Thread(
            tid,
            "bank",
            "S",
            tid,
            wait=Wait("futex", f"mutex {wanted}", timed=False),
            moved=False,
            frames=stack(
                ("futex_wait", LIBC),
                ("___pthread_mutex_lock", LIBC, "./nptl/pthread_mutex_lock.c", 93),
                (function, exe, "bank.c", line),
                ("start_thread", LIBC),
                ("__GI___clone3", LIBC),
            ),
        )
        for tid, wanted, function, line in ((612, "audit", "transfer", 41), (613, "ledger", "report", 77))
    )
    process = Process(611, "bank", 1, state="S", libc=glibc(), threads=threads, threads_total=2)
    finding = Finding(
        "pthread-two-lock-cycle",
        1,
        "likely",
        611,
        612,
        "two threads each hold the mutex that the other one waits for",
        "",
        Lock("0x55d0c0004060", "audit", "debug information", 2, True, Owner("613", 613, 611, False), (612,)),
        (
            Reason(
                "Do the owners wait for each other?",
                "yes",
                "612 -> 613 -> 612",
                "gdb -p 611 -batch -ex 'p audit' -ex 'p ledger'",
            ),
        ),
        "Take both mutexes in the same order everywhere.",
        guilty_level=2,
    )
    chain = (
        ChainLink(611, 612, "waits for mutex audit", ThreadRef(611, 613)),
        ChainLink(611, 613, "waits for mutex ledger, which closes a circle", ThreadRef(611, 612)),
    )
    snapshot = Snapshot(Capture("attach", 40.1, True, "S", "S"), (process,), HOST, TOOLS, "2025-03-04T11:00:00Z")
    return Diagnosis("root-cause", (finding,), (), chain, snapshot, subject=ThreadRef(611))


def trace() -> Diagnosis:
    """A stack pasted into a ticket: no host, no facts, no pid that means anything."""
    thread = Thread(1, frames=FORK_STACK[:6], cut=True, problem="The pasted text ends in the middle of the stack.")
    process = Process(0, "", threads=(thread,))
    finding = replace(
        fork_finding(child_process()),
        certainty="possible",
        pid=0,
        tid=1,
        lock=None,
        affected=None,
        reasons=(
            Reason("Does the stack fit?", "yes", "_IO_list_lock <- fork", "read the trace"),
            Reason(
                ASKED_RAW,
                "unknown",
                "Could not check, because a trace holds stacks only.",
                "hanganalyze PID",
                "proven",
                "created-by-raw-clone",
            ),
        ),
    )
    return Diagnosis(
        "hung",
        (finding,),
        (),
        (),
        Snapshot(
            Capture("trace", None, None, None, None),
            (process,),
            None,
            TOOLS[:1],
            source="gdb, 6 frames",
            notes=("No facts.",),
        ),
    )


HOSTILE = (
    "<script>alert(1)</script><img src=x onerror=alert(2)>",
    "</script><!--<svg onload=alert(3)>",
    "\u202egnp.exe\u2066 reversed",
    "\x1b[31mred\x1b]0;title\x07",
    "caf\udcff\udc80 not UTF-8",
    "` ```\n| a | b |\n# heading @everyone #1 [x](javascript:alert(4)) ![i](http://example.org/x) <b>",
    "{{ 7 * 7 }}{% for x in y %}{name}%s",
    "x" * 100_000,
)


def hostile(text: str) -> Diagnosis:
    """The proven fork lock with ``text`` in every place that a stranger can fill."""
    result = proven()
    child, parent = child_process(), parent_process()
    frames = tuple(replace(one, function=text, module=text, file=text) for one in FORK_STACK)
    wait = Wait("futex", text, timed=False)
    thread = replace(child.threads[0], name=text, wait=wait, wchan=text, frames=frames, problem=text)
    lock = replace(child.locks[0], symbol=text, owner=Owner("0x1", 2552, 2551, True, text, text))
    fact = Fact("created-by-raw-clone", text, "yes", text, text)
    named = {"name": text, "executable": text, "build_id": text, "architecture": text, "command_line": (text, text)}
    child = replace(child, threads=(thread,), locks=(lock,), facts=(fact,), **named)  # type: ignore[arg-type]
    finding = replace(
        result.findings[0],
        signature=text,
        title=text,
        summary=text,
        remedy=text,
        lock=lock,
        reasons=(Reason(text, "yes", text, text, "proven", "created-by-raw-clone"),),
        references=(Reference(text, f"javascript:{text}"), Reference("bug", f"https://example.org/{text}")),
        affected=Affected(text, text, text, "yes", text),
    )
    return replace(
        result,
        findings=(finding,),
        near_misses=(NearMiss(text, 1, 2560, 2560, text, finding.reasons),),
        chain=tuple(replace(link, waits=text) for link in result.chain),
        snapshot=replace(
            result.snapshot,
            processes=(replace(parent, name=text), child),
            host=Host(text, text, text, 2),
            tools=(Tool(text, text, text),),
            taken_at=text,
            source=text,
            notes=(text,),
        ),
        reference=replace(reference_photo(), where=text, step=text, steps=(text,), fix=text, widener=text),
        unexplained=(text,),
    )


ALL = {
    "proven": proven,
    "recorded": recorded,
    "residual": residual,
    "hung-unknown": hung_unknown,
    "healthy": healthy,
    "cycle": cycle,
    "trace": trace,
}
