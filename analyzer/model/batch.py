"""Overview: what a pile of inputs, or a fleet of hosts, comes to.

Field names are the names in the JSON (schema 1 of overviews): fields may be added, none renamed.
"""

from __future__ import annotations

from typing import Literal

from analyzer.lean_dataclass import dataclass
from analyzer.model.diagnosis import Certainty

OVERVIEW_SCHEMA = 1

Outcome = Literal["analysed", "unclear", "unreadable"]
"""analysed: a finding, or a word on whether it hangs; unclear: read, and nothing fits; unreadable: and the row says why."""


@dataclass(frozen=True)
class Share:
    """A value that some of the members have."""

    value: str
    members: int


@dataclass(frozen=True)
class Trait:
    """Something about the members: the processor, the C library, the package."""

    name: str
    shares: tuple[Share, ...]
    """Most frequent first; one alone is what all members share that tell it."""
    unknown: int = 0
    """Members that do not tell it."""
    more: int = 0
    """Values left out."""


@dataclass(frozen=True)
class TreeNode:
    """Calls that the same members made, from the outside inwards, in one place of the tree of merged stacks."""

    depth: int
    """Branchings above it; a list of nodes in this order is the tree."""
    frames: tuple[str, ...]
    """A run of calls without a branching, outermost first."""
    members: int
    """Inputs with a stack that leads here."""
    threads: int
    """Threads of all of them."""


@dataclass(frozen=True)
class Bucket:
    """A span of the timeline."""

    begins_at: str
    """UTC, ISO 8601."""
    members: int
    unexplained: int


@dataclass(frozen=True)
class Member:
    """One input of a cluster."""

    name: str
    file: str | None
    """Its JSON, below the output folder."""
    host: str | None = None
    seen_at: str | None = None


@dataclass(frozen=True)
class Cluster:
    """Inputs that show the same hang."""

    cluster: str
    """Its key: the fingerprint, or ``stack-...`` where no frame has a name."""
    title: str
    signature: str | None
    """None: unexplained."""
    certainty: Certainty | None
    """The surest of its members."""
    statuses: tuple[Share, ...]
    members: int
    hosts: tuple[Share, ...]
    """Machines it was seen on; members that do not tell theirs are not counted."""
    hosts_more: int
    first_seen: str | None
    last_seen: str | None
    example: Member
    """A member of the surest kind."""
    tree: tuple[TreeNode, ...]
    tree_more: int
    """Nodes left out."""
    differs: tuple[Trait, ...]
    """What the members do not share."""
    shared: tuple[Trait, ...]
    timeline: tuple[int, ...]
    """Members in each of the overview's buckets."""


@dataclass(frozen=True)
class Unread:
    """A reason why inputs could not be read."""

    because: str
    members: int
    examples: tuple[str, ...]
    again: bool
    """The next run tries them again."""


@dataclass(frozen=True)
class Overview:
    """The whole; every format is made from it."""

    inputs: int
    analysed: int
    unclear: int
    unreadable: int
    not_hung: int
    """Of those analysed: they make progress, or wait for something that ends by itself."""
    without_cluster: int
    """Read, and with nothing to compare by: no stack."""
    hosts: int
    first_seen: str | None
    last_seen: str | None
    clusters: tuple[Cluster, ...]
    """Unexplained ones first, then by certainty; larger ones first."""
    timeline: tuple[Bucket, ...]
    unread: tuple[Unread, ...]
    catalogue: str
    """Digest of the catalogue."""
    tool: str
    complete: bool
    """False: the run was interrupted, and more inputs are to come."""
    notes: tuple[str, ...] = ()
    """What could not be looked at, because ..."""
    kind: Literal["overview"] = "overview"
    schema: int = OVERVIEW_SCHEMA
    """Version of this layout."""

    def unexplained(self) -> tuple[Cluster, ...]:
        """Clusters for which no signature stands."""
        return tuple(one for one in self.clusters if one.signature is None)
