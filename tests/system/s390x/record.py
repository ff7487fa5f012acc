"""``python -m tests.system.s390x.record [RUNS [WIDENER]]``: ``tests.tools.record_reference`` in the guest.

Its files go to reports/recorded.

16 runs of each kind took 8 minutes on a busy machine.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from . import crossbuilt
from .guest import Guest
from .rootimage import root_image
from .wheels import ROOT, SITE, project_disk

RUNS = 16
SECONDS = 3000.0


def main() -> None:
    runs, widener = int(sys.argv[1]) if sys.argv[1:] else RUNS, " ".join(sys.argv[2:])
    with tempfile.TemporaryDirectory(prefix="hanganalyze-record-") as scratch:
        disk = project_disk(Path(scratch))
        with Guest(root_image(), overall_seconds=SECONDS + 60, echo=print, project=disk) as guest:
            crossbuilt.build_loader(guest)
            shutil.copytree(ROOT / "tests/tools", guest.share / "tests/tools")
            shutil.copy(ROOT / "tests/__init__.py", guest.share / "tests")
            command = f"cd /share && python3 -m tests.tools.record_reference --runs {runs} --into /share/recorded {widener} >&2"
            environment = {**crossbuilt.CC, "PYTHONPATH": f"{SITE}:/share"}
            told = guest.run("record", command, SECONDS, environment=environment, check=True)
            print(told.stderr)
            for path in (guest.share / "recorded").glob("*.json"):
                shutil.copy(path, ROOT / "reports/recorded")


if __name__ == "__main__":
    main()
