"""Whole runs on the real podman, hung: its child that waits for the lock, gdb beside `no-stop`. As root, with mmdebstrap."""

from __future__ import annotations

from tests.bench.against_gdb import Subject, gdb, ours, show, take_turns
from tests.system.roots.make import RootUnavailable, make_root
from tests.system.roots.podman import hang_podman


def bench(rounds: int) -> None:
    """Print the table, or why there is none."""
    try:
        root = make_root("bookworm")
    except RootUnavailable as error:
        print(f"\nhung podman: not measured, {error}")
        return
    with hang_podman(root, "stdio") as hung:
        methods = ("no-stop", "attach")
        competitors = [gdb(hung.child), *(Subject(f"hanganalyze --capture {one}", ours(one, hung.child)) for one in methods)]
        take_turns(competitors, rounds, lambda: 0.0)
    print(f"\nhung child of podman 4.3.1; medians of {rounds} rounds")
    show(competitors, pauses=False)
