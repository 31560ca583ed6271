"""Mistakes in dx of batch_norm_backward: which terms there are, and what is a mean in them."""

# mypy: disable-error-code="no-any-return"
from __future__ import annotations

from typing import Any

from ..._checks import Array
from .entry import Shelf
from .lines import ALONG, ONE_PIXEL, SCALED, SUM, SUM4
from .textbook import Cache, total, wide

SHELF = Shelf("batch_norm_backward", "dx")


@SHELF.wrong(
    "dx is dy itself.",
    "BN is not the identity: x moves the mean and the deviation, and gamma / std scales.",
    SCALED,
    "finish",
)
def dx_is_dy(dx: Array, dy: Array, c: Cache, m: int) -> Array:
    return dy.copy()


@SHELF.wrong(
    "dx is gamma * dy / std: mean and deviation are treated as constants.",
    "Both depend on x, so two more paths lead from y back to x; this is inference's gradient.",
    SUM,
    "mean_term variance_term",
    step=10,
)
def dx_statistics_constant(term: Array, *_: Any) -> Array:
    return 0 * term


@SHELF.wrong(
    "Only the diagonal of the Jacobian is used: how x_i moves y_i, but not how it moves y_j.",
    "Every x_i moves mean and deviation, and with them every y_j of its channel.",
    SUM,
    "mean_average variance_average",
    step=3,
)
def dx_diagonal_only(values: Array, m: int) -> Array:
    return values / m


@SHELF.wrong(
    "dx lacks the term of the mean.",
    "The mean depends on every x; a constant added to x changes nothing, so dx must sum to 0.",
    SUM,
    "mean_term",
    step=1,
)
def dx_mean_term_missing(term: Array, m: int) -> Array:
    return 0 * term


@SHELF.wrong(
    "dx lacks the term of the variance.",
    "The deviation depends on every x: but for eps, a larger spread of x changes nothing in y.",
    ALONG,
    "variance_term",
    step=4,
)
def dx_variance_term_missing(term: Array, m: int, std: Array) -> Array:
    return 0 * term


@SHELF.wrong(
    "Both terms subtracted in dx are sums and not means: 1 / m is missing.",
    "The mean and the variance are means, so each x_i has a share of 1 / m in them.",
    SUM,
    "mean_average variance_average",
    step=2,
)
def dx_sums_for_means(values: Array, m: int) -> Array:
    return wide(total(values), values)


@SHELF.wrong(
    "1 / m is missing in the term of the mean.",
    "The mean is a mean: each x_i has a share of 1 / m in it.",
    SUM,
    "mean_term",
    step=2,
)
def dx_mean_term_without_m(term: Array, m: int) -> Array:
    return m * term


@SHELF.wrong(
    "1 / m is missing in the term of the variance.",
    "The variance is a mean of squares: each x_i has a share of 1 / m in it.",
    ALONG,
    "variance_term",
    step=6,
)
def dx_variance_term_without_m(term: Array, m: int, std: Array) -> Array:
    return m * term


@SHELF.wrong(
    "dx is m times as large.",
    "Written with sums, the whole bracket is divided by m, the first term too.",
    ALONG,
    "finish",
)
def dx_m_times(dx: Array, dy: Array, c: Cache, m: int) -> Array:
    return m * dx


@SHELF.wrong(
    "dx is m times as small.",
    "If the sums are divided by m already, the whole bracket is not.",
    ALONG,
    "finish",
)
def dx_divided_by_m(dx: Array, dy: Array, c: Cache, m: int) -> Array:
    return dx / m


@SHELF.wrong(
    "For images, the sums in dx are divided by N and not by N * H * W.",
    "Mean and variance of a channel run over N * H * W values.",
    SUM4,
    "count",
    topic="conv",
    step=2,
)
def dx_conv_divides_by_n(dy: Array) -> int:
    return len(dy)


@SHELF.wrong(
    "For images, the means in dx run over the samples only, for each pixel by itself.",
    "All pixels of a channel share one mean and one deviation.",
    ONE_PIXEL,
    "mean_average variance_average",
    topic="conv",
    step=3,
)
def dx_means_per_position(values: Array, m: int) -> Array:
    return values.mean(axis=0)


@SHELF.wrong(
    "The means in dx run over the channels of each sample.",
    "The forward pass takes its means over the samples, axis 0; that of layer norm is axis 1.",
    SUM,
    "mean_average variance_average",
    step=3,
)
def dx_means_over_channels(values: Array, m: int) -> Array:
    return values.mean(axis=1, keepdims=True)


@SHELF.wrong(
    "The sums in dx run over the channels of each sample, and are divided by m.",
    "The forward pass takes its means over the samples, axis 0; that of layer norm is axis 1.",
    SUM,
    "mean_average variance_average",
    step=3,
)
def dx_sums_over_channels(values: Array, m: int) -> Array:
    return values.sum(axis=1, keepdims=True) / m
