"""Everything that can stop an analysis, one tree. Each class says what happened, the likely cause and the next command.

::

    HangAnalyzeError
    ├── UsageError                 the caller asked for something that cannot be meant
    │   ├── BadSignatures          a catalogue with mistakes: all of them, with file and line
    │   ├── BadSavedResult         a saved JSON that is not one of ours
    │   ├── TraceDeclined          a pasted trace of a kind that is known by name and not read
    │   └── SelfAnalysis           the pid is this program or one of its ancestors
    └── CannotAnalyse              asked well, but not possible here and now
        ├── NoSuchProcess          nothing has this pid
        ├── Zombie                 it has ended; its parent has not collected it
        ├── KernelThread           no user code to look at
        ├── NotPermitted           the kernel refuses to let us look
        ├── AlreadyTraced          another debugger is attached
        ├── ProcessGone            it ended, or became another program, while we looked
        ├── DebuggerMissing        no gdb
        ├── DebuggerTooOld         a gdb that lacks what we need
        ├── DebuggerDied           gdb ended in the middle
        ├── DebuggerFailed         gdb answered with an error, or not at all
        ├── PauseTooLong           the target would have stood still longer than allowed
        ├── CoreUnreadable         a core that is none, is cut off where it matters, or of a kind we have no table for
        ├── OutputUnwritable       the report could not be written
        ├── CompilerMissing        the reference loader cannot be built here
        ├── BuildFailed            the compiler refused our sources
        ├── LoaderFailed           the reference loader ran and did not do what it should
        ├── ExtraMissing           the command needs packages that are not installed
        ├── NoToken                nothing to identify ourselves to a tracker with
        ├── ReportTooLarge         the tracker would not take the file
        ├── TicketFailed           the tracker refused, or was not heard of again
        └── ClusterFailed          the scheduler or its workers cannot be reached, or were lost

Nothing below ``cli.py`` prints or exits; it raises one of these.
"""

from __future__ import annotations


class HangAnalyzeError(Exception):
    """Base of all: ``str()`` is the full text for a person."""

    cause: str | None = None
    """The likely cause, one sentence; None where ``what`` already is the cause."""

    next_command: str | None = None
    """What to type or change next."""

    def __init__(self, what: str, *, cause: str | None = None, next_command: str | None = None) -> None:
        super().__init__(what)
        self.what = what
        if cause is not None:
            self.cause = cause
        if next_command is not None:
            self.next_command = next_command

    def __str__(self) -> str:
        lines = [self.what]
        if self.cause:
            lines.append(self.cause)
        if self.next_command:
            lines.append(f"Next: {self.next_command}")
        return "\n".join(lines)


class UsageError(HangAnalyzeError):
    """The call itself is wrong."""

    next_command = "hanganalyze --help"


class BadSignatures(UsageError):
    """A catalogue with mistakes; ``problems`` holds every one of them as ``file:line: text``."""

    def __init__(self, problems: list[str]) -> None:
        count = f"{len(problems)} mistake{'s' if len(problems) != 1 else ''} in the signatures"
        super().__init__(
            "\n".join([f"{count}:", *problems]),
            next_command="hanganalyze signatures lint, after mending them; signatures/README.md has the format",
        )
        self.problems = problems


class BadSavedResult(UsageError):
    """A file that should hold a saved result does not."""

    next_command = "hanganalyze PID --format json -o FILE writes one"


class TraceDeclined(UsageError):
    """The text holds a trace of a kind that is not read; ``form`` names it, ``why`` says why not."""

    next_command = "gdb -p PID -batch -ex 'thread apply all bt' on the Linux machine, then hanganalyze trace FILE"

    def __init__(self, form: str, why: str) -> None:
        super().__init__(f"This is {form}, which is not read: {why}.")
        self.form = form
        self.why = why


class SelfAnalysis(UsageError):
    """The pid is hanganalyze itself or one of its ancestors: stopping it would stop us or our terminal."""

    def __init__(self, pid: int, relation: str) -> None:
        super().__init__(
            f"Process {pid} is {relation}; stopping it would stop the analysis itself.",
            next_command="run hanganalyze from a process that is not below it, for example another terminal",
        )


class CannotAnalyse(HangAnalyzeError):
    """Asked well, but not possible here and now."""


class NoSuchProcess(CannotAnalyse):
    """Nothing has this pid, in this pid namespace."""

    def __init__(self, pid: int) -> None:
        super().__init__(
            f"There is no process {pid} here.",
            cause="It has ended, or the number belongs to another pid namespace (a container has its own numbers).",
            next_command="ps -e -o pid,ppid,stat,wchan:20,args",
        )


class Zombie(CannotAnalyse):
    """It has ended; only its exit code is left."""

    def __init__(self, pid: int, parent: int) -> None:
        super().__init__(
            f"Process {pid} is a zombie: it has ended, and its parent {parent} has not collected it.",
            cause="There is no code left to look at; if something hangs, it is the parent.",
            next_command=f"hanganalyze {parent}",
        )


class KernelThread(CannotAnalyse):
    """A thread of the kernel."""

    def __init__(self, pid: int, name: str) -> None:
        super().__init__(
            f"Process {pid} ({name}) is a kernel thread: it has no user code that gdb could show.",
            next_command=f"cat /proc/{pid}/stack, as root",
        )


class NotPermitted(CannotAnalyse):
    """The kernel refuses ptrace access."""

    def __init__(self, pid: int, cause: str, next_command: str) -> None:
        super().__init__(f"The kernel does not let us look into process {pid}.", cause=cause, next_command=next_command)


