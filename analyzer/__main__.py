"""``python -m analyzer`` is ``hanganalyze``."""

from __future__ import annotations

import signal
import sys


def entry() -> None:
    """The console script."""
    # Until somebody listens for it, Ctrl-C ends this as it ends any program: nothing was touched by then, nothing is to be said.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    from analyzer.cli import main
    from analyzer.interrupts import listen_no_more

    code = main(sys.argv[1:])
    listen_no_more()
    sys.exit(code)


if __name__ == "__main__":
    entry()
