"""What is private here: the names of this machine and its people, the arguments and the environment of the processes examined.

Read after the analysis, for redaction only: nothing of it enters a snapshot.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import re
from collections.abc import Iterable, Iterator

from analyzer.capture import procfs
from analyzer.model import Private, PrivateValue

_FIRST_PERSON, _NOBODY = 1000, 65534
# What a shell or a desktop sets: it tells nobody anything, and its values stand in many paths.
_ORDINARY = re.compile(
    r"(?:PATH|LD_LIBRARY_PATH|PYTHONPATH|MANPATH|INFOPATH|PWD|OLDPWD|_|SHELL|SHLVL|TERM|COLORTERM|LANG|LANGUAGE|TZ|PAGER|EDITOR|VISUAL"
    r"|LC_\w+|LS_COLORS|LESS\w*|XDG_\w+|TMPDIR|DEBIAN_FRONTEND|INVOCATION_ID|container|DEBUGINFOD_\w+|VIRTUAL_ENV|PS1|HOSTTYPE)"
)
_VAGUE = ("argument", "environment")
"""A user's name that is an argument too is a user's name."""
_KINDS = {"USER": "user", "LOGNAME": "user", "SUDO_USER": "user", "USERNAME": "user", "HOSTNAME": "host", "HOME": "home"}


def private_here(pids: Iterable[int] = ()) -> Private:
    """Everything that can be read; a process that is gone, or may not be read, adds nothing."""
    found = [*_people(), *_machine()]
    for pid in pids:
        found += [*_environment(pid), *_arguments(pid)]
    found.sort(key=lambda one: one.kind in _VAGUE)
    return Private(tuple(dict.fromkeys(one for one in found if one.text)))


def of_command(arguments: Iterable[str]) -> Private:
    """The arguments of a command that we start ourselves."""
    return Private(tuple(_values(list(arguments))))


def _people() -> Iterator[PrivateValue]:
    for one in pwd.getpwall():
        if _FIRST_PERSON <= one.pw_uid < _NOBODY:
            yield PrivateValue("user", one.pw_name)
            yield from _home(one.pw_dir)
            full = one.pw_gecos.split(",")[0].strip()
            if " " in full:
                yield PrivateValue("user", full)


def _home(path: str) -> Iterator[PrivateValue]:
    # Below /home the name in the path is replaced, so that a reader still sees whose kind of place it is.
    if path.count("/") > 1 and not path.startswith(("/home/", "/usr/", "/var/lib/", "/var/run/", "/run/")):
        yield PrivateValue("home", path.rstrip("/"))


def _machine() -> Iterator[PrivateValue]:
    host = os.uname().nodename
    yield PrivateValue("host", host)
    yield PrivateValue("host", host.partition(".")[0])
    machine = (procfs.read_text("/etc/machine-id") or "").strip()
    if re.fullmatch(r"[0-9a-f]{32}", machine):
        yield PrivateValue("machine-id", machine)
    boot = (procfs.read_text("/proc/sys/kernel/random/boot_id") or "").strip()
    if boot:
        yield PrivateValue("boot-id", boot)
        yield PrivateValue("boot-id", boot.replace("-", ""))


def _environment(pid: int) -> Iterator[PrivateValue]:
    for entry in _list(f"/proc/{pid}/environ"):
        name, _, value = entry.partition("=")
        if name == "HOME":
            yield from _home(value)
        elif name in _KINDS:
            yield PrivateValue(_KINDS[name], value)
        elif not _ORDINARY.fullmatch(name):
            yield PrivateValue("environment", value)
            yield from (PrivateValue("environment", part) for part in _parts(value))


def _arguments(pid: int) -> Iterator[PrivateValue]:
    yield from _values(_list(f"/proc/{pid}/cmdline")[1:])


def _values(arguments: list[str]) -> Iterator[PrivateValue]:
    for argument in arguments:
        option, equals, value = argument.partition("=")
        if argument.startswith("-"):
            if equals and option:
                yield PrivateValue("argument", value)
                yield from (PrivateValue("argument", part) for part in _parts(value))
        else:
            yield PrivateValue("argument", argument)
            yield from (PrivateValue("argument", part) for part in _parts(argument))


def _parts(value: str) -> Iterator[str]:
    """The values inside ``name=value,name=value``."""
    if "=" in value and len(value) < 10_000:
        for pair in re.split(r"[,;&\s]", value):
            yield pair.partition("=")[2]


def _list(path: str) -> list[str]:
    with contextlib.suppress(OSError), open(path, "rb") as file:
        return os.fsdecode(file.read().rstrip(b"\0")).split("\0")
    return []
