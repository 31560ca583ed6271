"""Mistakes in dx of batch_renorm_backward: where r belongs, and which terms there are."""

# mypy: disable-error-code="no-any-return"
from __future__ import annotations

from typing import Any

from ..._checks import Array
from .bn_dx_gamma import Gains
from .entry import Shelf
from .lines import (
    RENORM_ALONG,
    RENORM_SCALED,
    RENORM_SUM,
    RENORM_SUM4,
)
from .textbook import Cache, mean, total

SHELF = Shelf("batch_renorm_backward", "renorm dx")


@SHELF.wrong(
    "dx lacks the factor r: this is BN's dx.",
    "y is gamma * (z * r + d) + beta, so everything that reaches z comes through r.",
    RENORM_ALONG,
    "r_gains",
)
def renorm_dx_r_missing(c: Cache) -> Gains:
    return (1.0,) * 3


@SHELF.wrong(
    "dx is multiplied by r twice.", "r enters once, as gamma does.", RENORM_ALONG, "r_gains"
)
def renorm_dx_r_twice(c: Cache) -> Gains:
    return (c.r**2,) * 3


@SHELF.wrong(
    "dx is divided by r.", "z is multiplied by r, so its gradient is too.", RENORM_ALONG, "r_gains"
)
def renorm_dx_divided_by_r(c: Cache) -> Gains:
    return (1 / c.r,) * 3


@SHELF.wrong(
    "r is in the first term of dx only.",
    "All three paths, the direct one and those through mean and deviation, come through r.",
    RENORM_SUM,
    "r_gains",
)
def renorm_dx_r_in_first_term_only(c: Cache) -> Gains:
    return c.r, 1.0, 1.0


@SHELF.wrong(
    "r is missing in the term of the mean.",
    "All three paths, the direct one and those through mean and deviation, come through r.",
    RENORM_SUM,
    "r_gains",
)
def renorm_dx_r_missing_in_mean_term(c: Cache) -> Gains:
    return c.r, 1.0, c.r


@SHELF.wrong(
    "r is missing in the term of the variance.",
    "All three paths, the direct one and those through mean and deviation, come through r.",
    RENORM_ALONG,
    "r_gains",
)
def renorm_dx_r_missing_in_variance_term(c: Cache) -> Gains:
    return c.r, c.r, 1.0


@SHELF.wrong(
    "dx has the corrected xhat = z * r + d where z = (x - mean) / std belongs.",
    "The term of the variance is about the value before the correction.",
    RENORM_SUM,
    "outer inner",
)
def renorm_dx_from_corrected_xhat(z: Array, c: Cache) -> Array:
    return c.xhat


@SHELF.wrong(
    "The term of the variance reuses dgamma.",
    "In BN that is right; here dgamma contains r and d, and the term of the variance does not.",
    RENORM_ALONG,
    "inner",
)
def renorm_dx_reuses_dgamma(z: Array, c: Cache) -> Array:
    return c.xhat


@SHELF.wrong(
    "For images, the sums in dx are divided by N and not by N * H * W.",
    "Mean and variance of a channel run over N * H * W values.",
    RENORM_SUM4,
    "count",
    topic="conv",
)
def renorm_dx_conv_divides_by_n(dy: Array) -> int:
    return len(dy)


@SHELF.wrong(
    "dx is divided by running_std, times r.",
    "z was divided by the minibatch's std, and r leads from there to running_std if not clipped.",
    RENORM_ALONG,
    "divisor",
)
def renorm_dx_running_std(std: Array, c: Cache) -> Array:
    return c.running_std


@SHELF.wrong(
    "dx is gamma * dy / running_std, as in inference.",
    "Mean and deviation of the minibatch depend on x, also where r and d are constants.",
    RENORM_SUM,
    "finish",
)
def renorm_dx_of_inference(dx: Array, dy: Array, c: Cache, m: int) -> Array:
    return c.gamma / c.running_std * dy


@SHELF.wrong(
    "dx is gamma * r * dy / std: mean and deviation are treated as constants.",
    "The gradient stops at r and d only, and not at the minibatch's mean and deviation.",
    RENORM_SUM,
    "mean_term variance_term",
)
def renorm_dx_statistics_constant(term: Array, *_: Any) -> Array:
    return 0 * term


@SHELF.wrong(
    "dx lacks the term of the mean.",
    "A constant added to x changes nothing as long as r and d are constants: dx sums to 0.",
    RENORM_SUM,
    "mean_term",
)
def renorm_dx_mean_term_missing(term: Array, m: int) -> Array:
    return 0 * term


@SHELF.wrong(
    "dx lacks the term of the variance.",
    "The minibatch's deviation depends on every x, also where r is a constant.",
    RENORM_ALONG,
    "variance_term",
)
def renorm_dx_variance_term_missing(term: Array, m: int, std: Array) -> Array:
    return 0 * term


@SHELF.wrong(
    "dx lacks the factor gamma.",
    "y is gamma * (z * r + d) + beta, so everything that reaches z comes through gamma.",
    RENORM_SCALED,
    "gains",
)
def renorm_dx_gamma_missing(c: Cache) -> Gains:
    return (1.0,) * 3


@SHELF.equal(
    "dx goes back node by node, as the paper writes it: through std, through the mean, directly.",
    "Correct: the closed form is these three, added up.",
    RENORM_SUM,
)
def renorm_dx_node_by_node(dy: Array, cache: Cache) -> tuple[Array, Array, Array]:
    dxhat, xc = cache.gamma * dy, cache.z * cache.std
    dstd = mean(dxhat * xc * -cache.r / cache.std**2)
    dmean = mean(dxhat * -cache.r / cache.std)
    dx = dxhat * cache.r / cache.std + dstd * xc / cache.std + dmean
    return dx, total(dy * cache.xhat), total(dy)
