"""`python -m passerby`, and the script `passerby`, are the command line."""

from __future__ import annotations

import signal
import sys


def run() -> int:
    """Run the command line with the process's own arguments, and return its exit code."""
    # While it loads, Ctrl-C ends the process as a kill does, without a trace. Then `main` takes both over.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from passerby.cli import main

    return main()


if __name__ == "__main__":
    sys.exit(run())
