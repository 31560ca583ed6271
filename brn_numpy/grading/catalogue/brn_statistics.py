"""Mistakes in batch_renorm_forward: with which statistics it normalises and corrects."""

# mypy: disable-error-code="no-any-return"
from __future__ import annotations

import numpy as np

from ..._checks import Array
from .bn_deviation import count
from .entry import Shelf
from .lines import FREE, RENORM_MEAN, RENORM_SPREAD
from .parts import variance

SHELF = Shelf("batch_renorm_forward", "renorm forward")
Pair = tuple[Array, Array]
Axes = tuple[int, ...]
# m, s: the running pair; mb, sb: the minibatch's


@SHELF.wrong(
    "The running statistics are updated before r and d are taken.",
    "r and d use the running statistics as they were; the update comes last.",
    FREE,
    "running",
    topic="order",
    constants=(0.1, 0.01, 0.9, 0.99, 0.001, 0.05),
)
def renorm_updated_statistics(
    m: Array, s: Array, mb: Array, sb: Array, eps: float, constant: float
) -> Pair:
    return m + constant * (mb - m), s + constant * (sb - s)


@SHELF.wrong(
    "eps is added to the running variance again.",
    "running_std contains eps already.",
    FREE,
    "running",
    topic="eps",
)
def renorm_eps_again(m: Array, s: Array, mb: Array, sb: Array, eps: float) -> Pair:
    return m, np.sqrt(s**2 + eps)


@SHELF.wrong(
    "eps is added to running_std.",
    "running_std contains eps already.",
    FREE,
    "running",
    topic="eps",
)
def renorm_eps_added_to_std(m: Array, s: Array, mb: Array, sb: Array, eps: float) -> Pair:
    return m, s + eps


@SHELF.wrong(
    "running_std is taken for a variance: sqrt(running_std + eps).",
    "In this contract the running pair is (mean, standard deviation).",
    FREE,
    "running",
)
def renorm_std_as_variance(m: Array, s: Array, mb: Array, sb: Array, eps: float) -> Pair:
    return m, np.sqrt(s + eps)


@SHELF.wrong(
    "eps is missing in the deviation of the minibatch.",
    "batch_std is sqrt(var + eps), in z and in r.",
    RENORM_SPREAD,
    "root",
    topic="eps",
)
def renorm_eps_missing(var: Array, eps: float) -> Array:
    return np.sqrt(var)


@SHELF.wrong(
    "The variance of the minibatch is divided by m - 1.",
    "The paper's is the biased variance, divided by m, in z and in r.",
    RENORM_SPREAD,
    "variance",
    topic="variance",
)
def renorm_variance_unbiased(values: Array, axes: Axes) -> Array:
    m = count(values, axes)
    return variance(values, axes) * (m / (m - 1))


@SHELF.wrong(
    "One mean and one deviation are taken of the whole array.",
    "Every channel has statistics of its own: np.mean needs an axis.",
    RENORM_MEAN,
    "mean_over variance_over",
)
def renorm_over_everything(x: Array) -> Axes:
    return tuple(range(x.ndim))


@SHELF.wrong(
    "eps is missing in the deviation that r is computed from.",
    "batch_std is sqrt(var + eps), in z and in r.",
    FREE,
    "handed_std",
    topic="eps",
)
def renorm_eps_missing_in_r(sb: Array, eps: float) -> Array:
    return np.sqrt(sb**2 - eps)


@SHELF.wrong(
    "The variance of the minibatch is handed to the correction, and not its deviation.",
    "r is a ratio of standard deviations.",
    FREE,
    "handed_std",
)
def renorm_variance_in_r(sb: Array, eps: float) -> Array:
    return sb**2
