"""May this process be analysed, and if not, what has to change? Asked before anything is touched."""

from __future__ import annotations

import os

from analyzer.capture.family import ancestors_of_self
from analyzer.capture.procfs import ProcessSample, door, read_text, sample, status_fields
from analyzer.errors import AlreadyTraced, KernelThread, NoSuchProcess, NotPermitted, SelfAnalysis, Zombie

CAP_SYS_PTRACE = 19
"""Bit in the capability masks of /proc/PID/status (include/uapi/linux/capability.h)."""


def admit(pid: int, first: ProcessSample | None = None) -> ProcessSample:
    """The first sample of a process that may be analysed (``first``, where one was taken already); raises the error that says
    why not."""
    first = first or sample(pid)
    if pid in ancestors_of_self():
        raise SelfAnalysis(pid, "hanganalyze itself" if pid == os.getpid() else "an ancestor of hanganalyze")
    if first.kernel_thread:
        raise KernelThread(pid, first.name)
    if first.state in {"Z", "X"} and not any(thread.counters.state not in {"Z", "X"} for thread in first.threads):
        raise Zombie(pid, first.ppid)
    if first.tracer:
        raise _traced(pid, first.tracer)
    check_permission(first)
    return first


def check_permission(first: ProcessSample) -> None:
    """Raises NotPermitted where the kernel would refuse ptrace. Opening /proc/PID/mem asks the same question as an attach."""
    try:
        os.close(os.open(f"/proc/{door(first.pid)}/mem", os.O_RDONLY | os.O_CLOEXEC))
    except FileNotFoundError as error:
        raise NoSuchProcess(first.pid) from error
    except OSError as error:
        raise why_refused(first) from error


def yama_scope() -> int | None:
    """kernel.yama.ptrace_scope; None on a kernel without Yama."""
    text = read_text("/proc/sys/kernel/yama/ptrace_scope")
    return int(text) if text and text.strip().isdigit() else None


def has_capability(bit: int, pid: int | str = "self") -> bool:
    """Whether a process has a capability in effect."""
    mask = status_fields(read_text(f"/proc/{pid}/status") or "").get("CapEff", "0")
    return bool(int(mask, 16) >> bit & 1)


def in_initial_user_namespace() -> bool:
    """Whether ids here are the host's own: in a container with its own user namespace, root has no power outside."""
    return (read_text("/proc/self/uid_map") or "").split() == ["0", "0", "4294967295"]


def why_refused(first: ProcessSample) -> NotPermitted:
    """The most specific reason that can be seen from here, and what mends it."""
    pid, ours = first.pid, os.geteuid()
    scope = yama_scope()
    if ours == 0 and not has_capability(CAP_SYS_PTRACE):
        return NotPermitted(
            pid,
            "This is root without the capability SYS_PTRACE, as containers are by default.",
            f"docker run --cap-add=SYS_PTRACE (or podman's), or run hanganalyze {pid} on the host",
        )
    if ours == 0 and not in_initial_user_namespace():
        return NotPermitted(
            pid,
            "This root is root of a user namespace only; the process belongs outside of it.",
            f"run hanganalyze {pid} on the host",
        )
    if ours != 0 and first.uid != ours:
        return NotPermitted(pid, f"It belongs to another user (uid {first.uid}).", f"sudo hanganalyze {pid}")
    if scope is not None and scope >= 3:
        return NotPermitted(
            pid,
            "kernel.yama.ptrace_scope is 3: nobody may attach until the machine starts again.",
            "kill -ABRT PID ends it with a core; then: hanganalyze core CORE",
        )
    if scope is not None and scope >= 1 and ours != 0:
        return NotPermitted(
            pid,
            f"kernel.yama.ptrace_scope is {scope}: "
            + ("a user may not attach to processes that are not below the debugger." if scope == 1 else "only root may attach."),
            f"sudo hanganalyze {pid}, or as root: sysctl kernel.yama.ptrace_scope=0",
        )
    if ours != 0:
        return NotPermitted(
            pid,
            "The process is not dumpable: it changed its user, runs a set-user-ID program, or asked for it (PR_SET_DUMPABLE).",
            f"sudo hanganalyze {pid}",
        )
    return NotPermitted(
        pid,
        "A security module (SELinux, AppArmor, a seccomp filter) refuses it.",
        "look at the audit log: ausearch -m avc -ts recent, or dmesg",
    )


def why_not_traced(pid: int) -> NotPermitted | AlreadyTraced:
    """Why a process that could be looked at may not be traced, which only the attempt shows."""
    from analyzer.capture import ptrace

    tracer = sample(pid).tracer
    if tracer:
        return _traced(pid, tracer)
    refused = ptrace.refused_to_everybody()
    without = f"hanganalyze --capture no-stop {pid}, which does without"
    if refused is not None:
        return NotPermitted(
            pid,
            f"The system call ptrace is refused to everybody here ({refused}): a seccomp filter, as some container runtimes set.",
            f"{without}; or docker run --security-opt seccomp=unconfined (or podman's), or run hanganalyze {pid} on the host",
        )
    return NotPermitted(
        pid,
        "A security module (SELinux, AppArmor) lets its memory be read, but not the process be traced.",
        f"{without}; or look at the audit log: ausearch -m avc -ts recent, or dmesg",
    )


def _traced(pid: int, tracer: int) -> AlreadyTraced:
    status = status_fields(read_text(f"/proc/{tracer}/status") or "")
    return AlreadyTraced(pid, tracer, status.get("Name", "in another pid namespace"))
