"""What is known to be private where the analysis ran. It lives for the length of one run and never enters a result."""

from __future__ import annotations

from analyzer.lean_dataclass import dataclass


@dataclass(frozen=True)
class PrivateValue:
    """One text that must not stand in a report."""

    kind: str
    """user, host, home, machine-id, boot-id, argument or environment: the placeholder's name."""
    text: str


@dataclass(frozen=True)
class Private:
    """Everything that is known, most telling kind first: a text of two kinds counts as the first."""

    values: tuple[PrivateValue, ...] = ()

    def __add__(self, other: Private) -> Private:
        return Private(tuple(dict.fromkeys((*self.values, *other.values))))
