"""The first programs a guest runs: load modules, mount what is shared, hand over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from .cpio import Archive
from .kernelmodules import in_load_order

SHARE_TAG = "share"
"""The 9p mount tag of the directory the host shares."""

_LOAD_MODULES = """\
#!/bin/busybox sh
export PATH=/bin:/sbin:/usr/bin:/usr/sbin
/bin/busybox mkdir -p /proc /sys /dev /root /share
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t sysfs sysfs /sys
/bin/busybox mount -t devtmpfs devtmpfs /dev
for module in {modules}; do /bin/busybox insmod /modules/$module.ko || echo "guest: cannot load $module"; done
mount_share() {{
    /bin/busybox mount -t 9p -o trans=virtio,version=9p2000.L,msize=512000,cache=none {tag} "$1" ||
        echo "guest: cannot mount the shared directory"
}}
"""

_DISK = """\
# The disk shows up a moment after its driver is loaded.
tries=0
root=
until [ -n "$root" ] || [ $tries -ge 200 ]; do
    for disk in /sys/block/vd*; do
        name=; read -r name < "$disk/serial" 2>/dev/null
        [ "$name" = disk0 ] && root=/dev/${disk##*/}
    done
    [ -n "$root" ] || /bin/busybox usleep 50000
    tries=$((tries + 1))
done
/bin/busybox mount -t ext4 -o noatime "$root" /root || { echo "guest: cannot mount the root disk"; exit 1; }
mount_share /root/share
for place in proc sys dev; do /bin/busybox mount --move /$place /root/$place; done
exec /bin/busybox switch_root /root /bin/sh /share/.guest/start.sh
"""

_NO_DISK = """\
mount_share /share
/bin/busybox --install -s /bin
mkdir -p /tmp && mount -t tmpfs tmpfs /tmp
sh /share/.guest/start.sh
sync
poweroff -f
"""


def for_disk(busybox: Path, modules: Path, also_load: Sequence[str] = ()) -> bytes:
    """An archive that mounts the first disk and the share and runs /share/.guest/start.sh as process 1 in that root."""
    wanted = ["virtio_blk", "crc32c_generic", "ext4", "9p", "9pnet_virtio", *also_load]
    return _archive(busybox, modules, wanted, _DISK, {})


def without_disk(busybox: Path, modules: Path, also_load: Sequence[str], files: Mapping[str, tuple[bytes, int]]) -> bytes:
    """An archive that is the whole system: busybox and `files` (path without leading / -> content, mode)."""
    return _archive(busybox, modules, [*also_load, "9p", "9pnet_virtio"], _NO_DISK, files)


def _archive(busybox: Path, modules: Path, wanted: Sequence[str], last: str, files: Mapping[str, tuple[bytes, int]]) -> bytes:
    archive = Archive()
    # The kernel opens it for process 1 before anything can mount /dev.
    archive.character_device("dev/console", 5, 1)
    archive.file("bin/busybox", busybox.read_bytes(), 0o755)
    archive.symlink("bin/sh", "busybox")
    loaded = in_load_order(modules, wanted)
    for name, content in loaded:
        archive.file(f"modules/{name}.ko", content)
    start = _LOAD_MODULES.format(modules=" ".join(name for name, _ in loaded), tag=SHARE_TAG) + last
    archive.file("init", start.encode(), 0o755)
    for path, (content, mode) in files.items():
        archive.file(path, content, mode)
    return archive.to_bytes()
