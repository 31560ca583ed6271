"""What asks a student's process: the functions of the file, as if they were in this one.

`Sandbox.solution()` is a `Solution`: each of its functions sends its arguments to the child and
returns what comes back, or raises `Failure` with a line for the student. Nothing that comes back is
run or unpickled; it is compared here, where the student's code is not.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..contract import ContractFunction
from ..submission import Submission
from ..tidy import Failure, clean
from .imports import FORBIDDEN
from .message import failure, packed, unpacked
from .process import Child

MEMORY = 2 << 30  # bytes of address space, NumPy included
PACKAGE = Path(__file__).parents[2]
OUTSIDE = (
    "Code outside functions runs when the file is loaded; "
    "what is only for yourself belongs under if __name__ == '__main__'"
)


class Sandbox:
    """A child process that has loaded a student's file; if one function ends it, another one."""

    def __init__(
        self,
        hand_in: Submission,
        path: Path,
        functions: Mapping[str, ContractFunction],
        seconds: float,  # of the processor, if nothing else ends the child
    ) -> None:
        self._hand_in, self._path, self._seconds = hand_in, path, seconds
        self._about = functions
        self._child: Child | None = None
        self._left = 0.0  # seconds for what comes
        self._number = 0
        self._dead: dict[str, str] = {}  # functions that ended the process, and what is said of it
        self._odd: dict[str, str] = {}  # what has a function's name and is none
        self.functions: list[str] = []
        self.patched: list[str] = []
        self.missing: list[tuple[int, str, str]] = []  # imports that failed: line, origin, name
        self.faults: list[str] = []  # what fails outside of functions
        self.starting = 0.0  # seconds in which Python was starting

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *error: object) -> None:
        self._end()

    def allow(self, seconds: float) -> None:
        """Set the time that what comes next may take together."""
        self._left = seconds

    def load(self) -> None:
        """Start the child and run the file in it; raise `Failure` if that does not work."""
        began = time.monotonic()
        self._child = Child()
        self.starting += time.monotonic() - began
        try:
            found = self._ask(
                "loading the file",
                source=self._hand_in.source,
                file=str(self._path),
                folder=str(self._path.resolve().parent),
                functions=list(self._about),
                forbidden=FORBIDDEN,
                closed=[str(PACKAGE)],
                memory=MEMORY,
                seconds=int(self._seconds),
            )
        except Failure as failed:
            dot = "" if str(failed).endswith("?") else "."
            raise Failure(f"{failed}{dot} {OUTSIDE}", ended=failed.ended) from None
        try:
            types = {
                n: clean(found["functions"][n]) for n in self._about if n in found["functions"]
            }
            self.functions, self._odd = list(types), {n: t for n, t in types.items() if t}
            self.patched = [clean(n) for n in found["patched"]][:5]
            self.missing = [(int(n), clean(a, 60), clean(b, 60)) for n, a, b in found["missing"]]
            self.faults = [
                str(failure(fault, "", self._about, self._hand_in.place))
                for fault in found["faults"]
            ][:5]
        except Exception as error:  # whatever a forged reply has in it
            raise self._forged() from error

    def forgive(self, name: str) -> None:
        """Let a function be called again that ended the process, but only in what was extra."""
        self._dead.pop(name, None)

    def solution(self) -> dict[str, Callable[..., Any]]:
        """Return the functions of the file that may be called."""
        return {name: self._caller(name) for name in self.functions}

    def _caller(self, name: str) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            if name in self._odd:
                raise Failure(f"it is no function: its type is {self._odd[name]}")
            if name in self._dead:
                raise Failure(self._dead[name], ended=True)
            try:
                return self._call(name, arguments)
            except Failure as failed:
                if failed.ended:
                    self._dead[name] = str(failed)
                raise

        return call

    def _call(self, name: str, arguments: tuple[Any, ...]) -> Any:
        about = self._about[name]
        if self._child is None:
            self.load()
        self._number += 1
        reply = self._ask(
            name,
            function=name,
            arguments=[packed(a) for a in arguments],
            results=len(about.results),
            cache=about.results.index("cache") if "cache" in about.results else None,
            number=self._number,
        )
        try:
            results = [unpacked(r) for r in reply["results"]]
            for i, item in reply["after"].items():
                if "dict" in item:
                    new = {str(n): unpacked(v) for n, v in item["dict"].items()}
                    arguments[int(i)].clear()
                    arguments[int(i)].update(new)
                    continue
                changed = unpacked(item)
                if isinstance(changed, np.ndarray) and changed.shape == arguments[int(i)].shape:
                    arguments[int(i)][...] = changed
        except Exception as error:  # whatever a forged reply has in it
            raise self._forged() from error
        return results[0] if len(results) == 1 else tuple(results)

    def _ask(self, what: str, **request: Any) -> dict[str, Any]:
        """Send a request and return its reply; raise `Failure` if it is an error, or none."""
        assert self._child is not None
        token, began = secrets.token_hex(8), time.monotonic()
        try:
            message = json.dumps({"token": token, **request}).encode()
            line = self._child.ask(message, self._left, what)
        except Failure:
            self._end()
            raise
        finally:
            self._left -= time.monotonic() - began
        try:
            reply = dict(json.loads(line))
            genuine = reply["token"] == token
        except Exception:  # of any kind that a student can think of
            genuine = False
        if not genuine:
            raise self._forged()
        if "error" in reply:
            raise failure(reply, what, self._about, self._hand_in.place)
        return reply

    def _forged(self) -> Failure:
        """End a child that has written into the replies; return what is said of it."""
        self._end()
        return Failure(
            "it wrote a report of its own to the grader, which is not counted", ended=True
        )

    def _end(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            child.end()
