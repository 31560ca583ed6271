"""Is a claim reproduced? Judged by the mean difference over seeds and its standard error."""

from __future__ import annotations

import math
from typing import NamedTuple

from .._checks import Array

ERRORS = 3  # standard errors; with five seeds, chance alone exceeds them once in 25 times
SEEDS = 3  # at least: two seeds exceed three standard errors once in 5 times

REPRODUCED, NOT_REPRODUCED, NOISY = "reproduced", "not reproduced", "too noisy to say"
NOT_JUDGED = "not judged"


class Verdict(NamedTuple):
    """A verdict, and the mean and standard error that it rests on."""

    word: str
    mean: float
    error: float


def mean_and_error(values: Array) -> tuple[float, float]:
    """Return the mean of values (seeds,), and its standard error; NaN for a single seed."""
    if len(values) == 1:
        return float(values[0]), math.nan
    return float(values.mean()), float(values.std(ddof=1) / math.sqrt(len(values)))


def is_more(differences: Array) -> Verdict:
    """Judge "the difference is positive", by paired differences (seeds,)."""
    mean, error = mean_and_error(differences)
    if len(differences) < SEEDS:
        return Verdict(NOT_JUDGED, mean, error)
    if math.isnan(mean) or abs(mean) < ERRORS * error or mean == 0:
        return Verdict(NOISY, mean, error)
    return Verdict(REPRODUCED if mean > 0 else NOT_REPRODUCED, mean, error)


def is_equal(differences: Array, within: float) -> Verdict:
    """Judge "the difference is at most `within`", by paired differences (seeds,).

    Reproduced if the whole interval of three standard errors lies within; not reproduced if all of
    it lies outside.
    """
    mean, error = mean_and_error(differences)
    if len(differences) < SEEDS:
        return Verdict(NOT_JUDGED, mean, error)
    if math.isnan(mean):
        return Verdict(NOISY, mean, error)
    if abs(mean) + ERRORS * error <= within:
        return Verdict(REPRODUCED, mean, error)
    return Verdict(NOT_REPRODUCED if abs(mean) - ERRORS * error > within else NOISY, mean, error)
