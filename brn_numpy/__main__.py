"""python -m brn_numpy, and the command brn-numpy."""

from __future__ import annotations

import os
import sys

from .cli import main
from .commands.common import THREADS


def run(prog: str = "brn-numpy") -> int:
    """Run the command line with one thread in the BLAS library, unless the user chose otherwise.

    For matrices as small as ours, a second thread brings nothing; and where other programs keep the
    cores busy, `compare` took three times as long with two threads as with one. Also, one thread
    adds the sums in the same order however many cores there are. The library reads these variables
    when NumPy is loaded, which has happened by now; so the process starts itself anew, with them.
    """
    chosen = any(name in os.environ for name in THREADS)
    if not chosen and os.name == "posix" and sys.executable:
        environment = {**os.environ, **dict.fromkeys(THREADS, "1")}
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], environment)
    return main(prog=prog)


if __name__ == "__main__":
    sys.exit(run(prog="python -m brn_numpy"))
