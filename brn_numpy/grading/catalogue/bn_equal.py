"""Other roads to the right result in BN: forward and backward passes that are correct."""

# mypy: disable-error-code="no-any-return"
from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..._checks import Array
from . import textbook
from .bn_dx import ALONG, SUM, with_right_parameters
from .bn_parameters import DGAMMA
from .entry import See, Shelf
from .textbook import Cache, mean, normalise, total, wide

DX = Shelf("batch_norm_backward", "dx", with_right_parameters)
BACKWARD = Shelf("batch_norm_backward", "dx")
FORWARD = Shelf("batch_norm_forward", "forward")
ZERO = See("(x - x.mean(axis=0)).sum(axis=0)", "0 * gamma")
MEAN_OF_Y = See("batch_norm_forward(x, gamma, beta, eps)[0].mean(axis=0)", "beta")


def staged(dy: Array, cache: Cache, dvar_to_dmean: Callable[[Array], Array]) -> Array:
    """Go back node by node, as the first paper does; the path var -> mean is the argument."""
    dxhat = cache.gamma * dy
    dvar = mean(dxhat * cache.xc) * -0.5 * cache.std**-3
    dmean = -mean(dxhat) / cache.std + dvar * dvar_to_dmean(cache.xc)
    return dxhat / cache.std + dvar * 2 * cache.xc + dmean


@DX.equal(
    "The path from the variance to the mean is left out.",
    "Correct: its factor is the sum of x - mean, which is 0.",
    ZERO,
)
def dx_without_path_from_variance_to_mean(dy: Array, cache: Cache) -> Array:
    return staged(dy, cache, lambda xc: 0 * mean(xc))


@DX.equal(
    "The path from the variance to the mean is counted twice.",
    "Correct all the same: its factor is the sum of x - mean, which is 0.",
    ZERO,
)
def dx_path_from_variance_to_mean_doubled(dy: Array, cache: Cache) -> Array:
    return staged(dy, cache, lambda xc: 2 * -2 * mean(xc))


@DX.equal(
    "The path from the variance to the mean is a sum and not a mean, with the wrong sign.",
    "Correct all the same: its factor is the sum of x - mean, which is 0.",
    ZERO,
)
def dx_path_from_variance_to_mean_misscaled(dy: Array, cache: Cache) -> Array:
    return staged(dy, cache, lambda xc: 2 * wide(total(xc), xc))


@DX.equal(
    "dy is centred first, also where it is multiplied by xhat.",
    "Correct: xhat sums to 0, so mean((dy - mean(dy)) * xhat) is mean(dy * xhat).",
    ALONG,
)
def dx_from_centred_dy(dy: Array, cache: Cache) -> Array:
    centred = dy - mean(dy)
    return cache.gamma / cache.std * (centred - cache.xhat * mean(centred * cache.xhat))


@DX.equal(
    "The mean is subtracted last, from the finished product.",
    "Correct: the term of the variance has mean 0, so the order does not matter.",
    SUM,
)
def dx_centred_last(dy: Array, cache: Cache) -> Array:
    dx = cache.gamma / cache.std * (dy - cache.xhat * mean(dy * cache.xhat))
    return dx - mean(dx)


@BACKWARD.equal(
    "The backward pass loops over the channels.",
    "Correct: channels do not know each other; whole arrays are faster.",
    DGAMMA,
)
def backward_in_loops(dy: Array, cache: Cache) -> tuple[Array, Array, Array]:
    channels = dy.shape[1]
    dx, dgamma, dbeta = np.zeros_like(dy), np.zeros(channels), np.zeros(channels)
    for c in range(channels):
        g, xhat, std = dy[:, c], cache.xhat[:, c], cache.std.ravel()[c]
        dgamma[c], dbeta[c] = (g * xhat).sum(), g.sum()
        inner = g - dbeta[c] / g.size - xhat * dgamma[c] / g.size
        dx[:, c] = cache.gamma.ravel()[c] / std * inner
    return dx, dgamma, dbeta


@BACKWARD.equal(
    "The sums are written with einsum, and reused in dx.",
    "Correct: mean(dy) is dbeta / m and mean(dy * xhat) is dgamma / m.",
    DGAMMA,
)
def backward_with_einsum(dy: Array, cache: Cache) -> tuple[Array, Array, Array]:
    m, flat = textbook.values_per_channel(dy), (len(dy), dy.shape[1], -1)
    g, xhat = dy.reshape(flat), cache.xhat.reshape(flat)
    dgamma, dbeta = np.einsum("ncp,ncp->c", g, xhat), np.einsum("ncp->c", g)
    inner = m * dy - wide(dbeta, dy) - cache.xhat * wide(dgamma, dy)
    return cache.gamma / (m * cache.std) * inner, dgamma, dbeta


@BACKWARD.equal(
    "xhat is recovered from y, as (y - beta) / gamma, for dgamma.",
    "Correct where gamma is not 0; there it divides by 0, so keep xhat in the cache instead.",
    DGAMMA,
    topic="dgamma and dbeta",
)
def dgamma_from_y_undone(dy: Array, cache: Cache) -> tuple[Array, Array, Array]:
    dx, _, dbeta = textbook.batch_norm_backward(dy, cache)
    beta = mean(cache.y)
    return dx, total(dy * (cache.y - beta) / cache.gamma), dbeta


@FORWARD.equal(
    "The variance is mean(x**2) - mean(x)**2, in one pass.",
    "Correct in mathematics, but where the mean is large against the deviation it loses digits.",
    MEAN_OF_Y,
)
def variance_in_one_pass(x: Array, gamma: Array, beta: Array, eps: float) -> tuple[Array, Cache]:
    var = mean(x**2) - mean(x) ** 2
    return normalise(x, gamma, beta, eps, mean(x), np.sqrt(var + eps))


@FORWARD.equal(
    "Normalising, scaling and shifting are folded into y = x * scale + shift.",
    "Correct: scale = gamma / std and shift = beta - mean * scale, two numbers a channel.",
    MEAN_OF_Y,
)
def forward_folded(x: Array, gamma: Array, beta: Array, eps: float) -> tuple[Array, Cache]:
    _, cache = textbook.batch_norm_forward(x, gamma, beta, eps)
    scale = cache.gamma / cache.std
    return x * scale + (wide(beta, x) - mean(x) * scale), cache


@FORWARD.equal(
    "An image is turned into rows, (N * H * W, C), and back.",
    "Correct, if the channels are moved last before the reshape, and back after it.",
    See("y4.mean(axis=(0, 2, 3))", "beta"),
    topic="conv",
)
def forward_through_rows(x: Array, gamma: Array, beta: Array, eps: float) -> tuple[Array, Cache]:
    last = np.moveaxis(x, 1, -1)
    rows = last.reshape(-1, x.shape[1])
    y = textbook.batch_norm_forward(rows, gamma, beta, eps)[0].reshape(last.shape)
    return np.moveaxis(y, -1, 1), textbook.batch_norm_forward(x, gamma, beta, eps)[1]
