"""Runs in the guest: takes steps from the shared directory and leaves the results there.

A step is steps/NAME.json, its result results/NAME.json; both appear by rename, so neither is ever seen half-written.
Standard output and error stand beside the result and grow while the step runs. Steps run at the same time. A step with
``argv`` instead of ``command`` is a run of the project's own command and goes to ``warm``.
"""

from __future__ import annotations

import json
import os
import pwd
import signal
import subprocess
import threading
import time
from pathlib import Path
from typing import Any

SHARE = Path("/share")
STEPS, RESULTS = SHARE / "steps", SHARE / "results"
POLL_SECONDS = 0.15
"""A look at the shared directory takes 6 ms of emulation: every 0.05 s it was a seventh of a processor."""
WARM, SITE = "/share/.guest/warm.py", Path("/opt/site")
REQUESTS = Path("/run/warm")


def main() -> None:
    if SITE.exists():
        os.mkfifo(REQUESTS)
        # For reading too: opening it must not wait for the one at the other end, who is busy importing.
        requests = os.open(REQUESTS, os.O_RDWR)
        with open(RESULTS / "warm.log", "wb") as log:
            subprocess.Popen(["python3", "-P", WARM], env={**os.environ, "PYTHONPATH": str(SITE)}, stdout=log, stderr=log)
    uptime = float(Path("/proc/uptime").read_text().split()[0])
    write_json(RESULTS / "ready.json", {"uptime_seconds": uptime, "machine": os.uname().machine})
    while True:
        waiting = [name for name in sorted(os.listdir(STEPS)) if name.endswith(".json")]
        if not waiting:
            time.sleep(POLL_SECONDS)
            continue
        step = json.loads((STEPS / waiting[0]).read_text())
        (STEPS / waiting[0]).unlink()
        name = waiting[0].removesuffix(".json")
        if "argv" in step:
            request = {**step, "name": name, "environment": environment_of(step)}
            os.write(requests, json.dumps(request).encode() + b"\n")
        else:
            threading.Thread(target=run_and_answer, args=(name, step), daemon=True).start()


def run_and_answer(name: str, step: dict[str, Any]) -> None:
    try:
        answer = run(name, step)
    except Exception as failure:  # whatever it was: the host waits for an answer and must see the words
        (RESULTS / f"{name}.stdout").touch()
        (RESULTS / f"{name}.stderr").write_text(f"the agent failed: {failure!r}")
        answer = {"exit_code": 255, "seconds": 0.0}
    write_json(RESULTS / f"{name}.json", answer)


def run(name: str, step: dict[str, Any]) -> dict[str, Any]:
    """Run one step to its end or its deadline; {exit_code: None when it was late, seconds}."""
    account = pwd.getpwnam(step["user"])
    ordinary = account.pw_uid != 0
    started = time.monotonic()
    with open(RESULTS / f"{name}.stdout", "wb") as stdout, open(RESULTS / f"{name}.stderr", "wb") as stderr:
        process = subprocess.Popen(
            ["/bin/bash", "-c", step["command"]],
            cwd=account.pw_dir,
            env=environment_of(step),
            start_new_session=True,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            user=account.pw_uid if ordinary else None,
            group=account.pw_gid if ordinary else None,
            extra_groups=[] if ordinary else None,
        )
        try:
            exit_code: int | None = process.wait(step["seconds"])
        except subprocess.TimeoutExpired:
            exit_code = None
        seconds = time.monotonic() - started
        if exit_code is None or not step["leave_running"]:
            kill_session(process.pid)
        process.wait()
    return {"exit_code": exit_code, "seconds": round(seconds, 3)}


def environment_of(step: dict[str, Any]) -> dict[str, str]:
    account = pwd.getpwnam(step["user"])
    return {
        "PATH": os.environ["PATH"],
        "LANG": "C.UTF-8",
        "HOME": account.pw_dir,
        "USER": account.pw_name,
        "XDG_RUNTIME_DIR": f"/run/user/{account.pw_uid}",
        "PYTHONDONTWRITEBYTECODE": "1",
        **step["environment"],
    }


def kill_session(session: int) -> None:
    """Kill what the step left behind, also after a fork that changed its process group."""
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                if os.getsid(int(entry)) == session:
                    os.kill(int(entry), signal.SIGKILL)
            except ProcessLookupError:
                continue


def write_json(path: Path, value: object) -> None:
    unfinished = path.with_suffix(".unfinished")
    unfinished.write_text(json.dumps(value))
    unfinished.rename(path)


if __name__ == "__main__":
    main()
