"""One emulated machine: its command line, its console, and its end."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from .errors import GuestError
from .initramfs import SHARE_TAG

CONSOLE_TAIL_LINES = 40

FASTER_UNDER_EMULATION = "norandmaps init_on_alloc=0 audit=0 apparmor=0 mitigations=off"
"""A third less time for a short program. norandmaps most of all: this QEMU translates code once for each virtual address
it appears at, so with randomised addresses every process pays again for the C library."""


@dataclass(frozen=True)
class Machine:
    """What differs from one emulated architecture to the next."""

    emulator: str
    machine: tuple[str, ...]
    """-M, -cpu and the devices that make a console of standard output."""
    console: str
    """The kernel's console= value."""
    bus: str
    """How virtio devices are called: virtio-9p-BUS."""


S390X = Machine(
    "qemu-system-s390x",
    ("-M", "s390-ccw-virtio", "-cpu", "max", "-device", "sclpconsole,chardev=console"),
    "ttysclp0",
    "ccw",
)

AARCH64 = Machine(
    "qemu-system-aarch64",
    ("-M", "virt", "-cpu", "cortex-a72", "-serial", "chardev:console"),
    "ttyAMA0",
    "pci",
)

X86_64 = Machine("qemu-system-x86_64", ("-M", "q35", "-cpu", "max", "-serial", "chardev:console"), "ttyS0", "pci")

PPC64LE = Machine(
    "qemu-system-ppc64",
    (
        # The side-channel mitigations the machine would promise by default cannot be emulated.
        *("-M", "pseries,cap-cfpc=broken,cap-sbbc=broken,cap-ibs=broken", "-cpu", "power9"),
        *("-device", "spapr-vty,chardev=console"),
    ),
    "hvc0",
    "pci",
)


class Qemu:
    """Context manager around the emulator process. The console is read all the time and kept in memory.

    `echo` gets each console line as it comes (for a test's output); the last lines stand in `console_tail()`.
    """

    def __init__(
        self,
        machine: Machine,
        kernel: Path,
        initrd: Path,
        share: Path,
        disks: Sequence[Path] = (),
        memory_megabytes: int = 2048,
        processors: int = 2,
        echo: Callable[[str], None] | None = None,
        kernel_options: str = FASTER_UNDER_EMULATION,
    ) -> None:
        self._argv = [machine.emulator, *machine.machine, "-m", str(memory_megabytes), "-smp", str(processors)]
        self._argv += ["-accel", "tcg,thread=multi", "-nographic", "-nodefaults", "-no-reboot"]
        self._argv += ["-chardev", "stdio,id=console,signal=off", "-kernel", str(kernel), "-initrd", str(initrd)]
        # panic=-1 with -no-reboot: a guest that panics ends the emulator instead of standing still until the deadline.
        self._argv += ["-append", f"console={machine.console} quiet loglevel=4 panic=-1 {kernel_options}"]
        self._argv += ["-fsdev", f"local,id=share,path={share},security_model=none"]
        self._argv += ["-device", f"virtio-9p-{machine.bus},fsdev=share,mount_tag={SHARE_TAG}"]
        for number, disk in enumerate(disks):  # which is vda and which vdb is decided anew at every boot: they have names
            # snapshot=on: what the guest writes goes to an unnamed temporary file, the image stays as it is.
            self._argv += ["-drive", f"file={disk},format=raw,if=none,id=disk{number},snapshot=on,cache=unsafe"]
            self._argv += ["-device", f"virtio-blk-{machine.bus},drive=disk{number},serial=disk{number}"]
        self._echo = echo
        self._lines: list[str] = []
        self._process: subprocess.Popen[bytes] | None = None
        self._reader: threading.Thread | None = None

    def __enter__(self) -> Qemu:
        self._process = subprocess.Popen(self._argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self._reader = threading.Thread(target=self._read, name="guest console", daemon=True)
        self._reader.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        process = self._running_process()
        process.kill()
        process.wait(30)
        if self._reader is not None:
            self._reader.join(10)
        if process.stdout is not None:
            process.stdout.close()

    @property
    def pid(self) -> int:
        return self._running_process().pid

    @property
    def processor_seconds(self) -> float:
        """What the emulator has used so far: unlike wall time it says the same on a busy machine."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def wait_until(self, holds: Callable[[], bool], what: str, seconds: float) -> None:
        """Wait for `holds()`; raise `GuestError` with the console when `seconds` pass or the emulator ends before."""
        deadline = time.monotonic() + seconds
        while not holds():
            if self.ended() and not holds():
                raise GuestError(f"the guest ended before {what}\n{self.console_tail()}")
            if time.monotonic() > deadline:
                raise GuestError(f"{what}: not seen within {seconds:.0f} s\n{self.console_tail()}")
            time.sleep(0.05)

    def wait_for_end(self, seconds: float) -> None:
        """Wait until the guest has powered off, or raise `GuestError`."""
        self.wait_until(self.ended, "power off", seconds)

    def ended(self) -> bool:
        return self._running_process().poll() is not None

    def console_tail(self) -> str:
        tail = self._lines[-CONSOLE_TAIL_LINES:]
        return "\n".join(["--- guest console, last lines ---", *tail, "--- end of console ---"])

    def _running_process(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise GuestError("the emulator was not started")
        return self._process

    def _read(self) -> None:
        stream = self._running_process().stdout
        if stream is None:
            return
        for raw in stream:
            line = raw.decode("utf-8", "replace").rstrip("\r\n")
            self._lines.append(line)
            if self._echo is not None:
                self._echo(line)
