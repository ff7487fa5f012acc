"""The s390x guest's disk: Debian 12 with gdb, Python and podman, made once for each set of package versions.

Packages are unpacked, never configured: their maintainer scripts would need an s390x processor and minutes of
emulation. What the scripts would have left behind and the tests need (accounts, /bin/sh, Python bytecode) is made here.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from .errors import CannotRunHere
from .foreignapt import ForeignApt, unpack
from .hostpackages import require
from .imagecache import cache_directory, made_from_packages

PACKAGES = """
    base-files bash dash coreutils grep sed findutils util-linux mount procps libc-bin hostname busybox-static
    gdb libc6-dbg python3 python3-psutil python3-jinja2 python3-rich python3-pyelftools python3-attr python3-cattr
    podman crun uidmap linux-image-s390x
    """.split()  # noqa: SIM905 - one name a line would be a page

PRETEND_INSTALLED = {
    "containernetworking-plugins": "container-network-stack",
    "adduser": "",
    "ca-certificates": "",
    "debconf": "",
    "dpkg": "",
    "gnupg": "",
    "gpgv": "",
    "init-system-helpers": "",
    "initramfs-tools": "",
    "iptables": "",
    "kmod": "",
    "libpam-runtime": "",
    "linux-base": "",
    "media-types": "",
    "netavark": "",
    "perl": "",
    "perl-base": "",
    "tzdata": "",
    "ucf": "",
    "udev": "",
}
"""What others depend on and no step in the guest uses: 40 MB less to fetch and unpack."""

ORDINARY_USER = "alice"
ORDINARY_UID = 1000
IMAGE_MEGABYTES = 768
"""Sparse; what is not used takes no room on the host."""

_ACCOUNTS = {
    "etc/passwd": "root:x:0:0:root:/root:/bin/bash\nalice:x:1000:1000::/home/alice:/bin/bash\n"
    "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n",
    "etc/group": "root:x:0:\ntty:x:5:\nutmp:x:43:\nalice:x:1000:\nnogroup:x:65534:\n",
    "etc/subuid": "alice:100000:65536\n",
    "etc/subgid": "alice:100000:65536\n",
    "etc/hostname": "guest\n",
    "etc/hosts": "127.0.0.1 localhost guest\n",
    "etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
}


@dataclass(frozen=True)
class RootImage:
    """A finished image; nothing in it changes any more (guests write to a snapshot)."""

    directory: Path

    @property
    def disk(self) -> Path:
        """ext4, raw."""
        return self.directory / "root.ext4"

    @property
    def kernel(self) -> Path:
        return self.directory / "vmlinuz"

    @property
    def modules(self) -> Path:
        """The kernel package's lib/modules."""
        return self.directory / "modules"

    @property
    def busybox(self) -> Path:
        """A static busybox for the guest's architecture."""
        return self.directory / "busybox"

    @property
    def sysroot(self) -> Path:
        """libc6, its debug files and libgcc, unpacked: what gdb on the host needs to read a core made in the guest."""
        return self.directory / "sysroot"

    @property
    def packages(self) -> list[str]:
        """The packages' file names, hence their versions."""
        return (self.directory / "packages.txt").read_text("utf-8").split()


def root_image() -> RootImage:
    """The image for the package versions the mirror has now; made when it is not there (about 25 s with downloads).

    Raises `CannotRunHere` with the reason when this machine cannot make one.
    """
    if os.geteuid() != 0:
        raise CannotRunHere("the guest's root image keeps owners and set-uid bits, so making it needs root")
    require(["mke2fs", "qemu-system-s390x"])
    apt = ForeignApt("s390x", cache_directory() / "apt-s390x")
    return RootImage(made_from_packages("rootimage-s390x", apt, PACKAGES, PRETEND_INSTALLED, Path(__file__), _make))


def _make(scratch: Path, packages: tuple[Path, ...]) -> None:
    tree, image = scratch / "tree", scratch / "image"
    kernel_tree = scratch / "kernel"
    for directory in (tree, image / "sysroot", kernel_tree):
        directory.mkdir(parents=True)
        merge_usr(directory)
    for package in packages:
        name = package.name.partition("_")[0]
        unpack(package, kernel_tree if name.startswith("linux-image") else tree)
        if name in {"libc6", "libc6-dbg", "libgcc-s1"}:
            unpack(package, image / "sysroot")
    _settle(tree)
    _compile_python(tree)
    kernel = next((kernel_tree / "boot").glob("vmlinuz-*"))
    shutil.move(kernel, image / "vmlinuz")
    shutil.move(kernel_tree / "usr/lib/modules", image / "modules")
    shutil.copy2(tree / "usr/bin/busybox", image / "busybox")
    (image / "packages.txt").write_text("\n".join(package.name for package in packages) + "\n", "utf-8")
    disk = image / "root.ext4"
    with disk.open("wb") as handle:
        handle.truncate(IMAGE_MEGABYTES << 20)
    # No journal and no lazy initialisation: the guest's changes are thrown away, so neither buys anything.
    options = ["-O", "^has_journal", "-E", "lazy_itable_init=0,nodiscard", "-m", "0", "-N", "65536"]
    subprocess.run(["mke2fs", "-q", "-F", "-t", "ext4", *options, "-d", tree, disk], check=True, timeout=120)


def merge_usr(directory: Path) -> None:
    """Make /bin, /sbin and /lib the links they are in Debian 12 before packages unpack over them."""
    for name in ("bin", "sbin", "lib"):
        (directory / "usr" / name).mkdir(parents=True)
        (directory / name).symlink_to(f"usr/{name}")


def _settle(tree: Path) -> None:
    for path, content in _ACCOUNTS.items():
        (tree / path).parent.mkdir(parents=True, exist_ok=True)
        (tree / path).write_text(content, "utf-8")
    for name in ("proc", "sys", "dev", "run", "tmp", "root", "share", "mnt", "var/tmp", "home/alice"):
        (tree / name).mkdir(parents=True, exist_ok=True)
    os.chown(tree / "home/alice", ORDINARY_UID, ORDINARY_UID)
    for link, target in (("usr/bin/sh", "dash"), ("usr/bin/awk", "mawk")):
        (tree / link).unlink(missing_ok=True)
        (tree / link).symlink_to(target)


def _compile_python(tree: Path) -> None:
    """Bytecode is the same on every processor, and compiling in emulation is what makes the first import slow."""
    roots = [str(tree / "usr/lib/python3.11"), str(tree / "usr/lib/python3/dist-packages")]
    if sys.version_info[:2] != (3, 11):
        return  # another bytecode format: the guest compiles for itself, later and slower
    command = [sys.executable, "-m", "compileall", "-q", "-s", str(tree), "-p", "/", "--invalidation-mode", "unchecked-hash"]
    # Files of other Python versions inside (lib2to3's test data and the like) do not compile; that is no failure.
    subprocess.run([*command, *roots], capture_output=True, timeout=300, check=False)
