"""The grader is ended from outside: the student's process and its folder go, too."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOOP = """
import os
with open("number", "w") as file:
    file.write(f"{os.getpid()}.")
while True:
    pass
"""
GRADE = "import sys; from brn_numpy.grading.grade import grade; grade(sys.argv[1], 1, 600.0)"
LONGEST = 60.0  # seconds for anything, on a slow machine


def waited_for(what):
    """Return what a function returns as soon as that is true."""
    end = time.monotonic() + LONGEST
    while not (found := what()):
        assert time.monotonic() < end
        time.sleep(0.02)
    return found


def runs(number):
    """Return whether a process is there, and not only waits to be counted as ended."""
    try:
        os.kill(number, 0)
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except ProcessLookupError:
        return False
    except OSError:  # no /proc here, or not any more
        return os.path.isdir("/proc") is False


@pytest.mark.usefixtures("usual_signals")
@pytest.mark.skipif(os.name != "posix", reason="the signals are those of POSIX")
@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP", "SIGINT", "SIGKILL"])
def test_nothing_is_left_behind(tmp_path, name):
    """Not an endless loop, and no folder, whatever ends the process that grades."""
    folder, file = tmp_path / "temporary", tmp_path / "mine.py"
    folder.mkdir()
    file.write_text(LOOP)
    grading = subprocess.Popen(
        [sys.executable, "-c", GRADE, str(file)],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(folder)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )

    def number():
        texts = [path.read_text() for path in folder.glob("*/number")]
        return next((int(text[:-1]) for text in texts if text.endswith(".")), None)

    student = waited_for(number)
    try:
        assert runs(student)
        grading.send_signal(getattr(signal, name))
        grading.wait(LONGEST)
        waited_for(lambda: not runs(student))
        waited_for(lambda: not list(folder.iterdir()))
    finally:
        grading.kill()
        grading.wait()
