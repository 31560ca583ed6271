"""Mistakes in d of renorm_correction, and such as concern r and d together.

`batch_renorm_forward` of the planted solution uses the planted correction.
"""

from __future__ import annotations

import numpy as np

from ..._checks import Array
from . import textbook
from .correction_r import ARGUMENTS, R, clip_d
from .entry import Function, See, Shelf


def with_right_r(d: Function) -> Function:
    """Add the right r to a function that computes d only."""

    def correction(
        mb: Array, sb: Array, m: Array, s: Array, r_max: float, d_max: float
    ) -> tuple[Array, Array]:
        return np.clip(sb / s, 1 / r_max, r_max), d(mb, sb, m, s, d_max)

    return correction


SHELF = Shelf("renorm_correction", "correction", with_right_r)
BOTH = Shelf("renorm_correction", "correction")
Pair = tuple[Array, Array]
D = See(f"renorm_correction({ARGUMENTS}, r_max, d_max)[1]", "d")
FREE_D = See(
    f"renorm_correction({ARGUMENTS}, 1e6, 1e6)[1] * running_std + running_mean", "batch_mean"
)
# mb, sb: mean and std of the minibatch; m, s: the running ones


@SHELF.wrong(
    "d is divided by the deviation of the minibatch.",
    "d is added to values in units of running_std, so that is what divides the distance.",
    FREE_D,
)
def d_divided_by_batch_std(mb: Array, sb: Array, m: Array, s: Array, d_max: float) -> Array:
    return clip_d((mb - m) / sb, d_max)


@SHELF.wrong(
    "d has the opposite sign: running_mean - batch_mean.",
    "Where the minibatch lies above the running mean, its normalised values must be raised.",
    FREE_D,
)
def d_sign(mb: Array, sb: Array, m: Array, s: Array, d_max: float) -> Array:
    return clip_d((m - mb) / s, d_max)


@SHELF.wrong(
    "d is not divided by running_std.",
    "d is added to normalised values, so it has no unit: divide by running_std.",
    FREE_D,
)
def d_not_divided(mb: Array, sb: Array, m: Array, s: Array, d_max: float) -> Array:
    return clip_d(mb - m, d_max)


@SHELF.wrong(
    "d is divided by the running variance.",
    "d is in units of the running standard deviation.",
    FREE_D,
)
def d_divided_by_variance(mb: Array, sb: Array, m: Array, s: Array, d_max: float) -> Array:
    return clip_d((mb - m) / s**2, d_max)


@SHELF.wrong(
    "d is batch_mean / running_std: the running mean is not subtracted.",
    "d is the distance of the two means.",
    FREE_D,
)
def d_running_mean_missing(mb: Array, sb: Array, m: Array, s: Array, d_max: float) -> Array:
    return clip_d(mb / s, d_max)


@SHELF.wrong("d is not clipped.", "d must stay within [-d_max, d_max].", D)
def d_not_clipped(mb: Array, sb: Array, m: Array, s: Array, d_max: float) -> Array:
    return (mb - m) / s


@SHELF.wrong(
    "d is clipped to [0, d_max].",
    "d is a shift in either direction: its lower bound is -d_max.",
    D,
)
def d_clipped_from_zero(mb: Array, sb: Array, m: Array, s: Array, d_max: float) -> Array:
    return np.clip((mb - m) / s, 0, d_max)


@SHELF.wrong(
    "d is clipped from above only.",
    "d is a shift in either direction: its lower bound is -d_max.",
    D,
)
def d_clipped_above_only(mb: Array, sb: Array, m: Array, s: Array, d_max: float) -> Array:
    return np.minimum((mb - m) / s, d_max)


@SHELF.wrong(
    "d is clipped to [1 / d_max, d_max], as r is.",
    "d is a shift and not a factor: its lower bound is -d_max.",
    D,
)
def d_clipped_like_a_factor(mb: Array, sb: Array, m: Array, s: Array, d_max: float) -> Array:
    lowest = 1 / d_max if d_max else np.inf
    return np.clip((mb - m) / s, lowest, d_max)


@SHELF.wrong(
    "batch_mean - running_mean is clipped first and divided by running_std afterwards.",
    "The bound is for d, which is the quotient.",
    D,
)
def d_clipped_before_dividing(mb: Array, sb: Array, m: Array, s: Array, d_max: float) -> Array:
    return clip_d(mb - m, d_max) / s


@SHELF.wrong("d is always 0.", "The correction has two parts: r for the unit, d for the place.", D)
def d_always_zero(mb: Array, sb: Array, m: Array, s: Array, d_max: float) -> Array:
    return np.zeros_like(mb)


@BOTH.wrong(
    "d is clipped with r_max.",
    "d has a bound of its own, d_max.",
    D,
)
def d_clipped_with_r_max(
    mb: Array, sb: Array, m: Array, s: Array, r_max: float, d_max: float
) -> Pair:
    return np.clip(sb / s, 1 / r_max, r_max), clip_d((mb - m) / s, r_max)


@BOTH.wrong(
    "d is (batch_mean - running_mean) / batch_std * r, with the clipped r.",
    "With the unclipped r this would be right; r and d are clipped independently.",
    See(
        f"renorm_correction({ARGUMENTS}, r_max, 1e6)[1]",
        "(batch_mean - running_mean) / running_std",
    ),
)
def d_from_clipped_r(mb: Array, sb: Array, m: Array, s: Array, r_max: float, d_max: float) -> Pair:
    r = np.clip(sb / s, 1 / r_max, r_max)
    return r, clip_d((mb - m) / sb * r, d_max)


@BOTH.wrong(
    "Neither r nor d is clipped.",
    "The bounds keep a far-off minibatch from blowing the values up; with 1 and 0 this must be BN.",
    R,
)
def correction_not_clipped(
    mb: Array, sb: Array, m: Array, s: Array, r_max: float, d_max: float
) -> Pair:
    return sb / s, (mb - m) / s


@BOTH.wrong(
    "1e-5 is added to running_std before dividing.",
    "running_std contains eps already; where it is small, a second one is felt.",
    See(
        f"renorm_correction(*[1e-3 * v for v in ({ARGUMENTS})], 1e6, 1e6)[0]",
        "batch_std / running_std",
    ),
    topic="eps",
)
def correction_eps_again(
    mb: Array, sb: Array, m: Array, s: Array, r_max: float, d_max: float
) -> Pair:
    return textbook.renorm_correction(mb, sb, m, s + 1e-5, r_max, d_max)


@BOTH.wrong(
    "r and d are returned in the wrong order.",
    "The contract returns (r, d); both have shape (C,), so nothing else tells.",
    R,
)
def r_and_d_swapped(mb: Array, sb: Array, m: Array, s: Array, r_max: float, d_max: float) -> Pair:
    r, d = textbook.renorm_correction(mb, sb, m, s, r_max, d_max)
    return d, r


@SHELF.equal(
    "d is (batch_mean - running_mean) / batch_std times the unclipped r.",
    "Correct: batch_std cancels.",
    D,
)
def d_from_unclipped_r(mb: Array, sb: Array, m: Array, s: Array, d_max: float) -> Array:
    return clip_d((mb - m) / sb * (sb / s), d_max)
