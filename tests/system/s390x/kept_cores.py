"""The cores in tests/fixtures/cores: how they were made, what was seen of the process then, and the libraries to read them with.

``python -m tests.system.s390x.kept_cores [ARCHITECTURE...]`` makes them anew, in guests.
"""

from __future__ import annotations

import dataclasses
import json
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from analyzer.capture.architecture import ARCHITECTURES as NUMBERS
from analyzer.capture.core_sysroot import build_id_of

from .foreignapt import ForeignApt
from .hostgdb import ask_about_core
from .hostpackages import require
from .imagecache import cache_directory, made_from_packages
from .smallguest import ARCHITECTURES, MadeCore, SmallImage, make_core, small_image
from .sysroot import LIBRARIES, make_sysroot

FOLDER = Path(__file__).parents[2] / "fixtures" / "cores"
KEPT = ("aarch64", "ppc64le", "s390x")


@dataclass(frozen=True)
class KeptCore:
    """A row of values.json: what /proc in the guest and gdb on this machine said, none of it through the project."""

    architecture: str
    libc: str
    """Build id of its libc.so.6."""
    pid: int
    """Of the hung child."""
    system_call: tuple[int, int, int, int]
    """Number and the first three arguments: the lock's address, the operation, the value waited for."""
    owner_tid: int
    """Thread of the parent that the lock says it belongs to."""
    tid_offset: int
    """_thread_db_pthread_tid's last word."""

    @property
    def core(self) -> Path:
        """Packed with zstd; 9 MB unpacked."""
        return FOLDER / f"{self.architecture}-kernel-orphaned-lock.core.zst"

    @property
    def program(self) -> Path:
        """Without line numbers."""
        return FOLDER / f"{self.architecture}-orphaned-lock"


def kept_cores() -> dict[str, KeptCore]:
    """By architecture."""
    rows = json.loads((FOLDER / "values.json").read_text("utf-8"))
    return {row["architecture"]: KeptCore(**{**row, "system_call": tuple(row["system_call"])}) for row in rows}


def library_root(name: str) -> Path:
    """libc6, its debug files and libgcc of `name` as Debian has them now: a sysroot. `CannotRunHere` if it has none."""
    debian = ARCHITECTURES[name].debian
    apt = ForeignApt(debian, cache_directory() / f"apt-libraries-{debian}")
    return made_from_packages(f"libraries-{name}", apt, LIBRARIES, {}, Path(__file__), _make)


def _make(scratch: Path, packages: tuple[Path, ...]) -> None:
    make_sysroot(scratch / "image", packages)


def libc_build_id(root: Path) -> str | None:
    """Of the C library in a sysroot."""
    return build_id_of(next(root.glob("usr/lib/*-linux-gnu/libc.so.6")))


def keep(name: str) -> KeptCore:
    """Make the core of one architecture in a guest, and put it where it is kept."""
    require(["gdb-multiarch", "zstd"])
    image = small_image(name)
    with tempfile.TemporaryDirectory(prefix="hanganalyze-keep-") as scratch:
        made = make_core(image, Path(scratch))
        row = seen_by_others(made, image)
        strip = ARCHITECTURES[name].compiler.removesuffix("gcc") + "strip"
        subprocess.run([strip, "-g", str(made.program)], check=True, timeout=30)
        shutil.copy(made.program, row.program)
        packed = ["zstd", "-q", "-19", "--force", str(made.core), "-o", str(row.core)]
        subprocess.run(packed, check=True, timeout=60)
        row.core.chmod(0o644)  # a core is for its owner alone where it is made
    return row


def seen_by_others(made: MadeCore, image: SmallImage) -> KeptCore:
    """The values, from /proc as the guest showed it and from gdb."""
    number, lock, operation, value = made.syscall.split()[:4]
    asked = ["p ((struct pthread *) list_all_lock.owner)->tid", "p ((unsigned int *) &_thread_db_pthread_tid)[2]"]
    told = re.findall(r"^\$\d+ = (\d+)", ask_about_core(image.sysroot, made.program, made.core, asked), re.MULTILINE)
    child = re.search(r"^NSpid:.*\t(\d+)$", made.status, re.MULTILINE)
    assert child is not None
    assert int(told[1]) == NUMBERS[image.name].tid_offset
    libc = libc_build_id(image.sysroot)
    assert libc is not None
    return KeptCore(
        architecture=image.name,
        libc=libc,
        pid=int(child[1]),
        system_call=(int(number), int(lock, 16), int(operation, 16), int(value, 16)),
        owner_tid=int(told[0]),
        tid_offset=int(told[1]),
    )


def main() -> None:
    rows = kept_cores() if (FOLDER / "values.json").exists() else {}
    for name in sys.argv[1:] or KEPT:
        rows[name] = keep(name)
        print(rows[name])
    text = json.dumps([dataclasses.asdict(rows[name]) for name in sorted(rows)], indent=2)
    (FOLDER / "values.json").write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    main()
