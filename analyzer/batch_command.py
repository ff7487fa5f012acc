"""``hanganalyze batch PATH... -o DIR``: many inputs, one overview. Prints through ``out`` and ``note``."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

    from analyzer.batch.item import Setup
    from analyzer.batch.run import Engine, Tell
    from analyzer.batch.store import Store
    from analyzer.model.batch import Overview

Out = Callable[[str], None]


def run(arguments: argparse.Namespace, out: Out, note: Out) -> bool:
    """One run of the command; whether a root cause was found. Raises UsageError, CannotAnalyse."""
    from analyzer.batch import sources
    from analyzer.batch.inside import Inside
    from analyzer.batch.preparing import setup_for
    from analyzer.batch.run import Progress
    from analyzer.batch.run import run as run_all
    from analyzer.batch.store import Store
    from analyzer.scratch import scratch_folder

    sources.check(arguments.paths)
    with Store(Path(arguments.output)) as store, scratch_folder("batch") as spill:
        setup = setup_for(store, arguments, writes=arguments.scheduler is None)
        begin(store, setup, note, retry=arguments.retry)
        inside = Inside(store.known, store.walked, spill)
        progress = Progress()
        with engine_for(arguments, setup, store, note) as engine, watching(arguments, note) as tell, resumable(arguments, note):
            progress.total = sources.count(arguments.paths, store.folder) if sys.stderr.isatty() else None
            run_all(store, sources.walk(arguments.paths, inside, store.folder), engine, setup, tell, progress)
        store.save_meta("complete", "1")
        found = deliver(store, arguments, out)
        note(f"{progress.done} done in this run, {found.inputs} in all")
        return any(one.certainty in {"likely", "proven"} for one in found.clusters)


def begin(store: Store, setup: Setup, note: Out, *, retry: bool) -> None:
    """Note what an ended run left behind, and by which catalogue is judged."""
    lost = store.forget_lost(setup.catalogue_digest)
    if lost:
        note(f"the JSON of {lost} inputs is missing or not whole: they are analysed again")
    if retry:
        store.try_again()
    store.save_meta("complete", "0")
    store.save_meta("catalogue", setup.catalogue_digest)


@contextlib.contextmanager
def engine_for(arguments: argparse.Namespace, setup: Setup, store: Store, note: Out) -> Iterator[Engine]:
    """This process, workers of our own, or those of a scheduler. Raises UsageError, ExtraMissing, ClusterFailed."""
    if arguments.scheduler is None and arguments.jobs == 1:
        from analyzer.batch.run import Here

        yield Here(setup)
        return
    from analyzer.fleet.connect import cluster_for
    from analyzer.fleet.engine import Workers

    with cluster_for(arguments, note) as client, Workers(client, setup, store, note) as engine:
        yield engine


@contextlib.contextmanager
def watching(arguments: argparse.Namespace, note: Out) -> Iterator[Tell]:
    """A bar on a terminal; with -v a line now and then; else silence."""
    from analyzer.batch.bar import Bar

    with Bar(wanted=sys.stderr.isatty() and not arguments.verbose, note=note if arguments.verbose else None) as bar:
        yield bar.show


@contextlib.contextmanager
def resumable(arguments: argparse.Namespace, note: Out) -> Iterator[None]:
    """Whatever ends the work, say that nothing of it is lost."""
    try:
        yield
    except BaseException:
        note(f"what was done is kept in {arguments.output}; the same command goes on from there")
        raise


def deliver(store: Store, arguments: argparse.Namespace, out: Out, notes: tuple[str, ...] = ()) -> Overview:
    """The overview into the folder, as HTML and JSON, and to standard output."""
    from analyzer.batch.files import put
    from analyzer.batch.overview import overview
    from analyzer.render.json import to_json
    from analyzer.render.overview_html import overview_to_html
    from analyzer.render.overview_text import overview_to_text
    from analyzer.render.words import words_for

    found = overview(store, complete=store.meta("complete") == "1", notes=notes)
    folder = store.folder
    put(folder / "overview.json", to_json(found).encode())
    words = words_for(arguments.lang, os.environ)
    put(folder / "overview.html", overview_to_html(found, words).encode())
    if arguments.json:
        out(to_json(found))
    else:
        out(overview_to_text(found, words))
        out(f"Overview: {folder / 'overview.html'}")
    return found
