"""How well a text was read: part of the result, because a diagnosis is worth no more than what it was read from."""

from __future__ import annotations

from analyzer.lean_dataclass import dataclass, field


@dataclass(frozen=True)
class ParseQuality:
    """What was recognised in a text, what is cut, what could not be read. Counts; nothing of the text itself."""

    lines: int
    """Lines of the text."""
    ignored: int
    """Lines that are no part of a trace: prose, local variables, source lines."""
    unreadable: int
    """Lines that look like part of a trace and could not be read."""
    first_unreadable: int | None
    """Number of the first of them, from 1."""
    forms: tuple[tuple[str, int], ...]
    """(form, stacks or lists read in it), most frequent first."""
    declined: tuple[tuple[str, int], ...]
    """(form, lines) of what was recognised and is not read."""
    processes: int
    threads: int
    frames: int
    """Frames read, and kept."""
    named: int
    """Of these, frames with a function's name; a signal frame counts as named."""
    placed: int
    """Of these, frames with a module or a source file."""
    cut: int
    """Threads whose stack is cut."""
    standing_in: int
    """Processes whose id the text does not tell."""

    def notes(self) -> tuple[str, ...]:
        """The same in sentences, for a report."""
        return tuple(_sentences(self))


def _sentences(quality: ParseQuality) -> list[str]:
    if not quality.forms:
        return ["No stack was recognised in the text."]
    forms = ", ".join(f"{form} ({count})" for form, count in quality.forms)
    notes = [f"Read from text: {forms}."]
    if quality.frames:
        notes.append(f"{quality.named} of {quality.frames} frames have a function's name.")
    if quality.cut:
        notes.append(f"{quality.cut} of {quality.threads} stacks {'is' if quality.cut == 1 else 'are'} cut.")
    if quality.unreadable:
        notes.append(
            f"{quality.unreadable} of {quality.lines} lines look like part of a trace and could not be read; the first is line "
            f"{quality.first_unreadable}."
        )
    notes.extend(f"Also found, and not read: {form} ({count} lines)." for form, count in quality.declined)
    return notes


@dataclass(slots=True)
class Tally:
    """The counts, while they grow."""

    lines: int = 0
    ignored: int = 0
    unreadable: int = 0
    first_unreadable: int | None = None
    forms: dict[str, int] = field(default_factory=dict)
    processes: int = 0
    threads: int = 0
    frames: int = 0
    named: int = 0
    placed: int = 0
    cut: int = 0
    standing_in: int = 0

    def count(self, form: str, times: int = 1) -> None:
        """Another stack or list of this form."""
        self.forms[form] = self.forms.get(form, 0) + times

    def add(self, other: Tally) -> None:
        """Count another trace of the same text."""
        self.lines += other.lines
        self.ignored += other.ignored
        self.unreadable += other.unreadable
        if self.first_unreadable is None:
            self.first_unreadable = other.first_unreadable
        for form, count in other.forms.items():
            self.count(form, count)
        self.processes += other.processes
        self.threads += other.threads
        self.frames += other.frames
        self.named += other.named
        self.placed += other.placed
        self.cut += other.cut
        self.standing_in += other.standing_in

    def quality(self, declined: dict[str, int] | None = None) -> ParseQuality:
        """The frozen result."""
        return ParseQuality(
            lines=self.lines,
            ignored=self.ignored,
            unreadable=self.unreadable,
            first_unreadable=self.first_unreadable,
            forms=tuple(sorted(self.forms.items(), key=lambda item: -item[1])),
            declined=tuple((declined or {}).items()),
            processes=self.processes,
            threads=self.threads,
            frames=self.frames,
            named=self.named,
            placed=self.placed,
            cut=self.cut,
            standing_in=self.standing_in,
        )
