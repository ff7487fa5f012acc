"""A short name for a bug: equal for the same bug on another architecture, C library or build.

It is made of the signature and the named functions of the program that led to the call: no addresses, no line numbers,
no function of the C library (localtime is __tz_convert where the compiler made a jump of the call), nothing that the
compiler added. Where no signature fits, the named functions of the stack stand for the bug. What it cannot level out:
functions that one build inlines or strips of their names and another does not.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import islice

from analyzer.diagnose.catalogue import Catalogue
from analyzer.diagnose.symbols import home, normalise
from analyzer.model import Finding, Frame, Snapshot, Thread, ThreadRef

FRAMES = 3
"""Named functions that count: more would tell apart what only differs in who called the caller."""
_LEAD = re.compile(r"^(?:__libc_|__GI_|__|_)(?=[a-z])")
_CGO = re.compile(r"^_cgo_[0-9a-f]+_Cfunc_")
_CXX_NOISE = re.compile(r"<[^<>]*>|\(.*\)|\[abi:[^\]]*\]| const$")


def fingerprint(
    snapshot: Snapshot, catalogue: Catalogue, findings: tuple[Finding, ...], telling: Sequence[ThreadRef]
) -> str | None:
    """Twelve hexadecimal digits for the whole diagnosis; None where no frame has a name.

    The first finding counts, else the first of the ``telling`` threads that has names.
    """
    if findings:
        first = findings[0]
        thread = _thread(snapshot, ThreadRef(first.pid, first.tid))
        return digest(made_of(first.signature, thread, first, catalogue)) if thread is not None else None
    for ref in telling:
        thread = _thread(snapshot, ref)
        if thread is not None and any(normalise(frame.function) for frame in thread.frames):
            return digest(made_of("", thread, None, catalogue))
    return None


def made_of(signature: str, thread: Thread, finding: Finding | None, catalogue: Catalogue) -> tuple[str, ...]:
    """What the fingerprint is made of, in words: the signature, then the program's functions from inside."""
    frames = thread.frames
    if finding is not None and finding.guilty_level is not None:
        frames = tuple(frame for frame in frames if frame.level >= (finding.guilty_level or 0))
    own = tuple(islice(_own(frames, catalogue), FRAMES))
    if finding is None and not own:
        own = tuple(islice((name for name in map(_plain, frames) if name), FRAMES))
    return (signature, *own)


def _own(frames: Iterable[Frame], catalogue: Catalogue) -> Iterable[str]:
    """Named functions of the program itself, up to where its stack begins."""
    base = catalogue.sets.get("stack-base")
    for frame in frames:
        name = normalise(frame.function)
        if name is None or home(frame.module) == "libc" or name in catalogue.libc_names or frame.signal:
            continue
        yield _plain(frame)
        if base is not None and base.holds(name, home(frame.module)):
            return


def _plain(frame: Frame) -> str:
    """A frame's function as `_bare` has it; empty without a name."""
    name = normalise(frame.function)
    return _bare(name) if name is not None else ""


@lru_cache(maxsize=20_000)
def _bare(name: str) -> str:
    """A function's name without what differs between builds: prefixes of libc, template arguments, cgo's numbers."""
    name = _CGO.sub("cgo ", name)
    previous = None
    while previous != name and len(name) < 2000:
        previous, name = name, _CXX_NOISE.sub("", name)
    return _LEAD.sub("", name)


def _thread(snapshot: Snapshot, ref: ThreadRef) -> Thread | None:
    for process in snapshot.processes:
        if process.pid == ref.pid:
            return next((one for one in process.threads if ref.tid in (None, one.tid)), None)
    return None


def digest(words: tuple[str, ...]) -> str:
    """The fingerprint of these words."""
    return hashlib.blake2s("\n".join(words).encode("utf-8", "replace"), digest_size=6).hexdigest()
