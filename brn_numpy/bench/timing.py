"""Time functions in turn, so that a slow moment of the machine hits all of them alike."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple, TypeAlias

import numpy as np

from .._checks import Array
from ..experiments.verdicts import NOISY, is_equal, is_more

Calls: TypeAlias = dict[str, Callable[[], object]]
"""By name: what is timed, side by side."""
Timings: TypeAlias = dict[str, Array]
"""By name: the seconds of one call, one value a round."""

SHORTEST = 2e-3  # seconds: what is measured must be long against the clock's steps


class Ratio(NamedTuple):
    """The median of a ratio over the rounds, and between which values half of them lie."""

    median: float
    low: float
    high: float

    def __str__(self) -> str:
        """Return the median and half the distance of the quartiles, in eleven characters."""
        half = (self.high - self.low) / 2
        digits = 2 if max(self.median, half) < 9.995 else 0
        return f"{self.median:.{digits}f} +-{half:.{digits}f}"


def in_turn(functions: Calls, rounds: int) -> Timings:
    """Time every function once a round, called as often as SHORTEST asks for.

    Each round begins with another function: what runs after PyTorch finds the caches emptied. The
    first round is dropped.
    """
    repeats = {}
    for name, function in functions.items():
        function()
        once = _seconds(function, 1)
        repeats[name] = max(1, round(SHORTEST / max(once, 1e-7)))
    found: dict[str, list[float]] = {name: [] for name in functions}
    names = list(functions)
    for turn in range(rounds + 1):
        first = turn % len(names)
        for name in names[first:] + names[:first]:
            found[name].append(_seconds(functions[name], repeats[name]))
    return {name: np.array(seconds[1:]) for name, seconds in found.items()}


def _seconds(function: Callable[[], object], repeats: int) -> float:
    started = time.perf_counter()
    for _ in range(repeats):
        function()
    return (time.perf_counter() - started) / repeats


def ratio(timings: Timings, one: str, other: str) -> Ratio | None:
    """Return how long `one` takes in units of `other`; None if that was not timed."""
    if other not in timings:
        return None
    low, median, high = np.quantile(timings[one] / timings[other], [0.25, 0.5, 0.75])
    return Ratio(float(median), float(low), float(high))


def is_noisy(timings: Timings, one: str, other: str) -> bool:
    """Return whether the rounds do not tell which is faster, nor that both are within a tenth.

    By the rule of the experiments: three standard errors of the logarithms of the ratios.
    """
    logs = np.log(timings[one] / timings[other])
    return {is_more(logs).word, is_equal(logs, np.log(1.1)).word} == {NOISY}
