"""Build the loader and the preloadable wideners for this host, on demand, once."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from analyzer.cache import cache_folder
from analyzer.errors import BuildFailed
from analyzer.reference.compilers import Compiler, all_compilers, find_compiler

__all__ = ["Compiler", "build_loader", "build_widener", "find_compiler"]

PATIENCE = 300.0
"""Seconds. A first build with ziglang compiles parts of its C library stubs; under emulation everything is slow."""

COMMON_FLAGS = (
    "-std=gnu11",
    "-D_GNU_SOURCE",
    "-g",
    "-O1",
    # A stack trace is what this program is for: a frame for every function, as written.
    "-fno-omit-frame-pointer",
    "-fno-optimize-sibling-calls",
    "-fno-inline",
    "-fno-sanitize=undefined",  # zig switches it on
    "-Wall",
    "-Wextra",
    "-pthread",
    "-Wl,--build-id",  # zig adds none unasked, and without one nobody can tell that a core is of this file
)
LOADER_FLAGS = ("-Wl,-z,now",)
"""No symbol is resolved in the raw-clone child: the dynamic linker has locks, too."""
WIDENER_FLAGS = ("-fPIC", "-shared")
LIBRARIES = ("-ldl",)

PRELOAD_ONLY = "preload.c"
WIDENER_SOURCES = (PRELOAD_ONLY, "widen.c", "widen_stdio.c", "widen_malloc.c", "widen_atfork.c", "widen_nss.c")


def build_loader() -> Path:
    """The loader, ready to run. Raises CompilerMissing, BuildFailed with the compiler's words."""
    sources = _sources()
    units = sorted(name for name in sources if name.endswith(".c") and name != PRELOAD_ONLY)
    return _build("loader", sources, units, LOADER_FLAGS)


def build_widener() -> Path:
    """The wideners as a library for LD_PRELOAD, chosen by HANGANALYZE_WIDEN. Raises as ``build_loader``."""
    return _build("widener.so", _sources(), list(WIDENER_SOURCES), WIDENER_FLAGS)


def _sources() -> dict[str, bytes]:
    """Name -> content."""
    folder = Path(__file__).parent / "src"
    return {entry.name: entry.read_bytes() for entry in folder.iterdir() if entry.name.endswith((".c", ".h"))}


def _build(name: str, sources: dict[str, bytes], units: list[str], flags: tuple[str, ...]) -> Path:
    folder = cache_folder()
    ways = []
    for compiler in all_compilers():
        arguments = [*COMMON_FLAGS, *compiler.flags, *flags, *units, *LIBRARIES]
        # The file's own name is what ps and every report show.
        built = folder / f"build-{_key(compiler, arguments, sources)}" / name
        if built.exists():
            return built
        ways.append((compiler, arguments, built))
    complaints = []
    for compiler, arguments, built in ways:
        complaint = _compile(compiler, arguments, sources, built)
        if complaint is None:
            return built
        complaints.append(f"{' '.join(compiler.command)}:\n{complaint.strip()}")
    raise BuildFailed("\n".join(complaints))


def _key(compiler: Compiler, arguments: list[str], sources: dict[str, bytes]) -> str:
    digest = hashlib.sha256()
    # The C library counts: one home may serve an old container, too, whose libc lacks what a new one links to.
    libc = os.confstr("CS_GNU_LIBC_VERSION") if "CS_GNU_LIBC_VERSION" in os.confstr_names else ""
    for part in (compiler.identity, *compiler.command, *arguments, os.uname().machine, libc or ""):
        digest.update(part.encode() + b"\0")
    for file, content in sorted(sources.items()):
        digest.update(file.encode() + b"\0" + hashlib.sha256(content).digest())
    return digest.hexdigest()[:16]


def _compile(compiler: Compiler, arguments: list[str], sources: dict[str, bytes], built: Path) -> str | None:
    """Build in a folder of its own and rename, so that two at once do no harm. Returns the complaint, or None."""
    import subprocess
    import tempfile

    built.parent.mkdir(mode=0o700, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="building-", dir=built.parent) as scratch:
        for file, content in sources.items():
            Path(scratch, file).write_bytes(content)
        output = Path(scratch, built.name)
        # Debug information names the files as they lie in the package, not in the scratch folder.
        prefix = f"-ffile-prefix-map={scratch}=analyzer/reference/src"
        zig = str(Path(scratch, "zig"))  # its cache of 50 MB serves nothing else
        try:
            done = subprocess.run(
                [*compiler.command, prefix, *arguments, "-o", str(output)],
                cwd=scratch,
                check=False,
                env={**os.environ, "ZIG_GLOBAL_CACHE_DIR": zig, "ZIG_LOCAL_CACHE_DIR": zig, "LC_ALL": "C"},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                timeout=PATIENCE,
            )
        except subprocess.TimeoutExpired:
            return f"not ready after {PATIENCE:g} s"
        except OSError as error:
            return str(error)
        if done.returncode != 0:
            return done.stdout or f"exit code {done.returncode}, without a word"
        output.chmod(0o700)
        output.replace(built)
    return None
