"""What a student's function returns, made fit for comparison, or said to be unfit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from .._checks import Array
from .contract import CONTRACT, Solution


class Failure(Exception):
    """What a student's function or file did instead of returning something: a line of text."""

    def __init__(self, text: str, *, not_started: bool = False, ended: bool = False) -> None:
        super().__init__(text)
        self.not_started = not_started
        self.ended = ended  # the process did not survive it


class Odd(NamedTuple):
    """A result that is no array of numbers, in words."""

    text: str


class Listed(np.ndarray):
    """An array that the student returned as a list or as a number."""


def tidy(solution: Solution, listed: set[str] | None = None) -> dict[str, Callable[..., Any]]:
    """Return the solution with functions that return what the contract says, or raise `Failure`.

    Lists of numbers become arrays; the names of results that were lists are put into `listed`.
    """
    listed = set() if listed is None else listed
    return {name: _tidied(name, function, listed) for name, function in solution.items()}


def _tidied(name: str, function: Callable[..., Any], listed: set[str]) -> Callable[..., Any]:
    about = CONTRACT[name]
    wanted = about.results[0] if len(about.results) == 1 else f"({', '.join(about.results)})"

    def call(*arguments: Any) -> Any:
        found = function(*arguments)
        if isinstance(found, Odd):
            found = (found,)
        several = len(about.results) > 1 and isinstance(found, (tuple, list))
        values = list(found) if several or isinstance(found, tuple) else [found]
        if len(values) == 1 and _is_none(values[0]):
            raise Failure(f"it returns None, expected {wanted}: is the return missing?")
        if len(values) != len(about.results):
            raise Failure(f"it returns {_count(len(values))}, expected {wanted}")
        for i, result in enumerate(about.results):
            if result != "cache":
                values[i] = _array(result, values[i], listed, "cache" in about.results)
        return tuple(values) if len(values) > 1 else values[0]

    return call


def _is_none(value: Any) -> bool:
    return value is None or (isinstance(value, Odd) and value.text == "None")


def _count(number: int) -> str:
    return "one value" if number == 1 else f"{number} values"


def _array(name: str, value: Any, listed: set[str], has_cache: bool) -> Array:
    """Return a result as an array of numbers; raise `Failure` if it is none."""
    if not isinstance(value, (Odd, tuple, dict)):
        a = np.asarray(value)
        if a.dtype.kind in "biufc":
            if isinstance(value, (Listed, list, float, int)):
                listed.add(name)
            return a
        value = Odd(f"an array of {a.dtype}")
    text = value.text if isinstance(value, Odd) else f"a {type(value).__name__}"
    hint = "; are y and the cache in the wrong order?" if has_cache else ""
    raise Failure(f"{name} is {text}, expected an array of numbers{hint}")
