"""What a student's function returns, made fit for comparison, or said to be unfit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from .._checks import Array
from .contract import WRITTEN, Solution

Notes: TypeAlias = dict[str, list[str]]
"""Notes on results, and the names of the results that they are on."""


TEXT = 200  # letters


class Failure(Exception):
    """What a student's function or file did instead of returning something: a line of text."""

    def __init__(
        self, text: str, *, not_started: bool = False, ended: bool = False, needs: str = ""
    ) -> None:
        super().__init__(text)
        self.not_started = not_started
        self.ended = ended  # the process did not survive it
        self.needs = needs  # a function that it calls and that is not started


class Odd(NamedTuple):
    """A result that is no array of numbers, in words."""

    text: str


class Listed(np.ndarray):
    """An array that the student returned as a list or as a number."""


def clean(text: object, longest: int = TEXT) -> str:
    """Return a text on one line, cut, and without letters that cannot be printed."""
    line = " ".join(str(text)[: 10 * longest].split())
    return "".join(c if c.isprintable() else "?" for c in line)[:longest]


def tidy(solution: Solution, notes: Notes | None = None) -> dict[str, Callable[..., Any]]:
    """Return the solution with functions that return what the contract says, or raise `Failure`.

    Lists of numbers become arrays, and wider numbers float64; `notes` says so.
    """
    notes = {} if notes is None else notes
    return {name: _tidied(name, function, notes) for name, function in solution.items()}


def _tidied(name: str, function: Callable[..., Any], notes: Notes) -> Callable[..., Any]:
    about = WRITTEN[name]
    wanted = about.results[0] if len(about.results) == 1 else f"({', '.join(about.results)})"

    def call(*arguments: Any) -> Any:
        found = function(*arguments)
        if isinstance(found, Odd):
            found = (found,)
        several = len(about.results) > 1 and isinstance(found, (tuple, list, np.ndarray))
        values = list(found) if several or isinstance(found, tuple) else [found]
        if len(values) > 1 and all(map(_is_none, values)):
            raise Failure(f"it returns {len(values)} times None", not_started=True)
        if len(values) == 1 and _is_none(values[0]):
            raise Failure(f"it returns None, expected {wanted}: is the return missing?")
        if len(values) != len(about.results):
            came = "one array" if isinstance(found, np.ndarray) else _counted(values)
            raise Failure(f"it returns {came}, expected {wanted}")
        for i, result in enumerate(about.results):
            if result != "cache":
                values[i] = _array(result, values[i], notes, "cache" in about.results)
        return tuple(values) if len(values) > 1 else values[0]

    return call


def _is_none(value: Any) -> bool:
    return value is None or (isinstance(value, Odd) and value.text == "None")


def _counted(values: list[Any]) -> str:
    if len(values) != 1:
        return f"{len(values)} values"
    return values[0].text if isinstance(values[0], Odd) else "one value"


def _array(name: str, value: Any, notes: Notes, has_cache: bool) -> Array:
    """Return a result as an array of numbers; raise `Failure` if it is none."""
    if not isinstance(value, (Odd, tuple, dict)):
        a = np.asarray(value)
        if a.dtype.kind in "biufc":
            if isinstance(value, (Listed, list, float, int)):
                notes.setdefault("return an array, and not a list or a number.", []).append(name)
            if a.dtype.kind == "f" and a.dtype.itemsize > 8:
                notes.setdefault("float64, the dtype of x, would do.", []).append(name)
                a = a.astype(np.float64)
            return a.astype(a.dtype.newbyteorder("="), copy=False)
        value = Odd(f"an array of {a.dtype}")
    text = value.text if isinstance(value, Odd) else f"a {type(value).__name__}"
    hint = "; are y and the cache in the wrong order?" if has_cache else ""
    raise Failure(f"{name} is {text}, expected an array of numbers{hint}")
