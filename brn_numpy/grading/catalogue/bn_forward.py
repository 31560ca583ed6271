"""Mistakes in batch_norm_forward: the affine map, the axes, the arrays."""

from __future__ import annotations

import numpy as np

from ..._checks import Array
from . import textbook
from .entry import See, Shelf
from .textbook import Cache, normalise, wide

SHELF = Shelf("batch_norm_forward", "forward")
Result = tuple[Array, Cache]
MEAN = See("y.mean(axis=0)", "beta")
SPREAD = See("y.std(axis=0)", "np.abs(gamma) * x.std(axis=0) / batch_std")
FLIP = See("batch_norm_forward(x, -gamma, beta, eps)[0] - beta", "-(y - beta)")


@SHELF.wrong(
    "y is xhat: gamma and beta are not applied.",
    "The normalised value is scaled and shifted: y = gamma * xhat + beta.",
    MEAN,
)
def forward_affine_missing(x: Array, gamma: Array, beta: Array, eps: float) -> Result:
    _, cache = textbook.batch_norm_forward(x, gamma, beta, eps)
    return cache.xhat.copy(), cache


@SHELF.wrong(
    "y is xhat + beta: gamma is not applied.",
    "The normalised value is scaled and shifted: y = gamma * xhat + beta.",
    SPREAD,
)
def forward_gamma_missing(x: Array, gamma: Array, beta: Array, eps: float) -> Result:
    _, cache = textbook.batch_norm_forward(x, gamma, beta, eps)
    return cache.xhat + wide(beta, x), cache


@SHELF.wrong(
    "y is gamma * xhat: beta is not added.",
    "The normalised value is scaled and shifted: y = gamma * xhat + beta.",
    MEAN,
)
def forward_beta_missing(x: Array, gamma: Array, beta: Array, eps: float) -> Result:
    _, cache = textbook.batch_norm_forward(x, gamma, beta, eps)
    return cache.gamma * cache.xhat, cache


@SHELF.wrong(
    "beta is subtracted.",
    "y = gamma * xhat + beta: the mean of y is beta.",
    MEAN,
)
def forward_beta_sign(x: Array, gamma: Array, beta: Array, eps: float) -> Result:
    _, cache = textbook.batch_norm_forward(x, gamma, beta, eps)
    return cache.gamma * cache.xhat - wide(beta, x), cache


@SHELF.wrong(
    "y is gamma * (xhat + beta).",
    "beta is added last, and is not scaled: the mean of y is beta.",
    MEAN,
)
def forward_gamma_scales_beta(x: Array, gamma: Array, beta: Array, eps: float) -> Result:
    _, cache = textbook.batch_norm_forward(x, gamma, beta, eps)
    return cache.gamma * (cache.xhat + wide(beta, x)), cache


@SHELF.wrong(
    "gamma is applied twice.",
    "y = gamma * xhat + beta: with twice the gamma, y - beta is twice as large.",
    SPREAD,
)
def forward_gamma_twice(x: Array, gamma: Array, beta: Array, eps: float) -> Result:
    _, cache = textbook.batch_norm_forward(x, gamma, beta, eps)
    return cache.gamma**2 * cache.xhat + wide(beta, x), cache


@SHELF.wrong(
    "The absolute value of gamma is applied.",
    "gamma is learnt and may become negative: it then turns the channel upside down.",
    FLIP,
)
def forward_gamma_absolute(x: Array, gamma: Array, beta: Array, eps: float) -> Result:
    return textbook.batch_norm_forward(x, np.abs(gamma), beta, eps)


@SHELF.wrong(
    "gamma and beta are exchanged.",
    "gamma multiplies and beta is added.",
    MEAN,
)
def forward_gamma_and_beta_swapped(x: Array, gamma: Array, beta: Array, eps: float) -> Result:
    return textbook.batch_norm_forward(x, beta, gamma, eps)


@SHELF.wrong(
    "The mean is not subtracted.",
    "xhat has mean 0; here y moves when a constant is added to x.",
    MEAN,
)
def forward_not_centred(x: Array, gamma: Array, beta: Array, eps: float) -> Result:
    std = textbook.deviation(x, eps)
    return normalise(x, gamma, beta, eps, np.zeros_like(std), std)


@SHELF.wrong(
    "The median is subtracted and not the mean.",
    "The mean is what the formula and its derivative are about.",
    MEAN,
)
def forward_median_for_mean(x: Array, gamma: Array, beta: Array, eps: float) -> Result:
    median = np.median(x, axis=textbook.over(x), keepdims=True)
    return normalise(x, gamma, beta, eps, median, textbook.deviation(x, eps))


