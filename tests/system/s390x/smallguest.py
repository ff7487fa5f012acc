"""A guest that is an initramfs and nothing else: boots, hangs one program, brings its kernel-made core home.

For architectures where the whole tool need not run, only its reading of a core. A core made by the kernel is the same on
a real machine; all a guest needs for one is busybox, the C library and the program.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile

from analyzer.capture.architecture import ARCHITECTURES as NUMBERS

from .errors import GuestError
from .foreignapt import ForeignApt, unpack
from .hostpackages import require
from .imagecache import cache_directory, made_from_packages
from .initramfs import without_disk
from .qemu import AARCH64, PPC64LE, S390X, X86_64, Machine, Qemu
from .rootimage import merge_usr
from .sysroot import LIBRARIES, make_sysroot

PROGRAMS = Path(__file__).with_name("programs")
CORE_SECONDS = 90.0


@dataclass(frozen=True)
class Architecture:
    """One row of the table: everything about an architecture a small guest has to know."""

    name: str
    """As uname -m says it."""
    debian: str
    """Debian's name of it."""
    machine: Machine
    kernel_package: str
    compiler: str
    modules: tuple[str, ...]
    """What virtio's bus needs before 9p; what is built in costs nothing to name."""

    @property
    def futex(self) -> int:
        """The futex system call's number."""
        return NUMBERS[self.name].number("futex")


ARCHITECTURES = {
    row.name: row
    for row in (
        Architecture("s390x", "s390x", S390X, "linux-image-s390x", "s390x-linux-gnu-gcc", ()),
        Architecture("aarch64", "arm64", AARCH64, "linux-image-arm64", "aarch64-linux-gnu-gcc", ("virtio_pci",)),
        Architecture("ppc64le", "ppc64el", PPC64LE, "linux-image-powerpc64le", "powerpc64le-linux-gnu-gcc", ("virtio_pci",)),
        # For comparing emulated with emulated (``why``); its hangs are seen on the host every day.
        Architecture("x86_64", "amd64", X86_64, "linux-image-amd64", "x86_64-linux-gnu-gcc", ("virtio_pci",)),
    )
}
FOREIGN = [
    pytest.param("s390x", marks=pytest.mark.s390x),
    *(pytest.param(name, marks=pytest.mark.foreign) for name in ("aarch64", "ppc64le")),
]
"""For tests of the architectures that are not this machine's; those beside s390x need emulators and compilers of their own."""

_PACKAGES = [*LIBRARIES, "busybox-static"]
_PRETEND_INSTALLED = dict.fromkeys(["initramfs-tools", "kmod", "linux-base"], "")

_START = """\
echo /share/core > /proc/sys/kernel/core_pattern
ulimit -c unlimited
/program > /tmp/pid &
# A program that ends or cannot start ends the guest, so that nobody waits for the deadline.
until [ -s /tmp/pid ]; do kill -0 $! || poweroff -f; usleep 20000; done
child=$(cat /tmp/pid)
until grep -q '^{futex} .* 0x80 0x2 ' /proc/$child/syscall; do usleep 20000; done
ls /proc/$!/task > /share/parent_tasks
cp /proc/$child/syscall /proc/$child/status /proc/$child/maps /share/
kill -ABRT $child
# The parent reaps it, so its directory goes once the core is written.
while [ -d /proc/$child ]; do usleep 20000; done
touch /share/done
"""


@dataclass(frozen=True)
class SmallImage:
    """What a small guest boots from; `name` is a key of `ARCHITECTURES`."""

    name: str
    directory: Path

    @property
    def sysroot(self) -> Path:
        """libc6, its debug files and libgcc, unpacked: gdb's sysroot for the core."""
        return self.directory / "sysroot"


@dataclass(frozen=True)
class MadeCore:
    """A core with the program that left it, and what /proc said of the hung child just before."""

    core: Path
    program: Path
    syscall: str
    status: str
    maps: str
    parent_tasks: frozenset[int]
    """The parent's thread ids at that moment."""
    seconds: float
    """Boot to core, on the host's clock."""


