"""``dataclass`` as in the standard library, but cheap to import.

``dataclasses`` imports ``inspect``, which takes a sixth of the time before gdb can be started; its ``dataclass`` then writes,
compiles and runs the text of seven methods for every class, and a live analysis imports about ninety such classes, most of which
it makes no instance of. Here comparison, hash, repr and immutability are the same few functions for every class, ``__init__`` is
written when the first instance is made, and the standard library is asked when somebody asks for what only it knows: ``fields``,
``asdict``, ``is_dataclass``. Those, ``replace``, ``match`` and pickling work as ever.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from dataclasses import asdict, dataclass, field, fields, replace
else:

    def dataclass(cls: type | None = None, /, **wanted: bool) -> Any:
        """The lean form for no argument and for ``frozen=True``; anything else is left to the standard library."""
        if wanted not in ({}, {"frozen": True}):
            return _standard(cls, wanted)
        make = _lean_frozen if wanted else _lean
        return make if cls is None else make(cls)

    def field(**wanted: Any) -> Any:
        """default, default_factory, repr."""
        return _Field(**wanted)

    def fields(of: Any) -> Any:
        """As in the standard library."""
        import dataclasses

        return dataclasses.fields(of)

    def asdict(one: Any) -> Any:
        """As in the standard library."""
        import dataclasses

        return dataclasses.asdict(one)

    def replace(one: Any, /, **changes: Any) -> Any:
        """As in the standard library."""
        cls = one.__class__
        names = cls.__dict__.get("_lean_names")
        if names is None:
            import dataclasses

            return dataclasses.replace(one, **changes)
        for name in names:
            if name not in changes:
                changes[name] = getattr(one, name)
        return cls(**changes)


__all__ = ["asdict", "dataclass", "field", "fields", "replace", "types_of"]

_MISSING = object()


def types_of(cls: type) -> dict[str, str]:
    """The fields of a data class and their types as they are written: what ``fields`` knows, without the standard library."""
    if "_lean_names" in cls.__dict__:
        return {name: cls.__annotations__[name] for name in cls.__dict__["_lean_names"]}
    return {one.name: str(one.type) for one in fields(cls)}


class _Field(NamedTuple):
    """What ``field`` was told."""

    default: Any = _MISSING
    default_factory: Any = _MISSING
    repr: bool = True


class _AskedForLater:
    """An attribute of a class that the standard library makes when it is first asked for."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, _: object, cls: type) -> Any:
        owner = next(base for base in cls.__mro__ if base.__dict__.get(self._name) is self)
        standard = _as_the_standard_library_has_it(owner)
        for name in ("__dataclass_fields__", "__dataclass_params__"):
            setattr(owner, name, getattr(standard, name))
        return getattr(standard, self._name)


def _lean_frozen(cls: type) -> type:
    return _lean(cls, frozen=True)


def _lean(cls: type, *, frozen: bool = False) -> type:
    if any("__dataclass_fields__" in base.__dict__ for base in cls.__mro__[1:]):
        return _standard(cls, {"frozen": frozen})  # type: ignore[no-any-return] # rare; the standard library knows how fields are inherited
    own: Any = cls.__dict__
    made: Any = cls
    known: dict[str, _Field] = {}
    for name in own.get("__annotations__", {}):
        known[name] = one = _field_of(own.get(name, _MISSING))
        if one.default is not _MISSING:
            setattr(made, name, one.default)
        elif name in own:
            delattr(made, name)  # a default that is made anew for each instance
    made._lean_fields, made._lean_names, made._lean_frozen = known, tuple(known), frozen
    setattr(made, "__match_args__", tuple(known))  # noqa: B010 - the type checker takes it for the class's own
    made.__dataclass_fields__ = _AskedForLater("__dataclass_fields__")
    made.__dataclass_params__ = _AskedForLater("__dataclass_params__")
    for method, function in (_FROZEN if frozen else _CHANGEABLE).items():
        if method not in own:
            setattr(made, method, function)
    made._lean_values = _values_of(tuple(known))
    if "__init__" not in own:
        made.__init__ = _first_init(made)
    return cls


