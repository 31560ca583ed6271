"""Mistakes in dx of batch_norm_backward: signs, powers and factors, and eps."""

# mypy: disable-error-code="no-any-return"
from __future__ import annotations

import numpy as np

from ..._checks import Array
from .bn_dx import ALONG, SUM, with_right_parameters
from .entry import See, Shelf
from .textbook import Cache, mean, values_per_channel

SHELF = Shelf("batch_norm_backward", "dx", with_right_parameters)


@SHELF.wrong(
    "dx is divided by the variance and not by the standard deviation.",
    "xhat is xc / std, so its derivative carries 1 / std.",
    ALONG,
)
def dx_divided_by_variance(dy: Array, cache: Cache) -> Array:
    inner = dy - mean(dy) - cache.xhat * mean(dy * cache.xhat)
    return cache.gamma / cache.std**2 * inner


@SHELF.wrong(
    "dx is not divided by the standard deviation.",
    "xhat is xc / std, so its derivative carries 1 / std.",
    ALONG,
)
def dx_std_missing(dy: Array, cache: Cache) -> Array:
    return cache.gamma * (dy - mean(dy) - cache.xhat * mean(dy * cache.xhat))


@SHELF.wrong(
    "The term of the variance has xc where xhat belongs.",
    "That term is xhat * mean(dy * xhat): each of the two factors carries 1 / std.",
    ALONG,
)
def dx_xc_for_xhat(dy: Array, cache: Cache) -> Array:
    return cache.gamma / cache.std * (dy - mean(dy) - cache.xc * mean(dy * cache.xhat))


@SHELF.wrong(
    "The term of the variance has y where xhat belongs.",
    "y contains gamma and beta; the normalised value does not.",
    SUM,
)
def dx_y_for_xhat(dy: Array, cache: Cache) -> Array:
    return cache.gamma / cache.std * (dy - mean(dy) - cache.y * mean(dy * cache.y))


@SHELF.wrong(
    "The derivative of (var + eps)^(-1/2) was taken with the power -1/2 and not -3/2.",
    "Differentiating lowers the power by one: -1/2 * (var + eps)^(-3/2).",
    ALONG,
)
def dx_variance_power(dy: Array, cache: Cache) -> Array:
    along = cache.xhat * mean(dy * cache.xhat) * cache.std**2
    return cache.gamma / cache.std * (dy - mean(dy) - along)


@SHELF.wrong(
    "The term of the variance is twice as large: the 1/2 of the square root is missing.",
    "The 2 of the square and the 1/2 of the root cancel.",
    ALONG,
)
def dx_variance_term_doubled(dy: Array, cache: Cache) -> Array:
    return cache.gamma / cache.std * (dy - mean(dy) - 2 * cache.xhat * mean(dy * cache.xhat))


@SHELF.wrong(
    "The term of the variance is half as large: the 2 of the square is missing.",
    "The 2 of the square and the 1/2 of the root cancel.",
    ALONG,
)
def dx_variance_term_halved(dy: Array, cache: Cache) -> Array:
    return cache.gamma / cache.std * (dy - mean(dy) - cache.xhat * mean(dy * cache.xhat) / 2)


@SHELF.wrong(
    "The term of the variance is added and not subtracted.",
    "A larger deviation makes xhat smaller, so this path has a minus.",
    ALONG,
)
def dx_variance_term_sign(dy: Array, cache: Cache) -> Array:
    return cache.gamma / cache.std * (dy - mean(dy) + cache.xhat * mean(dy * cache.xhat))


@SHELF.wrong(
    "The term of the mean is added and not subtracted.",
    "xhat is (x - mean) / std, so this path has a minus.",
    SUM,
)
def dx_mean_term_sign(dy: Array, cache: Cache) -> Array:
    return cache.gamma / cache.std * (dy + mean(dy) - cache.xhat * mean(dy * cache.xhat))


