"""Arithmetic on blocks of bits in one long integer: each block is treated at once, whatever their number."""

from __future__ import annotations

from collections.abc import Sequence


def block_masks(blocks: Sequence[tuple[int, int]]) -> tuple[int, int, int]:
    """For blocks of bits (first, last): the first ones, the last ones, and all but the first."""
    first = last = inside = 0
    for start, end in blocks:
        first |= 1 << start
        last |= 1 << end
        inside |= (1 << (end + 1)) - (1 << (start + 1))
    return first, last, inside


def reach(bits: int, first: int, last: int, inside: int) -> int:
    """Set, in every block, all bits above the lowest one that is set.

    Subtracting each block's first bit changes the bits up to the lowest that is set and no others; what stays the same
    lies above it. (Navarro and Raffinot, «Flexible Pattern Matching in Strings», section 4.2.)
    """
    marked = bits | last
    return bits | (inside & ~((marked - first) ^ marked))
