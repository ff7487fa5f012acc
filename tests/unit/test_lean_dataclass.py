"""Our ``dataclass`` behaves as the standard library's does, whatever it postpones."""

from __future__ import annotations

import copy
import dataclasses
import pickle
import subprocess
import sys
from typing import Any

import pytest

from analyzer.lean_dataclass import dataclass as lean
from analyzer.lean_dataclass import field as lean_field
from analyzer.lean_dataclass import replace


def described(cls: type) -> Any:
    cls.__annotations__ = {"name": "str", "size": "int", "parts": "tuple[int, ...]", "notes": "list[str]"}
    cls.size, cls.parts, cls.notes = 3, (), dataclasses.field(default_factory=list)  # type: ignore[attr-defined]
    return cls


@lean(frozen=True)
@described
class _Lean:
    """One that is made the lean way."""


@dataclasses.dataclass(frozen=True)
@described
class _Standard:
    """The measure."""


# Their fields are not for the type checker to know.
Lean: Any = _Lean
Standard: Any = _Standard
BOTH = pytest.mark.parametrize("cls", [Lean, Standard])


@BOTH
def test_instances(cls: Any) -> None:
    one = cls("a", parts=(1, 2))
    assert (one.name, one.size, one.parts, one.notes) == ("a", 3, (1, 2), [])
    assert repr(one) == f"{cls.__name__}(name='a', size=3, parts=(1, 2), notes=[])"
    assert one == cls("a", 3, (1, 2))
    assert one != cls("a", 4, (1, 2))
    assert one != ("a", 3, (1, 2), [])
    assert cls("a").notes is not cls("a").notes
    refusals: list[tuple[Any, ...]] = [(), ("a", 1, (), [], 5)]
    for refused in refusals:
        with pytest.raises(TypeError):
            cls(*refused)
    with pytest.raises(TypeError):
        cls("a", colour=1)


@BOTH
def test_hash_is_that_of_the_values(cls: Any) -> None:
    assert hash(cls("a", notes=())) == hash(cls("a", notes=()))
    with pytest.raises(TypeError):
        hash(cls("a"))


@BOTH
def test_is_frozen(cls: Any) -> None:
    one = cls("a")
    with pytest.raises(dataclasses.FrozenInstanceError):
        one.name = "b"
    with pytest.raises(dataclasses.FrozenInstanceError):
        del one.name
    with pytest.raises(dataclasses.FrozenInstanceError):
        one.new = 1
    assert one.name == "a"


@BOTH
def test_the_tools_of_the_standard_library(cls: Any) -> None:
    one: Any = cls("a", 5)
    assert [field.name for field in dataclasses.fields(cls)] == ["name", "size", "parts", "notes"]
    assert dataclasses.replace(one, size=6) == cls("a", 6)
    assert dataclasses.asdict(one) == {"name": "a", "size": 5, "parts": (), "notes": []}
    assert copy.deepcopy(one) == one == copy.copy(one) == pickle.loads(pickle.dumps(one))
    assert cls.__match_args__ == ("name", "size", "parts", "notes")
    parameters = cls.__dataclass_params__
    assert (parameters.init, parameters.repr, parameters.eq, parameters.frozen) == (True, True, True, True)


@pytest.mark.parametrize("made", [lean(frozen=True), dataclasses.dataclass(frozen=True)])
def test_a_frozen_class_may_go_on_from_one(made: Any) -> None:
    @made
    class More(Lean):  # type: ignore[misc]
        """One field more."""

        more: int = 7

    assert More("a", 1).more == 7
    assert More("a", more=8) != More("a")
    assert More("a") != Lean("a")


def test_methods_of_the_class_itself_stay() -> None:
    @lean(frozen=True)
    class Own:
        """With its own words."""

        name: str

        def __repr__(self) -> str:
            return "own"

    assert repr(Own("a")) == "own"


def test_what_is_not_just_frozen_is_the_standard_librarys() -> None:
    @lean
    class Plain:
        """Not frozen."""

        name: str

    one = Plain("a")
    one.name = "b"
    assert one == Plain("b")


@lean
@described
class _LeanChangeable:
    """One that may be changed."""


@dataclasses.dataclass
@described
class _StandardChangeable:
    """The measure."""


@pytest.mark.parametrize("cls", [_LeanChangeable, _StandardChangeable])
def test_one_that_may_be_changed(cls: Any) -> None:
    one = cls("a")
    one.size = 5
    one.notes.append("x")
    assert one == cls("a", 5, (), ["x"])
    assert cls("a").notes == []
    with pytest.raises(TypeError):
        hash(one)
    assert dataclasses.is_dataclass(cls)
    assert not getattr(cls, "__dataclass_params__").frozen  # noqa: B009 - unknown to the type checker


def test_fields_of_our_own_making() -> None:
    @lean(frozen=True)
    class Secret:
        name: str
        data: bytes = lean_field(repr=False)
        parts: list[int] = lean_field(default_factory=list)
        size: int = lean_field(default=3)

    one = Secret("a", b"x")
    assert repr(one).endswith("Secret(name='a', parts=[], size=3)")
    assert one == Secret("a", b"x", [], 3)
    assert replace(one, size=4) == Secret("a", b"x", [], 4)
    with pytest.raises(TypeError):
        replace(one, colour=1)  # type: ignore[call-arg]
    assert [(each.name, each.repr) for each in dataclasses.fields(Secret)] == [
        ("name", True), ("data", False), ("parts", True), ("size", True),
    ]  # fmt: skip


def test_what_is_not_lean_takes_our_fields_too() -> None:
    @lean(slots=True)
    class Slotted:
        name: str
        parts: list[int] = lean_field(default_factory=list)

    assert Slotted("a").parts is not Slotted("a").parts
    assert "parts" in Slotted.__slots__


def test_a_class_that_inherits_has_all_fields() -> None:
    @lean(frozen=True)
    class First:
        name: str
        parts: list[int] = lean_field(default_factory=list)

    @lean(frozen=True)
    class Second(First):
        size: int = 3

    assert Second("a", [1], 4) == Second("a", [1], 4) != Second("a", [1])
    assert [each.name for each in dataclasses.fields(Second)] == ["name", "parts", "size"]
    assert replace(Second("a"), size=9).size == 9


def test_importing_it_imports_nothing_slow() -> None:
    code = """
import sys
from analyzer.lean_dataclass import dataclass, field, replace
@dataclass(frozen=True)
class One:
    name: str
    parts: list = field(default_factory=list)
assert replace(One("a"), name="b") == One("b") and hash(One("a", ())) and repr(One("a"))
print("dataclasses" in sys.modules, "inspect" in sys.modules)
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert ran.stdout == "False False\n"
