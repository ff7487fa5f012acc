"""Names of functions: what a debugger prints made comparable, and sets of names that a signature can speak of at once.

The same function is ``__GI___libc_malloc``, ``malloc``, ``__libc_malloc`` or ``?? ()`` depending on which symbols the
debugger found, and ``_IO_flush_all.constprop.0`` or ``__read_nocancel`` depending on the compiler. `normalise` removes
what the toolchain added; a set holds what is left.
"""

from __future__ import annotations

import re
from typing import Literal

from analyzer.lean_dataclass import dataclass

Home = Literal["libc", "other", "unknown"]
"""Whose code a frame lies in: the C library's (its loader and libpthread with it), another file's, or not known."""

_NAMELESS = frozenset({"", "??", "???", "n/a", "<unknown>", "[unknown]", "(unknown)", "unknown", "<unavailable>"})
_LONGEST_NAMELESS = max(map(len, _NAMELESS))
_SUFFIX = re.compile(
    r"(?:\.(?:isra|part|constprop|cold|lto_priv|clone|llvm|localalias|lto|str|warm|hot|unlikely)(?:\.\w+)*"
    r"|@plt|@{1,2}[A-Z]\w*(?:\.\w+)*|\s*\+\s*(?:0x)?[0-9a-f]+(?:/0x[0-9a-f]+)?|_nocancel)$"
)
_ARGUMENTS = re.compile(r"\s*\((?!anonymous).*\)?$", re.DOTALL)
_LIBC_FILE = re.compile(
    r"(?:^|/)(?:lib(?:c|pthread|dl|rt|resolv|util|anl|nss_\w+)(?:-\d[\d.]*)?\.so|ld-[^/]*\.so|ld(?:64)?\.so|libc\.musl"
    r"|linux-(?:vdso|gate))"
)
_SHARED_FILE = re.compile(r"\.so(?:\.[\w.]+)?(?: \(deleted\))?$")

_CACHE_LIMIT = 50_000
_known: dict[str, str | None] = {}


def normalise(name: str | None) -> str | None:
    """The function's own name without what compiler, linker and debugger added; None for a frame without a name.

    C++ names (``::``, ``<`` or ``operator`` before the arguments) are left alone but for an offset at the end.
    """
    if name is None:
        return None
    answer = _known.get(name, "")  # which is no name: that of a frame without one is None
    if answer == "":
        if len(_known) >= _CACHE_LIMIT:  # a stream of traces must not make memory grow
            _known.clear()
        answer = _known[name] = _normalise(name)
    return answer


def _normalise(name: str) -> str | None:
    # Of what is taken off below, a plain C name can only have «_nocancel» at its end; almost all names are plain.
    if name.isidentifier() and len(name) < 1000 and not name.endswith("_nocancel"):
        return name if name[0] != "_" and len(name) > _LONGEST_NAMELESS else _without_lead(name)
    text = name.strip()[:1000]
    if text.lower() in _NAMELESS:
        return None
    if text.startswith("<") and text.endswith(">"):  # <signal handler called>
        return text
    head = text.partition("(")[0]
    if not head or "::" in head or "<" in head or head.startswith("operator"):
        return re.sub(r"\+0x[0-9a-f]+$", "", text)
    text = _ARGUMENTS.sub("", text) or text
    previous = None
    while previous != text:
        previous, text = text, _SUFFIX.sub("", text)
    return _without_lead(text.lstrip("*."))  # *__GI_x in old gdbs, .x in the function descriptors of 64-bit POWER


def _without_lead(text: str) -> str | None:
    if text.startswith("__GI_"):
        text = text[5:]
    if text.startswith("___"):
        text = "__" + text.lstrip("_")
    return text if text.lower() not in _NAMELESS else None


def home(module: str | None) -> Home:
    """Whose code the file ``module`` holds. The program itself counts as unknown: it may be linked statically."""
    if not module:
        return "unknown"
    if _LIBC_FILE.search(module):
        return "libc"
    return "other" if _SHARED_FILE.search(module) else "unknown"


@dataclass(frozen=True)
class SymbolSet:
    """Functions that mean the same to a signature."""

    name: str
    """As signatures write it, without the ``@``."""
    about: str
    """One sentence for a reader."""
    exact: frozenset[str]
    """Normalised names."""
    prefixes: tuple[str, ...] = ()
    """Beginnings of names; written ``name*`` in the file."""
    libc: bool = False
    """Its members are libc's: a function of the same name in another shared library is none of them."""
    unnamed: bool = False
    """A frame without a name in libc may be one of them (its symbols are not there)."""
    every: bool = False
    """Every function whose file is libc's is a member."""
    signal: bool = False
    """The kernel's signal trampoline belongs to it."""

    def holds(self, name: str, where: Home) -> bool:
        """Whether the function ``name`` (normalised), whose code lies in ``where``, is a member."""
        if self.libc and where == "other":
            return False
        return name in self.exact or name.startswith(self.prefixes) or (self.every and where == "libc")


def spellings(name: str) -> tuple[str, ...]:
    """The names that a member of a libc set stands for: ``fork`` is also ``__fork`` and ``__libc_fork``.

    Never ``_exit`` for ``exit``: one underscore makes another function.
    """
    if name.startswith("_"):
        return (name,)
    return (name, f"__{name}", f"__libc_{name}")