@SHELF.wrong(
    "dx has the opposite sign.",
    "With gamma > 0, y rises with x; following -dx would raise the loss.",
    ALONG,
)
def dx_sign(dy: Array, cache: Cache) -> Array:
    return -cache.gamma / cache.std * (dy - mean(dy) - cache.xhat * mean(dy * cache.xhat))


@SHELF.wrong(
    "The variance is differentiated with m - 1, and computed with m in the forward pass.",
    "The backward pass must differentiate what the forward pass computed.",
    ALONG,
)
def dx_variance_term_unbiased(dy: Array, cache: Cache) -> Array:
    m = values_per_channel(dy)
    along = cache.xhat * mean(dy * cache.xhat) * m / (m - 1)
    return cache.gamma / cache.std * (dy - mean(dy) - along)


@SHELF.wrong(
    "The backward pass divides by sqrt(var), without eps.",
    "The forward pass divided by sqrt(var + eps); its derivative contains the same number.",
    ALONG,
    topic="eps",
)
def dx_eps_missing(dy: Array, cache: Cache) -> Array:
    std = np.sqrt(cache.std**2 - cache.eps)
    xhat = cache.xc / std
    return cache.gamma / std * (dy - mean(dy) - xhat * mean(dy * xhat))


@SHELF.wrong(
    "The backward pass divides by sqrt(var) + eps, the forward pass by sqrt(var + eps).",
    "The derivative must contain the deviation of the forward pass, eps inside the root.",
    ALONG,
    topic="eps",
)
def dx_eps_outside_root(dy: Array, cache: Cache) -> Array:
    std = np.sqrt(cache.std**2 - cache.eps) + cache.eps
    xhat = cache.xc / std
    return cache.gamma / std * (dy - mean(dy) - xhat * mean(dy * xhat))


@SHELF.wrong(
    "eps is added to the variance a second time in the backward pass.",
    "The std of the forward pass contains eps already.",
    ALONG,
    topic="eps",
)
def dx_eps_twice(dy: Array, cache: Cache) -> Array:
    std = np.sqrt(cache.std**2 + cache.eps)
    xhat = cache.xc / std
    return cache.gamma / std * (dy - mean(dy) - xhat * mean(dy * xhat))


@SHELF.wrong(
    "dx is clipped to [-1, 1].",
    "Clipping gradients is a matter for the optimizer; dx here is the derivative, large or not.",
    See(
        "batch_norm_backward(100 * dy, cache)[0] / 100",
        "batch_norm_backward(dy / 100, cache)[0] * 100",
    ),
)
def dx_clipped(dy: Array, cache: Cache) -> Array:
    dx = cache.gamma / cache.std * (dy - mean(dy) - cache.xhat * mean(dy * cache.xhat))
    return np.clip(dx, -1, 1)


@SHELF.wrong(
    "dx is computed in place: dy is overwritten.",
    "The caller's dy still belongs to the caller, who may need it for another branch.",
    See("(k := dy.copy(), batch_norm_backward(k, cache))[0]", "dy"),
    topic="arrays",
)
def dy_changed_in_place(dy: Array, cache: Cache) -> Array:
    dx = cache.gamma / cache.std * (dy - mean(dy) - cache.xhat * mean(dy * cache.xhat))
    dy *= cache.gamma
    return dx


@SHELF.wrong(
    "The backward pass overwrites an array of the cache.",
    "A second backward pass with the same cache, as in a numeric check, then gives something else.",
    See(
        "(batch_norm_backward(dy, cache), batch_norm_backward(dy, cache))[1][0].sum(axis=0)",
        "0 * gamma",
    ),
    topic="arrays",
)
def cache_changed_in_place(dy: Array, cache: Cache) -> Array:
    along = mean(dy * cache.xhat)
    dx = cache.gamma / cache.std * (dy - mean(dy) - cache.xhat * along)
    cache.xhat[...] = cache.xhat * along + 1
    return dx
