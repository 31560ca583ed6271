"""A student's file in a process of its own, as if it were a solution in this one.

`Sandbox.solution()` is a `Solution`: each of its functions sends its arguments to the child and
returns what comes back, or raises `Failure` with a line for the student. Nothing that comes back is
run or unpickled; it is compared here, where the student's code is not.

It stops accidents and the usual pranks: endless loops, exits, crashes, floods of output, large
arrays, other processes, forged reports. It is no wall against an attacker: the code runs with the
rights of whoever grades. Classes that are not trusted need a container around the whole command.
"""

from __future__ import annotations

import base64
import json
import os
import queue
import secrets
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

import numpy as np

from .contract import CONTRACT
from .imports import FORBIDDEN
from .results import Failure, Listed, Odd

MEMORY = 2 << 30  # bytes of address space, NumPy included
OUTPUT = 1_000_000  # bytes that a file may print
REPLY = 8_000_000  # bytes of one reply
FIXED = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


class Cached(NamedTuple):
    """The cache of a student's forward pass, which stays in the child: its number."""

    number: int


class Sandbox:
    """A child process that has loaded a student's file.

    Parameters
    ----------
    source : str
        The text of the file.
    path : Path
        Its place: its folder is where its imports are looked for.
    seconds : float
        The time for loading it; `allow` sets the time of a function.
    """

    def __init__(self, source: str, path: Path, seconds: float) -> None:
        self._source, self._path, self._loading = source, path, seconds
        self._folder = tempfile.TemporaryDirectory(prefix="brn_numpy_grade_")
        self._process: subprocess.Popen[bytes] | None = None
        self._lines: queue.Queue[bytes | None] = queue.Queue()
        self._printed, self._number, self._left = 0, 0, 0.0
        self._dead: dict[str, str] = {}  # functions that ended the process, and what is said of it
        self.functions: list[str] = []
        self.patched: list[str] = []

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._kill()
        self._folder.cleanup()

    def load(self) -> None:
        """Start the child and run the file in it; raise `Failure` if that does not work."""
        self._start()
        self._left = self._loading
        found = self._ask(
            {
                "source": self._source,
                "file": str(self._path),
                "folder": str(self._path.resolve().parent),
                "functions": list(CONTRACT),
                "forbidden": FORBIDDEN,
                "memory": MEMORY,
                "seconds": 120,
            },
            "loading the file",
        )
        self.functions = [n for n in CONTRACT if n in found.get("functions", ())]
        self.patched = [str(n) for n in found.get("patched", ())]

    def allow(self, seconds: float) -> None:
        """Set the time that the next calls may take together."""
        self._left = seconds

    def solution(self) -> dict[str, Callable[..., Any]]:
        """Return the functions of the file that are in the contract."""
        return {name: self._caller(name) for name in self.functions}

    def _caller(self, name: str) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            return self._call(name, arguments)

        return call

    def _call(self, name: str, arguments: tuple[Any, ...]) -> Any:
        if name in self._dead:
            raise Failure(self._dead[name], ended=True)
        about = CONTRACT[name]
        if self._process is None:
            left = self._left
            self.load()
            self._left = left
        self._number += 1
        try:
            reply = self._ask(
                {
                    "function": name,
                    "arguments": [_packed(a) for a in arguments],
                    "results": len(about.results),
                    "cache": about.results.index("cache") if "cache" in about.results else None,
                    "number": self._number,
                },
                name,
            )
            results = [_unpacked(r) for r in reply["results"]]
            for i, item in reply["after"].items():
                changed = _unpacked(item)
                if isinstance(changed, np.ndarray) and changed.shape == arguments[int(i)].shape:
                    arguments[int(i)][...] = changed
        except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
            self._kill()
            raise Failure("it sent something that is no reply of the grader's") from error
        except Failure as failure:
            if failure.ended:
                self._dead[name] = str(failure)
            raise
        return results[0] if len(results) == 1 else tuple(results)

    def _ask(self, request: dict[str, Any], what: str) -> dict[str, Any]:
        """Send a request and wait for its reply; raise `Failure` if it is an error, or none."""
        process = self._process
        assert process is not None and process.stdin is not None
        token, began = secrets.token_hex(8), time.monotonic()
        try:
            process.stdin.write(json.dumps({"token": token, **request}).encode() + b"\n")
            process.stdin.flush()
            line = self._lines.get(timeout=max(self._left, 0.01))
        except queue.Empty:
            self._kill()
            raise Failure(
                f"{what} did not end in time: is there an endless loop?", ended=True
            ) from None
        except OSError:  # the child is gone
            line = None
        self._left -= time.monotonic() - began
        if line is None:
            raise Failure(self._how_it_ended(process), ended=True)
        try:
            reply = json.loads(line)
            forged = reply["token"] != token
        except (ValueError, KeyError, TypeError, RecursionError):
            forged = True
        if forged:
            self._kill()
            raise Failure(
                "it wrote a report of its own to the grader, which is not counted", ended=True
            )
        if "error" in reply:
            raise _failure(reply)
        return dict(reply)

    def _how_it_ended(self, process: subprocess.Popen[bytes]) -> str:
        """Return why there is no reply any more, in words."""
        if self._printed > OUTPUT:
            self._kill()
            return f"it printed more than {OUTPUT // 1_000_000} MB; remove the prints"
        try:
            code = process.wait(timeout=2)
        except subprocess.TimeoutExpired:  # it has closed the pipe, but is still there
            code = 0
        self._kill()
        if code < 0:
            name = signal.Signals(-code).name if -code in list(signal.Signals) else str(-code)
            return f"it crashed the Python that ran it (signal {name})"
        return f"it ended the Python that ran it (exit code {code}), as os._exit does"

    def _start(self) -> None:
        # -I: nothing of the user's environment or of this folder is imported by accident
        self._lines, self._printed = queue.Queue(), 0
        packages = str(Path(np.__file__).parents[1])
        script = (
            f"import sys, runpy; sys.path.append({packages!r}); "
            f"runpy.run_path({_CHILD!r}, run_name='__main__')"
        )
        process = subprocess.Popen(
            [sys.executable, "-I", "-c", script],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=self._folder.name,
            env={**os.environ, **FIXED},
            start_new_session=os.name == "posix",
        )
        self._process = process
        for reader in (self._read_replies, self._read_prints):
            threading.Thread(target=reader, args=(process, self._lines), daemon=True).start()

    def _read_replies(
        self, process: subprocess.Popen[bytes], lines: queue.Queue[bytes | None]
    ) -> None:
        assert process.stdout is not None
        with process.stdout as stream:
            while line := stream.readline(REPLY):
                lines.put(line)
        lines.put(None)

    def _read_prints(
        self, process: subprocess.Popen[bytes], lines: queue.Queue[bytes | None]
    ) -> None:
        assert process.stderr is not None
        with process.stderr as stream:
            while chunk := stream.read1(65536):  # type: ignore[attr-defined]
                self._printed += len(chunk)
                if self._printed > OUTPUT:
                    lines.put(None)
                    return

    def _kill(self) -> None:
        """End the child and whatever it started."""
        process, self._process = self._process, None
        if process is None:
            return
        if os.name == "posix":
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except (ProcessLookupError, PermissionError):
                pass
        process.kill()
        process.wait()
        if process.stdin is not None:
            try:
                process.stdin.close()
            except OSError:  # what was not sent yet has no reader any more
                pass


