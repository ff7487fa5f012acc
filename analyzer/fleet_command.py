"""``hanganalyze fleet scan|PID... --scheduler ADDR -o DIR``: live processes of every host that has a worker."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from analyzer.batch_command import begin, deliver, resumable, watching
from analyzer.errors import UsageError

if TYPE_CHECKING:
    import argparse

    from analyzer.batch.item import Item
    from analyzer.batch.store import Store
    from analyzer.fleet.hosts import Host
    from analyzer.fleet.live import Seen

Out = Callable[[str], None]


def run(arguments: argparse.Namespace, out: Out, note: Out) -> bool:
    """One run of the command; whether a root cause was found. Raises UsageError, CannotAnalyse."""
    from analyzer.batch.preparing import setup_for
    from analyzer.batch.run import Progress
    from analyzer.batch.store import Store
    from analyzer.fleet.connect import cluster_for

    pids = tuple(one for one in arguments.targets if isinstance(one, int))
    if pids and len(pids) != len(arguments.targets):
        raise UsageError("Either scan, or process ids.", next_command="hanganalyze fleet scan --scheduler ADDR -o DIR")
    with Store(Path(arguments.output)) as store:
        setup = setup_for(store, arguments, writes=False)
        begin(store, setup, note, retry=False)
        with cluster_for(arguments, note) as client, watching(arguments, note) as tell, resumable(arguments, note):
            from analyzer.fleet.hosts import Fleet
            from analyzer.fleet.live import Wish

            wish = Wish(arguments.capture, arguments.max_pause, arguments.suspects)
            with Fleet(client, setup, note) as fleet:
                found = fleet.look(wish, pids or None)
                work = list(_work(found, store, asked=bool(pids)))
                progress = Progress(total=len(work), handed_out=len(work), workers=sum(len(one.workers) for one in fleet.hosts))
                tell(progress)
                for _, done in fleet.analysed(work, wish):
                    store.save([done])
                    progress.done += 1
                    progress.unreadable += done.row.outcome == "unreadable"
                    tell(progress)
        store.save_meta("complete", "1")
        told = deliver(store, arguments, out, tuple(_notes(found, pids)))
        note(f"{len(found)} hosts, {len(work)} processes analysed in this run, {told.inputs} in all")
        return any(one.certainty in {"likely", "proven"} for one in told.clusters)


def _work(found: list[tuple[Host, Seen]], store: Store, *, asked: bool) -> Iterator[tuple[Host, Item]]:
    """What to analyse. A process that an earlier run has analysed is not stopped again, unless it was named."""
    for host, seen in found:
        for item in seen.items:
            if asked or not store.known(item.key, item.stamp):
                yield host, item


def _notes(found: list[tuple[Host, Seen]], pids: tuple[int, ...]) -> Iterator[str]:
    """What this run looked at, and what it could not see. Hosts are counted, not named."""
    silent = sum(seen.problem is not None for _, seen in found)
    if not pids:
        yield f"{sum(seen.processes for _, seen in found)} processes on {len(found) - silent} hosts were looked at."
    hidden = sum(seen.not_seen for _, seen in found)
    if hidden:
        yield f"Of {hidden} processes could not be seen what they wait for: the workers lack the right to."
    if silent:
        yield f"{silent} hosts could not be scanned."
    if pids and not any(seen.items for _, seen in found):
        yield "No host has a process with such an id."
