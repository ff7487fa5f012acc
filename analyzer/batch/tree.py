"""Stacks merged into one prefix tree, as LLNL's STAT does: where all members agree, where they part, and how many go where.

G. L. Lee et al., "Lessons learned at 208K: towards debugging millions of cores", SC 2008.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from analyzer.model.batch import TreeNode

NODES_LIMIT = 80
_DEEPEST = 400


Member = tuple[tuple[str, int], ...]
"""Stacks of one member, as (digest, threads)."""


class _Node:
    __slots__ = ("below", "members", "threads")

    def __init__(self) -> None:
        self.below: dict[str, _Node] = {}
        self.members = 0
        self.threads = 0


def merged(
    members: Mapping[Member, int], frames: Mapping[str, Sequence[str]], limit: int = NODES_LIMIT
) -> tuple[tuple[TreeNode, ...], int]:
    """The tree of all members' stacks, and how many nodes were left out.

    ``members``: how many have these stacks, each as (digest, threads); ``frames``: digest -> calls, outermost first.
    """
    root = _Node()
    for stacks, count in members.items():
        _add(root, stacks, count, frames)
    nodes: list[TreeNode] = []
    _list(root, 0, nodes)
    if len(nodes) <= limit:
        return tuple(nodes), 0
    # A branch never has more members than what it grows from, so nothing hangs in the air.
    kept = sorted(sorted(range(len(nodes)), key=lambda one: (-nodes[one].members, nodes[one].depth, one))[:limit])
    return tuple(nodes[one] for one in kept), len(nodes) - limit


def _add(root: _Node, stacks: Member, count: int, frames: Mapping[str, Sequence[str]]) -> None:
    seen: set[int] = set()
    for digest, threads in stacks:
        node = root
        for frame in frames[digest][:_DEEPEST]:
            node = node.below.setdefault(frame, _Node())
            node.threads += threads * count
            if id(node) not in seen:  # two threads of one member count once
                seen.add(id(node))
                node.members += count


def _list(root: _Node, depth: int, nodes: list[TreeNode]) -> None:
    """Depth first, the larger branch first; calls without a branching between them are one node."""
    waiting = [(root, depth, "")]
    while waiting:
        node, depth, frame = waiting.pop()
        run = [frame] if frame else []
        while frame and len(node.below) == 1:
            ((name, only),) = node.below.items()
            if (only.members, only.threads) != (node.members, node.threads):
                break
            run.append(name)
            node = only
        if run:
            nodes.append(TreeNode(depth, tuple(run), node.members, node.threads))
            depth += 1
        # Last in, first out.
        ordered = sorted(node.below.items(), key=lambda one: (one[1].members, one[1].threads, one[0]))
        waiting.extend((below, depth, name) for name, below in ordered)
