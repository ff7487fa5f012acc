"""Running the real command as somebody would: in a process of its own, as root or as an ordinary user, with libc's debug
information in sight or hidden."""

from __future__ import annotations

import functools
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ORDINARY_USER = 65534
DEADLINE_S = 120.0
# A mount namespace of its own with nothing in /usr/lib/debug: the debug files of libc are hidden from whoever runs in it.
HIDE_DEBUG_INFO = ("unshare", "-m", "sh", "-c", 'mount -t tmpfs none /usr/lib/debug && exec "$@"', "sh")


def as_user(uid: int) -> tuple[str, ...]:
    """A command prefix that makes another user of root."""
    return ("setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups", "--")


@functools.cache
def _installation_for_others() -> tuple[str, str]:
    """(interpreter, PYTHONPATH) that any user may run: ours often lie below a home that others may not enter."""
    probe = [*as_user(ORDINARY_USER), sys.executable, "-c", "import analyzer, jinja2"]
    if subprocess.run(probe, capture_output=True, cwd="/", check=False).returncode == 0:
        return sys.executable, ""
    for python in ("/usr/bin/python3", "/usr/local/bin/python3"):
        version = "import sys; print('%d.%d' % sys.version_info[:2])"
        if not Path(python).exists():
            continue
        said = subprocess.run([python, "-c", version], capture_output=True, text=True, check=True).stdout.strip()
        if said == f"{sys.version_info[0]}.{sys.version_info[1]}":
            return python, str(_copied_installation())
    raise RuntimeError("no Python of our version that an ordinary user may run: apt-get install python3")


@functools.cache
def _copied_installation() -> Path:
    root = Path(__file__).parents[2]
    # The owner of the folder is the test run; it goes with the system's temporary files.
    copy = Path(tempfile.mkdtemp(prefix="hanganalyze-installed-"))
    import atexit

    atexit.register(shutil.rmtree, copy, ignore_errors=True)
    skip = shutil.ignore_patterns("__pycache__", "*.pth", "scipy*", "mypy*", "numpy*", "ruff*", "hypothesis*", "pip*")
    shutil.copytree(sysconfig.get_paths()["purelib"], copy, dirs_exist_ok=True, ignore=skip)
    for name in ("analyzer", "signatures", "reports"):
        shutil.copytree(root / name, copy / name, dirs_exist_ok=True, ignore=skip)
    subprocess.run(["chmod", "-R", "a+rX", str(copy)], check=True)
    return copy


@dataclass(frozen=True)
class Ran:
    """What the command came to."""

    code: int
    stdout: str
    stderr: str

    @property
    def result(self) -> dict[str, Any]:
        """The JSON on stdout."""
        parsed: dict[str, Any] = json.loads(self.stdout)
        return parsed


def hanganalyze(
    *arguments: str | int | Path,
    user: int | None = None,
    wrapper: tuple[str, ...] = (),
    cwd: Path | None = None,
    deadline: float = DEADLINE_S,
    **environment: str,
) -> Ran:
    """Run the command line and wait for its end."""
    python, path = (sys.executable, "") if user is None else _installation_for_others()
    prefix = as_user(user) if user is not None else ()
    with tempfile.TemporaryDirectory(prefix="hanganalyze-cache-") as cache:
        if user is not None:
            os.chown(cache, user, user)
        settings = {"XDG_CACHE_HOME": cache, "LC_ALL": "C.UTF-8", **environment}
        if path:
            settings["PYTHONPATH"] = path
        done = subprocess.run(
            [*wrapper, *prefix, python, "-m", "analyzer", *map(str, arguments)],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=deadline,
            env={**os.environ, **settings},
            cwd=cwd or ("/" if user is not None else None),
            check=False,
        )
    return Ran(done.returncode, done.stdout, done.stderr)
