"""Mistakes in batch_norm_forward: the affine map, the mean, the axes."""

# mypy: disable-error-code="no-any-return"
from __future__ import annotations

from typing import Any

import numpy as np

from ..._checks import Array
from . import textbook
from .entry import See, Shelf
from .lines import FLIP, MEAN, MEAN4, SPREAD, SPREAD4
from .textbook import Cache

SHELF = Shelf("batch_norm_forward", "forward")
Axes = tuple[int, ...]


@SHELF.wrong(
    "y is xhat: gamma and beta are not applied.",
    "The normalised value is scaled and shifted: y = gamma * xhat + beta.",
    MEAN,
    "affine",
)
def forward_affine_missing(xhat: Array, gamma: Array, beta: Array, c: Any) -> Array:
    return xhat.copy()


@SHELF.wrong(
    "y is xhat + beta: gamma is not applied.",
    "The normalised value is scaled and shifted: y = gamma * xhat + beta.",
    SPREAD,
    "affine",
)
def forward_gamma_missing(xhat: Array, gamma: Array, beta: Array, c: Any) -> Array:
    return xhat + beta


@SHELF.wrong(
    "y is gamma * xhat: beta is not added.",
    "The normalised value is scaled and shifted: y = gamma * xhat + beta.",
    MEAN,
    "affine",
)
def forward_beta_missing(xhat: Array, gamma: Array, beta: Array, c: Any) -> Array:
    return gamma * xhat


@SHELF.wrong(
    "beta is subtracted.", "y = gamma * xhat + beta: the mean of y is beta.", MEAN, "affine"
)
def forward_beta_sign(xhat: Array, gamma: Array, beta: Array, c: Any) -> Array:
    return gamma * xhat - beta


@SHELF.wrong(
    "y is gamma * (xhat + beta).",
    "beta is added last, and is not scaled: the mean of y is beta.",
    MEAN,
    "affine",
)
def forward_gamma_scales_beta(xhat: Array, gamma: Array, beta: Array, c: Any) -> Array:
    return gamma * (xhat + beta)


@SHELF.wrong(
    "gamma is applied twice.",
    "y = gamma * xhat + beta: with twice the gamma, y - beta is twice as large.",
    SPREAD,
    "affine",
)
def forward_gamma_twice(xhat: Array, gamma: Array, beta: Array, c: Any) -> Array:
    return gamma**2 * xhat + beta


@SHELF.wrong(
    "The absolute value of gamma is applied.",
    "gamma is learnt and may become negative: it then turns the channel upside down.",
    FLIP,
    "affine",
)
def forward_gamma_absolute(xhat: Array, gamma: Array, beta: Array, c: Any) -> Array:
    return np.abs(gamma) * xhat + beta


@SHELF.wrong("gamma and beta are exchanged.", "gamma multiplies and beta is added.", MEAN, "affine")
def forward_gamma_and_beta_swapped(xhat: Array, gamma: Array, beta: Array, c: Any) -> Array:
    return beta * xhat + gamma


@SHELF.wrong(
    "The mean is not subtracted.",
    "xhat has mean 0; here y moves when a constant is added to x.",
    MEAN,
    "normal",
)
def forward_not_centred(c: Cache) -> Array:
    return c.x / c.std


@SHELF.wrong(
    "Only the mean is divided by the deviation: x - mean / std.",
    "A product binds tighter than a difference: x - mean needs brackets before it is divided.",
    SPREAD,
    "normal",
)
def forward_brackets_missing(c: Cache) -> Array:
    return c.x - (c.x - c.xc) / c.std


@SHELF.wrong(
    "The median is subtracted and not the mean.",
    "The mean is what the formula and its derivative are about.",
    MEAN,
    "normal",
)
def forward_median_for_mean(c: Cache) -> Array:
    return (c.x - np.median(c.x, axis=textbook.over(c.x), keepdims=True)) / c.std


def _by_n(values: Array, axes: Axes) -> Array:
    return values.sum(axis=axes, keepdims=True) / len(values)


@SHELF.wrong(
    "For images, the mean is a sum divided by N and not by N * H * W.",
    "The mean of a channel is taken of N * H * W values.",
    MEAN4,
    "centre",
    topic="conv",
)
def forward_mean_divided_by_n(values: Array, axes: Axes) -> Array:
    return _by_n(values, axes)


@SHELF.wrong(
    "For images, the mean and the variance are sums divided by N and not by N * H * W.",
    "The statistics of a channel are means of N * H * W values.",
    MEAN4,
    topic="conv",
)
def forward_divided_by_n(x: Array, gamma: Array, beta: Array, eps: float) -> Any:
    def variance(values: Array, axes: Axes) -> Array:
        return _by_n((values - _by_n(values, axes)) ** 2, axes)

    return textbook.batch_norm_forward(x, gamma, beta, eps, centre=_by_n, variance=variance)


@SHELF.wrong(
    "For images, every pixel position has a mean and a deviation of its own: axis 0 only.",
    "A convolution treats all positions alike, so they share statistics: axes 0, 2 and 3.",
    SPREAD4,
    "mean_over variance_over",
    topic="conv",
)
def forward_per_position(x: Array) -> Axes:
    return (0,)


@SHELF.wrong(
    "For images, every image is normalised by itself: axes 2 and 3 only.",
    "That is instance normalisation; batch normalisation includes the samples, axis 0.",
    See("y4[0].std(axis=(1, 2))", "np.abs(gamma) * x4[0].std(axis=(1, 2)) / batch_std"),
    "mean_over variance_over",
    topic="conv",
)
def forward_per_image(x: Array) -> Axes:
    return (0,) if x.ndim == 2 else (2, 3)


@SHELF.wrong(
    "For images, the array is reshaped to (N * H * W, C) without moving the channels last.",
    "A reshape does not move axes: the columns then hold a mixture of channels and pixels.",
    MEAN4,
    "shape",
    topic="conv",
)
def forward_rows_without_transpose(x: Array) -> Array:
    return x.reshape(-1, x.shape[1])


@SHELF.wrong(
    "The last sample is left out of the mean and of the variance.",
    "A loop to m - 1, or a slice that ends too early: every sample counts.",
    MEAN,
    "seen",
)
def forward_last_sample_left_out(x: Array) -> Array:
    return x[:-1]


@SHELF.wrong(
    "Every sample is normalised over its channels, axis 1.",
    "That is layer normalisation; batch normalisation takes each channel over the samples.",
    MEAN,
    "mean_over variance_over",
)
def forward_over_channels(x: Array) -> Axes:
    return tuple(range(1, x.ndim))


@SHELF.wrong(
    "Every value is normalised over the channels at its place, axis 1, in images too.",
    "Batch normalisation takes each channel over the samples, and in images over the pixels.",
    MEAN,
    "mean_over variance_over",
)
def forward_over_axis_1(x: Array) -> Axes:
    return (1,)


@SHELF.wrong(
    "One mean and one deviation are taken of the whole array.",
    "Every channel has statistics of its own: np.mean needs an axis.",
    MEAN,
    "mean_over variance_over",
)
def forward_over_everything(x: Array) -> Axes:
    return tuple(range(x.ndim))