def _field_of(value: Any) -> _Field:
    """Of what stands in the class's body."""
    if isinstance(value, _Field):
        return value
    if type(value).__module__ == "dataclasses" and type(value).__name__ == "Field":
        import dataclasses

        missing = dataclasses.MISSING
        default, factory = (_MISSING if one is missing else one for one in (value.default, value.default_factory))
        return _Field(default, factory, value.repr)
    return _Field(value)


def _values_of(names: tuple[str, ...]) -> Callable[[object], tuple[Any, ...]]:
    if len(names) > 1:
        return attrgetter(*names)
    return lambda one: tuple(getattr(one, name) for name in names)


def _standard(cls: type | None, wanted: dict[str, bool]) -> Any:
    import dataclasses

    if cls is None:
        return lambda found: _standard(found, wanted)
    for name, value in list(cls.__dict__.items()):
        if isinstance(value, _Field):
            setattr(cls, name, _standard_field(value))
    return dataclasses.dataclass(**wanted)(cls)


def _standard_field(one: _Field) -> Any:
    import dataclasses

    told = {name: value for name, value in one._asdict().items() if value is not _MISSING}
    return dataclasses.field(**told)


def _as_the_standard_library_has_it(cls: Any) -> type:
    """A class with the same fields."""
    import dataclasses

    body = {name: _standard_field(one) for name, one in cls._lean_fields.items()}
    # With a text of its own: the standard library would ask ``inspect`` for one.
    body |= {"__annotations__": cls.__annotations__, "__doc__": cls.__doc__ or cls.__name__, "__module__": cls.__module__}
    made: Any = dataclasses.dataclass(init=False, repr=False, eq=False)(type(cls.__name__, (), body))
    parameters = made.__dataclass_params__  # what it is, for those who ask
    parameters.init = parameters.repr = parameters.eq = True
    parameters.frozen = cls._lean_frozen
    return made  # type: ignore[no-any-return]


def _first_init(cls: type) -> Callable[..., None]:
    """An ``__init__`` that puts the real one in its place."""

    def __init__(self: object, *values: object, **named: object) -> None:
        real = _write_init(cls)
        cls.__init__ = real  # type: ignore[misc]
        real(self, *values, **named)

    return __init__


def _write_init(cls: Any) -> Callable[..., None]:
    """The ``__init__`` that the standard library would have written.

    Values go straight into the instance's dictionary: object.__setattr__, which that of a frozen class calls, takes half as long
    again.
    """
    known: dict[str, object] = {"_missing": _MISSING}
    parameters, lines = [], []
    for name, one in cls._lean_fields.items():
        value = name
        if one.default_factory is not _MISSING:
            known[f"_make_{name}"] = one.default_factory
            parameters.append(f"{name}=_missing")
            value = f"_make_{name}() if {name} is _missing else {name}"
        elif one.default is not _MISSING:
            known[f"_default_{name}"] = one.default
            parameters.append(f"{name}=_default_{name}")
        else:
            parameters.append(name)
        lines.append(f"    d[{name!r}] = {value}")
    text = f"def __init__(self, {', '.join(parameters)}):\n    d = self.__dict__\n" + "\n".join(lines)
    made: dict[str, Any] = {}
    exec(text, known, made)  # noqa: S102 # nosec B102 - the text is of our own field names, as in the standard library
    init: Callable[..., None] = made["__init__"]
    init.__qualname__ = f"{cls.__qualname__}.__init__"
    return init


def _repr(self: Any) -> str:
    shown = ", ".join(f"{name}={getattr(self, name)!r}" for name, one in self._lean_fields.items() if one.repr)
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
    import dataclasses

    raise dataclasses.FrozenInstanceError(f"cannot change field {name!r}")


_CHANGEABLE: dict[str, Any] = {"__repr__": _repr, "__eq__": _eq, "__hash__": None}
_FROZEN = {**_CHANGEABLE, "__hash__": _hash, "__setattr__": _refuse, "__delattr__": _refuse}
