"""The catalogue: what ships is right, and what is wrong is told all at once, with file and line."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from analyzer.data import folder
from analyzer.diagnose import diagnose
from analyzer.diagnose.cases import lint, run_cases
from analyzer.diagnose.read_catalogue import load_catalogue
from analyzer.diagnose.signature import FactTest
from analyzer.errors import BadSignatures
from tests.unit.diagnose.build import shipped, snapshot, thread, write_catalogue

GOOD = """\
id = "own-lock"
revision = 1
status = "experimental"
title = "It waits for our lock"
summary = "Two sentences."
remedy = "Do not."
references = [{ kind = "bug", url = "https://example.org/1" }]
affects = [{ package = "own", versions = ">=1.0,<2.0", fixed-in = "2.0" }]

[match]
frames = ["@own-wait+", "...", "our_lock|@own-lock"]
facts = ["futex-wait", "not stopped"]

[[veto]]
facts = ["lock-owner-alive"]
because = "somebody holds it"

[likely]
any = ["single-thread"]

[proven]
all = ["lock-orphaned"]
"""
SETS = {
    "symbols/own-wait.toml": 'about = "Waits."\nlibc = true\nunnamed = "libc"\nnames = "wait_here  # a comment\\n futex_w*"\n',
    "symbols/own-lock.toml": 'about = "Locks."\nnames = "lock_a lock_b"\n',
}


def test_the_shipped_catalogue_is_clean() -> None:
    assert lint([folder("signatures")]) == []


def test_every_shipped_case_comes_out_as_expected() -> None:
    results = run_cases([folder("signatures")], shipped())
    assert results
    assert [(one.case.shown, one.problems) for one in results if one.problems] == []


def test_a_good_signature_is_read_whole(tmp_path: Path) -> None:
    root = write_catalogue(tmp_path / "own", {"own-lock.toml": GOOD, **SETS})
    signature = load_catalogue([root]).by_id["own-lock"]
    assert (signature.revision, signature.status, signature.kind) == (1, "experimental", "cause")
    assert signature.match.facts == (FactTest("futex-wait"), FactTest("stopped", "no"))
    assert signature.affects[0].fixed_in == "2.0"
    assert load_catalogue([root]).sets["own-wait"].prefixes == ("futex_w",)


def test_a_strangers_catalogue_adds_to_the_shipped_one(tmp_path: Path) -> None:
    root = write_catalogue(tmp_path / "own", {"own-lock.toml": GOOD, **SETS})
    both = load_catalogue([folder("signatures"), root])
    assert len(both.signatures) == len(shipped().signatures) + 1
    found = diagnose(snapshot(thread("wait_here <- x <- our_lock <- main"), method="trace"), both)
    assert [one.signature for one in found.findings] == ["own-lock"]


def test_all_mistakes_are_told_at_once_with_file_and_line(tmp_path: Path) -> None:
    bad = """\
id = "other-name"
revision = 0
status = "ready"
title = ""
sumary = "typo"
remedy = '''
[match]
frames = 3
'''
references = [{ kind = "bug", url = "ftp://x" }]
affects = [{ package = "p", versions = "5.4" }]

[match]
frames = [
    "@own-wait+",
    "@no-such-set",
    "a||b",
]
facts = ["futex-wait", "futex-wiat"]
colour = "red"

[[veto]]
because = "one"
facts = ["lock-owner-alive"]

[[veto]]
because = "two"
fact = ["lock-owner-alive"]

[likely]
some = []

