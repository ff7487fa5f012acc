"""Finding a gdb and starting it so that it executes nothing of the target's."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from analyzer.errors import DebuggerFailed, DebuggerMissing, DebuggerTooOld

OLDEST = (10, 1)
"""The oldest version whose MI has everything we ask for."""


def bundled_path() -> str | None:
    """gdb of the ``[gdb]`` extra, if that is installed."""
    from importlib.util import find_spec

    spec = find_spec("gdb_for_pwndbg")
    if spec is None or not spec.submodule_search_locations:
        return None
    path = Path(next(iter(spec.submodule_search_locations))) / "_vendor" / "bin" / "gdb"
    return str(path) if path.is_file() else None


def _which(name: str) -> str | None:
    """As shutil.which, without importing what shutil packs and unpacks with."""
    places = [name] if os.sep in name else [os.path.join(folder, name) for folder in os.get_exec_path() if folder]
    return next((place for place in places if os.path.isfile(place) and os.access(place, os.X_OK)), None)


def candidates(explicit: str | None = None) -> list[tuple[str, bool]]:
    """Paths to try, best first: the one asked for, HANGANALYZE_GDB, the one on PATH, the extra's."""
    chosen = explicit or os.environ.get("HANGANALYZE_GDB")
    if chosen:
        return [(chosen, False)]
    found: list[tuple[str, bool]] = []
    bundled = bundled_path()
    on_path = _which("gdb")
    # The extra puts a Python script called gdb beside us, which is not a gdb but starts one in its own way.
    if on_path and not (bundled and Path(on_path).parent == Path(sys.prefix) / "bin"):
        found.append((on_path, False))
    if bundled:
        found.append((bundled, True))
    return found


def ask_version(path: str) -> str:
    """The version that the gdb at ``path`` reports; raises DebuggerFailed with its own words when it does not start."""
    try:
        answer = subprocess.run(
            [path, "--nx", "--version"],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=20,
            check=False,
            env=environment(path),
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise DebuggerFailed(f"{path} does not start: {error}") from error
    match = re.search(r"GNU gdb.*?(\d+\.\d+(?:\.\d+)*)(?!.*\d+\.\d+)", answer.stdout.split("\n")[0])
    if answer.returncode != 0 or match is None:
        said = (answer.stderr.strip() or answer.stdout.strip() or f"exit code {answer.returncode}").split("\n")[0]
        cause = None
        if "libpython" in said:
            cause = "The gdb of the [gdb] extra needs the shared Python library: apt-get install libpython3.11."
        raise DebuggerFailed(f"{path} does not start: {said}", cause=cause)
    return match.group(1)


def check_version(path: str, version: str) -> None:
    """Raises DebuggerTooOld for a gdb older than OLDEST."""
    numbers = tuple(int(number) for number in version.split(".")[:2])
    if numbers < OLDEST:
        raise DebuggerTooOld(path, version, ".".join(map(str, OLDEST)))


def find(explicit: str | None = None) -> str:
    """Path of the gdb to use, without running it (its version comes with its first answer).

    Raises DebuggerMissing.
    """
    for path, _ in candidates(explicit):
        resolved = _which(path)
        if resolved:
            return resolved
        if explicit:
            raise DebuggerMissing(f"{path} is not an executable file")
    raise DebuggerMissing


def arguments(path: str, index_cache: str | None) -> list[str]:
    """How gdb is started: nothing of the user's or the target's configuration is read, nothing is fetched, nothing asked.

    ``index_cache`` is a directory for gdb's symbol indexes; reading DWARF is most of a run's time, and the second run on
    the same libraries does not need it.
    """
    settings = [
        "set auto-load no",
        "set debuginfod enabled off",
        # libthread_db would be loaded from the target's root, and invents threads in a raw-clone child.
        "set libthread-db-search-path /nonexistent",
        "set confirm off",
        "set pagination off",
        "set width 0",
        "set print symbol on",
        "set backtrace past-main off",
        "set may-call-functions off",
        "set may-insert-breakpoints off",
        "set may-write-memory off",
        "set may-write-registers off",
    ]
    if index_cache:
        settings += [f"set index-cache directory {index_cache}", "set index-cache enabled on"]
    command = [path, "--nx", "--quiet", "--interpreter=mi3"]
    if path == bundled_path():
        command.append(f"--data-directory={Path(path).parent.parent / 'share' / 'gdb'}")
    for setting in settings:
        command += ["-iex", setting]
    return command


def preparation(root: str, executable: str | None, debug_root: str | None = None) -> list[str]:
    """What a gdb is told before it looks at a process whose files lie below ``root``; the first answer holds its version.

    ``debug_root`` is where the root with its debug files is, if elsewhere. The target's own root is the sysroot: gdb's
    default needs setns, which an ordinary user may not do. Its debug files come first, then those of this host.
    """
    commands = [
        "-gdb-version",
        f"-gdb-set sysroot {root}",
        f"-gdb-set debug-file-directory {root if debug_root is None else debug_root}/usr/lib/debug:/usr/lib/debug",
        "-gdb-set print frame-arguments none",
        "-gdb-set print entry-values no",
    ]
    return [*commands, f"-file-exec-and-symbols {executable}"] if executable is not None else commands


def environment(path: str) -> dict[str, str]:
    """The environment gdb runs in: the C locale, so that its messages can be read; no debuginfod servers; no history.

    The bundled gdb needs the shared Python library that belongs to the interpreter it was installed for.
    """
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH"}}
    settings = {"LC_ALL": "C.UTF-8", "GDBHISTFILE": "/dev/null", "DEBUGINFOD_URLS": "", "TERM": "dumb", "PYTHONNOUSERSITE": "1"}
    if path == bundled_path():
        import sysconfig

        places = (sysconfig.get_config_var("LIBDIR"), f"{sys.base_exec_prefix}/lib", f"{sys.prefix}/lib")
        settings["LD_LIBRARY_PATH"] = ":".join(dict.fromkeys(place for place in places if place))
        settings["PYTHONHOME"] = f"{sys.base_prefix}:{sys.base_exec_prefix}"
        settings["PYTHONDONTWRITEBYTECODE"] = "1"
    return {**kept, **settings}
