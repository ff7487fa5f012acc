"""The chain of waits as a story: who stands in whose way, as nodes and arrows for a drawing, a tree and sentences.

The diagnosis gives the links between threads. What a reader needs besides, and what is added here: the raw clone that
made the process, the lock, and the thread that holds it, which may live in another process only.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, NamedTuple

from analyzer.model import ChainLink
from analyzer.render.find import fact_of, findings_of, guilty_call, next_link, process_of, telling_frame, thread_in
from analyzer.render.frames import as_call, normalised, spoken
from analyzer.render.safe import sentences

if TYPE_CHECKING:
    from analyzer.model import Diagnosis, Finding, Lock, Owner
    from analyzer.render.words import Words

Tone = Literal["plain", "hung", "lock", "ghost"]


class Node(NamedTuple):
    """A thread or a lock."""

    pid: int
    """The process in whose frame it is drawn."""
    title: str
    lines: tuple[str, ...]
    tone: Tone
    """``hung``: a finding speaks of it; ``ghost``: exists in another process only."""


class Edge(NamedTuple):
    """From one node to another, both numbers in ``Story.nodes``."""

    start: int
    end: int
    label: str
    kind: Literal["waits", "made", "held"]


class Lane(NamedTuple):
    """A process of the drawing."""

    pid: int
    title: str


class Story(NamedTuple):
    """The chain, ready to be drawn or told. Empty when nobody waits for anybody."""

    lanes: tuple[Lane, ...]
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    sentences: tuple[str, ...]


def story(diagnosis: Diagnosis, words: Words) -> Story:
    """The chain from whom was asked for down to the root blocker."""
    teller = _Teller(diagnosis, words)
    for link in diagnosis.chain:
        teller.link(link)
    for finding in diagnosis.findings[:1]:
        # The links may end before they reach it: nobody sees who holds the other end of a socket.
        teller.link(ChainLink(finding.pid, finding.tid, teller.wait_of(finding)))
    return teller.story()


class _Teller:
    """Collects nodes, edges and sentences while it walks the links once."""

    def __init__(self, diagnosis: Diagnosis, words: Words) -> None:
        self.diagnosis = diagnosis
        self.words = words
        self.nodes: list[Node] = []
        self.edges: list[Edge] = []
        self.sentences: list[str] = []
        self.number: dict[tuple[int, int], int] = {}
        self.waiting: list[tuple[int, ChainLink]] = []

    def story(self) -> Story:
        for start, link in self.waiting:
            following = next_link(self.diagnosis, link)
            if following is not None:
                self.edges.append(Edge(start, self.number[following.pid, following.tid], self.waits(link), "waits"))
        pids = dict.fromkeys(node.pid for node in self.nodes)
        lanes = tuple(Lane(pid, self.name(pid)) for pid in pids)
        return Story(lanes, tuple(self.nodes), tuple(self.edges), tuple(self.sentences))

    def name(self, pid: int) -> str:
        return self.words.process(process_of(self.diagnosis, pid), pid)

    def link(self, link: ChainLink) -> None:
        if (link.pid, link.tid) in self.number:
            return
        finding = next(iter(findings_of(self.diagnosis, link.pid, link.tid)), None)
        inside, caller = self.place(link, finding)
        lines = [self.words("chain.inside", function=as_call(inside))] if inside else []
        if caller:
            lines.append(self.words("chain.called-by", function=as_call(caller)))
        lock = finding.lock if finding else None
        number = self.add(Node(link.pid, self.thread_title(link.pid, link.tid), tuple(lines), "hung" if finding else "plain"))
        self.number[link.pid, link.tid] = number
        self.waiting.append((number, link))
        self.born(link.pid, number)
        self.tell(link, inside)
        if lock is not None and finding is not None and next_link(self.diagnosis, link) is None:
            self.lock(finding, lock, number)
        elif next_link(self.diagnosis, link) is None:
            self.loose_end(number, link)

    def place(self, link: ChainLink, finding: Finding | None) -> tuple[str | None, str | None]:
        """The function a thread is in, and who called it where a finding knows."""
        thread = thread_in(process_of(self.diagnosis, link.pid), link.tid)
        caller, called = guilty_call(thread, finding)
        if called:
            return called, caller
        frame = telling_frame(thread)
        return (normalised(frame.function) if frame else None), None

    def add(self, node: Node) -> int:
        self.nodes.append(node)
        return len(self.nodes) - 1

    def thread_title(self, pid: int, tid: int) -> str:
        return self.words("chain.main-thread" if pid == tid else "chain.thread", tid=tid)

    def born(self, pid: int, number: int) -> None:
        """An arrow from the parent when the process came from a raw clone; told first, because it happened first."""
        process = process_of(self.diagnosis, pid)
        fact = fact_of(process, "created-by-raw-clone")
        if process is None or fact is None or fact.holds != "yes":
            return
        parent = process_of(self.diagnosis, process.ppid)
        if parent is None:
            self.sentences.insert(0, self.words("told.cloned-alone", child=self.name(pid)))
            return
        there = parent.threads_total or len(parent.threads)
        names = {"parent": self.name(parent.pid), "child": self.name(pid)}
        # A clone copies the calling thread only; what threads the child has besides, it has made itself.
        told = self.words.count("told.cloned", there, copied=1, **names)
        self.sentences.insert(0, told)
        start = next((self.number[key] for key in self.number if key[0] == parent.pid), None)
        if start is not None:
            self.edges.append(Edge(start, number, self.words("chain.made"), "made"))

    def tell(self, link: ChainLink, inside: str | None) -> None:
        who = self.words("told.thread", tid=link.tid, process=self.name(link.pid))
        if link.for_ is not None and link.for_.pid != link.pid:
            key = "told.waits-for-process"
        else:
            key = "told.waits-inside" if inside else "told.waits"
        blocker = self.name(link.for_.pid) if link.for_ else ""
        self.sentences.append(self.words(key, who=who, waits=self.waits(link), inside=as_call(inside or ""), blocker=blocker))

    def lock(self, finding: Finding, lock: Lock, waiter: int) -> None:
        called = self.lock_name(lock)
        lines = [lock.address] if lock.symbol else []
        if lock.word is not None:
            lines.append(self.words.choice("lock-word", lock.word))
        if lock.records_owner is False:
            lines.append(self.words("chain.no-owner"))
            process = process_of(self.diagnosis, finding.pid)
            alone = process is not None and (process.threads_total or len(process.threads)) == 1
            told = [self.words("told.no-owner", lock=called)]
            if alone:
                told.append(self.words("told.alone", child=self.name(finding.pid)))
            self.sentences.append(sentences(*told))
        number = self.add(Node(finding.pid, called, tuple(lines), "lock"))
        self.edges.append(Edge(waiter, number, self.words("chain.waits-for"), "waits"))
        if lock.owner is not None:
            self.owner(finding, lock.owner, number, called)

    def owner(self, finding: Finding, owner: Owner, lock: int, called: str) -> None:
        """The thread that the lock names: a ghost when this process has no such thread."""
        words, child = self.words, self.name(finding.pid)
        pid = owner.pid if owner.pid is not None else finding.pid
        title = self.thread_title(pid, owner.tid) if owner.tid is not None else words("chain.somebody")
        started, doing = spoken(owner.function), spoken(owner.doing)
        lines = [words("chain.started-with", function=as_call(started))] if started else []
        if doing and doing != started:
            lines.append(words("chain.inside", function=as_call(doing)))
        if owner.orphaned:
            lines.append(words("chain.not-copied" if owner.pid is not None else "chain.nowhere", child=child))
        number = self.add(Node(pid, title, tuple(lines), "ghost" if owner.orphaned else "plain"))
        self.edges.append(Edge(lock, number, words("chain.held-by"), "held"))
        key = "told.held"
        if owner.orphaned:
            key = "told.orphaned" if owner.pid is not None else "told.orphaned-nowhere"
        told = [words(key, lock=called, thread=title, process=self.name(pid), child=child)]
        if started:
            told.append(words("told.started-with", function=as_call(started)))
        if doing:
            told.append(words("told.doing", function=as_call(doing)))
        if owner.orphaned:
            told.append(words("told.never", child=child))
        self.sentences.append(sentences(*told))

    def waits(self, link: ChainLink) -> str:
        """What the link says, as what follows «thread 12 …»; a lock that is drawn beside it needs its name only."""
        finding = next(iter(findings_of(self.diagnosis, link.pid, link.tid)), None)
        if finding is not None and finding.lock is not None and next_link(self.diagnosis, link) is None:
            return self.words("chain.waits", waits=self.lock_name(finding.lock))
        said = re.match(r"(waits|runs|is|sleeps)\b|等待|在 |正在|已", link.waits)
        return link.waits if said else self.words("chain.waits", waits=link.waits)

    def wait_of(self, finding: Finding) -> str:
        thread = thread_in(process_of(self.diagnosis, finding.pid), finding.tid)
        return thread.wait.text if thread is not None and thread.wait is not None else self.words("chain.something")

    def lock_name(self, lock: Lock) -> str:
        return lock.symbol or self.words("chain.lock-at", address=lock.address)

    def loose_end(self, number: int, link: ChainLink) -> None:
        """The last one waits for something that is no thread of the family: it is written into its own node."""
        node = self.nodes[number]
        self.nodes[number] = node._replace(lines=(*node.lines, self.waits(link)))


def tree(told: Story, words: Words) -> tuple[str, ...]:
    """The chain as lines for a terminal or a ticket: a thread, below it what it waits for."""
    names = {lane.pid: lane.title for lane in told.lanes}
    waits = [edge for edge in told.edges if edge.kind != "made"]
    lines: list[str] = []
    depth = 0
    for number, node in enumerate(told.nodes):
        depth = depth + 1 if any(edge.end == number > edge.start for edge in waits) else 0
        head = node.title if node.tone == "lock" else words("tree.node", process=names[node.pid], thread=node.title)
        notes = list(node.lines)
        if any(edge.kind == "made" and edge.end == number for edge in told.edges):
            notes.insert(0, words("tree.made"))
        out = next((edge for edge in waits if edge.start == number), None)
        if out is not None and node.tone != "lock":
            lock = told.nodes[out.end].tone == "lock"
            notes.append(words("chain.waits", waits=told.nodes[out.end].title) if lock else out.label)
        lines.append(_branch(depth) + head + (": " + "; ".join(notes) if notes else ""))
        if out is not None and out.end <= number:
            lines.append(_branch(depth + 1) + words("tree.cycle", thread=told.nodes[out.end].title))
    return tuple(lines)


def _branch(depth: int) -> str:
    return "   " * (depth - 1) + "└─ " if depth else ""
