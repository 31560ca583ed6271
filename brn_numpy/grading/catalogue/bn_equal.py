"""Other roads to the right result in BN: forward and backward passes that are correct."""

# mypy: disable-error-code="no-any-return"
from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..._checks import Array
from . import textbook
from .entry import See, Shelf
from .lines import ALONG, DGAMMA, MEAN4, SUM
from .textbook import Cache, mean, total, wide

DX = Shelf("batch_norm_backward", "dx")
FORWARD = Shelf("batch_norm_forward", "forward")
ZERO = See("(x - x.mean(axis=0)).sum(axis=0)", "0 * gamma")
MEAN_OF_Y = See("batch_norm_forward(x, gamma, beta, eps)[0].mean(axis=0)", "beta")
Gradients = tuple[Array, Array, Array]


def staged(dy: Array, cache: Cache, dvar_to_dmean: Callable[[Array], Array]) -> Gradients:
    """Go back node by node, as the first paper does; the path var -> mean is the argument."""
    dxhat = cache.gamma * dy
    dvar = mean(dxhat * cache.xc) * -0.5 * cache.std**-3
    dmean = -mean(dxhat) / cache.std + dvar * dvar_to_dmean(cache.xc)
    dx = dxhat / cache.std + dvar * 2 * cache.xc + dmean
    return dx, total(dy * cache.z), total(dy)


@DX.equal(
    "The path from the variance to the mean is left out.",
    "Correct: its factor is the sum of x - mean, which is 0.",
    ZERO,
)
def dx_without_path_from_variance_to_mean(dy: Array, cache: Cache) -> Gradients:
    return staged(dy, cache, lambda xc: 0 * mean(xc))


@DX.equal(
    "The path from the variance to the mean is counted twice.",
    "Correct all the same: its factor is the sum of x - mean, which is 0.",
    ZERO,
)
def dx_path_from_variance_to_mean_doubled(dy: Array, cache: Cache) -> Gradients:
    return staged(dy, cache, lambda xc: 2 * -2 * mean(xc))


@DX.equal(
    "The path from the variance to the mean is a sum and not a mean, with the wrong sign.",
    "Correct all the same: its factor is the sum of x - mean, which is 0.",
    ZERO,
)
def dx_path_from_variance_to_mean_misscaled(dy: Array, cache: Cache) -> Gradients:
    return staged(dy, cache, lambda xc: 2 * wide(total(xc), xc))


@DX.equal(
    "dy is centred first, also where it is multiplied by xhat.",
    "Correct: xhat sums to 0, so a constant in dy changes nothing in that sum.",
    ALONG,
)
def dx_from_centred_dy(dy: Array, cache: Cache) -> Gradients:
    centred = dy - mean(dy)
    dx = cache.gamma / cache.std * (centred - cache.z * mean(centred * cache.z))
    return dx, total(dy * cache.z), total(dy)


@DX.equal(
    "The mean is subtracted last, from the finished product.",
    "Correct: the term of the variance has mean 0, so the order does not matter.",
    SUM,
)
def dx_centred_last(dy: Array, cache: Cache) -> Gradients:
    dx = cache.gamma / cache.std * (dy - cache.z * mean(dy * cache.z))
    return dx - mean(dx), total(dy * cache.z), total(dy)


@DX.equal(
    "The backward pass loops over the channels.",
    "Correct: channels do not know each other; whole arrays are faster.",
    DGAMMA,
)
def backward_in_loops(dy: Array, cache: Cache) -> Gradients:
    channels = dy.shape[1]
    dx, dgamma, dbeta = np.zeros_like(dy), np.zeros(channels), np.zeros(channels)
    for c in range(channels):
        g, xhat, std = dy[:, c], cache.z[:, c], cache.std.ravel()[c]
        dgamma[c], dbeta[c] = (g * xhat).sum(), g.sum()
        inner = g - dbeta[c] / g.size - xhat * dgamma[c] / g.size
        dx[:, c] = cache.gamma.ravel()[c] / std * inner
    return dx, dgamma, dbeta


@DX.equal(
    "The sums are written with einsum, and reused in dx.",
    "Correct: the means in dx are dbeta / m and dgamma / m.",
    DGAMMA,
)
def backward_with_einsum(dy: Array, cache: Cache) -> Gradients:
    m, flat = textbook.values_per_channel(dy), (len(dy), dy.shape[1], -1)
    g, xhat = dy.reshape(flat), cache.z.reshape(flat)
    dgamma, dbeta = np.einsum("ncp,ncp->c", g, xhat), np.einsum("ncp->c", g)
    inner = m * dy - wide(dbeta, dy) - cache.z * wide(dgamma, dy)
    return cache.gamma / (m * cache.std) * inner, dgamma, dbeta


@DX.equal(
    "xhat is recovered from y, as (y - beta) / gamma, for dgamma.",
    "Correct where gamma is not 0; there it divides by 0, so keep xhat in the cache instead.",
    DGAMMA,
    topic="dgamma and dbeta",
)
def dgamma_from_y_undone(dy: Array, cache: Cache) -> Gradients:
    dx, _, dbeta = textbook.batch_norm_backward(dy, cache)
    beta = mean(cache.y)
    return dx, total(dy * (cache.y - beta) / cache.gamma), dbeta


@FORWARD.equal(
    "The variance is mean(x**2) - mean(x)**2, in one pass.",
    "Correct in mathematics, but where the mean is large against the deviation it loses digits.",
    MEAN_OF_Y,
    "variance",
)
def variance_in_one_pass(values: Array, axes: tuple[int, ...]) -> Array:
    mean_of_squares = (values**2).mean(axis=axes, keepdims=True)
    return mean_of_squares - values.mean(axis=axes, keepdims=True) ** 2


@FORWARD.equal(
    "Normalising, scaling and shifting are folded into y = x * scale + shift.",
    "Correct: scale = gamma / std and shift = beta - mean * scale, two numbers a channel.",
    MEAN_OF_Y,
    "affine",
)
def forward_folded(xhat: Array, gamma: Array, beta: Array, c: Cache) -> Array:
    scale = c.gamma / c.std
    return c.x * scale + (beta - (c.x - c.xc) * scale)


@FORWARD.equal(
    "An image is turned into rows, (N * H * W, C), and back.",
    "Correct, if the channels are moved last before the reshape, and back after it.",
    MEAN4,
    topic="conv",
)
def forward_through_rows(x: Array, gamma: Array, beta: Array, eps: float) -> tuple[Array, Cache]:
    last = np.moveaxis(x, 1, -1)
    rows = last.reshape(-1, x.shape[1])
    y = textbook.batch_norm_forward(rows, gamma, beta, eps)[0].reshape(last.shape)
    return np.moveaxis(y, -1, 1), textbook.batch_norm_forward(x, gamma, beta, eps)[1]
