"""The parent's side of the process that runs a student's file: start it, ask it, end it.

It stops accidents and the usual pranks: endless loops, exits, crashes, floods of output, large
arrays, other processes. It is no wall against an attacker: the code runs with the rights of whoever
grades. Classes that are not trusted need a container around the whole command.
"""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
from importlib.resources import files
from pathlib import Path

import numpy as np

from ..tidy import Failure

OUTPUT = 1_000_000  # bytes that a file may print
REPLY = 8_000_000  # bytes of one reply
STARTUP = 60.0  # seconds that Python and NumPy may take to start, which is not the student's doing
KEPT = (  # of the environment: the rest, with whatever secrets, is no business of the student's
    "PATH LANG LC_ALL LC_CTYPE TZ LD_LIBRARY_PATH DYLD_LIBRARY_PATH "
    "SYSTEMROOT SYSTEMDRIVE WINDIR COMSPEC PATHEXT"
).split()
FIXED = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
HOMES = "HOME USERPROFILE APPDATA LOCALAPPDATA TMPDIR TEMP TMP".split()
BOOT = """
import builtins, sys
sys.path.append({packages!r})
def boot():
    # builtins of its own: those of the student may be replaced
    names = dict(__name__="grader", __builtins__=dict(vars(builtins)))
    for source in {parts!r}:
        exec(compile(source, "<grader>", "exec"), names)
    return names["main"], names["guard"], names["limit"]
main, *rest = boot()
main(*rest)
"""


def _source(part: str) -> str:
    """Return the text of a file beside this one, which may be in a zip."""
    return files(__package__).joinpath(f"{part}.py").read_text(encoding="utf-8")


class Child:
    """A Python process in an empty folder of its own, which waits for the first request."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(
            prefix="brn_numpy_grade_", ignore_cleanup_errors=True
        )
        self._lines: queue.Queue[bytes | None] = queue.Queue()
        self._printed = 0
        home = self._folder.name
        script = BOOT.format(
            packages=str(Path(np.__file__).parents[1]),
            parts=[_source(part) for part in ("wire", "guard", "missing", "child")],
        )
        kept = {name: os.environ[name] for name in KEPT if name in os.environ}
        self._process = subprocess.Popen(
            # -I: nothing of the user's environment or of this folder is imported by accident
            [sys.executable, "-I", "-c", script],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=home,
            env={**kept, **dict.fromkeys(HOMES, home), **FIXED},
            start_new_session=os.name == "posix",
        )
        self._keeper = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", _source("keeper"), str(self._process.pid), home],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=os.name == "posix",
        )  # fmt: skip
        for reader in (self._read_replies, self._read_prints):
            threading.Thread(target=reader, daemon=True).start()
        try:
            ready = self._next(STARTUP) == b"ready\n"
        except queue.Empty:
            ready = False
        if not ready:
            self.end()
            raise RuntimeError("Python did not start; is NumPy there?")

    def ask(self, request: bytes, seconds: float, what: str) -> bytes:
        """Send a line and return the line that comes back; raise `Failure` if none does."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(request + b"\n")
            self._process.stdin.flush()
            line = self._next(seconds)
        except queue.Empty:
            text = f"{what} did not end in time: is there an endless loop?"
            raise Failure(text, ended=True) from None
        except OSError:  # the child is gone
            line = None
        if line is None:
            raise Failure(self._how_it_ended(), ended=True)
        return line

    def end(self) -> None:
        """End the process and whatever it started, and remove its folder."""
        self._keeper.kill()  # before its process has no number any more
        self._keeper.wait()
        if os.name == "posix":
            try:
                os.killpg(self._process.pid, signal.SIGKILL)
            except (ProcessLookupError, PermissionError):
                pass
        self._process.kill()
        self._process.wait()
        for process in (self._keeper, self._process):
            try:
                assert process.stdin is not None
                process.stdin.close()
            except OSError:  # what was not sent yet has no reader any more
                pass
        self._folder.cleanup()

    def _next(self, seconds: float) -> bytes | None:
        return self._lines.get(timeout=max(seconds, 0.01))

    def _how_it_ended(self) -> str:
        """Return why there is no reply any more, in words."""
        if self._printed > OUTPUT:
            return f"it printed more than {OUTPUT // 1_000_000} MB; remove the prints"
        try:
            code = self._process.wait(timeout=2)
        except subprocess.TimeoutExpired:  # it has closed the pipe, but is still there
            code = 0
        if code < 0:
            name = signal.Signals(-code).name if -code in list(signal.Signals) else str(-code)
            return f"it crashed the Python that ran it (signal {name})"
        return f"it ended the Python that ran it (exit code {code}), as os._exit does"

    def _read_replies(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as stream:
            while line := stream.readline(REPLY):
                self._lines.put(line)
                if self._lines.qsize() > 9:  # nobody asked for so many
                    break
        self._lines.put(None)

    def _read_prints(self) -> None:
        assert self._process.stderr is not None
        with self._process.stderr as stream:
            while chunk := stream.read1(65536):  # type: ignore[attr-defined]
                self._printed += len(chunk)
                if self._printed > OUTPUT:
                    self._lines.put(None)
                    return
