"""Mistakes in dgamma and dbeta of batch_norm_backward."""

from __future__ import annotations

import numpy as np

from ..._checks import Array
from .entry import Function, See, Shelf
from .textbook import Cache, batch_norm_backward, mean, over, total


def with_right_dx(parameters: Function) -> Function:
    """Add the right dx to a function that computes (dgamma, dbeta) only."""

    def backward(dy: Array, cache: Cache) -> tuple[Array, Array, Array]:
        return (batch_norm_backward(dy, cache)[0], *parameters(dy, cache))

    return backward


SHELF = Shelf("batch_norm_backward", "dgamma and dbeta", with_right_dx)
DGAMMA = See("batch_norm_backward(dy, cache)[1]", "(dy * xhat).sum(axis=0)")
DBETA = See("batch_norm_backward(dy, cache)[2]", "dy.sum(axis=0)")


@SHELF.wrong(
    "dgamma is a mean over the minibatch and not a sum.",
    "gamma acts on every value of its channel, and the contributions to the loss add up.",
    DGAMMA,
)
def dgamma_averaged(dy: Array, cache: Cache) -> tuple[Array, Array]:
    return mean(dy * cache.xhat).ravel(), total(dy)


@SHELF.wrong(
    "dbeta is a mean over the minibatch and not a sum.",
    "beta acts on every value of its channel, and the contributions to the loss add up.",
    DBETA,
)
def dbeta_averaged(dy: Array, cache: Cache) -> tuple[Array, Array]:
    return total(dy * cache.xhat), mean(dy).ravel()


@SHELF.wrong(
    "dgamma and dbeta are both means over the minibatch and not sums.",
    "A division by m belongs into the loss, which passes it on in dy, and nowhere else.",
    DBETA,
)
def dgamma_and_dbeta_averaged(dy: Array, cache: Cache) -> tuple[Array, Array]:
    return mean(dy * cache.xhat).ravel(), mean(dy).ravel()


@SHELF.wrong(
    "dgamma is computed from x and not from xhat.",
    "gamma multiplies the normalised value: y = gamma * xhat + beta.",
    DGAMMA,
)
def dgamma_from_x(dy: Array, cache: Cache) -> tuple[Array, Array]:
    return total(dy * cache.x), total(dy)


@SHELF.wrong(
    "dgamma is computed from x - mean, which is not divided by std.",
    "gamma multiplies the normalised value: y = gamma * xhat + beta.",
    DGAMMA,
)
def dgamma_from_centred_x(dy: Array, cache: Cache) -> tuple[Array, Array]:
    return total(dy * cache.xc), total(dy)


@SHELF.wrong(
    "dgamma is computed from y and not from xhat.",
    "The derivative of gamma * xhat + beta by gamma is xhat.",
    DGAMMA,
)
def dgamma_from_y(dy: Array, cache: Cache) -> tuple[Array, Array]:
    return total(dy * cache.y), total(dy)


@SHELF.wrong(
    "dgamma is computed from gamma * dy, the gradient by xhat.",
    "The derivative of gamma * xhat + beta by gamma is xhat: gamma itself is not in it.",
    DGAMMA,
)
def dgamma_times_gamma(dy: Array, cache: Cache) -> tuple[Array, Array]:
    return total(cache.gamma * dy * cache.xhat), total(dy)


@SHELF.wrong(
    "dbeta is computed from gamma * dy, the gradient by xhat.",
    "beta is added after the multiplication by gamma: its derivative is 1.",
    DBETA,
)
def dbeta_times_gamma(dy: Array, cache: Cache) -> tuple[Array, Array]:
    return total(dy * cache.xhat), total(cache.gamma * dy)


@SHELF.wrong(
    "dgamma has the opposite sign.",
    "A step along -dgamma must lower the loss; here it raises it.",
    DGAMMA,
)
def dgamma_sign(dy: Array, cache: Cache) -> tuple[Array, Array]:
    return -total(dy * cache.xhat), total(dy)


@SHELF.wrong(
    "dgamma is computed with xhat without eps.",
    "The xhat of the forward pass was divided by sqrt(var + eps).",
    DGAMMA,
    topic="eps",
)
def dgamma_eps_missing(dy: Array, cache: Cache) -> tuple[Array, Array]:
    xhat = cache.xc / np.sqrt(cache.std**2 - cache.eps)
    return total(dy * xhat), total(dy)


@SHELF.wrong(
    "dgamma and dbeta are returned in the wrong order.",
    "The contract returns (dx, dgamma, dbeta); both have shape (C,), so nothing else tells.",
    DGAMMA,
)
def dgamma_and_dbeta_swapped(dy: Array, cache: Cache) -> tuple[Array, Array]:
    return total(dy), total(dy * cache.xhat)


@SHELF.wrong(
    "dgamma and dbeta are summed over the channels of each sample.",
    "gamma and beta have one value per channel, so the channels are the axis that stays.",
    See("batch_norm_backward(dy, cache)[1].shape", "gamma.shape"),
)
def dgamma_sum_over_channels(dy: Array, cache: Cache) -> tuple[Array, Array]:
    axes = tuple(range(1, dy.ndim))
    return (dy * cache.xhat).sum(axis=axes), dy.sum(axis=axes)


@SHELF.wrong(
    "For images, dgamma and dbeta are summed over the samples only.",
    "All pixels of a channel share one gamma and one beta: sum over H and W too.",
    See("batch_norm_backward(dy4, cache4)[1].shape", "gamma.shape"),
    topic="conv",
)
def dgamma_sum_over_samples_only(dy: Array, cache: Cache) -> tuple[Array, Array]:
    return (dy * cache.xhat).sum(axis=0), dy.sum(axis=0)


@SHELF.wrong(
    "dgamma and dbeta keep the summed axes: (1, C) or (1, C, 1, 1) where (C,) is asked.",
    "A gradient has the shape of its parameter; gamma -= rate * dgamma fails otherwise.",
    See("batch_norm_backward(dy, cache)[1].shape", "gamma.shape"),
    topic="arrays",
)
def dgamma_keeps_dimensions(dy: Array, cache: Cache) -> tuple[Array, Array]:
    axes = over(dy)
    return (dy * cache.xhat).sum(axis=axes, keepdims=True), dy.sum(axis=axes, keepdims=True)


@SHELF.wrong(
    "dgamma and dbeta are computed in float32, although x is float64.",
    "Half of the digits are lost, and a numeric gradient check no longer means anything.",
    See("batch_norm_backward(dy, cache)[1].dtype", "gamma.dtype"),
    topic="arrays",
)
def dgamma_in_float32(dy: Array, cache: Cache) -> tuple[Array, Array]:
    dy, xhat = dy.astype(np.float32), cache.xhat.astype(np.float32)
    return total(dy * xhat), total(dy)
