"""The seven functions as a textbook writes them: what the mistakes are planted in.

Every intermediate has a name, so that a mistake is a small change. An array of one value per
channel is kept broadcastable here, as (1, C) or (1, C, 1, 1): `wide` makes it, `total` ends it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from ..._checks import Array


class Cache(NamedTuple):
    """What BN's forward pass hands on."""

    x: Array
    xc: Array  # x - mean
    std: Array  # (1, C, 1, 1)
    xhat: Array
    y: Array
    gamma: Array  # (1, C, 1, 1)
    eps: float


class RenormCache(NamedTuple):
    """What BRN's forward pass hands on; `z` is x normalised, `xhat` is z * r + d."""

    z: Array
    std: Array  # (1, C, 1, 1), and so are the next five
    running_std: Array
    r: Array
    d: Array
    r_is_free: Array  # where the correction is not clipped
    d_is_free: Array
    xhat: Array
    gamma: Array  # (1, C, 1, 1)


def over(a: Array) -> tuple[int, ...]:
    """Return the axes to sum over: all but the channels."""
    return (0, *range(2, a.ndim))


def wide(v: Array, like: Array) -> Array:
    """View a vector (C,) as (1, C) or (1, C, 1, 1)."""
    return v.reshape(1, -1, *[1] * (like.ndim - 2))


def mean(a: Array) -> Array:
    """Return the mean of each channel, (1, C) or (1, C, 1, 1)."""
    average: Array = a.mean(axis=over(a), keepdims=True)
    return average


def total(a: Array) -> Array:
    """Return the sum of each channel, (C,)."""
    added: Array = a.sum(axis=over(a))
    return added


def values_per_channel(a: Array) -> int:
    """Return N or N * H * W."""
    return int(a.size // a.shape[1])


def deviation(x: Array, eps: float) -> Array:
    """Return sqrt(var + eps) of each channel, (1, C) or (1, C, 1, 1)."""
    root: Array = np.sqrt(mean((x - mean(x)) ** 2) + eps)
    return root


def normalise(
    x: Array, gamma: Array, beta: Array, eps: float, mu: Array, std: Array
) -> tuple[Array, Cache]:
    """Return BN's y and cache for this mean and this std."""
    gamma, beta = wide(gamma, x), wide(beta, x)
    xc = x - mu
    xhat = xc / std
    y = gamma * xhat + beta
    return y, Cache(x.copy(), xc, std, xhat, y, gamma, eps)


def batch_norm_forward(x: Array, gamma: Array, beta: Array, eps: float) -> tuple[Array, Cache]:
    """Return y = gamma * (x - mean) / std + beta, and the cache."""
    return normalise(x, gamma, beta, eps, mean(x), deviation(x, eps))


def batch_norm_backward(dy: Array, cache: Cache) -> tuple[Array, Array, Array]:
    """Return dx, dgamma, dbeta of BN."""
    xhat = cache.xhat
    dx = cache.gamma / cache.std * (dy - mean(dy) - xhat * mean(dy * xhat))
    return dx, total(dy * xhat), total(dy)


def update_running(
    running_mean: Array, running_std: Array, batch_mean: Array, batch_std: Array, momentum: float
) -> tuple[Array, Array]:
    """Move the running pair towards the minibatch's; momentum weighs the new value."""
    return (
        running_mean + momentum * (batch_mean - running_mean),
        running_std + momentum * (batch_std - running_std),
    )


def batch_norm_inference(
    x: Array, gamma: Array, beta: Array, running_mean: Array, running_std: Array
) -> Array:
    """Return y = gamma * (x - running_mean) / running_std + beta."""
    xhat = (x - wide(running_mean, x)) / wide(running_std, x)
    return wide(gamma, x) * xhat + wide(beta, x)


def renorm_correction(
    batch_mean: Array,
    batch_std: Array,
    running_mean: Array,
    running_std: Array,
    r_max: float,
    d_max: float,
) -> tuple[Array, Array]:
    """Return r and d, clipped."""
    r = np.clip(batch_std / running_std, 1 / r_max, r_max)
    d = np.clip((batch_mean - running_mean) / running_std, -d_max, d_max)
    return r, d


def batch_renorm_forward(
    x: Array,
    gamma: Array,
    beta: Array,
    running_mean: Array,
    running_std: Array,
    r_max: float,
    d_max: float,
    eps: float,
    correction: Callable[..., tuple[Array, Array]] = renorm_correction,
) -> tuple[Array, RenormCache]:
    """Return y = gamma * (z * r + d) + beta, and the cache."""
    mu, std = mean(x), deviation(x, eps)
    pairs = mu.ravel(), std.ravel(), running_mean, running_std
    free_r, free_d = correction(*pairs, np.inf, np.inf)
    r, d = correction(*pairs, r_max, d_max)
    is_free = wide(r == free_r, x), wide(d == free_d, x)
    r, d, gamma = wide(r, x), wide(d, x), wide(gamma, x)
    z = (x - mu) / std
    xhat = z * r + d
    y = gamma * xhat + wide(beta, x)
    return y, RenormCache(z, std, wide(running_std, x), r, d, *is_free, xhat, gamma)


def batch_renorm_backward(dy: Array, cache: RenormCache) -> tuple[Array, Array, Array]:
    """Return dx, dgamma, dbeta of BRN, with r and d held constant."""
    z = cache.z
    dx = cache.gamma * cache.r / cache.std * (dy - mean(dy) - z * mean(dy * z))
    return dx, total(dy * cache.xhat), total(dy)


def solution(changed: str = "", variant: Callable[..., Any] | None = None) -> dict[str, Any]:
    """Return the seven functions, one of them replaced by a variant.

    A variant of `renorm_correction` is also the one that `batch_renorm_forward` then uses.
    """
    functions: dict[str, Any] = {
        f.__name__: f
        for f in (
            batch_norm_forward,
            batch_norm_backward,
            update_running,
            batch_norm_inference,
            renorm_correction,
            batch_renorm_forward,
            batch_renorm_backward,
        )
    }
    if variant is not None:
        functions[changed] = variant
        if changed == "renorm_correction":
            functions["batch_renorm_forward"] = partial(batch_renorm_forward, correction=variant)
    return functions
