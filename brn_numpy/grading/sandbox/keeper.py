"""Ends a student's process and removes its folder when the grader is gone, however it went.

A process of its own, started by `process` beside the student's: it reads a pipe whose other end the
grader holds, and that is closed by SIGKILL too. The student's code may keep a thread from running.
"""

from __future__ import annotations

import os
import signal
import sys


def main(pid: int, folder: str) -> None:
    """Wait for the end of the pipe, then end the process, and all that it has started."""
    os.read(0, 1)
    for kill in (getattr(os, "killpg", os.kill), os.kill):
        try:
            kill(pid, getattr(signal, "SIGKILL", signal.SIGTERM))
        except OSError:  # it is gone already
            pass
    import shutil  # not sooner: most keepers are ended before they need it

    for _ in range(20):  # what is being ended may write for a moment
        shutil.rmtree(folder, ignore_errors=True)
        if not os.path.exists(folder):
            break


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
