"""Where everything of the chain's drawing stands: boxes, arrows and labels in user units of an SVG.

Two processes stand side by side when there is room (``wide``), below each other on a phone (``narrow``); both are in
the page and the style sheet shows one. Text is cut to what a box holds, because SVG does not wrap.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from analyzer.render.columns import cut, wrapped
from analyzer.render.safe import visible

if TYPE_CHECKING:
    from analyzer.render.chain import Edge, Node, Story

WIDE_LIMIT = 2
"""Processes that fit side by side."""
NODE_LIMIT = 14
"""Nodes of a drawing; the sentences beside it tell the rest."""

BOX, GAP_X, GAP_Y, PAD, HEAD, LINE = 272, 168, 62, 18, 34, 19
TITLE_LETTERS, LINE_LETTERS, LABEL_LETTERS, SIDE_LETTERS = 28, 34, 20, 29
"""Columns: a Chinese character takes two."""
SIDE_LINES = 3


class Text(NamedTuple):
    """One line of text, its baseline's left end (or middle)."""

    x: float
    y: float
    text: str
    kind: str


class Box(NamedTuple):
    """A rectangle with its lines."""

    x: float
    y: float
    width: float
    height: float
    tone: str
    texts: tuple[Text, ...]


class Arrow(NamedTuple):
    """A path with a head at its end."""

    path: str
    kind: str
    texts: tuple[Text, ...]


class Drawing(NamedTuple):
    """Everything, back to front: frames of the processes, arrows, boxes."""

    width: float
    height: float
    frames: tuple[Box, ...]
    arrows: tuple[Arrow, ...]
    boxes: tuple[Box, ...]


def wide(story: Story) -> Drawing | None:
    """Two processes side by side; None when there is one process or more than two: then the narrow one serves everywhere."""
    columns = {lane.pid: number for number, lane in enumerate(story.lanes)}
    if len(columns) != WIDE_LIMIT or len(story.nodes) > NODE_LIMIT:
        return None
    cells: list[tuple[int, int]] = []
    for node in story.nodes:
        column = columns[node.pid]
        row = cells[-1][1] if cells else 0
        # A node of the other process stands beside its predecessor, one of the same process below it.
        while any(taken == (column, row) for taken in cells) or (cells and cells[-1][0] == column and row == cells[-1][1]):
            row += 1
        cells.append((column, row))
    return _draw(story, story.nodes, cells)


def narrow(story: Story) -> Drawing | None:
    """One column, for phones and for anything that does not fit side by side; None for an empty story."""
    nodes = story.nodes[:NODE_LIMIT]
    return _draw(story, nodes, [(0, row) for row in range(len(nodes))]) if nodes else None


def _draw(story: Story, nodes: tuple[Node, ...], cells: list[tuple[int, int]]) -> Drawing:
    columns = 1 + max(column for column, _ in cells)
    single = columns == 1
    edges = [edge for edge in story.edges if max(edge.start, edge.end) < len(nodes)]
    # An arrow back up needs room beside the column.
    back = 46 if single and any(edge.end <= edge.start for edge in edges) else 0
    names = {lane.pid: lane.title for lane in story.lanes}
    heights = {row: 0.0 for _, row in cells}
    for node, (_, row) in zip(nodes, cells, strict=True):
        heights[row] = max(heights[row], 42.0 + LINE * (len(node.lines) + single))
    tops: dict[int, float] = {}
    top = float(1 if single else PAD + HEAD)
    for row in sorted(heights):
        tops[row] = top
        top += heights[row] + GAP_Y
    bottom = top - GAP_Y + (1 if single else PAD)
    left = {column: (1 if single else PAD) + column * (BOX + GAP_X) for column in range(columns)}
    boxes = [
        _box(node, left[column], tops[row], heights[row], names[node.pid] if single else None)
        for node, (column, row) in zip(nodes, cells, strict=True)
    ]
    frames = [] if single else [_frame(names[lane.pid], left[number], bottom) for number, lane in enumerate(story.lanes)]
    width = left[columns - 1] + BOX + (1 if single else PAD) + back
    arrows = tuple(_arrow(edge, boxes, edges) for edge in edges)
    return Drawing(width, bottom, tuple(frames), arrows, tuple(boxes))


