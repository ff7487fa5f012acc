"""A series of runs put into words, once for every format: head, table, conclusions, and each kind of hang."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from analyzer.render.chain import story
from analyzer.render.figures import CONFIDENCE, luck, runs_to_prove
from analyzer.render.find import process_of, subject_pid, thread_in
from analyzer.render.groups import StackLine, stack_lines
from analyzer.render.plot import Plot, Scale, bars_of, scale_of
from analyzer.render.rates import Axis, Rate, axis_for, percent, told
from analyzer.render.safe import paragraphs, sentences, visible
from analyzer.render.translate import translated, translated_title
from analyzer.render.units import memory, probability, seconds
from analyzer.render.verdict import USUAL_RATE, Verdict, verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analyzer.model import Diagnosis, TrialHang, TrialNumbers, TrialResult
    from analyzer.render.words import Words

DOUBT = 1 - CONFIDENCE


class Row(NamedTuple):
    """One figure, for every subject."""

    name: str
    values: tuple[str, ...]


class HangView(NamedTuple):
    """One kind of hang."""

    number: int
    runs: str
    """How many, and of which subject."""
    tone: str
    title: str
    surety: str
    names: str
    """Signature and fingerprint, and the run it was first seen in."""
    sentence: str
    sentences: tuple[str, ...]
    """What happened, from the chain."""
    stack: tuple[StackLine, ...]
    remedy: tuple[str, ...]
    command: str
    """The command for the whole report; empty where there is none."""


class SeriesView(NamedTuple):
    """Everything a format needs."""

    title: str
    tone: str
    sentence: str
    remarks: tuple[str, ...]
    """The widener, an early end."""
    subjects: tuple[str, ...]
    rows: tuple[Row, ...]
    rates: tuple[Rate, ...]
    axis: Axis
    conclusions: tuple[str, ...]
    plots: tuple[Plot, ...]
    scale: Scale | None
    hangs: tuple[HangView, ...]
    notes: tuple[str, ...]
    how: str


def view(result: TrialResult, words: Words) -> SeriesView:
    """The series in words. ``result.numbers`` must have been made."""
    plots, scale = _plots(result, words)
    rates = tuple(_rates(result, words))
    first = result.numbers[0]
    title = words("series.title", program=_program(result, 0, words), hung=first.hung, counted=first.counted)
    hung = sum(one.hung for one in result.numbers)
    return SeriesView(
        title=title,
        tone="hung" if hung else "possible",  # never the colour of «sound»: clean runs alone prove nothing
        sentence=_sentence(result, words),
        remarks=_remarks(result, words),
        subjects=tuple(subject.name for subject in result.subjects),
        rows=_rows(result, words),
        rates=rates,
        axis=axis_for(rates),
        conclusions=_conclusions(result, words),
        plots=plots,
        scale=scale,
        hangs=tuple(_hang(result, number, hang, words) for number, hang in enumerate(result.hangs)),
        notes=tuple(map(words.said, result.notes)),
        how=words(
            "series.how",
            asked=result.asked,
            timeout=f"{result.timeout_s:g}",
            jobs=result.jobs,
            statistics=result.statistics_from or words("value.unknown"),
            seconds="?" if result.seconds is None else f"{result.seconds:.1f}",
        ),
    )


def _program(result: TrialResult, number: int, words: Words) -> str:
    subject = result.subjects[number]
    program = visible(subject.program, 80)
    return words("series.in-root", program=program, root=visible(subject.root, 80)) if subject.root else program


def _sentence(result: TrialResult, words: Words) -> str:
    numbers = result.numbers
    if len(numbers) == 2:
        names = [words("series.named", name=one.subject, program=_program(result, k, words)) for k, one in enumerate(numbers)]
        a, b = numbers
        return words("series.both", a=names[0], b=names[1], hung_a=a.hung, runs_a=a.counted, hung_b=b.hung, runs_b=b.counted)
    one, program = numbers[0], _program(result, 0, words)
    if not one.counted:
        return words("series.nothing", program=program)
    if not one.clean and not one.hung:
        return words("series.all-bad", program=program)
    return words.count("series.hung" if one.hung else "series.clean", one.counted, program=program, hung=one.hung)


def _remarks(result: TrialResult, words: Words) -> tuple[str, ...]:
    remarks = []
    if result.widener != "off":
        remarks.append(words("series.widened", widener=result.widener))
    if result.interrupted:
        done = sum(run.outcome != "stopped" for run in result.runs)
        remarks.append(words("series.interrupted", done=done, asked=result.asked * len(result.subjects)))
    return tuple(remarks)


def _rows(result: TrialResult, words: Words) -> tuple[Row, ...]:
    floor = result.memory_floor_kib or 0

    def size(value: float | None) -> str:
        if value is not None and value <= 1.05 * floor:
            return words("series.below", value=memory(1.05 * floor))
        return memory(value)

    numbers = result.numbers
    rows = [
        Row(words("series.row.program"), tuple(_program(result, k, words) for k in range(len(numbers)))),
        Row(words("series.row.counted"), tuple(str(one.counted) for one in numbers)),
        Row(words("series.row.hung"), tuple(str(one.hung) for one in numbers)),
        Row(words("series.row.rate") + _marked(result, words), tuple(_rate(one, words) for one in numbers)),
        Row(words("series.row.clean"), tuple(str(one.clean) for one in numbers)),
    ]
    for key in ("failed", "signalled", "moving", "stopped"):
        values = tuple(str(getattr(one, key)) for one in numbers)
        if set(values) != {"0"}:
            rows.append(Row(words(f"series.row.{key}"), values))
    more = (
        ("median", tuple(seconds(one.median_s) for one in numbers)),
        ("late", tuple(seconds(one.p95_s) for one in numbers)),
        ("clean-cpu", tuple(seconds(one.clean_cpu_s) for one in numbers)),
        ("hung-cpu", tuple(seconds(one.hung_cpu_s) for one in numbers)),
        ("clean-memory", tuple(size(one.clean_memory_kib) for one in numbers)),
        ("hung-memory", tuple(memory(one.hung_memory_kib) for one in numbers)),
    )
    rows += [Row(words(f"series.row.{key}"), values) for key, values in more if set(values) != {"-"}]
    return tuple(rows)


def _marked(result: TrialResult, words: Words) -> str:
    """A rate with a widener is not a rate without: said beside every one of them."""
    return "" if result.widener == "off" else words("series.widener-short", widener=result.widener)


def _rate(one: TrialNumbers, words: Words) -> str:
    if one.rate is None:
        return "-"
    if one.low is None or one.high is None:
        return percent(one.rate)
    return told(one.rate, one.low, one.high, words)


def _rates(result: TrialResult, words: Words) -> Iterator[Rate]:
    """A row for every subject that has a rate and an interval."""
    note = "" if result.widener == "off" else words("trials.widened", widener=result.widener)
    for number, one in enumerate(result.numbers):
        if one.rate is not None and one.low is not None and one.high is not None:
            name = one.subject if len(result.numbers) > 1 else _program(result, number, words)
            yield Rate(name, note, one.hung, one.counted, one.rate, one.low, one.high, _rate(one, words))


def _conclusions(result: TrialResult, words: Words) -> tuple[str, ...]:
    said: list[str] = []
    mark = _marked(result, words)
    for number, one in enumerate(result.numbers):
        subject = (one.subject if len(result.numbers) > 1 else _program(result, number, words)) + mark
        if one.hung and one.clean_runs_needed:
            said.append(words.count("series.needed", one.clean_runs_needed, subject=subject))
            if one.clean_runs_needed_at_low:
                said[-1] = sentences(said[-1], words.count("series.needed-at-low", one.clean_runs_needed_at_low))
        elif one.clean and one.upper is not None:
            allows = words.count("series.allows", one.counted, subject=subject, upper=percent(one.upper))
            said.append(sentences(allows, _by_luck(one, words)))
    if result.p_value is not None and all(one.clean or one.hung for one in result.numbers):
        key = "series.differ" if result.p_value < DOUBT else "series.same"
        said.append(words(key, p=probability(result.p_value)))
    if len(result.numbers) > 1 and result.p_value is None and all(one.counted for one in result.numbers):
        said.append(words("series.no-scipy"))
    return tuple(said)


def _by_luck(one: TrialNumbers, words: Words) -> str:
    before = one.rate_before
    if before is None or one.luck is None:
        usual, needed = luck(USUAL_RATE, one.counted), runs_to_prove(USUAL_RATE)
        return words("series.luck-unknown", runs=one.counted, luck=probability(usual), needed=needed)
    key = "series.shown" if one.luck <= DOUBT else "series.luck"
    return words(key, before=percent(before), runs=one.counted, luck=probability(one.luck), needed=one.clean_runs_needed)


def _plots(result: TrialResult, words: Words) -> tuple[tuple[Plot, ...], Scale | None]:
    durations = {
        one.subject: [run.seconds for run in result.runs if run.subject == one.subject and run.outcome == "clean"]
        for one in result.numbers
    }
    every = [value for values in durations.values() for value in values]
    if len(every) < 2:
        return (), None
    scale = scale_of(every)
    plots = []
    for one in result.numbers:
        values = durations[one.subject]
        if not values or one.median_s is None or one.p95_s is None:
            continue
        label = words(
            "series.plot",
            n=len(values),
            subject=one.subject if len(result.numbers) > 1 else _program(result, 0, words),
            median=seconds(one.median_s),
            p95=seconds(one.p95_s),
            low=seconds(min(values)),
            high=seconds(max(values)),
        )
        plots.append(Plot(one.subject, bars_of(values, scale), scale.x(one.median_s), scale.x(one.p95_s), label))
    return tuple(plots), scale


def _hang(result: TrialResult, number: int, hang: TrialHang, words: Words) -> HangView:
    runs = [run for run in result.runs if run.hang == number]
    count = words.count("series.hang", len(runs))
    if len(result.subjects) > 1:
        of = [f"{subject.name}: {sum(run.subject == subject.name for run in runs)}" for subject in result.subjects]
        count += f" ({', '.join(of)})"
    moving = any(run.outcome == "moving" for run in runs)
    diagnosis = hang.diagnosis and translated(hang.diagnosis, words)
    title = visible(translated_title(hang.signature, hang.title, words), 300)
    head = verdict(diagnosis, words) if diagnosis is not None else None
    known = "known" if hang.signature else "moving" if moving else "unknown" if diagnosis else "unseen"
    return HangView(
        number=number + 1,
        runs=count,
        tone=head.tone if head else "unclear",
        title=words(f"series.hang.{known}", title=title),
        surety=words(f"certainty.{hang.certainty}") + words("text.stop") if hang.certainty else "",
        names=_names(hang, words),
        sentence=_what(hang, head, moving, words),
        sentences=story(diagnosis, words).sentences if diagnosis else (),
        stack=_stack(diagnosis) if diagnosis else (),
        remedy=paragraphs(diagnosis.findings[0].remedy) if diagnosis and diagnosis.findings else (),
        command=words("series.hang.command", n=number + 1) if diagnosis else "",
    )


def _what(hang: TrialHang, head: Verdict | None, moving: bool, words: Words) -> str:
    if head is None:
        return visible(words.said(hang.problem or ""))
    if moving:
        return words("series.hang.at-work")
    if hang.status in {"not-hung", "unclear"}:  # asleep, or waiting for who knows what: but it should have been over by now
        return words("series.hang.still", waits=head.remark or "").strip()
    return head.sentence


def _names(hang: TrialHang, words: Words) -> str:
    first = words("series.hang.example", run=hang.example_run)
    if hang.signature and hang.fingerprint:
        names = words("series.hang.signature", signature=hang.signature, fingerprint=hang.fingerprint)
    elif hang.fingerprint:
        names = words("series.hang.fingerprint", fingerprint=hang.fingerprint)
    else:
        return first
    return f"{names}{words('scan.join')}{first}"


def _stack(diagnosis: Diagnosis) -> tuple[StackLine, ...]:
    finding = diagnosis.findings[0] if diagnosis.findings else None
    if finding is not None:
        thread = thread_in(process_of(diagnosis, finding.pid), finding.tid)
    else:
        asked = diagnosis.subject.tid if diagnosis.subject else None
        thread = thread_in(process_of(diagnosis, subject_pid(diagnosis)), asked)
    return stack_lines(thread, finding) if thread is not None and thread.frames else ()
