"""Mistakes in d of renorm_correction; `batch_renorm_forward` then uses the same correction."""

# mypy: disable-error-code="no-any-return"
from __future__ import annotations

import numpy as np

from ..._checks import Array
from .entry import Shelf
from .lines import D_ALONE, FREE_D, D

SHELF = Shelf("renorm_correction", "correction")
# mb, sb: mean and std of the minibatch; m, s: the running ones


@SHELF.wrong(
    "d is divided by the deviation of the minibatch.",
    "d is added to values in units of running_std, so that is what divides the distance.",
    FREE_D,
    "distance",
)
def d_divided_by_batch_std(mb: Array, sb: Array, m: Array, s: Array, r: Array) -> Array:
    return (mb - m) / sb


@SHELF.wrong(
    "d has the opposite sign: running_mean - batch_mean.",
    "Where the minibatch lies above the running mean, its normalised values must be raised.",
    FREE_D,
    "distance",
)
def d_sign(mb: Array, sb: Array, m: Array, s: Array, r: Array) -> Array:
    return (m - mb) / s


@SHELF.wrong(
    "d has no sign: the absolute distance is taken.",
    "Where the minibatch lies below the running mean, its normalised values must be lowered.",
    FREE_D,
    "distance",
)
def d_absolute(mb: Array, sb: Array, m: Array, s: Array, r: Array) -> Array:
    return np.abs(mb - m) / s


@SHELF.wrong(
    "d is not divided by running_std.",
    "d is added to normalised values, so it has no unit.",
    FREE_D,
    "distance",
)
def d_not_divided(mb: Array, sb: Array, m: Array, s: Array, r: Array) -> Array:
    return mb - m


@SHELF.wrong(
    "d is divided by the running variance.",
    "d is in units of the running standard deviation.",
    FREE_D,
    "distance",
)
def d_divided_by_variance(mb: Array, sb: Array, m: Array, s: Array, r: Array) -> Array:
    return (mb - m) / s**2


@SHELF.wrong(
    "d is divided by the root of running_std.",
    "running_std is a standard deviation: no root is left to take.",
    FREE_D,
    "distance",
)
def d_divided_by_root(mb: Array, sb: Array, m: Array, s: Array, r: Array) -> Array:
    return (mb - m) / np.sqrt(s)


@SHELF.wrong(
    "d is batch_mean / running_std: the running mean is not subtracted.",
    "d is the distance of the two means.",
    FREE_D,
    "distance",
)
def d_running_mean_missing(mb: Array, sb: Array, m: Array, s: Array, r: Array) -> Array:
    return mb / s


@SHELF.wrong(
    "d is (batch_mean - running_mean) / batch_std * r, with the clipped r.",
    "With the unclipped r this would be right; r and d are clipped independently.",
    D_ALONE,
    "distance",
)
def d_from_clipped_r(mb: Array, sb: Array, m: Array, s: Array, r: Array) -> Array:
    return (mb - m) / sb * r


@SHELF.wrong(
    "d is not clipped.",
    "d must stay within [-d_max, d_max].",
    D,
    "d_bounds",
    topic="bounds",
)
def d_not_clipped(d: Array, d_max: float, r_max: float, s: Array) -> Array:
    return d


@SHELF.wrong(
    "d is clipped to [0, d_max].",
    "d is a shift in either direction: its lower bound is -d_max.",
    D,
    "d_bounds",
    topic="bounds",
)
def d_clipped_from_zero(d: Array, d_max: float, r_max: float, s: Array) -> Array:
    return np.clip(d, 0, d_max)


@SHELF.wrong(
    "d is clipped from above only.",
    "d is a shift in either direction: its lower bound is -d_max.",
    D,
    "d_bounds",
    topic="bounds",
)
def d_clipped_above_only(d: Array, d_max: float, r_max: float, s: Array) -> Array:
    return np.minimum(d, d_max)


@SHELF.wrong(
    "d is clipped from below only.",
    "d is a shift in either direction: its upper bound is d_max.",
    D,
    "d_bounds",
    topic="bounds",
)
def d_clipped_below_only(d: Array, d_max: float, r_max: float, s: Array) -> Array:
    return np.maximum(d, -d_max)


@SHELF.wrong(
    "d is clipped to [1 / d_max, d_max], as r is.",
    "d is a shift and not a factor: its lower bound is -d_max.",
    D,
    "d_bounds",
    topic="bounds",
)
def d_clipped_like_a_factor(d: Array, d_max: float, r_max: float, s: Array) -> Array:
    return np.clip(d, 1 / d_max if d_max else np.inf, d_max)


@SHELF.wrong(
    "batch_mean - running_mean is clipped first and divided by running_std afterwards.",
    "The bound is for d, which is the quotient.",
    D,
    "d_bounds",
    topic="bounds",
)
def d_clipped_before_dividing(d: Array, d_max: float, r_max: float, s: Array) -> Array:
    return np.clip(d * s, -d_max, d_max) / s


@SHELF.wrong(
    "d is clipped with r_max.",
    "d has a bound of its own, d_max.",
    D,
    "d_bounds",
    topic="bounds",
)
def d_clipped_with_r_max(d: Array, d_max: float, r_max: float, s: Array) -> Array:
    return np.clip(d, -r_max, r_max)


@SHELF.wrong(
    "d is always 0.",
    "The correction has two parts: r for the unit, d for the place.",
    D,
    "d_bounds",
    topic="bounds",
)
def d_always_zero(d: Array, d_max: float, r_max: float, s: Array) -> Array:
    return np.zeros_like(d)


@SHELF.equal(
    "d is (batch_mean - running_mean) / batch_std times the unclipped r.",
    "Correct: batch_std cancels.",
    D,
    "distance",
)
def d_from_unclipped_r(mb: Array, sb: Array, m: Array, s: Array, r: Array) -> Array:
    return (mb - m) / sb * (sb / s)
