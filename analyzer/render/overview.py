"""The overview put into words, once for every format."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, NamedTuple

from analyzer.render.safe import clip, visible
from analyzer.render.translate import translated_title

if TYPE_CHECKING:
    from analyzer.model.batch import Cluster, Overview, Share, Trait, TreeNode
    from analyzer.render.words import Words

FRAMES_SHOWN = 6
"""Calls of a run without a branching that are shown: the innermost; the JSON has all of them."""


class Line(NamedTuple):
    """One node of a tree."""

    depth: int
    members: str
    calls: tuple[str, ...]
    left_out: int
    """Outer calls of the run that are not shown."""
    leaf: bool


class ClusterView(NamedTuple):
    """One cluster."""

    number: int
    title: str
    members: str
    surety: str
    tone: str
    names: str
    when: str
    hosts: str
    differs: tuple[tuple[str, str], ...]
    shared: str
    tree: tuple[Line, ...]
    tree_more: int
    example: str
    command: str
    """To be typed in the folder that holds the overview: where that lies is nobody else's business."""
    bars: tuple[Bar, ...]


class Bar(NamedTuple):
    """One span of a timeline; the y axis points down."""

    x: float
    width: float
    height: float
    top: float


class OverviewView(NamedTuple):
    """Everything a format needs."""

    title: str
    sentence: str
    tone: str
    remarks: tuple[str, ...]
    rows: tuple[tuple[str, str], ...]
    clusters: tuple[ClusterView, ...]
    bars: tuple[Bar, ...]
    new_bars: tuple[Bar, ...]
    timeline: str


WIDTH, HEIGHT = 640.0, 90.0
SMALL = 16.0


def view(found: Overview, words: Words) -> OverviewView:
    """The overview in words."""
    unexplained = found.unexplained()
    known = len(found.clusters) - len(unexplained)
    sentence = words("overview.none") if not found.clusters else words(
        "overview.sentence",
        clusters=words.count("overview.clusters", len(found.clusters)),
        inputs=words.count("overview.inputs", sum(one.members for one in found.clusters)),
    )  # fmt: skip
    remarks = []
    if unexplained:
        remarks.append(words.count("overview.unexplained", len(unexplained)))
    if known:
        remarks.append(words.count("overview.known", known))
    if not found.complete:
        remarks.append(words("overview.incomplete"))
    tallest = max((one.members for one in found.timeline), default=0)
    return OverviewView(
        title=words("overview.title", clusters=len(found.clusters), inputs=found.inputs),
        sentence=sentence,
        tone="likely" if found.clusters else "not-hung",
        remarks=(*remarks, *(visible(words.said(note), 600) for note in found.notes)),
        rows=tuple(_rows(found, words)),
        clusters=tuple(_cluster(number, one, words) for number, one in enumerate(found.clusters, 1)),
        bars=_bars([one.members for one in found.timeline], tallest, HEIGHT),
        new_bars=_bars([one.unexplained for one in found.timeline], tallest, HEIGHT),
        timeline=_timeline(found, words, tallest),
    )


def _rows(found: Overview, words: Words) -> list[tuple[str, str]]:
    rows = [
        ("overview.row.inputs", found.inputs),
        ("overview.row.analysed", found.analysed),
        ("overview.row.unclear", found.unclear),
        ("overview.row.unreadable", found.unreadable),
        ("overview.row.not-hung", found.not_hung),
        ("overview.row.hosts", found.hosts),
    ]
    return [(words(key), f"{value:,}".replace(",", "\u202f")) for key, value in rows if value or key == "overview.row.inputs"]


def _timeline(found: Overview, words: Words, tallest: int) -> str:
    if not found.timeline or not found.first_seen or not found.last_seen:
        return ""
    return words("overview.timeline", first=short(found.first_seen), last=short(found.last_seen), most=tallest)


def _cluster(number: int, one: Cluster, words: Words) -> ClusterView:
    surety = words("overview.no-signature") if one.signature is None else words(f"certainty.{one.certainty}")
    cluster = visible(one.cluster, 80)
    names = words("overview.fingerprint", cluster=cluster)
    if one.signature is not None:
        names = words("overview.signature", signature=visible(one.signature, 80), cluster=cluster)
    return ClusterView(
        number=number,
        title=visible(translated_title(one.signature, one.title, words), 200),
        members=words.count("overview.inputs", one.members),
        surety=surety,
        tone="new" if one.signature is None else str(one.certainty),
        names=names,
        when=_when(one, words),
        hosts=_hosts(one, words),
        differs=tuple((_name(trait, words), _shares(trait, words)) for trait in one.differs),
        shared=words("scan.join").join(f"{_name(trait, words)} {_value(trait, trait.shares[0], words)}" for trait in one.shared),
        tree=tuple(_line(node, place, one.tree) for place, node in enumerate(one.tree)),
        tree_more=one.tree_more,
        example=visible(one.example.name, 300),
        command=f"hanganalyze render {shlex.quote(visible(one.example.file, 300))} -o HANG.html" if one.example.file else "",
        bars=_bars(one.timeline, max(one.timeline), SMALL) if sum(map(bool, one.timeline)) > 1 else (),
    )


def _when(one: Cluster, words: Words) -> str:
    if one.first_seen is None or one.last_seen is None:
        return ""
    if one.first_seen == one.last_seen:
        return words("overview.seen-once", first=short(one.first_seen))
    return words("overview.seen", first=short(one.first_seen), last=short(one.last_seen))


def _hosts(one: Cluster, words: Words) -> str:
    if not one.hosts:
        return ""
    count = len(one.hosts) + one.hosts_more
    named = ", ".join(f"{visible(host.value, 120)} ({host.members})" for host in one.hosts[:8])
    return words.count("overview.hosts", count, names=named + (", ..." if count > 8 else ""))


def _name(trait: Trait, words: Words) -> str:
    return visible(words.choice("overview.trait", trait.name), 80)


_SPOKEN = {"capture": "method", "certainty": "certainty"}
"""Traits whose values are words of ours."""


def _value(trait: Trait, one: Share, words: Words) -> str:
    value = visible(words.said(one.value), 120)
    return words.choice(_SPOKEN[trait.name], value) if trait.name in _SPOKEN else value


def _shares(trait: Trait, words: Words) -> str:
    told = [f"{_value(trait, one, words)} ({one.members})" for one in trait.shares]
    if trait.more:
        told.append(words.count("overview.more-values", trait.more))
    if trait.unknown:
        told.append(words("overview.not-told", n=trait.unknown))
    return ", ".join(told)


def _line(node: TreeNode, place: int, tree: tuple[TreeNode, ...]) -> Line:
    count = f"{node.members}" if node.threads == node.members else f"{node.members} / {node.threads}"
    leaf = place + 1 == len(tree) or tree[place + 1].depth <= node.depth
    return Line(node.depth, count, node.frames[-FRAMES_SHOWN:], max(0, len(node.frames) - FRAMES_SHOWN), leaf)


def _bars(counts: list[int] | tuple[int, ...], tallest: int, height: float) -> tuple[Bar, ...]:
    if not tallest:
        return ()
    width = min(WIDTH / len(counts), 40.0)
    bars = []
    for place, count in enumerate(counts):
        if count:
            tall = round(max(count / tallest * height, 1.0), 1)
            bars.append(Bar(round(place * width, 1), round(width - 1, 1), tall, round(height - tall, 1)))
    return tuple(bars)


def short(time: str) -> str:
    """``2026-11-23 19:20`` of an ISO time in UTC."""
    return clip(time, 16).partition("…")[0].replace("T", " ")
