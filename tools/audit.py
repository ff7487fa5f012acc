"""pip-audit on what is installed here; exit 1 where a package has a known flaw.

Where the service cannot be reached that is printed, and it is no failure: whoever works without a network still has a check.
"""

from __future__ import annotations

import re
import subprocess
import sys

UNREACHABLE = re.compile(
    r"ConnectionError|Max retries|ServiceError|ConnectTimeout|ReadTimeout|NameResolution|HTTPError|timed out", re.I
)


def main() -> int:
    """Run it and translate its answer."""
    command = [sys.executable, "-m", "pip_audit", "--progress-spinner", "off", "--skip-editable", "--timeout", "15"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    except subprocess.TimeoutExpired:
        print("audit: the list of known flaws did not answer within 300 s; nothing was checked")
        return 0
    said = done.stdout + done.stderr
    if done.returncode == 0:
        skipped = said.count("could not be audited")
        if skipped:
            print(f"audit: the registry that is used here knows no flaws of {skipped} packages; these were not checked")
        print("audit: no known flaw in the packages that could be checked")
        return 0
    if "Found " not in said and UNREACHABLE.search(said):
        print(f"audit: the list of known flaws cannot be reached; nothing was checked ({said.strip().splitlines()[-1][:200]})")
        return 0
    print(said)
    return 1


if __name__ == "__main__":
    sys.exit(main())
