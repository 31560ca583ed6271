"""Mistakes with the arrays themselves: changed arguments, lost digits."""

# mypy: disable-error-code="no-any-return"
from __future__ import annotations

import numpy as np

from ..._checks import Array
from . import textbook
from .entry import See, Shelf
from .lines import BACKWARD, DTYPE
from .textbook import Cache, mean, total

FORWARD = Shelf("batch_norm_forward", "arrays")
BACK = Shelf("batch_norm_backward", "arrays")
RUNNING = Shelf("update_running", "arrays")
RENORM = Shelf("batch_renorm_forward", "arrays")
Gradients = tuple[Array, Array, Array]


@FORWARD.wrong(
    "x is normalised in place: the caller's array is overwritten.",
    "x is the output of the layer before, whose backward pass still needs it.",
    See("(k := x.copy(), batch_norm_forward(k, gamma, beta, eps))[0]", "x"),
)
def x_changed_in_place(x: Array, gamma: Array, beta: Array, eps: float) -> tuple[Array, Cache]:
    y, cache = textbook.batch_norm_forward(x, gamma, beta, eps)
    x[...] = cache.xhat
    return y, cache


@FORWARD.wrong(
    "y is float32, although x is float64.",
    "Half of the digits are lost, and a numeric gradient check no longer means anything.",
    See("y.dtype", "x.dtype"),
)
def y_in_float32(x: Array, gamma: Array, beta: Array, eps: float) -> tuple[Array, Cache]:
    y, cache = textbook.batch_norm_forward(x, gamma, beta, eps)
    return y.astype(np.float32), cache


@BACK.wrong(
    "dx is computed in place: dy is overwritten.",
    "The caller's dy still belongs to the caller, who may need it for another branch.",
    See("(k := dy.copy(), batch_norm_backward(k, cache))[0]", "dy"),
)
def dy_changed_in_place(dy: Array, cache: Cache) -> Gradients:
    gradients = textbook.batch_norm_backward(dy, cache)
    dy *= cache.gamma
    return gradients


@BACK.wrong(
    "The backward pass overwrites an array of the cache.",
    "A second backward pass with the same cache, as in a numeric check, then gives something else.",
    See(f"{BACKWARD}[0] - {BACKWARD}[0]", "0 * dy"),
)
def cache_changed_in_place(dy: Array, cache: Cache) -> Gradients:
    gradients = textbook.batch_norm_backward(dy, cache)
    cache.z[...] = cache.z * mean(dy * cache.z) + 1
    return gradients


@BACK.wrong(
    "dgamma and dbeta are computed in float32, although x is float64.",
    "Half of the digits are lost, and a numeric gradient check no longer means anything.",
    DTYPE,
    "gamma_sum beta_sum",
)
def dgamma_in_float32(values: Array) -> Array:
    return total(values.astype(np.float32))


@RUNNING.wrong(
    "The running arrays are changed in place.",
    "The caller may still need the old ones: BRN's r and d are taken from them.",
    See(
        "(k := running_mean.copy(), "
        "update_running(k, running_std.copy(), batch_mean, batch_std, momentum))[0]",
        "running_mean",
    ),
)
def running_changed_in_place(
    m: Array, s: Array, mb: Array, sb: Array, a: float
) -> tuple[Array, Array]:
    m += a * (mb - m)
    s += a * (sb - s)
    return m, s


@RENORM.wrong(
    "The caller's running statistics are updated in place by the forward pass.",
    "In this contract state goes in and comes out of update_running; this one would count twice.",
    See(
        "(k := running_mean.copy(), "
        "batch_renorm_forward(x, gamma, beta, k, running_std.copy(), r_max, d_max, eps))[0]",
        "running_mean",
    ),
)
def renorm_running_changed_in_place(
    x: Array, gamma: Array, beta: Array, m: Array, s: Array, r_max: float, d_max: float, eps: float
) -> tuple[Array, Cache]:
    result = textbook.batch_renorm_forward(x, gamma, beta, m, s, r_max, d_max, eps)
    m += 0.1 * (mean(x).ravel() - m)
    s += 0.1 * (textbook.deviation(x, eps).ravel() - s)
    return result
