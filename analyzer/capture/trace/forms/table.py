"""All forms in one table: the first character of a line -> who may know it, in the order they are asked."""

from __future__ import annotations

from analyzer.capture.trace.forms import (
    Handler,
    addresses,
    arrows,
    coredumpctl,
    delve,
    eu_stack,
    gdb,
    gdb_mi,
    gdb_threads,
    golang,
    kernel,
    lldb,
    shell,
    strace,
)

_FORMS = (gdb_threads, gdb, gdb_mi, eu_stack, coredumpctl, golang, delve, kernel, lldb, addresses, shell, strace, arrows)


def _table() -> tuple[dict[str, tuple[Handler, ...]], tuple[Handler, ...]]:
    by_first: dict[str, list[Handler]] = {}
    any_first: list[Handler] = []
    for form in _FORMS:
        for first, handler in form.HANDLERS.items():
            if first.startswith("_"):
                any_first.append(handler)
                continue
            for character in first:
                if handler not in by_first.setdefault(character, []):
                    by_first[character].append(handler)
    return {first: tuple(handlers) for first, handlers in by_first.items()}, tuple(any_first)


BY_FIRST, ANY_FIRST = _table()
