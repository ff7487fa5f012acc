"""What capture and diagnosis say is Chinese in a Chinese report, found by its form; what is not known stays as it is."""

# ruff: noqa: RUF001 - Chinese is written with full-width punctuation

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from analyzer.analyse import analyse_trace, catalogue
from analyzer.data import folder
from analyzer.diagnose import diagnose
from analyzer.diagnose.cases import Case, read_cases
from analyzer.model import Diagnosis
from analyzer.model.facts import FACTS
from analyzer.render.said import LIMIT, Said, filled
from analyzer.render.translate import translated
from analyzer.render.words import CHINESE

CASES, _ = read_cases([folder("signatures")], catalogue())
# Stacks, signatures' ids and symbols are the same in every language.
SAME = re.compile(
    r"[^\s（]+ (?=<-)|<- [^\s）]+|#\d+ .*|<signal handler called>|set backtrace limit unlimited"
    r"|“[^”]*”|\w+\([\w ]+\)|[#@]?\S*[_/:.@-]\S*"
)
ENGLISH = re.compile(r"(?:[a-z']{2,}[ ,;:]+){2,}[a-z']+")


def texts(diagnosis: Diagnosis) -> Iterator[str]:
    """Everything that capture and diagnosis say on the page."""
    snapshot = diagnosis.snapshot
    yield from diagnosis.unexplained
    yield from (miss.because for miss in diagnosis.near_misses)
    yield from (link.waits for link in diagnosis.chain)
    yield from (*snapshot.notes, *snapshot.capture.notes, snapshot.capture.why or "")
    for finding in (*diagnosis.findings, *diagnosis.waits):
        yield from (finding.title, finding.summary, finding.remedy, finding.affected.value if finding.affected else "")
        for reason in finding.reasons:
            yield from (reason.asked, reason.value)
    for process in snapshot.processes:
        for fact in process.facts:
            yield from (fact.asked, fact.value)
        for thread in process.threads:
            yield from (thread.problem or "", thread.wait.text if thread.wait else "")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.path.stem)
def test_every_case_is_told_in_chinese(case: Case) -> None:
    found = diagnose(case.snapshot, catalogue()) if case.snapshot else analyse_trace(case.trace or "", "case")
    left = [text for text in texts(translated(found, CHINESE)) if ENGLISH.search(SAME.sub("", text))]
    assert left == []


def test_this_would_find_english() -> None:
    assert ENGLISH.search(SAME.sub("", "the thread that holds the lock lives and can release it"))


def test_what_keeps_a_signature_off_the_list_is_chinese() -> None:
    for signature in catalogue().signatures:
        for because in (one.because for one in (*signature.near, *signature.veto)):
            assert CHINESE.said(because) != because, signature.id
            assert CHINESE.said(f"{because} (thread 7)").endswith("（线程 7）")
        for test in signature.match.facts:
            kind = FACTS[test.name]
            told = kind.no if test.wanted == "yes" else kind.yes
            assert CHINESE.said(told) != told, test.name


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        ("Thread 7 of process 5 is in spin, which no signature explains.", "进程 5 的线程 7 位于 spin，没有特征能解释。"),
        (
            "Each of 12 threads (7, ...) of process 5 waits for the lock at 0x7f10 (__lll_lock_wait <- pthread_mutex_lock <- f): "
            "who holds it? Look at the other threads, and install the debug symbols of libc and the program.",
            "进程 5 的 12 个线程（7 等）各自等待地址 0x7f10 处的锁（__lll_lock_wait <- pthread_mutex_lock <- f）："
            "谁持有它？请看其他线程，并安装 libc 和程序的调试符号。",
        ),
        (
            "3 of its 4 threads work, so it was photographed without stopping it",
            "它的 4 个线程中有 3 个在工作，因此没有停顿就拍摄了快照",
        ),
        ("it ran within 50 ms", "它在 50 毫秒内运行过"),
        ("data from a pipe (file descriptor 3), whose other end only this process itself holds",
         "来自管道（文件描述符 3）的数据，其另一端只有该进程自己持有"),
        ("frame 3 is missing; frames 5 to 8 are missing", "缺少第 3 帧；缺少第 5 至 8 帧"),
        ("gdb ran as root: the process is not dumpable", "gdb 以 root 身份运行：进程不可转储（not dumpable）"),
        ("", ""),
        ("what nobody has translated", "what nobody has translated"),
        ("the lock is free; what nobody has translated", "the lock is free; what nobody has translated"),
    ],
)  # fmt: skip
def test_sentences_are_found_by_their_form(english: str, chinese: str) -> None:
    assert CHINESE.said(english) == chinese


@pytest.mark.parametrize("name", ["{0}", "{x!r}", "a) (b", ".*", "\n", "等待", "x" * 3000])
def test_a_name_stays_a_name(name: str) -> None:
    english = f"is in {name}, which no signature explains."
    blank = "" if name == "等待" else " "
    assert CHINESE.said(english) == (f"位于{blank}{name}，没有特征能解释。" if len(name) < LIMIT else english)


def test_blanks_go_between_chinese_characters_only() -> None:
    assert filled("等待 {0} 结束", {"0": "线程"}) == "等待线程结束"
    assert filled("等待 {0} 结束", {"0": "pid 7"}) == "等待 pid 7 结束"
    assert filled("{a}（{b}）", {"a": "{b}", "b": "x"}) == "{b}（x）"


def test_only_the_beginning_of_a_form_is_compared_at_first() -> None:
    said = Said({r"ab?c (\d+)": "{0}", r"its root \(dpkg, rpm\) x": "y", r"(?:one|two) thing": "z", r"a\?b": "w"})
    assert [said(text) for text in ("ac 7", "abc 7", "its root (dpkg, rpm) x", "two thing", "a?b")] == ["7", "7", "y", "z", "w"]
