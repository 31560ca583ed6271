"""What the command line needs before NumPy is loaded; imported by the package first of all."""

from __future__ import annotations

import os
import signal
import sys

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


def is_command() -> bool:
    """Return whether `python -m brn_numpy` is being started, or the script brn-numpy."""
    name = sys.argv[0] if sys.argv else ""
    if name == "-m":  # it has no other name yet
        return "brn_numpy" in sys.orig_argv
    return os.path.splitext(os.path.basename(name))[0] == "brn-numpy"


def one_thread() -> None:
    """Have the BLAS library use one thread, unless the user chose otherwise.

    For matrices as small as ours, a second thread brings nothing; and where other programs keep the
    cores busy, `compare` took three times as long with two threads as with one. Also, one thread
    adds the sums in the same order however many cores there are.
    """
    if not any(name in os.environ for name in THREADS):
        os.environ.update(dict.fromkeys(THREADS, "1"))


def begin() -> None:
    """Prepare a command: one thread, and no traceback from Ctrl-C while modules are loaded."""
    if is_command():
        if signal.getsignal(signal.SIGINT) == signal.default_int_handler:  # under nohup it is not
            signal.signal(signal.SIGINT, signal.SIG_DFL)
        one_thread()


begin()