_CHILD = str(Path(__file__).with_name("child.py"))


def _failure(reply: dict[str, Any]) -> Failure:
    """Return the line for an exception of the student's."""
    kind, text, line = str(reply["error"]), str(reply.get("text", "")), reply.get("line")
    place = f", in line {line}" if isinstance(line, int) else ""
    if kind == "SystemExit":
        return Failure(f"it calls sys.exit{place}")
    if kind == "MemoryError":
        return Failure(f"it needs more memory than it may have{place}")
    return Failure(
        f"{kind}: {text}{place}" if text else f"{kind}{place}",
        not_started=kind == "NotImplementedError",
    )


def _packed(value: Any) -> dict[str, Any]:
    if isinstance(value, Cached):
        return {"cache": value.number}
    if isinstance(value, np.ndarray):
        content = base64.b64encode(value.tobytes()).decode()
        return {"dtype": value.dtype.str, "shape": value.shape, "bytes": content}
    return {"number": value}


def _unpacked(item: dict[str, Any]) -> Any:
    """Return a result of the child's; raise if it is none."""
    if "cache" in item:
        return Cached(int(item["cache"]))
    if "odd" in item:
        return Odd(str(item["odd"])[:100])
    dtype = np.dtype(str(item["dtype"]))
    if dtype.kind not in "biufc":
        raise ValueError("not a dtype of numbers")
    data = np.frombuffer(base64.b64decode(item["bytes"]), dtype=dtype)
    array = data.reshape([int(n) for n in item["shape"]]).copy()
    return array if item["array"] else array.view(Listed)
