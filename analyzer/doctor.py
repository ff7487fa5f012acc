"""What works here, what does not, and the command that mends it: asked before somebody needs it."""

from __future__ import annotations

import os
import platform

from analyzer.capture import gdb, ptrace
from analyzer.capture.admission import CAP_SYS_PTRACE, admit, has_capability, in_initial_user_namespace, yama_scope
from analyzer.capture.architecture import ARCHITECTURES
from analyzer.capture.kernel_calls import same_memory
from analyzer.errors import HangAnalyzeError
from analyzer.lean_dataclass import dataclass


@dataclass(frozen=True)
class Check:
    """One thing looked at."""

    name: str
    works: bool
    value: str
    mend: str | None = None
    """What to type when it does not work."""
    needed: bool = True
    """Without it nothing can be analysed; the others cost a part of the report."""


def examine(pid: int | None = None) -> list[Check]:
    """Every check, in the order in which an analysis needs it."""
    checks = [_debugger(), _architecture(), _rights(), _tracing(), _kcmp()]
    checks += [_other_debugger(), _compiler(), _user_namespaces(), _cache()]
    if pid is not None:
        checks.append(_process(pid))
    return checks


def _debugger() -> Check:
    problems = []
    for path, bundled in gdb.candidates():
        try:
            version = gdb.ask_version(path)
            gdb.check_version(path, version)
        except HangAnalyzeError as error:
            problems.append(str(error))
            continue
        return Check("gdb", True, f"{version}, {path}" + (" (the [gdb] extra)" if bundled else ""))
    return Check("gdb", False, "; ".join(problems) or "not found", "apt-get install gdb, or: pip install 'hanganalyze[gdb]'")


def _architecture() -> Check:
    machine = platform.machine()
    known = machine in ARCHITECTURES
    return Check("architecture", known, machine + ("" if known else ": no table; stacks only, no facts of glibc"), needed=False)


def _rights() -> Check:
    scope = yama_scope()
    if scope is not None and scope >= 3:
        value = f"kernel.yama.ptrace_scope is {scope}: nobody may attach until the machine starts again"
        return Check("rights", False, value, "kill -ABRT PID ends a process with a core; then: hanganalyze core CORE")
    if has_capability(CAP_SYS_PTRACE) and not in_initial_user_namespace():
        return Check("rights", True, "processes of this user namespace only; for others: hanganalyze on the host")
    if has_capability(CAP_SYS_PTRACE):
        return Check("rights", True, "every process (CAP_SYS_PTRACE)")
    if os.geteuid() == 0:
        return Check(
            "rights", False, "root without CAP_SYS_PTRACE: own processes only", "start the container with --cap-add=SYS_PTRACE"
        )
    if scope:
        whose = "only processes below the debugger" if scope == 1 else "only root may attach"
        return Check("rights", False, f"kernel.yama.ptrace_scope is {scope}: {whose}", "sudo hanganalyze PID")
    return Check("rights", True, "your own processes; for others: sudo hanganalyze PID")


def _tracing() -> Check:
    refused = ptrace.refused_to_everybody()
    if refused is None:
        return Check("ptrace", True, "the kernel takes the call", needed=False)
    value = f"refused to everybody ({refused}), as by a seccomp filter: processes can be looked at without a stop only"
    mend = "docker run --security-opt seccomp=unconfined (or podman's), or hanganalyze on the host"
    return Check("ptrace", False, value, mend, needed=False)


def _kcmp() -> Check:
    ours = ARCHITECTURES.get(platform.machine())
    answer = same_memory(os.getpid(), os.getpid(), ours.kcmp) if ours else "no table"
    works = answer is True
    value = "the kernel compares address spaces" if works else f"{answer}: a verdict is `likely` at most"
    return Check("kcmp", works, value, None if works else "a kernel with CONFIG_KCMP", needed=False)


def _other_debugger() -> Check:
    bundled = gdb.bundled_path()
    multiarch = next((path for path in ("/usr/bin/gdb-multiarch",) if os.access(path, os.X_OK)), None)
    found = multiarch or bundled
    return Check(
        "cores of other architectures",
        found is not None,
        found or "no gdb that knows them",
        None if found else "apt-get install gdb-multiarch, or: pip install 'hanganalyze[gdb]'",
        needed=False,
    )


def _compiler() -> Check:
    from analyzer.reference.build import find_compiler

    try:
        compiler = find_compiler()
    except HangAnalyzeError as error:
        return Check("C compiler", False, "none: the reference is the recorded one", error.next_command, needed=False)
    return Check("C compiler", True, " ".join(compiler.command), needed=False)


def _user_namespaces() -> Check:
    limit = "/proc/sys/user/max_user_namespaces"
    pid = os.fork()
    if pid == 0:
        try:
            import ctypes

            # CLONE_NEWUSER of include/uapi/linux/sched.h
            code = 0 if ctypes.CDLL(None, use_errno=True).unshare(0x10000000) == 0 else 1
        except BaseException:
            code = 1
        os._exit(code)
    works = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    value = "allowed" if works else "refused: the reference loader goes on without them"
    return Check("user namespaces", works, value, None if works else f"cat {limit}; in a chroot they are always refused", False)


def _cache() -> Check:
    from analyzer.cache import cache_folder

    try:
        return Check("cache", True, str(cache_folder()), needed=False)
    except HangAnalyzeError as error:
        return Check("cache", False, error.what, "set XDG_CACHE_HOME to a folder of yours", needed=False)


def _process(pid: int) -> Check:
    try:
        sample = admit(pid)
    except HangAnalyzeError as error:
        text = error.what + (f" {error.cause}" if error.cause else "")
        return Check(f"process {pid}", False, text, error.next_command)
    how = ", without a stop only (--capture no-stop, or auto)" if ptrace.refused_to_everybody() is not None else ""
    value = f"{sample.name}, {len(sample.threads)} threads, state {sample.state}: can be analysed{how}"
    return Check(f"process {pid}", True, value)
