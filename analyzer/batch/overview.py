"""Rows -> Overview: clusters, what their members share, their merged stacks, the timeline. One cluster in memory at a time."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from analyzer import __version__
from analyzer.batch.item import Row, json_place
from analyzer.batch.store import Store
from analyzer.batch.tree import merged
from analyzer.lean_dataclass import replace
from analyzer.model import Certainty
from analyzer.model.batch import Bucket, Cluster, Member, Overview, Share, Trait, Unread

BUCKETS = 40
"""Most of the timeline."""
SHARES = 8
HOSTS = 20
TREES = 200
"""Clusters that get a tree; the others have very few members, and each member's JSON has its stacks."""
_HOUR = 3600
_STEPS = (60, 300, 900, _HOUR, 3 * _HOUR, 6 * _HOUR, 12 * _HOUR, *(one * 24 * _HOUR for one in (1, 2, 7, 14, 30, 90, 365, 3650)))
_SURENESS: tuple[Certainty | None, ...] = ("proven", "likely", "possible", None)
# Those that make progress hang nowhere: they are counted, not clustered.
_CLUSTERED = "cluster IS NOT NULL AND (status <> 'not-hung' OR signature IS NOT NULL)"


def overview(store: Store, *, complete: bool, notes: tuple[str, ...] = ()) -> Overview:
    """The overview of everything in the store."""
    counts = {name: int(str(count)) for name, count in store.query("SELECT outcome, count(*) FROM items GROUP BY outcome")}
    spans = _spans(store)
    found = [_cluster(list(rows), spans) for _, rows in itertools.groupby(store.rows(_CLUSTERED, "cluster, name"), _key)]
    found.sort(key=_rank)
    clusters = tuple(_with_tree(store, one) if place < TREES else one for place, one in enumerate(found))
    analysed, unclear, unreadable = (counts.get(one, 0) for one in ("analysed", "unclear", "unreadable"))
    return Overview(
        inputs=analysed + unclear + unreadable,
        analysed=analysed,
        unclear=unclear,
        unreadable=unreadable,
        not_hung=_number(store, "SELECT count(*) FROM items WHERE status = 'not-hung' AND signature IS NULL"),
        without_cluster=_number(store, "SELECT count(*) FROM items WHERE outcome <> 'unreadable' AND cluster IS NULL"),
        hosts=_number(store, "SELECT count(DISTINCT host) FROM items"),
        first_seen=min((one.first_seen for one in found if one.first_seen), default=None),
        last_seen=max((one.last_seen for one in found if one.last_seen), default=None),
        clusters=clusters,
        timeline=_timeline(clusters, spans),
        unread=tuple(_unread(store)),
        catalogue=store.meta("catalogue") or "",
        tool=f"hanganalyze {__version__}",
        complete=complete,
        notes=notes,
    )


def _key(row: Row) -> str | None:
    return row.cluster


def _rank(one: Cluster) -> tuple[object, ...]:
    """What nobody knows yet comes first; then the surest; then what happens most."""
    return (one.signature is not None, _SURENESS.index(one.certainty) if one.signature else 0, -one.members, one.cluster)


def _cluster(rows: list[Row], spans: list[datetime]) -> Cluster:
    example = min(rows, key=lambda row: (_SURENESS.index(row.certainty), row.name, row.key))
    times = [row.seen_at for row in rows if row.seen_at]
    hosts = Counter(row.host for row in rows if row.host)
    differs, shared = _traits(rows)
    place = json_place(example.key) if example.size else None
    return Cluster(
        cluster=example.cluster or "",
        title=example.title or "",
        signature=example.signature,
        certainty=example.certainty,
        statuses=_shares(Counter(row.status or "" for row in rows)),
        members=len(rows),
        hosts=_shares(hosts, HOSTS),
        hosts_more=max(0, len(hosts) - HOSTS),
        first_seen=min(times, default=None),
        last_seen=max(times, default=None),
        example=Member(example.name, place, example.host, example.seen_at),
        tree=(),
        tree_more=0,
        differs=differs,
        shared=shared,
        timeline=_histogram(times, spans),
    )


