"""Which of two versions is the newer, by the rule of whoever wrote them: dpkg, rpm, or Go's semantic versions.

Signatures give bounds of *upstream* versions (``<5.4``), because one signature must speak of every distribution. What a
distribution adds is taken off first: the epoch, its own revision, and the marks of a repacked archive (+dfsg, ~ds1).
Rules: deb-version(7); rpm-version(7); semver.org section 11.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from analyzer.model import FoundBy

_BOUND = re.compile(r"(<=|>=|<|>|=)(.+)")
_REPACKED = re.compile(r"[+~.](?:dfsg|ds|debian|repack)[\d.]*$")
_NUMBERS = re.compile(r"\d+(?:\.\d+)*")
_SANE = re.compile(r"v?[0-9][\w.+~:^-]{0,120}", re.ASCII)


class NotComparable(ValueError):
    """The text is no version, or nothing is known about how it is compared."""


def upstream(version: str, found_by: FoundBy) -> str:
    """The upstream part of a distribution's version: 4.3.1 of 4.3.1+ds1-8+deb12u1, 4.9.4 of 5:4.9.4-3.el9."""
    if not _SANE.fullmatch(version):
        raise NotComparable(f"{version!r} is no version")
    if found_by == "go":
        return version.removeprefix("v").partition("+")[0]
    if found_by not in _RULES:
        raise NotComparable(f"nothing is known about versions from {found_by}")
    bare = version.partition(":")[2] or version
    bare = bare.rpartition("-")[0] or bare
    if found_by == "dpkg":
        bare = bare.partition("+really")[2] or bare
        bare = _REPACKED.sub("", bare)
    return bare


def within(version: str, bounds: str, found_by: FoundBy) -> bool:
    """Whether an upstream version keeps all bounds (``>=5.0,<5.4``). Raises NotComparable."""
    return all(_keeps(version, bound.strip(), found_by) for bound in bounds.split(","))


def _keeps(version: str, bound: str, found_by: FoundBy) -> bool:
    match = _BOUND.fullmatch(bound)
    if match is None or found_by not in _RULES:
        raise NotComparable(f"{bound!r} cannot be compared")
    order = _RULES[found_by](version, _as_long_as(version, match.group(2)))
    return {"<": order < 0, "<=": order <= 0, ">": order > 0, ">=": order >= 0, "=": order == 0}[match.group(1)]


def _as_long_as(version: str, bound: str) -> str:
    """5.4 -> 5.4.0 where the version has three numbers: else 5.4.0~rc1, which comes before 5.4, would count as later."""
    numbers = (_NUMBERS.match(version), _NUMBERS.fullmatch(bound))
    if numbers[0] is None or numbers[1] is None:
        return bound
    return bound + ".0" * (numbers[0][0].count(".") - bound.count("."))


def compare_debian(one: str, other: str) -> int:
    """-1, 0 or 1: parts that are no digits by their characters, where ~ comes before the end and letters before the rest;
    then numbers."""
    while one or other:
        for left, right in _characters(one, other):
            if left != right:
                return -1 if left < right else 1
        one, other = one.lstrip(_NOT_DIGITS), other.lstrip(_NOT_DIGITS)
        left_number, one = _number(one)
        right_number, other = _number(other)
        if left_number != right_number:
            return -1 if left_number < right_number else 1
    return 0


_NOT_DIGITS = "".join(chr(code) for code in range(33, 127) if not chr(code).isdigit())


def _characters(one: str, other: str) -> list[tuple[int, int]]:
    heads = [text[: len(text) - len(text.lstrip(_NOT_DIGITS))] for text in (one, other)]
    length = max(map(len, heads))
    weights = [[_weight(head[n]) if n < len(head) else 0 for n in range(length)] for head in heads]
    return list(zip(*weights, strict=True))


def _weight(character: str) -> int:
    if character == "~":
        return -1
    return ord(character) if character.isalpha() else ord(character) + 256


def _number(text: str) -> tuple[int, str]:
    digits = re.match(r"\d*", text, re.ASCII)
    assert digits is not None
    return int(digits[0] or 0), text[digits.end() :]


def compare_rpm(one: str, other: str) -> int:
    """-1, 0 or 1: runs of digits or letters one by one, everything else only separates; ~ before the end, ^ after it."""
    pieces = [re.findall(r"\d+|[A-Za-z]+|~|\^", text, re.ASCII) for text in (one, other)]
    for left, right in zip(*([*piece, ""] for piece in pieces), strict=False):
        if left == right:
            continue
        for mark, before in (("~", -1), ("^", 1)):
            if mark in (left, right):
                # 1.0~rc1 < 1.0 < 1.0^git1 < 1.0.1
                first = left == mark
                if mark == "^" and (right if first else left):
                    return -1 if first else 1
                return before if first else -before
        if not left or not right:
            return -1 if not left else 1
        if left.isdigit() and right.isdigit():
            if int(left) != int(right):
                return -1 if int(left) < int(right) else 1
            continue
        if left.isdigit() != right.isdigit():
            return 1 if left.isdigit() else -1
        return -1 if left < right else 1
    longer = len(pieces[0]) - len(pieces[1])
    return (longer > 0) - (longer < 0)


def compare_go(one: str, other: str) -> int:
    """-1, 0 or 1: three numbers, then a pre-release, which comes before the release; so does a pseudo-version."""
    left, right = _semantic(one), _semantic(other)
    if left[0] != right[0]:
        return -1 if left[0] < right[0] else 1
    if left[1] == right[1]:
        return 0
    if not left[1] or not right[1]:
        return 1 if not left[1] else -1
    return -1 if left[1] < right[1] else 1


def _semantic(text: str) -> tuple[tuple[int, ...], tuple[tuple[int, int, str], ...]]:
    release, _, before = text.removeprefix("v").partition("+")[0].partition("-")
    if not _NUMBERS.fullmatch(release):
        raise NotComparable(f"{text!r} is no semantic version")
    numbers = [int(number) for number in release.split(".")]
    words = before.split(".") if before else []
    ranked = tuple((0, int(word), "") if word.isdigit() else (1, 0, word) for word in words)
    return tuple(numbers + [0] * (3 - len(numbers))), ranked


_RULES: dict[str, Callable[[str, str], int]] = {"dpkg": compare_debian, "rpm": compare_rpm, "go": compare_go}
