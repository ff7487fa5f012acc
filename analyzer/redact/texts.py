"""Every text of a diagnosis, and what may be private in it; and the diagnosis with other texts in their place."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeVar

from analyzer.lean_dataclass import replace, types_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Value = TypeVar("Value")
Treatment = Literal["free", "name", "code"]
"""``free``: anything may stand in it. ``name``: the same, and the kernel cut it after 15 bytes. ``code``: a name out of source
code, or words of the catalogue; somebody's user name may be a function's name too, so only what looks like a secret goes."""

_CODE = {"function", "symbol", "doing", "asked", "because", "signature", "wchan"}
# Addresses, ids of builds, versions and words out of a short list: evidence, and nobody's secret.
_STAYS = {
    *("address", "offset", "base", "build_id", "thread_pointer", "program_counter", "stack_pointer", "arguments", "started_at"),
    *("fingerprint", "url", "commit", "kind", "status", "state", "state_before", "state_after", "holds", "certainty", "decides"),
    *("fact", "method", "machine", "architecture", "version", "kernel", "distribution", "installed", "fixed_in", "taken_at"),
    *("redactions", "named_by", "fix", "widener", "origin", "step", "steps"),
}


_MODEL = "analyzer.model"


class Key(NamedTuple):
    """A text and how it is treated."""

    text: str
    treatment: Treatment


def texts_of(value: object) -> dict[Key, None]:
    """Every different text below ``value``, in the order of the fields."""
    found: dict[Key, None] = {}
    _collect(value, "free", found, set())
    return found


def _collect(value: Any, treatment: Treatment, found: dict[Key, None], seen: set[int]) -> None:
    kind = value.__class__
    if kind is str:
        found[Key(value, treatment)] = None
    elif kind is tuple:
        if id(value) not in seen:  # a stack that many threads share
            seen.add(id(value))
            for item in value:
                _collect(item, treatment, found, seen)
    elif kind.__module__.startswith(_MODEL):
        for name, one in _fields(kind):
            inner = getattr(value, name)
            if inner.__class__ is str:
                found[Key(inner, one)] = None
            elif inner is not None:
                _collect(inner, one, found, seen)


def rebuilt(value: Value, changed: Mapping[Key, str], tell: Callable[[Key], None], treatment: Treatment = "free") -> Value:
    """``value`` with the texts of ``changed`` in it, ``tell`` called for each; what has none of them stays the same object."""
    result: Any = value
    if isinstance(value, str):
        key = Key(value, treatment)
        if key in changed:
            tell(key)
            result = changed[key]
    elif isinstance(value, tuple):
        items = [rebuilt(item, changed, tell, treatment) for item in value]
        if any(new is not old for new, old in zip(items, value, strict=True)):
            result = tuple(items)
    elif value.__class__.__module__.startswith(_MODEL):
        other = {}
        for name, one in _fields(result.__class__):
            inner = getattr(value, name)
            if inner is not None and (new := rebuilt(inner, changed, tell, one)) is not inner:
                other[name] = new
        if other:
            result = replace(value, **other)  # type: ignore[type-var]
    return result  # type: ignore[no-any-return]


@functools.cache
def _fields(cls: type) -> tuple[tuple[str, Treatment], ...]:
    found: list[tuple[str, Treatment]] = []
    for name, written in types_of(cls).items():
        if name in _STAYS or written in {"int", "int | None", "bool", "bool | None", "float | None"}:
            continue
        named = name == "name" and cls.__name__ in {"Process", "Thread"}
        fact = name == "name" and cls.__name__ in {"Fact", "Tool", "Syscall"}
        # The words of a signature; the title of a hang in a series is told of a process.
        catalogue = name in {"title", "summary", "remedy"} and cls.__name__ == "Finding"
        if not fact:
            found.append((name, "name" if named else "code" if catalogue or name in _CODE else "free"))
    return tuple(found)