@SHELF.wrong(
    "For images, every pixel position has a mean and a deviation of its own: axis 0 only.",
    "A convolution treats all positions alike, so they share statistics: axes 0, 2 and 3.",
    See("y4.std(axis=(0, 2, 3))", "np.abs(gamma) * x4.std(axis=(0, 2, 3)) / batch_std"),
    topic="conv",
)
def forward_per_position(x: Array, gamma: Array, beta: Array, eps: float) -> Result:
    mu, var = x.mean(axis=0, keepdims=True), x.var(axis=0, keepdims=True)
    return normalise(x, gamma, beta, eps, mu, np.sqrt(var + eps))


@SHELF.wrong(
    "For images, every image is normalised by itself: axes 2 and 3 only.",
    "That is instance normalisation; batch normalisation includes the samples, axis 0.",
    See("y4[0].std(axis=(1, 2))", "np.abs(gamma) * x4[0].std(axis=(1, 2)) / batch_std"),
    topic="conv",
)
def forward_per_image(x: Array, gamma: Array, beta: Array, eps: float) -> Result:
    if x.ndim == 2:
        return textbook.batch_norm_forward(x, gamma, beta, eps)
    mu, var = x.mean(axis=(2, 3), keepdims=True), x.var(axis=(2, 3), keepdims=True)
    return normalise(x, gamma, beta, eps, mu, np.sqrt(var + eps))


@SHELF.wrong(
    "For images, the array is reshaped to (N * H * W, C) without moving the channels last.",
    "A reshape does not move axes: the columns then hold a mixture of channels and pixels.",
    See("y4.mean(axis=(0, 2, 3))", "beta"),
    topic="conv",
)
def forward_rows_without_transpose(x: Array, gamma: Array, beta: Array, eps: float) -> Result:
    y, _ = textbook.batch_norm_forward(x.reshape(-1, x.shape[1]), gamma, beta, eps)
    return y.reshape(x.shape), textbook.batch_norm_forward(x, gamma, beta, eps)[1]


@SHELF.wrong(
    "The last sample is left out of the mean and of the variance.",
    "A loop to m - 1, or a slice that ends too early: every sample counts.",
    MEAN,
)
def forward_last_sample_left_out(x: Array, gamma: Array, beta: Array, eps: float) -> Result:
    mu, std = textbook.mean(x[:-1]), textbook.deviation(x[:-1], eps)
    return normalise(x, gamma, beta, eps, mu, std)


@SHELF.wrong(
    "Every sample is normalised over its channels, axis 1.",
    "That is layer normalisation; batch normalisation takes each channel over the samples.",
    MEAN,
)
def forward_over_channels(x: Array, gamma: Array, beta: Array, eps: float) -> Result:
    axes = tuple(range(1, x.ndim))
    mu, var = x.mean(axis=axes, keepdims=True), x.var(axis=axes, keepdims=True)
    return normalise(x, gamma, beta, eps, mu, np.sqrt(var + eps))


@SHELF.wrong(
    "One mean and one deviation are taken of the whole array.",
    "Every channel has statistics of its own: np.mean needs an axis.",
    MEAN,
)
def forward_over_everything(x: Array, gamma: Array, beta: Array, eps: float) -> Result:
    mu, var = x.mean(keepdims=True), x.var(keepdims=True)
    return normalise(x, gamma, beta, eps, mu, np.sqrt(var + eps))


@SHELF.wrong(
    "x is normalised in place: the caller's array is overwritten.",
    "x is the output of the layer before, whose backward pass still needs it.",
    See("(k := x.copy(), batch_norm_forward(k, gamma, beta, eps))[0]", "x"),
    topic="arrays",
)
def x_changed_in_place(x: Array, gamma: Array, beta: Array, eps: float) -> Result:
    y, cache = textbook.batch_norm_forward(x, gamma, beta, eps)
    x[...] = cache.xhat
    return y, cache


@SHELF.wrong(
    "y is float32, although x is float64.",
    "Half of the digits are lost, and a numeric gradient check no longer means anything.",
    See("y.dtype", "x.dtype"),
    topic="arrays",
)
def y_in_float32(x: Array, gamma: Array, beta: Array, eps: float) -> Result:
    y, cache = textbook.batch_norm_forward(x, gamma, beta, eps)
    return y.astype(np.float32), cache
