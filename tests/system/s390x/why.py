"""``python -m tests.system.s390x.why``: the figures of ``WHY.md``, measured here and now.

``programs/clone_window.c`` on this machine, and in small guests of several architectures under the same emulator, with the
same kernel version and without the kernel options that make the other guests faster.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from .errors import CannotRunHere, GuestError
from .hostpackages import require
from .initramfs import without_disk
from .qemu import Qemu
from .smallguest import ARCHITECTURES, libraries_of, small_image

PROGRAM = Path(__file__).with_name("programs") / "clone_window.c"
FLAGS = ["-O1", "-pthread", str(PROGRAM)]
MEGABYTES, RUNS = (1, 16, 128), 100
HEAD = (
    *("MB", "lock", "runs", "median us", "90 % us", "held", "held alone", "laps %", "frozen", "frozen alone"),
    *("quiet us", "quiet held", "quiet laps %"),
)
GUEST_SECONDS = 900.0

_START = """\
for megabytes in {megabytes}; do for order in above below; do /program $megabytes {runs} $order >> /share/figures; done; done
touch /share/done
"""


def measure_here(scratch: Path) -> str:
    """On this machine, whatever else runs on it."""
    program = scratch / "here"
    subprocess.run(["cc", *FLAGS, "-o", str(program)], check=True, timeout=60)
    lines = []
    for megabytes in MEGABYTES:
        for order in ("above", "below"):
            command = [str(program), str(megabytes), str(RUNS), order]
            lines.append(subprocess.run(command, check=True, capture_output=True, text=True, timeout=300).stdout)
    return "".join(lines)


def measure_in_guest(name: str, scratch: Path) -> str:
    """In a guest of that architecture with two processors; `GuestError`, `CannotRunHere`."""
    image, row = small_image(name), ARCHITECTURES[name]
    program, share = scratch / name, scratch / f"share-{name}"
    subprocess.run([row.compiler, *FLAGS, "-o", str(program)], check=True, timeout=60)
    (share / ".guest").mkdir(parents=True)
    start = _START.format(megabytes=" ".join(map(str, MEGABYTES)), runs=RUNS)
    (share / ".guest/start.sh").write_text(start, "utf-8")
    files = {"program": (program.read_bytes(), 0o755), **libraries_of(program, image.sysroot)}
    initrd = scratch / f"initramfs-{name}"
    initrd.write_bytes(without_disk(image.directory / "busybox", image.directory / "modules", row.modules, files))
    with Qemu(row.machine, image.directory / "vmlinuz", initrd, share, memory_megabytes=1024, kernel_options="") as qemu:
        qemu.wait_until((share / "done").exists, "the figures", GUEST_SECONDS)
    return (share / "figures").read_text("utf-8")


def table(title: str, figures: str) -> str:
    """As Markdown."""
    lines = [f"{title} (load {os.getloadavg()[0]:.1f})", "", f"| {' | '.join(HEAD)} |", "|" + "---|" * len(HEAD)]
    return "\n".join([*lines, *(f"| {' | '.join(line.split())} |" for line in figures.splitlines()), ""])


def main() -> None:
    wanted = sys.argv[1:] or ["here", *ARCHITECTURES]
    scratch = Path(tempfile.mkdtemp(prefix="hanganalyze-why-"))
    try:
        for name in wanted:
            try:
                require([] if name == "here" else [ARCHITECTURES[name].machine.emulator])
                figures = measure_here(scratch) if name == "here" else measure_in_guest(name, scratch)
            except (CannotRunHere, GuestError) as reason:
                print(f"{name}: {reason}", file=sys.stderr)
                continue
            title = f"{platform.machine()}, this machine, Linux {platform.release()}" if name == "here" else f"{name}, emulated"
            print(table(title, figures), flush=True)
    finally:
        shutil.rmtree(scratch)


if __name__ == "__main__":
    main()
