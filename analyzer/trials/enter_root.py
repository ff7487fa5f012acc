"""Another root directory for a command, without leaving a trace of it: a mount namespace of its own, our /dev, /proc and /sys,
and pivot_root. A plain chroot would not do: the kernel refuses user namespaces in one, which is what rootless tools begin with.

Runs in the child between fork and exec, in a process with one thread.
"""

from __future__ import annotations

import ctypes
import os
import platform
import shutil
from pathlib import Path

from analyzer.capture.architecture import pivot_root_number

CLONE_NEWNS, CLONE_NEWUSER = 0x00020000, 0x10000000  # include/uapi/linux/sched.h
MS_BIND, MS_REC, MS_PRIVATE = 4096, 16384, 1 << 18  # include/uapi/linux/mount.h
MNT_DETACH = 2
SHARED = ("dev", "proc", "sys")
LIBRARY_FOLDER = "mnt"
"""Where a preloaded library is put, in a file system in memory that only the command sees."""


class RootRefused(OSError):
    """It could not be entered; the text says which step failed."""


def library_inside(library: Path) -> str:
    """The path under which the command sees a library given to ``enter``."""
    return f"/{LIBRARY_FOLDER}/{library.name}"


def enter(root: Path, library: Path | None = None) -> None:
    """Make ``root`` the root directory of this process; the working directory is ``/`` then. Raises RootRefused.

    As an ordinary user a user namespace is made first, in which that user is root: the command sees itself as root then.
    """
    libc = ctypes.CDLL(None, use_errno=True)

    def call(what: str, result: int) -> None:
        if result != 0:
            raise RootRefused(ctypes.get_errno(), f"{what}: {os.strerror(ctypes.get_errno())}")

    def mount(source: str, target: Path, kind: str, flags: int) -> None:
        words = (source.encode(), os.fsencode(target), kind.encode() or None)
        call(f"mount {target}", libc.mount(*words, ctypes.c_ulong(flags), None))

    uid, gid = os.geteuid(), os.getegid()
    flags = CLONE_NEWNS if uid == 0 else CLONE_NEWNS | CLONE_NEWUSER
    call("unshare", libc.unshare(flags))
    if uid != 0:
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"0 {uid} 1")
        Path("/proc/self/gid_map").write_text(f"0 {gid} 1")
    root = root.resolve()
    mount("none", Path("/"), "", MS_REC | MS_PRIVATE)
    mount(str(root), root, "", MS_BIND | MS_REC)  # pivot_root wants a mount point
    for name in SHARED:
        if (root / name).is_dir():
            mount(f"/{name}", root / name, "", MS_BIND | MS_REC)
    if library is not None:
        mount("none", root / LIBRARY_FOLDER, "tmpfs", 0)
        shutil.copy(library, root / LIBRARY_FOLDER / library.name)
        (root / LIBRARY_FOLDER / library.name).chmod(0o755)
    os.chdir(root)
    number = pivot_root_number(platform.machine())
    if number is None:
        raise RootRefused(0, f"pivot_root: no number known for {platform.machine()}")
    call("pivot_root", libc.syscall(ctypes.c_long(number), b".", b"."))
    call("umount of the old root", libc.umount2(b".", MNT_DETACH))
    os.chdir("/")