def _box(node: Node, x: float, y: float, height: float, process: str | None) -> Box:
    kind = "mono title" if node.tone == "lock" else "title"
    texts = [Text(x + 14, y + 26, _cut(node.title, TITLE_LETTERS), kind)]
    if process is not None:
        texts.append(Text(x + 14, y + 26 + LINE, _cut(process, LINE_LETTERS), "small"))
    start = y + 26 + LINE * len(texts)
    texts += [Text(x + 14, start + LINE * n, _cut(line, LINE_LETTERS), "line") for n, line in enumerate(node.lines)]
    return Box(x, y, BOX, height, node.tone, tuple(texts))


def _frame(title: str, x: float, bottom: float) -> Box:
    text = Text(x, PAD + 12.0, _cut(title, TITLE_LETTERS), "process")
    return Box(x - PAD, 0, BOX + 2 * PAD, bottom, "frame", (text,))


def _cut(text: str, letters: int) -> str:
    """Cut with an ellipsis only: the full text stands in the sentences."""
    return cut(visible(text, 10 * letters), letters)


def _arrow(edge: Edge, boxes: list[Box], edges: list[Edge]) -> Arrow:
    one, other = boxes[edge.start], boxes[edge.end]
    twins = [each for each in edges if {each.start, each.end} == {edge.start, edge.end}]
    if one.x == other.x:
        return _upright(edge, one, other, [each for each in twins if boxes[each.end].y > boxes[each.start].y])
    shift = (twins.index(edge) - (len(twins) - 1) / 2) * 22
    rightward = other.x > one.x
    start, end = (one.x + BOX, other.x) if rightward else (one.x, other.x + BOX)
    y_one, y_other = (box.y + min(box.height, 88) / 2 + shift for box in (one, other))
    middle = (start + end) / 2
    path = f"M{start:g} {y_one:g} C{middle:g} {y_one:g} {middle:g} {y_other:g} {end:g} {y_other:g}"
    if y_one == y_other:
        path = f"M{start:g} {y_one:g} H{end:g}"
    lines = wrapped(visible(edge.label, 400), LABEL_LETTERS, 3)
    # Of two arrows between the same boxes the lower one is labelled below.
    height = (y_one + y_other) / 2
    first = height + 18 if shift > 0 else height - 8 - 16 * (len(lines) - 1)
    texts = tuple(Text(middle, first + 16 * n, line, "label mid") for n, line in enumerate(lines))
    return Arrow(path, edge.kind, texts)


def _upright(edge: Edge, one: Box, other: Box, twins: list[Edge]) -> Arrow:
    """Between boxes of one column: down with the labels to the right, or back up in a curve beside them."""
    if other.y > one.y:
        twin = twins.index(edge)
        x = one.x + 28 + 18 * twin
        start, end = one.y + one.height, other.y
        labels = [wrapped(visible(each.label, 400), SIDE_LETTERS, SIDE_LINES - len(twins) + 1) for each in twins]
        count = sum(map(len, labels))
        first = (start + end) / 2 + 5 - 8.5 * (count - 1) + 17 * sum(map(len, labels[:twin]))
        left = one.x + 28 + 18 * len(twins) - 4
        texts = tuple(Text(left, first + 17 * n, line, "label") for n, line in enumerate(labels[twin]))
        return Arrow(f"M{x:g} {start:g} V{end:g}", edge.kind, texts)
    x = one.x + BOX
    low, high = one.y + one.height / 2, other.y + other.height / 2
    path = f"M{x:g} {low:g} C{x + 52:g} {low:g} {x + 52:g} {high:g} {x:g} {high:g}"
    return Arrow(path, edge.kind, ())
