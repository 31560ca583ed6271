"""Mistakes in dgamma and dbeta of batch_norm_backward: how it is summed."""

# mypy: disable-error-code="no-any-return"
from __future__ import annotations

import numpy as np

from ..._checks import Array
from .entry import Shelf
from .lines import DBETA, DGAMMA, SHAPE, SHAPE4
from .textbook import mean, over, total

SHELF = Shelf("batch_norm_backward", "dgamma and dbeta")


@SHELF.wrong(
    "dgamma is a mean over the minibatch and not a sum.",
    "gamma acts on every value of its channel, and the contributions to the loss add up.",
    DGAMMA,
    "gamma_sum",
    step=11,
)
def dgamma_averaged(values: Array) -> Array:
    return mean(values).ravel()


@SHELF.wrong(
    "dbeta is a mean over the minibatch and not a sum.",
    "beta acts on every value of its channel, and the contributions to the loss add up.",
    DBETA,
    "beta_sum",
    step=12,
)
def dbeta_averaged(values: Array) -> Array:
    return mean(values).ravel()


@SHELF.wrong(
    "dgamma and dbeta are both means over the minibatch and not sums.",
    "A division by m belongs into the loss, which passes it on in dy, and nowhere else.",
    DBETA,
    "gamma_sum beta_sum",
    step=12,
)
def dgamma_and_dbeta_averaged(values: Array) -> Array:
    return mean(values).ravel()


@SHELF.wrong(
    "dgamma and dbeta are summed over the channels of each sample.",
    "gamma and beta have one value per channel, so the channels are the axis that stays.",
    SHAPE,
    "gamma_sum beta_sum",
    step=11,
)
def dgamma_sum_over_channels(values: Array) -> Array:
    return values.sum(axis=tuple(range(1, values.ndim)))


@SHELF.wrong(
    "For images, dgamma and dbeta are summed over the samples only.",
    "All pixels of a channel share one gamma and one beta: sum over H and W too.",
    SHAPE4,
    "gamma_sum beta_sum",
    topic="conv",
    step=11,
)
def dgamma_sum_over_samples_only(values: Array) -> Array:
    return values.sum(axis=0)


@SHELF.wrong(
    "dgamma and dbeta are numbers: they are summed over everything.",
    "gamma and beta have one value per channel, and so have their gradients.",
    SHAPE,
    "gamma_sum beta_sum",
    step=11,
)
def dgamma_sum_over_everything(values: Array) -> Array:
    return np.asarray(values.sum())


@SHELF.wrong(
    "dgamma and dbeta keep the summed axes: (1, C) or (1, C, 1, 1) where (C,) is asked.",
    "A gradient has the shape of its parameter; gamma -= rate * dgamma fails otherwise.",
    SHAPE,
    "gamma_sum beta_sum",
    topic="arrays",
)
def dgamma_keeps_dimensions(values: Array) -> Array:
    return values.sum(axis=over(values), keepdims=True)


@SHELF.wrong(
    "dgamma and dbeta are means over the samples, of which there are N, not m.",
    "They are sums over all values of their channel; nothing is divided here.",
    DBETA,
    "gamma_sum beta_sum",
    topic="conv",
    step=12,
)
def dgamma_divided_by_samples(values: Array) -> Array:
    return total(values) / len(values)
