"""Mistakes in r of renorm_correction; `batch_renorm_forward` then uses the same correction."""

# mypy: disable-error-code="no-any-return"
from __future__ import annotations

import numpy as np

from ..._checks import Array
from .entry import Shelf
from .lines import FREE_R, R

SHELF = Shelf("renorm_correction", "correction")
# sb, s: batch_std and running_std


@SHELF.wrong(
    "r is inverted: running_std / batch_std.",
    "z * r must lead from the minibatch's unit to the running one.",
    FREE_R,
    "ratio",
)
def r_inverted(sb: Array, s: Array) -> Array:
    return s / sb


@SHELF.wrong(
    "r is the ratio of the variances.",
    "z is in units of a standard deviation, so r is a ratio of standard deviations.",
    FREE_R,
    "ratio",
)
def r_from_variances(sb: Array, s: Array) -> Array:
    return sb**2 / s**2


@SHELF.wrong(
    "r is the root of the ratio: the standard deviations were taken for variances.",
    "batch_std and running_std are standard deviations: no root is left to take.",
    FREE_R,
    "ratio",
)
def r_root(sb: Array, s: Array) -> Array:
    return np.sqrt(sb / s)


@SHELF.wrong(
    "r is not clipped.",
    "r must stay within [1 / r_max, r_max].",
    R,
    "r_bounds",
    topic="bounds",
)
def r_not_clipped(ratio: Array, r_max: float, d_max: float) -> Array:
    return ratio


@SHELF.wrong(
    "r is clipped from above only: a lower bound of 0 or less does nothing.",
    "r is a factor: its lower bound is 1 / r_max, as far below 1 as r_max is above.",
    R,
    "r_bounds",
    topic="bounds",
)
def r_clipped_from_zero(ratio: Array, r_max: float, d_max: float) -> Array:
    return np.clip(ratio, 0, r_max)


@SHELF.wrong(
    "r is clipped to [-r_max, r_max].",
    "r is a positive factor: its lower bound is 1 / r_max.",
    R,
    "r_bounds",
    topic="bounds",
)
def r_clipped_symmetrically(ratio: Array, r_max: float, d_max: float) -> Array:
    return np.clip(ratio, -r_max, r_max)


@SHELF.wrong(
    "r is clipped to [1, r_max].",
    "A minibatch may also be narrower than the running statistics: the lower bound is 1 / r_max.",
    R,
    "r_bounds",
    topic="bounds",
)
def r_clipped_from_one(ratio: Array, r_max: float, d_max: float) -> Array:
    return np.clip(ratio, 1, r_max)


@SHELF.wrong(
    "r is clipped from below only.",
    "r must stay within [1 / r_max, r_max].",
    R,
    "r_bounds",
    topic="bounds",
)
def r_clipped_below_only(ratio: Array, r_max: float, d_max: float) -> Array:
    return np.maximum(ratio, 1 / r_max)


@SHELF.wrong(
    "r is clipped with its bounds in the wrong order, so it is 1 / r_max or r_max everywhere.",
    "np.clip takes the lower bound first.",
    R,
    "r_bounds",
    topic="bounds",
)
def r_bounds_swapped(ratio: Array, r_max: float, d_max: float) -> Array:
    return np.clip(ratio, r_max, 1 / r_max)


@SHELF.wrong(
    "r is clipped with d_max.",
    "r has a bound of its own, r_max.",
    R,
    "r_bounds",
    topic="bounds",
)
def r_clipped_with_d_max(ratio: Array, r_max: float, d_max: float) -> Array:
    return np.clip(ratio, 1 / d_max if d_max else np.inf, d_max)


@SHELF.wrong(
    "r is always 1.",
    "The correction has two parts: r for the unit, d for the place.",
    R,
    "r_bounds",
    topic="bounds",
)
def r_always_one(ratio: Array, r_max: float, d_max: float) -> Array:
    return np.ones_like(ratio)


@SHELF.equal(
    "r is clipped on a logarithmic scale.",
    "Correct: the bounds log(1 / r_max) and log(r_max) lie symmetric about 0.",
    R,
    "r_bounds",
    topic="bounds",
)
def r_clipped_as_logarithm(ratio: Array, r_max: float, d_max: float) -> Array:
    bound = np.log(r_max)
    return np.exp(np.clip(np.log(ratio), -bound, bound))