def _with_tree(store: Store, one: Cluster) -> Cluster:
    stacks = store.query(
        "SELECT s.key, s.digest, s.threads FROM items JOIN item_stacks s USING (key) "  # noqa: S608 # nosec B608 - our own words
        f"WHERE cluster = ? AND {_CLUSTERED} ORDER BY s.key, s.digest",
        (one.cluster,),
    )
    frames: dict[str, list[str]] = {}

    def members() -> Iterator[tuple[tuple[str, int], ...]]:
        for _, group in itertools.groupby(stacks, lambda row: row[0]):
            member = tuple((str(digest), int(str(threads))) for _, digest, threads in group)
            for digest, _ in member:
                if digest not in frames:
                    ((text,),) = store.query("SELECT frames FROM stacks WHERE digest = ?", (digest,))
                    frames[digest] = json.loads(str(text))
            yield member

    tree, more = merged(Counter(members()), frames)  # most members are like many others
    return replace(one, tree=tree, tree_more=more)


def _traits(rows: list[Row]) -> tuple[tuple[Trait, ...], tuple[Trait, ...]]:
    """What differs, and what is the same."""
    values: dict[str, Counter[str]] = {}
    for row in rows:
        for name, value in row.traits:
            values.setdefault(name, Counter())[value] += 1
    differs: list[Trait] = []
    shared: list[Trait] = []
    for name, counter in values.items():
        unknown = len(rows) - counter.total()
        if name == "threads" and len(counter) > SHARES:
            numbers = sorted(int(one) for one in counter if one.isdigit())
            shares, more = (Share(f"{numbers[0]} to {numbers[-1]}", counter.total()),), 0
            differs.append(Trait(name, shares, unknown, more))
            continue
        trait = Trait(name, _shares(counter, SHARES), unknown, max(0, len(counter) - SHARES))
        (differs if len(counter) > 1 else shared).append(trait)
    return tuple(differs), tuple(shared)


def _shares(counter: Counter[str], limit: int = SHARES) -> tuple[Share, ...]:
    ordered = sorted(counter.items(), key=lambda one: (-one[1], one[0]))
    return tuple(Share(value, members) for value, members in ordered[:limit])


def _unread(store: Store) -> Iterator[Unread]:
    """Reasons, the most frequent first. What names its own input is one reason with others of its kind."""
    reasons: dict[tuple[str, bool], list[str]] = {}
    counts: Counter[tuple[str, bool]] = Counter()
    for row in store.rows("outcome = 'unreadable'", "name, key"):
        reason = ((row.because or "").replace(row.name, "the file"), row.again)
        counts[reason] += 1
        examples = reasons.setdefault(reason, [])
        if len(examples) < 5:
            examples.append(row.name)
    for (because, again), count in sorted(counts.items(), key=lambda one: (-one[1], one[0])):
        yield Unread(because, count, tuple(reasons[because, again]), again)


# The timeline


def _spans(store: Store) -> list[datetime]:
    """Where each bucket begins; empty where no time is known."""
    query = f"SELECT min(seen_at), max(seen_at) FROM items WHERE {_CLUSTERED}"  # noqa: S608 # nosec B608 - our own words
    ((low, high),) = store.query(query)
    if low is None:
        return []
    first, last = datetime.fromisoformat(str(low)), datetime.fromisoformat(str(high))
    whole = (last - first).total_seconds()
    step = next((one for one in _STEPS if whole / one < BUCKETS - 1), _STEPS[-1])
    begin = datetime.fromtimestamp(first.timestamp() // step * step, first.tzinfo)
    count = int((last - begin).total_seconds() // step) + 1
    return [begin + timedelta(seconds=step * number) for number in range(min(count, BUCKETS))]


def _histogram(times: Iterable[str], spans: list[datetime]) -> tuple[int, ...]:
    counts = [0] * len(spans)
    step = (spans[1] - spans[0]).total_seconds() if len(spans) > 1 else 1.0
    for text in times:
        place = int((datetime.fromisoformat(text) - spans[0]).total_seconds() // step) if len(spans) > 1 else 0
        counts[max(0, min(place, len(spans) - 1))] += 1
    return tuple(counts)


def _timeline(clusters: Iterable[Cluster], spans: list[datetime]) -> tuple[Bucket, ...]:
    members, unexplained = [0] * len(spans), [0] * len(spans)
    for one in clusters:
        for place, count in enumerate(one.timeline):
            members[place] += count
            unexplained[place] += count if one.signature is None else 0
    return tuple(
        Bucket(begin.isoformat(timespec="seconds"), all_of, new)
        for begin, all_of, new in zip(spans, members, unexplained, strict=True)
    )


def _number(store: Store, question: str) -> int:
    ((value,),) = store.query(question)
    return int(str(value))