[proven]
all = ["not lock-orphand"]
"""
    root = write_catalogue(tmp_path / "own", {"bad.toml": bad, "worse.toml": "id = [\n", **SETS})
    (root / "binary.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(BadSignatures) as caught:
        load_catalogue([root, tmp_path / "absent"])
    told = caught.value.problems
    expected = {
        "own/bad.toml:1": "the file's name",
        "own/bad.toml:2": "whole number",
        "own/bad.toml:3": "must be one of experimental",
        "own/bad.toml:4": "'title' must be a text",
        "own/bad.toml:5": "unknown key 'sumary'",
        "own/bad.toml:10": "no web address",
        "own/bad.toml:11": "no bound",
        "own/bad.toml:17": "an empty word",
        "own/bad.toml:19": "no fact 'futex-wiat'",
        "own/bad.toml:20": "unknown key 'colour'",
        "own/bad.toml:28": "unknown key 'fact'",
        "own/bad.toml:30": "«all», «any»",
        "own/bad.toml:34": "no fact 'lock-orphand'",
        "own/worse.toml:1": "not TOML",
        "own/binary.toml:1": "cannot be read",
        f"{tmp_path / 'absent'}:1": "no such folder",
    }
    for place, words in expected.items():
        assert any(one.startswith(f"{place}: ") and words in one for one in told), (place, words, told)
    assert any("'summary' is missing" in one for one in told)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (('"@own-wait+", ', '"@own-weight+", '), "no symbol set 'own-weight'"),
        (("[proven]\nall", "[unproven]\nall"), "unknown key 'unproven'"),
        (("[likely]\nany", "[maybe]\nany"), "[proven] needs a table [likely]"),
        (('facts = ["lock-owner-alive"]', 'facts = ["stopped"]'), "lock-owner-alive as a veto"),
        (('revision = 1\n', 'revision = 1\nkind = "wait"\n'), "never more than possible"),
        (("[match]\nframes", "[match]\nfrom"), "needs frames, waits or states"),
        (('any = ["single-thread"]', "any = []"), "asks for nothing"),
        (('facts = ["lock-owner-alive"]\n', ""), "without a clause"),
    ],
)  # fmt: skip
def test_each_mistake_has_its_words(tmp_path: Path, change: tuple[str, str], words: str) -> None:
    assert change[0] in GOOD
    root = write_catalogue(tmp_path / "own", {"own-lock.toml": GOOD.replace(*change), **SETS})
    with pytest.raises(BadSignatures) as caught:
        load_catalogue([root])
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"symbols/a.toml": 'about = "x"\ninclude = ["b"]\n', "symbols/b.toml": 'about = "x"\ninclude = ["a"]\n'}, "itself"),
        ({"symbols/a.toml": 'about = "x"\nnames = "__GI_fork"\n'}, "write '__GI_fork' as 'fork'"),
        ({"symbols/a.toml": 'about = "x"\nnames = "a*"\n'}, "too short"),
        ({"symbols/a.toml": 'about = "x"\n'}, "the set is empty"),
        ({"symbols/a.toml": 'about = "x"\nnames = "f"\ncode = "import os"\n'}, "unknown key 'code'"),
        ({"symbols/a.toml": 'about = "x"\nnames = ["f"]\n'}, "one text"),
        ({"symbols/a.toml": "x = " + "[" * 5000 + "]" * 5000}, "nested too deeply"),
    ],
)
def test_mistakes_in_symbol_sets(tmp_path: Path, files: dict[str, str], words: str) -> None:
    with pytest.raises(BadSignatures) as caught:
        load_catalogue([write_catalogue(tmp_path / "own", files)])
    assert words in str(caught.value)


def test_an_id_or_set_that_exists_is_not_replaced(tmp_path: Path) -> None:
    shipped_id = shipped().signatures[0].id
    text = GOOD.replace('id = "own-lock"', f'id = "{shipped_id}"')
    lock_wait = {"symbols/lock-wait.toml": 'about = "x"\nnames = "main"\n'}
    root = write_catalogue(tmp_path / "own", {f"{shipped_id}.toml": text, **lock_wait, **SETS})
    with pytest.raises(BadSignatures) as caught:
        load_catalogue([folder("signatures"), root])
    assert len([one for one in caught.value.problems if "exists already" in one]) == 2


def test_lint_wants_a_hit_and_misses(tmp_path: Path) -> None:
    case = 'description = "d"\nexpect = {}\n[snapshot]\n[[snapshot.process]]\npid = 1\n'
    root = write_catalogue(tmp_path / "own", {"own-lock.toml": GOOD, **SETS, "cases/a.toml": case})
    told = lint([root])
    assert [words for words in ("is found", "fewer than two", "near miss") if any(words in one for one in told)] == [
        "is found",
        "fewer than two",
        "near miss",
    ]


def test_mistakes_in_cases_have_their_line(tmp_path: Path) -> None:
    case = """\
description = "d"
expect = { nobody = "proven" }

[snapshot]
[[snapshot.process]]
pid = 1
facts = { nonsense = "yes", lock-orphaned = "maybe" }
[[snapshot.process.thread]]
tid = 0
lock = { address = "0x1", colour = 1 }
"""
    root = write_catalogue(tmp_path / "own", {"cases/a.toml": case})
    told = lint([root])
    for line, words in ((2, "'nobody'"), (7, "'nonsense'"), (7, "'maybe'"), (9, "whole number"), (10, "'colour'")):
        assert any(one.startswith(f"own/cases/a.toml:{line}: ") and words in one for one in told), (line, words, told)


@pytest.mark.parametrize("where", ["", "symbols/", "cases/"])
def test_what_is_no_file_is_a_mistake_and_is_not_opened(where: str, tmp_path: Path) -> None:
    root = write_catalogue(tmp_path / "own", {"own-lock.toml": GOOD, **SETS})
    (root / "cases").mkdir(exist_ok=True)
    os.mkfifo(root / f"{where}waits.toml")  # opened, it would wait for ever
    (root / f"{where}endless.toml").symlink_to("/dev/zero")
    problems = lint([root])
    for name in ("waits", "endless"):
        assert any(f"{where}{name}.toml:1: cannot be read: it is not a regular file" in problem for problem in problems), problems
