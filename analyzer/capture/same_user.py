"""Whether a gdb that root starts can do its work with the rights of the process that it looks at.

Root's rights are not needed to trace a process of one's own. They are where the process has, or had, more rights than its user,
where it is in a user namespace of its own, where Yama is on, and where that user may not read what gdb reads.
"""

from __future__ import annotations

import os
import re
import stat

from analyzer.capture.least_rights import User
from analyzer.capture.procfs import read_text, status_fields

_FILES = re.compile(r"^\S+ r\S+ \S+ \S+ [1-9]\d*\s+(/.+)$", re.MULTILINE)
_NOT_ON_DISK = (" (deleted)",)


def user_for(pid: int, debugger: str) -> tuple[User | None, str | None]:
    """The user as whom root's gdb may look at process ``pid``; or None and, where the process is not root's, why not."""
    if os.geteuid() != 0:
        return None, None
    try:
        return _user(pid, debugger)
    except (OSError, ValueError, KeyError, IndexError) as error:
        return None, f"who it belongs to could not be found out ({error})"


def _user(pid: int, debugger: str) -> tuple[User | None, str | None]:
    status = status_fields(read_text(f"/proc/{pid}/status") or "")
    uids, gids = set(map(int, status["Uid"].split())), set(map(int, status["Gid"].split()))
    user = User(min(uids), min(gids), tuple(map(int, status["Groups"].split())))
    if uids == {0}:
        return None, None
    reason = None
    if len(uids) > 1 or len(gids) > 1:
        reason = "the process has changed its user or group"
    elif any(int(status[name], 16) for name in ("CapPrm", "CapEff")):
        reason = "the process has capabilities"
    elif os.readlink(f"/proc/{pid}/ns/user") != os.readlink("/proc/self/ns/user"):
        reason = "the process is in a user namespace of its own"
    elif os.stat(f"/proc/{pid}/environ").st_uid != user.uid:
        reason = "the process is not dumpable"
    elif (read_text("/proc/sys/kernel/yama/ptrace_scope") or "0").strip() != "0":
        reason = "kernel.yama.ptrace_scope lets only root attach"
    elif not _may_read(debugger, user, stat.S_IXOTH):
        reason = f"its user may not run {debugger}"
    elif (path := _unreadable(pid, user)) is not None:
        reason = f"its user may not read {path}"
    return (None, reason) if reason else (user, None)


def _unreadable(pid: int, user: User) -> str | None:
    """A mapped file that this user cannot open by its name, if there is one."""
    exe = os.readlink(f"/proc/{pid}/exe")
    if not _may(os.stat(f"/proc/{pid}/exe"), user, stat.S_IROTH):
        return exe
    root = f"/proc/{pid}/root"
    for path in dict.fromkeys(_FILES.findall(read_text(f"/proc/{pid}/maps") or "")):
        if path != exe and not path.endswith(_NOT_ON_DISK) and not _may_read(path, user, stat.S_IROTH, root):
            return str(path)
    return None


def _may_read(path: str, user: User, bit: int, root: str = "") -> bool:
    """Whether the user gets to ``path`` and has the right ``bit`` (one of stat's S_I?OTH) there. Where it is gone: yes, as nobody
    can read it."""
    try:
        folder = os.path.dirname(path)
        while folder not in ("", "/"):
            if not _may(os.stat(root + folder), user, stat.S_IXOTH):
                return False
            folder = os.path.dirname(folder)
        return _may(os.stat(root + path), user, bit)
    except FileNotFoundError:
        return True


def _may(status: os.stat_result, user: User, bit: int) -> bool:
    if status.st_uid == user.uid:
        return bool(status.st_mode & bit << 6)
    if status.st_gid == user.gid or status.st_gid in user.groups:
        return bool(status.st_mode & bit << 3)
    return bool(status.st_mode & bit)
