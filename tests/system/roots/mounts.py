"""The mount side of entering a root: a namespace of its own, the root read-only, fresh places to write, pivot_root.

Not chroot: the kernel refuses CLONE_NEWUSER to a process whose root is not its namespace's root, and rootless podman
needs one. Everything here vanishes with the last process of the namespace.
"""

from __future__ import annotations

import ctypes
import os
from pathlib import Path

CLONE_NEWNS = 0x20000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_REMOUNT, MS_BIND = 0x1, 0x2, 0x4, 0x20, 0x1000
MS_REC, MS_PRIVATE, MS_SHARED = 0x4000, 0x40000, 0x100000
MNT_DETACH = 2
_DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
_libc = ctypes.CDLL(None, use_errno=True)


def _checked(result: int, what: str) -> None:
    if result != 0:
        error = ctypes.get_errno()
        raise OSError(error, f"{os.strerror(error)} ({what})")


def mount(source: str, target: Path, kind: str | None = None, flags: int = 0, data: str | None = None) -> None:
    """mount(2); raises OSError with both paths."""
    arguments = [None if text is None else text.encode() for text in (source, str(target), kind)]
    result = _libc.mount(*arguments, ctypes.c_ulong(flags), None if data is None else data.encode())
    _checked(result, f"mount {source} on {target}")


def own_namespace() -> None:
    """Leaves the host's mount namespace, and lets nothing mounted from here on leak back into it."""
    _checked(_libc.unshare(CLONE_NEWNS), "unshare mount namespace")
    mount("none", Path("/"), flags=MS_REC | MS_PRIVATE)


def mount_root(root: Path, uid: int, gid: int, home: str, runtime: str) -> None:
    """The root read-only at its own path, in it /proc, /dev, /sys and empty, writable /tmp, /var/tmp, /run and home.

    /proc shows the host's process ids: who analyses from outside and who looks from inside mean the same numbers.
    """
    mount(str(root), root, flags=MS_BIND)
    # Neither nosuid (newuidmap is a setuid program) nor nodev.
    mount("none", root, flags=MS_REMOUNT | MS_BIND | MS_RDONLY)
    mount("proc", root / "proc", "proc")
    mount("/sys", root / "sys", flags=MS_BIND | MS_REC)
    _mount_devices(root / "dev")
    for place in ("tmp", "var/tmp"):
        mount("tmpfs", root / place, "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777")
    mount("tmpfs", root / "run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=755")
    owned = f"mode=700,uid={uid},gid={gid}"
    mount("tmpfs", inside(root, home), "tmpfs", MS_NOSUID | MS_NODEV, owned)
    make_directories(root, runtime)
    mount("tmpfs", inside(root, runtime), "tmpfs", MS_NOSUID | MS_NODEV, owned)


def _mount_devices(dev: Path) -> None:
    """The host's device nodes one by one: mknod is forbidden in many containers, a bind mount of a node is not."""
    mount("tmpfs", dev, "tmpfs", MS_NOSUID, "mode=755")
    for name in _DEVICES:
        (dev / name).touch()
        mount(f"/dev/{name}", dev / name, flags=MS_BIND)
    for name, target in (("fd", "fd"), ("stdin", "fd/0"), ("stdout", "fd/1"), ("stderr", "fd/2")):
        (dev / name).symlink_to(f"/proc/self/{target}")
    (dev / "shm").mkdir()
    mount("tmpfs", dev / "shm", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777")


def bind(root: Path, source: str, target: str, *, writable: bool) -> None:
    """Shows a host file or directory at `target`. A missing mount point can be made only in the writable places."""
    place = inside(root, target)
    if Path(source).is_dir():
        make_directories(root, target)
    elif not place.exists():
        make_directories(root, str(Path(target).parent))
        place.touch()
    mount(source, place, flags=MS_BIND | MS_REC)
    if not writable:
        mount("none", place, flags=MS_REMOUNT | MS_BIND | MS_RDONLY)


def write_file(root: Path, target: str, content: bytes, *, mode: int, uid: int, gid: int) -> None:
    """Puts a small file into one of the writable places; it and its new directories belong to the given user."""
    make_directories(root, str(Path(target).parent), uid, gid)
    place = inside(root, target)
    place.write_bytes(content)
    os.chown(place, uid, gid)
    place.chmod(mode)


def make_directories(root: Path, target: str, uid: int = 0, gid: int = 0) -> None:
    """Makes a directory and its missing parents, owned by the given user."""
    missing = [path for path in (inside(root, target), *inside(root, target).parents) if not path.exists()]
    for path in reversed(missing):
        path.mkdir(mode=0o755)
        os.chown(path, uid, gid)


def inside(root: Path, target: str) -> Path:
    """The host's path of an absolute path of the root."""
    if not target.startswith("/") or ".." in Path(target).parts:
        raise ValueError(f"not an absolute path inside the root: {target}")
    return root / target[1:]


def pivot_into(root: Path) -> None:
    """Makes the root the namespace's root and lets go of the host's files; nothing can be imported from them then."""
    os.chdir(root)
    _checked(_libc.pivot_root(b".", b"."), f"pivot_root to {root}")
    _checked(_libc.umount2(b".", MNT_DETACH), "umount of the old root")
    os.chdir("/")
    # As on a real host: podman warns without it. Shared with the namespaces below from here on, not with the host.
    mount("none", Path("/"), flags=MS_REC | MS_SHARED)
