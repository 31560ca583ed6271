"""python -m brn_numpy, and the command brn-numpy."""

from __future__ import annotations

import signal
import sys

from ._processes import STOPS, unwind_on_signals
from .cli import main


def run(prog: str = "brn-numpy") -> int:
    """Run the command line; signals end it, and what it started."""
    unwind_on_signals()
    try:
        return main(prog=prog)
    finally:
        for number in STOPS:  # no traceback while Python ends
            signal.signal(number, signal.SIG_IGN)


if __name__ == "__main__":
    sys.exit(run(prog="python -m brn_numpy"))
