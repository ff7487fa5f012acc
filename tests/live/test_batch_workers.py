"""Workers of this machine: what they make is what one process makes, and an input that ends its workers is set aside."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from analyzer.errors import UsageError
from tests.tools.cluster import cluster, wait_until
from tests.tools.pile import trace, traces
from tests.tools.same_store import contents
from tests.unit.batch.running import batch

pytestmark = pytest.mark.live
STRANGER = "10.1.2.3:8786"


def test_two_processes_make_what_one_makes_and_set_aside_what_ends_them(tmp_path: Path) -> None:
    pile = traces(tmp_path / "pile", 60)
    # Some hundred thousand lines become hundreds of megabytes of frames: more than a worker may have.
    (pile / "0000" / "000030-glutton.txt").write_text(glutton())
    out = tmp_path / "out"
    command = [
        sys.executable,
        "-m",
        "analyzer",
        "batch",
        str(pile),
        "--jobs",
        "2",
        "--memory-limit",
        "240MiB",
        "-o",
        str(out),
        "-v",
    ]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=900)
    assert ran.returncode == 1, ran.stderr
    assert "61 done in this run, 61 in all" in ran.stderr
    assert "glutton.txt is set aside: 3 workers were lost" in ran.stderr
    again = batch(pile, output=out)
    assert again.done == 0
    assert "3 workers were lost" in again.because("glutton.txt")
    (pile / "0000" / "000030-glutton.txt").unlink()
    alone = batch(pile, output=tmp_path / "alone")
    (lines, files), (lines_alone, files_alone) = contents(out), contents(alone.folder)
    assert [line for line in lines if "glutton" not in line] == lines_alone
    assert files == files_alone


def glutton() -> str:
    """A trace of very many threads that all differ."""
    frames = "\n".join(f"#{level} 0x{level:016x} in function_{level} (a={level}) at file.c:{level}" for level in range(40))
    return "\n".join(
        f'Thread {n} (Thread 0x{n:x} (LWP {n}) "t{n}"):\n{frames.replace("function_", f"f{n}_")}\n' for n in range(1, 9_000)
    )


def test_a_scheduler_on_loopback_ends(tmp_path: Path) -> None:
    """The client says so, keeps what is done, and the same command goes on elsewhere."""
    pile, out = traces(tmp_path / "pile", 300), tmp_path / "out"
    with cluster(tmp_path, "127.0.0.1", 18940) as made:
        made.worker("only")
        command = [sys.executable, "-m", "analyzer", "batch", str(pile), "--scheduler", made.address, "-o", str(out), "-v"]
        client = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        try:
            wait_until(lambda: list(out.glob("results/*/*.json")) or client.poll() is not None, "the first results")
            assert made.scheduler is not None
            made.scheduler.process.send_signal(signal.SIGKILL)
            _, said = client.communicate(timeout=120)
        finally:
            client.kill()
            client.wait(30)
    assert client.returncode == 3, said.decode()
    assert b"the same command goes on from there" in said
    done = batch(pile, output=out)
    assert 0 < done.done < 300
    assert contents(out) == contents(batch(pile, output=tmp_path / "alone").folder)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("--scheduler", STRANGER), "without TLS"),
        (("--scheduler", f"tcp://{STRANGER}"), "without TLS"),
        (("--scheduler", "tcp://node.example.org:8786"), "without TLS"),
        (("--scheduler", f"tls://{STRANGER}"), "needs --tls-ca"),
        (("--scheduler", f"tcp://{STRANGER}", "--tls-ca", "x", "--tls-cert", "x", "--tls-key", "x"), "of no use"),
        (("--scheduler", "http://127.0.0.1:1"), "no address"),
        (("--scheduler", "127.0.0.1"), "no address"),
    ],
)
def test_addresses_that_are_refused(tmp_path: Path, arguments: tuple[str, ...], complaint: str) -> None:
    (tmp_path / "a.txt").write_text(trace(0))
    with pytest.raises(UsageError, match=complaint):
        batch(tmp_path / "a.txt", *arguments, output=tmp_path / "out")
