"""``dataclass`` as in the standard library, but cheap to import.

``dataclasses.dataclass(frozen=True)`` writes, compiles and runs the text of seven methods for every class: 0.6 ms of processor
time each, and a live analysis imports about ninety such classes, most of which it makes no instance of. Here the fields are still
the standard library's work; comparison, hash, repr and immutability are the same few functions for every class, and ``__init__``
is written when the first instance is made. ``fields``, ``replace``, ``asdict``, ``match`` and pickling work as ever.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import asdict, field, fields, replace
from operator import attrgetter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dataclasses import dataclass
else:

    def dataclass(cls: type | None = None, /, **wanted: bool) -> Any:
        """The lean form for ``frozen=True`` alone; anything else is left to the standard library."""
        if wanted != {"frozen": True}:
            return dataclasses.dataclass(cls, **wanted)
        return _lean if cls is None else _lean(cls)


__all__ = ["asdict", "dataclass", "field", "fields", "replace"]


def _lean(cls: type) -> type:
    if any(dataclasses.is_dataclass(base) for base in cls.__mro__[1:]):
        return dataclasses.dataclass(cls, frozen=True)  # rare; the standard library knows how fields are inherited
    own = cls.__dict__
    made: Any = dataclasses.dataclass(cls, init=False, repr=False, eq=False)
    parameters = made.__dataclass_params__
    parameters.init = parameters.repr = parameters.eq = parameters.frozen = True  # what it is, for those who ask
    for name, method in _SHARED.items():
        if name not in own:
            setattr(made, name, method)
    names = [one.name for one in fields(made)]
    made._lean_values = attrgetter(*names) if names else lambda _: ()
    if "__init__" not in own:
        made.__init__ = _first_init(made)
    return made  # type: ignore[no-any-return]


def _first_init(cls: type) -> Callable[..., None]:
    """An ``__init__`` that puts the real one in its place."""

    def __init__(self: object, *values: object, **named: object) -> None:
        real = _write_init(cls)
        cls.__init__ = real  # type: ignore[misc]
        real(self, *values, **named)

    return __init__


def _write_init(cls: type) -> Callable[..., None]:
    """The ``__init__`` that the standard library would have written for a frozen class.

    Values go straight into the instance's dictionary: object.__setattr__, which that one calls, takes half as long again.
    """
    known: dict[str, object] = {"_missing": dataclasses.MISSING}
    parameters, lines = [], []
    for one in fields(cls):
        value = one.name
        if one.default_factory is not dataclasses.MISSING:
            known[f"_make_{one.name}"] = one.default_factory
            parameters.append(f"{one.name}=_missing")
            value = f"_make_{one.name}() if {one.name} is _missing else {one.name}"
        elif one.default is not dataclasses.MISSING:
            known[f"_default_{one.name}"] = one.default
            parameters.append(f"{one.name}=_default_{one.name}")
        else:
            parameters.append(one.name)
        lines.append(f"    d[{one.name!r}] = {value}")
    text = f"def __init__(self, {', '.join(parameters)}):\n    d = self.__dict__\n" + "\n".join(lines)
    made: dict[str, Any] = {}
    exec(text, known, made)  # noqa: S102 # nosec B102 - the text is of our own field names, as in the standard library
    init: Callable[..., None] = made["__init__"]
    init.__qualname__ = f"{cls.__qualname__}.__init__"
    return init


def _repr(self: object) -> str:
    shown = ", ".join(f"{one.name}={getattr(self, one.name)!r}" for one in fields(self) if one.repr)  # type: ignore[arg-type]
    return f"{type(self).__qualname__}({shown})"


def _eq(self: object, other: object) -> Any:
    if other.__class__ is not self.__class__:
        return NotImplemented
    values: Any = self.__class__._lean_values  # type: ignore[attr-defined]
    return values(self) == values(other)


def _hash(self: object) -> int:
    cls: Any = self.__class__
    return hash(cls._lean_values(self))


def _refuse(self: object, name: str, *_: object) -> None:  # noqa: ARG001
    raise dataclasses.FrozenInstanceError(f"cannot change field {name!r}")


_SHARED: dict[str, Any] = {"__repr__": _repr, "__eq__": _eq, "__hash__": _hash, "__setattr__": _refuse, "__delattr__": _refuse}
