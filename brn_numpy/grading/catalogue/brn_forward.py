"""Mistakes in batch_renorm_forward: what is done with r, d, gamma and beta."""

# mypy: disable-error-code="no-any-return"
from __future__ import annotations

from typing import Any

import numpy as np

from ..._checks import Array
from .entry import Function, See, Shelf
from .textbook import (
    RenormCache,
    batch_renorm_forward,
    mean,
    over,
    wide,
)

Result = tuple[Array, RenormCache]


def with_right_cache(output: Function) -> Function:
    """Turn a function of (x, gamma, beta, cache) for y into a forward pass with the right cache."""

    def forward(x: Array, gamma: Array, beta: Array, *rest: Any) -> Result:
        _, cache = batch_renorm_forward(x, gamma, beta, *rest)
        return output(x, wide(gamma, x), wide(beta, x), cache), cache

    return forward


SHELF = Shelf("batch_renorm_forward", "renorm forward", with_right_cache)
MEAN = See("renorm_y.mean(axis=0)", "gamma * d + beta")
SPREAD = See("renorm_y.std(axis=0)", "np.abs(gamma) * r * x.std(axis=0) / batch_std")


@SHELF.wrong(
    "d is not multiplied by gamma: y = gamma * z * r + d + beta.",
    "d corrects the normalised value, before gamma: y = gamma * (z * r + d) + beta.",
    MEAN,
)
def renorm_d_without_gamma(x: Array, gamma: Array, beta: Array, cache: RenormCache) -> Array:
    return gamma * cache.z * cache.r + cache.d + beta


@SHELF.wrong(
    "beta is not added.",
    "y = gamma * (z * r + d) + beta: d does not replace beta.",
    MEAN,
)
def renorm_beta_missing(x: Array, gamma: Array, beta: Array, cache: RenormCache) -> Array:
    return gamma * cache.xhat


@SHELF.wrong(
    "gamma is not applied.",
    "y = gamma * (z * r + d) + beta: r does not replace gamma.",
    SPREAD,
)
def renorm_gamma_missing(x: Array, gamma: Array, beta: Array, cache: RenormCache) -> Array:
    return cache.xhat + beta


@SHELF.wrong(
    "gamma is applied twice to z * r.",
    "y = gamma * (z * r + d) + beta: gamma multiplies once, after the correction.",
    SPREAD,
)
def renorm_gamma_twice(x: Array, gamma: Array, beta: Array, cache: RenormCache) -> Array:
    return gamma * (gamma * cache.z * cache.r + cache.d) + beta


@SHELF.wrong(
    "The correction is left out: this is BN.",
    "BRN corrects the normalised value: z * r + d.",
    MEAN,
)
def renorm_is_batch_norm(x: Array, gamma: Array, beta: Array, cache: RenormCache) -> Array:
    return gamma * cache.z + beta


@SHELF.wrong("Only r is applied, d is left out.", "The corrected value is z * r + d.", MEAN)
def renorm_d_missing(x: Array, gamma: Array, beta: Array, cache: RenormCache) -> Array:
    return gamma * cache.z * cache.r + beta


@SHELF.wrong("Only d is applied, r is left out.", "The corrected value is z * r + d.", SPREAD)
def renorm_r_missing(x: Array, gamma: Array, beta: Array, cache: RenormCache) -> Array:
    return gamma * (cache.z + cache.d) + beta


@SHELF.wrong(
    "r is applied to d as well: (z + d) * r.",
    "d is in units of the running std already; r changes the unit of z only.",
    MEAN,
)
def renorm_r_scales_d(x: Array, gamma: Array, beta: Array, cache: RenormCache) -> Array:
    return gamma * (cache.z + cache.d) * cache.r + beta


@SHELF.wrong("z is divided by r.", "The corrected value is z * r + d.", SPREAD)
def renorm_divides_by_r(x: Array, gamma: Array, beta: Array, cache: RenormCache) -> Array:
    return gamma * (cache.z / cache.r + cache.d) + beta


@SHELF.wrong("d is subtracted.", "The corrected value is z * r + d.", MEAN)
def renorm_d_subtracted(x: Array, gamma: Array, beta: Array, cache: RenormCache) -> Array:
    return gamma * (cache.z * cache.r - cache.d) + beta


@SHELF.wrong(
    "x - mean is divided by running_std, and then multiplied by r.",
    "r leads from the minibatch's std to the running one; here the way is gone twice.",
    SPREAD,
)
def renorm_divides_by_running_std(x: Array, gamma: Array, beta: Array, cache: RenormCache) -> Array:
    z = (x - mean(x)) / cache.running_std
    return gamma * (z * cache.r + cache.d) + beta


@SHELF.wrong(
    "For images, z is taken for every pixel position by itself: axis 0 only.",
    "All positions of a channel share a mean and a deviation: axes 0, 2 and 3.",
    See("renorm_y4.std(axis=(0, 2, 3))", "np.abs(gamma) * r * x4.std(axis=(0, 2, 3)) / batch_std"),
    topic="conv",
)
def renorm_per_position(x: Array, gamma: Array, beta: Array, cache: RenormCache) -> Array:
    eps = mean(cache.std**2) - x.var(axis=over(x), keepdims=True)
    z = (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + eps)
    y: Array = gamma * (z * cache.r + cache.d) + beta
    return y


@SHELF.equal(
    "BRN is written as BN with gamma * r for gamma and beta + gamma * d for beta.",
    "Correct: gamma * (z * r + d) + beta, multiplied out.",
    MEAN,
)
def renorm_as_batch_norm(x: Array, gamma: Array, beta: Array, cache: RenormCache) -> Array:
    return (gamma * cache.r) * cache.z + (beta + gamma * cache.d)
