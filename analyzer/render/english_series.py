"""The sentences of the report on a series of runs, and of a scan, in English; english.py takes them in."""

from __future__ import annotations

SERIES_TEXTS = {
    # The head
    "series.title": "{program}: {hung} of {counted} runs hung",
    "series.report": "Report on a series of runs",
    "series.hung.one": "{program} hung in {hung} of {n} run.",
    "series.hung.many": "{program} hung in {hung} of {n} runs.",
    "series.clean.one": "{program} did not hang, but one run proves nothing.",
    "series.clean.many": "{program} did not hang in {n} runs, which alone is no proof that it cannot.",
    "series.all-bad": "{program} ended badly in every run: whether it may hang cannot be told from that.",
    "series.nothing": "No run of {program} can be counted.",
    "series.both": "{a} hung in {hung_a} of {runs_a} runs, {b} in {hung_b} of {runs_b}.",
    "series.named": "{name} ({program})",
    "series.in-root": "{program} in {root}",
    "series.widened": (
        "Measured with the race widener «{widener}», which takes a lock far more often than the program does: "
        "every rate here says that it can hang, not how often it does without."
    ),
    "series.widener-short": ", with the widener «{widener}»",
    "series.interrupted": "Ended early: {done} of {asked} runs were made.",
    "series.how": (
        "{asked} runs of each subject were asked for, {timeout} s each, {jobs} at a time; {seconds} s in all. "
        "Statistics: {statistics}."
    ),
    # Conclusions
    "series.needed.one": "{subject}: at this rate one clean run would show a fix.",
    "series.needed.many": (
        "{subject}: at this rate {n} clean runs in a row show a fix with 95\u00a0% confidence; fewer may be luck."
    ),
    "series.needed-at-low.one": "It hangs in every run, or nearly.",
    "series.needed-at-low.many": "At the low end of the interval {n} are needed.",
    "series.allows.one": "{subject}: one clean run still allows a rate of up to {upper} (95\u00a0%, one-sided).",
    "series.allows.many": "{subject}: no hang in {n} runs still allows a rate of up to {upper} (95\u00a0%, one-sided).",
    "series.luck": (
        "That is no proof: at the rate seen before ({before}), {runs} clean runs come by luck with probability {luck}. "
        "Needed for 95\u00a0% confidence: {needed}."
    ),
    "series.shown": (
        "At the rate seen before ({before}), {runs} clean runs come by luck with probability {luck}; "
        "that is enough for 95\u00a0% confidence (needed: {needed})."
    ),
    "series.luck-unknown": (
        "That is no proof. How much it shows depends on how often it hung before: at once in 200 runs, "
        "{runs} clean runs come by luck with probability {luck}, and {needed} are needed. "
        "--rate-before RATE says it for your rate."
    ),
    "series.differ": (
        "A and B differ: Fisher's exact test gives p = {p} (two-sided), the probability of such a difference "
        "if both hung equally often."
    ),
    "series.same": (
        "The difference between A and B may be luck: Fisher's exact test gives p = {p} (two-sided). More runs can tell."
    ),
    "series.no-scipy": (
        "Whether A and B differ is not told: Fisher's exact test needs scipy, which is missing here. pip install "
        "'hanganalyze[trials]', then «hanganalyze render» on the saved result adds it, on any machine."
    ),
    # The table
    "heading.figures": "Figures",
    "heading.proof": "What it proves",
    "heading.durations": "How long the clean runs took",
    "heading.hangs": "What hung",
    "heading.notes": "How to read it",
    "series.row.program": "Program",
    "series.row.counted": "Runs that count",
    "series.row.hung": "Hung",
    "series.row.rate": "Rate, 95 % interval",
    "series.row.clean": "Ended well",
    "series.row.failed": "Ended with another exit code",
    "series.row.signalled": "Died by a signal",
    "series.row.moving": "Not over, but still at work",
    "series.row.stopped": "Cut short by us",
    "series.row.median": "Clean runs: duration, median",
    "series.row.late": "Clean runs: duration, 95th percentile",
    "series.row.clean-cpu": "Clean runs: processor time, median",
    "series.row.hung-cpu": "Hung runs: processor time, median",
    "series.row.clean-memory": "Clean runs: memory, median",
    "series.row.hung-memory": "Hung runs: memory, median",
    "series.below": "below {value}",
    "series.plot": "Durations of the {n} clean runs of {subject}: median {median}, 95th percentile {p95}, from {low} to {high}.",
    "series.plot-log": "The scale is logarithmic.",
    # Hangs
    "series.hang.one": "{n} run",
    "series.hang.many": "{n} runs",
    "series.hang.known": "{title}",
    "series.hang.unknown": "Stands still, and no known cause fits",
    "series.hang.moving": "Not over after the timeout, but still at work",
    "series.hang.still": "It was not over after the timeout, and nothing of it moved. {waits}",
    "series.hang.at-work": "It was still at work when the time was up.",
    "series.hang.unseen": "Could not be looked at",
    "series.hang.signature": "Signature {signature}, fingerprint {fingerprint}",
    "series.hang.fingerprint": "Fingerprint {fingerprint}",
    "series.hang.example": "seen in run {run}",
    "series.hang.whole": "The whole report on it, from this file:",
    "series.hang.command": "hanganalyze render REPORT --hang {n} -o HANG.html",
    "series.no-hang": "Nothing hung.",
    # A scan
    "scan.looked": "{processes} processes, {threads} threads; two looks, {apart} s apart.",
    "scan.idle.one": "Waiting as idle thread pools do too, or stopped: {n} process; --all lists them.",
    "scan.idle.many": "Waiting as idle thread pools do too, or stopped: {n} processes; --all lists them.",
    "scan.none": "None looks hung.",
    "scan.not-seen": "Not seen: {note}.",
    "scan.rank.hung": "HUNG",
    "scan.rank.suspect": "suspect",
    "scan.rank.waits": "waits",
    "scan.threads": ", {n} threads",
    "scan.line": "{pid} ({name}{threads}) waits for {waits}",
    "scan.join": "; ",
    "scan.next": "Next: {command}",
}
