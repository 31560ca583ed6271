"""Mistakes in batch_norm_forward: what x - mean is divided by, and where eps goes.

The cache holds the same wrong deviation, so the backward pass that follows it is the right
derivative of a wrong function in some cases, and wrong too in others.
"""

from __future__ import annotations

import numpy as np

from ..._checks import Array
from .entry import See, Shelf
from .textbook import Cache, mean, normalise, values_per_channel

SHELF = Shelf("batch_norm_forward", "variance")
Result = tuple[Array, Cache]
SPREAD = See("y.std(axis=0)", "np.abs(gamma) * x.std(axis=0) / batch_std")


def variance(x: Array) -> Array:
    """Return the biased variance of each channel."""
    return mean((x - mean(x)) ** 2)


@SHELF.wrong(
    "The variance is divided by m - 1 (ddof=1).",
    "In training, BN normalises with the biased variance, divided by m.",
    SPREAD,
)
def forward_variance_unbiased(x: Array, gamma: Array, beta: Array, eps: float) -> Result:
    m = values_per_channel(x)
    return normalise(x, gamma, beta, eps, mean(x), np.sqrt(variance(x) * m / (m - 1) + eps))


@SHELF.wrong(
    "For images, the sum of squares is divided by N and not by N * H * W.",
    "The variance of a channel is the mean over N * H * W values.",
    See("y4.std(axis=(0, 2, 3))", "np.abs(gamma) * x4.std(axis=(0, 2, 3)) / batch_std"),
    topic="conv",
)
def forward_variance_divided_by_n(x: Array, gamma: Array, beta: Array, eps: float) -> Result:
    pixels = values_per_channel(x) // len(x)
    return normalise(x, gamma, beta, eps, mean(x), np.sqrt(variance(x) * pixels + eps))


@SHELF.wrong(
    "The squares are summed and not averaged.",
    "The variance is a mean of squares: a minibatch repeated twice has the same variance.",
    SPREAD,
)
def forward_sum_of_squares(x: Array, gamma: Array, beta: Array, eps: float) -> Result:
    m = values_per_channel(x)
    return normalise(x, gamma, beta, eps, mean(x), np.sqrt(variance(x) * m + eps))


@SHELF.wrong(
    "The variance is mean(x**2): the mean is not subtracted before squaring.",
    "The variance is about the mean: a constant added to x must not change it.",
    SPREAD,
)
def forward_variance_around_zero(x: Array, gamma: Array, beta: Array, eps: float) -> Result:
    return normalise(x, gamma, beta, eps, mean(x), np.sqrt(mean(x**2) + eps))


@SHELF.wrong(
    "The mean absolute deviation is used for the standard deviation.",
    "The standard deviation is the root of the mean square.",
    SPREAD,
)
def forward_mean_absolute_deviation(x: Array, gamma: Array, beta: Array, eps: float) -> Result:
    spread = mean(np.abs(x - mean(x)))
    return normalise(x, gamma, beta, eps, mean(x), np.sqrt(spread**2 + eps))


@SHELF.wrong(
    "x - mean is divided by var + eps: the root is missing.",
    "The unit of x must cancel: divide by the standard deviation, the root of the variance.",
    SPREAD,
)
def forward_divides_by_variance(x: Array, gamma: Array, beta: Array, eps: float) -> Result:
    return normalise(x, gamma, beta, eps, mean(x), variance(x) + eps)


@SHELF.wrong(
    "x is not divided by anything, only centred.",
    "Normalising means mean 0 and deviation 1: divide by the standard deviation.",
    SPREAD,
)
def forward_not_divided(x: Array, gamma: Array, beta: Array, eps: float) -> Result:
    return normalise(x, gamma, beta, eps, mean(x), np.ones_like(mean(x)))


@SHELF.wrong(
    "eps is missing: x - mean is divided by sqrt(var).",
    "A constant channel would be divided by 0.",
    SPREAD,
    topic="eps",
)
def forward_eps_missing(x: Array, gamma: Array, beta: Array, eps: float) -> Result:
    return normalise(x, gamma, beta, 0.0, mean(x), np.sqrt(variance(x)))


@SHELF.wrong(
    "x - mean is divided by sqrt(var) + eps: eps is outside the root.",
    "The formula is sqrt(var + eps); the root of var alone has no derivative at 0.",
    SPREAD,
    topic="eps",
)
def forward_eps_outside_root(x: Array, gamma: Array, beta: Array, eps: float) -> Result:
    return normalise(x, gamma, beta, eps, mean(x), np.sqrt(variance(x)) + eps)


@SHELF.wrong(
    "eps is added twice: inside the root and again to the root.",
    "The formula has one eps, inside the root.",
    SPREAD,
    topic="eps",
)
def forward_eps_inside_and_outside(x: Array, gamma: Array, beta: Array, eps: float) -> Result:
    return normalise(x, gamma, beta, eps, mean(x), np.sqrt(variance(x) + eps) + eps)


@SHELF.wrong(
    "eps is added twice inside the root: sqrt(var + 2 * eps).",
    "This happens if what is called var contains eps already; the formula has one eps.",
    SPREAD,
    topic="eps",
)
def forward_eps_twice(x: Array, gamma: Array, beta: Array, eps: float) -> Result:
    return normalise(x, gamma, beta, eps, mean(x), np.sqrt(variance(x) + 2 * eps))


@SHELF.wrong(
    "eps is squared: sqrt(var + eps**2).",
    "eps is a small variance and not a small deviation.",
    SPREAD,
    topic="eps",
)
def forward_eps_squared(x: Array, gamma: Array, beta: Array, eps: float) -> Result:
    return normalise(x, gamma, beta, eps, mean(x), np.sqrt(variance(x) + eps**2))


@SHELF.wrong(
    "The argument eps is ignored: 1e-5 is written into the function.",
    "Who calls the function chooses eps.",
    SPREAD,
    topic="eps",
)
def forward_eps_fixed(x: Array, gamma: Array, beta: Array, eps: float) -> Result:
    return normalise(x, gamma, beta, 1e-5, mean(x), np.sqrt(variance(x) + 1e-5))
