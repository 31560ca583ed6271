"""Mistakes in batch_norm_forward: what x - mean is divided by, and where eps goes."""

# mypy: disable-error-code="no-any-return"
from __future__ import annotations

import math

import numpy as np

from ..._checks import Array
from .entry import Shelf
from .lines import SPREAD, SPREAD4
from .parts import variance

SHELF = Shelf("batch_norm_forward", "variance")
Axes = tuple[int, ...]
EPS = (1e-5, 1e-8, 1e-3, 1e-6, 1e-7, 1e-12)  # that people write into their functions


def count(values: Array, axes: Axes) -> int:
    """Return how many values a mean over axes is taken of."""
    return math.prod(values.shape[axis] for axis in axes)


@SHELF.wrong(
    "The variance is divided by m - 1 (ddof=1).",
    "In training, BN normalises with the biased variance, divided by m.",
    SPREAD,
    "variance",
)
def forward_variance_unbiased(values: Array, axes: Axes) -> Array:
    m = count(values, axes)
    return variance(values, axes) * (m / (m - 1))


@SHELF.wrong(
    "For images, the sum of squares is divided by N and not by N * H * W.",
    "The variance of a channel is the mean over N * H * W values.",
    SPREAD4,
    "variance",
    topic="conv",
)
def forward_variance_divided_by_n(values: Array, axes: Axes) -> Array:
    return variance(values, axes) * (count(values, axes) / len(values))


@SHELF.wrong(
    "The squares are summed and not averaged.",
    "The variance is a mean of squares: a minibatch repeated twice has the same variance.",
    SPREAD,
    "variance",
)
def forward_sum_of_squares(values: Array, axes: Axes) -> Array:
    return variance(values, axes) * count(values, axes)


@SHELF.wrong(
    "The variance is mean(x**2): the mean is not subtracted before squaring.",
    "The variance is about the mean: a constant added to x must not change it.",
    SPREAD,
    "variance",
)
def forward_variance_around_zero(values: Array, axes: Axes) -> Array:
    return (values**2).mean(axis=axes, keepdims=True)


@SHELF.wrong(
    "The mean absolute deviation is used for the standard deviation.",
    "The standard deviation is the root of the mean square.",
    SPREAD,
    "variance",
)
def forward_mean_absolute_deviation(values: Array, axes: Axes) -> Array:
    centred = values - values.mean(axis=axes, keepdims=True)
    return np.abs(centred).mean(axis=axes, keepdims=True) ** 2


@SHELF.wrong(
    "The standard deviation stands where the variance belongs: sqrt(std + eps).",
    "x.std is the root already; under the root belongs x.var.",
    SPREAD,
    "variance",
)
def forward_root_of_deviation(values: Array, axes: Axes) -> Array:
    return np.sqrt(variance(values, axes))


@SHELF.wrong(
    "x - mean is divided by var + eps: the root is missing.",
    "The unit of x must cancel: divide by the standard deviation, the root of the variance.",
    SPREAD,
    "root",
)
def forward_divides_by_variance(var: Array, eps: float) -> Array:
    return var + eps


@SHELF.wrong(
    "x is not divided by anything, only centred.",
    "Normalising means mean 0 and deviation 1: divide by the standard deviation.",
    SPREAD,
    "root",
)
def forward_not_divided(var: Array, eps: float) -> Array:
    return np.ones_like(var)


@SHELF.wrong(
    "x - mean is multiplied by the deviation and not divided.",
    "Normalising means deviation 1: what is spread wide is drawn together.",
    SPREAD,
    "root",
)
def forward_multiplied_by_deviation(var: Array, eps: float) -> Array:
    return 1 / np.sqrt(var + eps)


@SHELF.wrong(
    "eps is missing: x - mean is divided by sqrt(var).",
    "A constant channel would be divided by 0.",
    SPREAD,
    "root",
    topic="eps",
)
def forward_eps_missing(var: Array, eps: float) -> Array:
    return np.sqrt(var)


@SHELF.wrong(
    "eps is a lower limit of the variance and is not added to it.",
    "The formula is sqrt(var + eps): eps is added however large the variance is.",
    SPREAD,
    "root",
    topic="eps",
)
def forward_eps_as_limit(var: Array, eps: float) -> Array:
    return np.sqrt(np.maximum(var, eps))


@SHELF.wrong(
    "x - mean is divided by sqrt(var) + eps: eps is outside the root.",
    "The formula is sqrt(var + eps); the root of var alone has no derivative at 0.",
    SPREAD,
    "root",
    topic="eps",
)
def forward_eps_outside_root(var: Array, eps: float) -> Array:
    return np.sqrt(var) + eps


@SHELF.wrong(
    "eps is added twice: inside the root and again to the root.",
    "The formula has one eps, inside the root.",
    SPREAD,
    "root",
    topic="eps",
)
def forward_eps_inside_and_outside(var: Array, eps: float) -> Array:
    return np.sqrt(var + eps) + eps


@SHELF.wrong(
    "eps is added twice inside the root: sqrt(var + 2 * eps).",
    "This happens if what is called var contains eps already; the formula has one eps.",
    SPREAD,
    "root",
    topic="eps",
)
def forward_eps_twice(var: Array, eps: float) -> Array:
    return np.sqrt(var + 2 * eps)


@SHELF.wrong(
    "eps is squared: sqrt(var + eps**2).",
    "eps is a small variance and not a small deviation.",
    SPREAD,
    "root",
    topic="eps",
)
def forward_eps_squared(var: Array, eps: float) -> Array:
    return np.sqrt(var + eps**2)


@SHELF.wrong(
    "The argument eps is ignored: {} is written into the function.",
    "Who calls the function chooses eps.",
    SPREAD,
    "root",
    topic="eps",
    constants=EPS,
)
def forward_eps_fixed(var: Array, eps: float, constant: float) -> Array:
    return np.sqrt(var + constant)


@SHELF.wrong(
    "eps is ignored outside of the root: sqrt(var) + {}.",
    "The formula is sqrt(var + eps), and who calls the function chooses eps.",
    SPREAD,
    "root",
    topic="eps",
    constants=EPS,
)
def forward_eps_fixed_outside_root(var: Array, eps: float, constant: float) -> Array:
    return np.sqrt(var) + constant
