"""Which file lies where in an address space, from /proc/PID/maps (or a core's NT_FILE)."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from analyzer.capture.procfs import door, read_text
from analyzer.lean_dataclass import dataclass


@dataclass(frozen=True)
class Mapping:
    """One line of /proc/PID/maps."""

    start: int
    end: int
    permissions: str
    offset: int
    path: str
    """Path inside the target's root; empty for anonymous memory; «[heap]», «[stack]» as the kernel says."""


class AddressSpace:
    """All mappings of a process, to look addresses up in."""

    def __init__(self, mappings: Sequence[Mapping]) -> None:
        self.mappings = sorted(mappings, key=lambda mapping: mapping.start)
        self._starts = [mapping.start for mapping in self.mappings]
        self._bases: dict[str, int] = {}
        for mapping in self.mappings:
            if mapping.path.startswith("/") and mapping.offset == 0:
                self._bases.setdefault(mapping.path, mapping.start)

    def at(self, address: int) -> Mapping | None:
        """The mapping that holds the address."""
        position = bisect_right(self._starts, address) - 1
        if position < 0:
            return None
        mapping = self.mappings[position]
        return mapping if address < mapping.end else None

    def base(self, path: str) -> int | None:
        """Lowest address at which the file's beginning is mapped."""
        return self._bases.get(path)

    def module(self, address: int) -> tuple[str, int] | None:
        """Path of the ELF file that owns the address, and the offset from its base; None for other memory.

        The .bss of a file lies in anonymous memory behind its last mapping; it counts as the file's.
        """
        mapping = self.at(address)
        if mapping is None:
            return None
        path = mapping.path
        if not path:
            position = bisect_right(self._starts, address) - 1
            before = self.mappings[position - 1] if position else None
            if before is None or before.end != mapping.start or not before.path.startswith("/"):
                return None
            path = before.path
        base = self.base(path)
        return (path, address - base) if base is not None else None

    def paths(self) -> list[str]:
        """Files whose beginning is mapped, in address order."""
        return list(self._bases)


def parse_maps(text: str) -> AddressSpace:
    """The address space that a maps file describes; lines that are not of its form are passed over."""
    mappings = []
    for line in text.split("\n"):
        fields = line.split(None, 5)
        if len(fields) < 5:
            continue
        start, _, end = fields[0].partition("-")
        try:
            mappings.append(
                Mapping(int(start, 16), int(end, 16), fields[1], int(fields[2], 16), fields[5] if len(fields) > 5 else "")
            )
        except ValueError:
            continue
    return AddressSpace(mappings)


def address_space(pid: int) -> AddressSpace | None:
    """Of a live process; None where the kernel refuses (not ours to ptrace)."""
    text = read_text(f"/proc/{door(pid)}/maps")
    return parse_maps(text) if text else None