class AlreadyTraced(CannotAnalyse):
    """A process has one tracer at most, and this one has it."""

    def __init__(self, pid: int, tracer: int, tracer_name: str) -> None:
        super().__init__(
            f"Process {pid} is already traced by process {tracer} ({tracer_name}).",
            cause="A process can have one tracer only: another gdb, strace or a debugger of an IDE is attached.",
            next_command=f"end process {tracer} or detach it, then run hanganalyze {pid} again",
        )


class ProcessGone(CannotAnalyse):
    """It ended, or its pid was given to another process, while it was analysed."""

    def __init__(self, pid: int, detail: str) -> None:
        super().__init__(
            f"Process {pid} went away during the analysis: {detail}.",
            cause="It was not hung for ever, or something ended it.",
            next_command="ps -e -o pid,stat,args, to see whether it runs again under another pid",
        )


class DebuggerMissing(CannotAnalyse):
    """No gdb on this machine."""

    next_command = "apt-get install gdb (or dnf install gdb-headless); without root: pip install 'hanganalyze[gdb]'"

    def __init__(self, detail: str = "gdb was not found", *, next_command: str | None = None) -> None:
        super().__init__(f"No usable debugger: {detail}.", next_command=next_command)


class DebuggerTooOld(CannotAnalyse):
    """A gdb older than the oldest that was tried."""

    def __init__(self, path: str, version: str, oldest: str) -> None:
        super().__init__(
            f"{path} is version {version}; {oldest} or newer is needed.",
            next_command="pip install 'hanganalyze[gdb]', which brings a gdb of its own",
        )


class DebuggerDied(CannotAnalyse):
    """gdb ended in the middle of the analysis."""

    def __init__(self, detail: str) -> None:
        super().__init__(
            f"gdb ended in the middle of the analysis: {detail}.",
            cause="It crashed, or was killed (out of memory?). The target was released.",
            next_command="hanganalyze doctor",
        )


class DebuggerFailed(CannotAnalyse):
    """gdb answered with an error or did not answer in time."""

    next_command = "hanganalyze doctor"


class PauseTooLong(CannotAnalyse):
    """The target stood still longer than ``--max-pause`` allows."""

    def __init__(self, pid: int, limit: float, name: str) -> None:
        super().__init__(
            f"Process {pid} ({name}) would have stood still for more than {limit:g} s, so it was released.",
            cause="Many threads, very deep stacks or slow debug information make gdb slow.",
            next_command=f"hanganalyze --max-pause {max(limit * 4, 1):g} {pid}",
        )


class CoreUnreadable(CannotAnalyse):
    """The file is no core that we can read."""

    next_command = "file CORE; readelf --notes CORE"

    def __init__(self, path: str, reason: str, *, next_command: str | None = None) -> None:
        super().__init__(f"{path} cannot be read as a core: {reason}.", next_command=next_command)


class OutputUnwritable(CannotAnalyse):
    """The report could not be written."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(
            f"The report could not be written to {path}: {reason}.",
            next_command="give another place with -o PATH, or -o - for standard output",
        )


class CompilerMissing(CannotAnalyse):
    """No C compiler to build the reference loader or a widener with."""

    def __init__(self, detail: str = "no C compiler was found") -> None:
        super().__init__(
            f"The reference loader cannot be built: {detail}.",
            next_command="apt-get install gcc libc6-dev; without root: pip install ziglang",
        )


class BuildFailed(CannotAnalyse):
    """The compiler refused our sources; its own words are in the text."""

    def __init__(self, detail: str) -> None:
        super().__init__(
            f"The reference loader could not be built:\n{detail}",
            next_command="apt-get install gcc libc6-dev, or set CC to another compiler",
        )


class LoaderFailed(CannotAnalyse):
    """The reference loader ran, but not as it should."""

    def __init__(self, detail: str) -> None:
        super().__init__(f"The reference loader failed: {detail}.", next_command="hanganalyze doctor")


class ExtraMissing(CannotAnalyse):
    """An optional part of the installation."""

    def __init__(self, extra: str, module: str) -> None:
        super().__init__(
            f"This needs the package {module}, which is not installed.", next_command=f"pip install 'hanganalyze[{extra}]'"
        )


class NoToken(CannotAnalyse):
    """No token in the environment, the keyring or netrc."""

    def __init__(self, host: str, variables: str, service: str) -> None:
        super().__init__(
            f"There is no token for {host}.",
            cause=f"Looked in the environment ({variables}), in the keyring (service {service}, user {host}) and in netrc.",
            next_command=f"keyring set {service} {host}",
        )


class ReportTooLarge(CannotAnalyse):
    """Asked before anything was sent."""

    def __init__(self, host: str, size: int, limit: int | None) -> None:
        told = f"{host} takes at most {limit // 1024} KB" if limit is not None else f"{host} takes no attachments"
        super().__init__(
            f"The report has {-(-size // 1024)} KB; {told}. Nothing was sent.",
            next_command="hanganalyze render REPORT --format markdown, and paste it",
        )


class TicketFailed(CannotAnalyse):
    """The tracker refused, or the connection did not hold."""

    def __init__(self, url: str, what: str, posted: str, next_command: str) -> None:
        super().__init__(f"Posting to {url} failed: {what}.", cause=posted, next_command=next_command)


class ClusterFailed(CannotAnalyse):
    """The scheduler or its workers: not there, not ours, or lost."""
