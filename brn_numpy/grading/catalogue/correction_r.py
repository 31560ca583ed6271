"""Mistakes in r of renorm_correction.

`batch_renorm_forward` of the planted solution uses the planted correction.
"""

# mypy: disable-error-code="no-any-return"
from __future__ import annotations

import numpy as np

from ..._checks import Array
from .entry import Function, See, Shelf


def clip_d(offset: Array, d_max: float) -> Array:
    """Clip to [-d_max, d_max], as it should be."""
    return np.clip(offset, -d_max, d_max)


def with_right_d(r: Function) -> Function:
    """Add the right d to a function that computes r only."""

    def correction(
        mb: Array, sb: Array, m: Array, s: Array, r_max: float, d_max: float
    ) -> tuple[Array, Array]:
        return r(sb, s, r_max), clip_d((mb - m) / s, d_max)

    return correction


SHELF = Shelf("renorm_correction", "correction", with_right_d)
ARGUMENTS = "batch_mean, batch_std, running_mean, running_std"
R = See(f"renorm_correction({ARGUMENTS}, r_max, d_max)[0]", "r")
FREE_R = See(f"renorm_correction({ARGUMENTS}, 1e6, 1e6)[0] * running_std", "batch_std")
# sb, s: batch_std and running_std


@SHELF.wrong(
    "r is inverted: running_std / batch_std.",
    "z * r must lead from the minibatch's unit to the running one: r = batch_std / running_std.",
    FREE_R,
)
def r_inverted(sb: Array, s: Array, r_max: float) -> Array:
    return np.clip(s / sb, 1 / r_max, r_max)


@SHELF.wrong(
    "r is the ratio of the variances.",
    "z is in units of a standard deviation, so r is a ratio of standard deviations.",
    FREE_R,
)
def r_from_variances(sb: Array, s: Array, r_max: float) -> Array:
    return np.clip(sb**2 / s**2, 1 / r_max, r_max)


@SHELF.wrong(
    "r is the root of the ratio: the standard deviations were taken for variances.",
    "batch_std and running_std are standard deviations: no root is left to take.",
    FREE_R,
)
def r_root(sb: Array, s: Array, r_max: float) -> Array:
    return np.clip(np.sqrt(sb / s), 1 / r_max, r_max)


@SHELF.wrong("r is not clipped.", "r must stay within [1 / r_max, r_max].", R)
def r_not_clipped(sb: Array, s: Array, r_max: float) -> Array:
    return sb / s


@SHELF.wrong(
    "r is clipped to [0, r_max].",
    "r is a factor: its lower bound is 1 / r_max, as far below 1 as r_max is above.",
    R,
)
def r_clipped_from_zero(sb: Array, s: Array, r_max: float) -> Array:
    return np.clip(sb / s, 0, r_max)


@SHELF.wrong(
    "r is clipped to [-r_max, r_max].",
    "r is a positive factor: its lower bound is 1 / r_max.",
    R,
)
def r_clipped_symmetrically(sb: Array, s: Array, r_max: float) -> Array:
    return np.clip(sb / s, -r_max, r_max)


@SHELF.wrong(
    "r is clipped to [1, r_max].",
    "A minibatch may also be narrower than the running statistics: the lower bound is 1 / r_max.",
    R,
)
def r_clipped_from_one(sb: Array, s: Array, r_max: float) -> Array:
    return np.clip(sb / s, 1, r_max)


@SHELF.wrong(
    "r is clipped from below only.",
    "r must stay within [1 / r_max, r_max].",
    R,
)
def r_clipped_below_only(sb: Array, s: Array, r_max: float) -> Array:
    return np.maximum(sb / s, 1 / r_max)


@SHELF.wrong("r is always 1.", "The correction has two parts: r for the unit, d for the place.", R)
def r_always_one(sb: Array, s: Array, r_max: float) -> Array:
    return np.ones_like(sb)


@SHELF.equal(
    "r is clipped on a logarithmic scale.",
    "Correct: the bounds log(1 / r_max) and log(r_max) lie symmetric about 0.",
    R,
)
def r_clipped_as_logarithm(sb: Array, s: Array, r_max: float) -> Array:
    bound = np.log(r_max)
    r: Array = np.exp(np.clip(np.log(sb / s), -bound, bound))
    return r
