"""The s390x guest as tests use it: boot, run steps one by one, read what they left, end.

`with Guest(root_image()) as guest:` boots; what lies in `guest.share` is /share there;
`guest.run("name", "command", seconds=30, user="alice")` returns a `StepResult`. `guest.command("name", [...], seconds=60)` runs
the project's command, which was imported while the guest waited for something to do.
"""

from __future__ import annotations

import json
import re
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from .errors import GuestError
from .initramfs import for_disk
from .qemu import FASTER_UNDER_EMULATION, S390X, Qemu
from .rootimage import RootImage

BOOT_SECONDS = 180.0
OVERALL_SECONDS = 1200.0
REPLY_SECONDS = 10.0
"""What the agent may take on top of a step's own deadline to end it and to say so."""


@dataclass(frozen=True)
class StepResult:
    """What one step left."""

    name: str
    exit_code: int | None
    """None when the step was ended at its deadline; negative for a signal."""
    stdout: str
    stderr: str
    seconds: float
    """Measured in the guest."""


@dataclass(frozen=True)
class PendingStep:
    """A step that was handed to the guest."""

    name: str
    answer: Path
    """Appears when the step has ended."""
    deadline: float
    """On the host's monotonic clock."""


class Guest:
    """A booted guest. Leaving the block ends the emulator by its pid."""

    def __init__(
        self,
        image: RootImage,
        overall_seconds: float = OVERALL_SECONDS,
        echo: Callable[[str], None] | None = None,
        project: Path | None = None,
        kernel_options: str = FASTER_UNDER_EMULATION,
    ) -> None:
        """`project` is a disk for /opt, see `wheels.project_disk`."""
        self._image = image
        self._project = project
        self._kernel_options = kernel_options
        self._overall_seconds = overall_seconds
        self._echo = echo
        self.results: list[StepResult] = []
        """Every step so far, in order."""
        self._started = 0
        self._numbering = threading.Lock()
        self.boot_seconds = 0.0
        """From the emulator's start to the agent's first word, on the host's clock."""

    def __enter__(self) -> Guest:
        self._scratch = Path(tempfile.mkdtemp(prefix="hanganalyze-guest-"))
        try:
            self._boot()
        except BaseException:
            shutil.rmtree(self._scratch)
            raise
        return self

    @property
    def share(self) -> Path:
        """The host's side of the guest's /share; every user of the guest may write there."""
        return self._scratch / "share"

    @property
    def emulator_pid(self) -> int:
        """The emulator's pid on the host."""
        return self._qemu.pid

    @property
    def processor_seconds(self) -> float:
        """What the emulator has used so far."""
        return self._qemu.processor_seconds

    def run(
        self,
        name: str,
        command: str,
        seconds: float,
        user: str = "root",
        environment: Mapping[str, str] | None = None,
        leave_running: bool = False,
        check: bool = False,
    ) -> StepResult:
        """Run a shell command (bash) in the guest and wait for its end, at most `seconds`.

        Processes it leaves in its session are killed unless `leave_running`. With `check`, any end but exit code 0
        raises. `GuestError`, always with the console's tail: the guest died, or the overall deadline passed.
        """
        pending = self.start(name, command, seconds, user, environment, leave_running)
        return self.wait(pending, check)

    def start(
        self,
        name: str,
        command: str,
        seconds: float,
        user: str = "root",
        environment: Mapping[str, str] | None = None,
        leave_running: bool = False,
    ) -> PendingStep:
        """Like `run` without waiting: the guest has two processors, so two steps at a time cost little more than one."""
        return self._hand_over(name, {"command": command, "leave_running": leave_running}, seconds, user, environment)

    def start_command(
        self, name: str, argv: Sequence[str], seconds: float, user: str = "root", environment: Mapping[str, str] | None = None
    ) -> PendingStep:
        """Begin a run of the project's command (`argv` without its name); needs a guest with a `project`.

        Its session is killed at its deadline only: what it leaves running at its end stays.
        """
        return self._hand_over(name, {"argv": list(argv)}, seconds, user, environment)

    def command(
        self, name: str, argv: Sequence[str], seconds: float, user: str = "root", environment: Mapping[str, str] | None = None
    ) -> StepResult:
        """Run the project's command and wait for its end; its exit code means something, so there is no check of it here."""
        return self.wait(self.start_command(name, argv, seconds, user, environment))

    def _hand_over(
        self, name: str, step: dict[str, object], seconds: float, user: str, environment: Mapping[str, str] | None
    ) -> PendingStep:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise self._failure(f"no time left for step {name}: {self._overall_seconds:.0f} s have passed")
        with self._numbering:  # cases run in threads of the host
            self._started += 1
            number = f"{self._started:03d}-{name}"
        seconds = min(seconds, left)
        unfinished = self.share / "steps" / f"{number}.unfinished"
        whole = {**step, "seconds": seconds, "user": user, "environment": dict(environment or {})}
        unfinished.write_text(json.dumps(whole), "utf-8")
        unfinished.rename(unfinished.with_suffix(".json"))
        return PendingStep(name, self.share / "results" / f"{number}.json", time.monotonic() + seconds + REPLY_SECONDS)

    def wait_for_output(self, pending: PendingStep, pattern: str, seconds: float) -> re.Match[str]:
        """Wait until the standard output of a step that goes on holds `pattern`."""
        output = pending.answer.with_suffix(".stdout")

        def found() -> re.Match[str] | None:
            return re.search(pattern, output.read_text("utf-8", "replace")) if output.exists() else None

        def told() -> str:
            return output.with_suffix(".stderr").read_text("utf-8", "replace") if output.exists() else "nothing yet"

        try:
            self._qemu.wait_until(lambda: found() is not None or pending.answer.exists(), f"step {pending.name}", seconds)
        except GuestError as error:
            raise GuestError(f"no {pattern!r} from step {pending.name}: {told()}\n{error}") from error
        match = found()
        if match is None:
            raise self._failure(f"step {pending.name} ended without {pattern!r}: {told()}")
        return match

    def wait(self, pending: PendingStep, check: bool = False) -> StepResult:
        """The result of a step that `start` began; see `run`."""
        left = pending.deadline - time.monotonic()
        self._qemu.wait_until(pending.answer.exists, f"the end of step {pending.name}", left)
        outcome = json.loads(pending.answer.read_text("utf-8"))
        stdout, stderr = (pending.answer.with_suffix(suffix).read_text("utf-8", "replace") for suffix in (".stdout", ".stderr"))
        result = StepResult(pending.name, outcome["exit_code"], stdout, stderr, outcome["seconds"])
        self.results.append(result)
        if self._echo is not None:
            self._echo(f"step {result.name}: exit code {result.exit_code}, {result.seconds:.1f} s")
        if check and result.exit_code != 0:
            how = "late" if result.exit_code is None else f"exit code {result.exit_code}"
            raise self._failure(
                f"step {result.name}: {how} after {result.seconds:.1f} s\nstdout: {stdout[-4000:]}\nstderr: {stderr[-4000:]}"
            )
        return result

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        # No orderly power off: the disk is a snapshot, all results are on the host already, and it once took over 20 s.
        self._qemu.__exit__(kind, value, trace)
        shutil.rmtree(self._scratch)

    def _boot(self) -> None:
        started = time.monotonic()
        self._deadline = started + self._overall_seconds
        for name in ("share/steps", "share/results", "share/.guest"):
            (self._scratch / name).mkdir(parents=True)
        self.share.chmod(0o1777)
        self._scratch.chmod(0o755)
        for name in ("start.sh", "agent.py", "warm.py"):
            shutil.copy(Path(__file__).with_name(name), self.share / ".guest" / name)
        initrd = self._scratch / "initramfs"
        initrd.write_bytes(for_disk(self._image.busybox, self._image.modules, also_load=("fuse", "overlay")))
        disks = [self._image.disk, *([self._project] if self._project is not None else [])]
        self._qemu = Qemu(
            S390X, self._image.kernel, initrd, self.share, disks, echo=self._echo, kernel_options=self._kernel_options
        )
        self._qemu.__enter__()
        try:
            self._qemu.wait_until((self.share / "results/ready.json").exists, "the agent's first word", BOOT_SECONDS)
        except BaseException:
            self._qemu.__exit__(None, None, None)
            raise
        self.boot_seconds = time.monotonic() - started

    def _failure(self, message: str) -> GuestError:
        return GuestError(f"{message}\n{self._qemu.console_tail()}")