def small_image(name: str) -> SmallImage:
    """Kernel, busybox and C library of `name`, made or reused; `CannotRunHere` with the reason if it cannot be had."""
    row = ARCHITECTURES[name]
    require([row.machine.emulator, row.compiler])
    apt = ForeignApt(row.debian, cache_directory() / f"apt-small-{row.debian}")
    packages = [*_PACKAGES, row.kernel_package]
    directory = made_from_packages(f"smallimage-{name}", apt, packages, _PRETEND_INSTALLED, Path(__file__), _make)
    return SmallImage(name, directory)


def make_core(
    image: SmallImage,
    directory: Path,
    source: Path = PROGRAMS / "orphaned_lock.c",
    echo: Callable[[str], None] | None = None,
) -> MadeCore:
    """Compile `source`, hang it in a guest and leave its core in `directory` (sparse: 9 MB long, 150 kB on disk).

    The program prints the pid of the child that will hang in a futex wait and reaps it. `GuestError` with the console
    when there is no core within `CORE_SECONDS`.
    """
    row = ARCHITECTURES[image.name]
    program = directory / "program"
    compile_command = [row.compiler, "-g", "-O1", "-pthread", "-o", str(program), str(source)]
    subprocess.run(compile_command, check=True, capture_output=True, text=True, timeout=60)
    files = {"program": (program.read_bytes(), 0o755), **libraries_of(program, image.sysroot)}
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="hanganalyze-guest-") as scratch:
        share = Path(scratch) / "share"
        (share / ".guest").mkdir(parents=True)
        (share / ".guest/start.sh").write_text(_START.format(futex=row.futex), "utf-8")
        initrd = Path(scratch) / "initramfs"
        initrd.write_bytes(without_disk(image.directory / "busybox", image.directory / "modules", row.modules, files))
        kernel = image.directory / "vmlinuz"
        with Qemu(row.machine, kernel, initrd, share, memory_megabytes=512, processors=1, echo=echo) as qemu:
            qemu.wait_until((share / "done").exists, "a core", CORE_SECONDS)
            seconds = time.monotonic() - started
            console = qemu.console_tail()
        if not (share / "core").exists():
            raise GuestError(f"the child died without a core\n{console}")
        core = directory / "core"
        subprocess.run(["cp", "--sparse=always", str(share / "core"), str(core)], check=True, timeout=30)
        syscall, status, maps = ((share / name).read_text("utf-8") for name in ("syscall", "status", "maps"))
        tasks = frozenset(int(line) for line in (share / "parent_tasks").read_text("utf-8").split())
    return MadeCore(core, program, syscall, status, maps, tasks, seconds)


def libraries_of(program: Path, sysroot: Path) -> dict[str, tuple[bytes, int]]:
    """libc where the loader looks without a cache, and the loader under the name the program asks for."""
    libc = next(sysroot.glob("usr/lib/*-linux-gnu/libc.so.6"))
    with program.open("rb") as stream:
        interpreter = ELFFile(stream).get_section_by_name(".interp")
        if interpreter is None:
            raise GuestError(f"{program} is no dynamically linked program")
        wanted = interpreter.data().rstrip(b"\0").decode()
    # The package's own link of that name is absolute, so it would lead to a file of the host.
    loader = libc.with_name(Path(wanted).name)
    place = f"lib/{libc.parent.name}/libc.so.6"
    return {wanted.lstrip("/"): (loader.read_bytes(), 0o755), place: (libc.read_bytes(), 0o755)}


def _make(scratch: Path, packages: tuple[Path, ...]) -> None:
    image, tree = scratch / "image", scratch / "tree"
    tree.mkdir()
    merge_usr(tree)
    libraries = [package for package in packages if package.name.startswith(("libc6", "libgcc"))]
    make_sysroot(image / "sysroot", libraries)
    for package in packages:
        if package not in libraries:
            unpack(package, tree)
    # vmlinux on ppc64le, vmlinuz elsewhere; one name for both.
    shutil.move(next((tree / "boot").glob("vmlinu*")), image / "vmlinuz")
    kept = ("9p", "9pnet", "netfs", "fscache", "virtio")
    for module in (tree / "usr/lib/modules").rglob("*.ko*"):
        if not module.name.startswith(kept):
            module.unlink()
    shutil.move(tree / "usr/lib/modules", image / "modules")
    shutil.copy2(tree / "usr/bin/busybox", image / "busybox")
