"""Mistakes in dx of batch_norm_backward: signs, powers and factors."""

# mypy: disable-error-code="no-any-return"
from __future__ import annotations

import numpy as np

from ..._checks import Array
from .entry import Shelf
from .lines import ALONG, CLIPPED, SUM
from .textbook import Cache

SHELF = Shelf("batch_norm_backward", "dx")


@SHELF.wrong(
    "dx is divided by the variance and not by the standard deviation.",
    "xhat is xc / std, so its derivative carries 1 / std.",
    ALONG,
    "divisor",
    step=10,
)
def dx_divided_by_variance(std: Array, c: Cache) -> Array:
    return std**2


@SHELF.wrong(
    "dx is not divided by the standard deviation.",
    "xhat is xc / std, so its derivative carries 1 / std.",
    ALONG,
    "divisor",
    step=10,
)
def dx_std_missing(std: Array, c: Cache) -> Array:
    return np.ones_like(std)


@SHELF.wrong(
    "dx is multiplied by the standard deviation.",
    "xhat is xc / std, so its derivative carries 1 / std.",
    ALONG,
    "divisor",
    step=10,
)
def dx_multiplied_by_std(std: Array, c: Cache) -> Array:
    return 1 / std


@SHELF.wrong(
    "The term of the variance is std times as large: it has xc for xhat, or one 1 / std too few.",
    "The derivative of 1 / std is -1 / std**2, and xhat itself has been divided too.",
    ALONG,
    "outer",
    step=9,
)
def dx_xc_for_xhat(z: Array, c: Cache) -> Array:
    return c.xc


@SHELF.wrong(
    "The term of the variance is divided by std once too often.",
    "An xhat has been divided by std already; an xc has not.",
    ALONG,
    "outer",
    step=9,
)
def dx_variance_term_divided_once_more(z: Array, c: Cache) -> Array:
    return z / c.std


@SHELF.wrong(
    "The term of the variance has y where xhat belongs.",
    "y contains gamma and beta; the normalised value does not.",
    SUM,
    "outer inner",
    step=10,
)
def dx_y_for_xhat(z: Array, c: Cache) -> Array:
    return c.y


@SHELF.wrong(
    "The term of the variance has x where xhat belongs, which is not centred.",
    "What the variance is made of, and differentiated by, is the distance from the mean.",
    ALONG,
    "inner",
    step=4,
)
def dx_x_for_xhat(z: Array, c: Cache) -> Array:
    return c.x / c.std


@SHELF.wrong(
    "The derivative of (var + eps)^(-1/2) was taken with the power -1/2 and not -3/2.",
    "Differentiating lowers the power by one: -1/2 * (var + eps)^(-3/2).",
    ALONG,
    "variance_term",
    step=8,
)
def dx_variance_power(term: Array, m: int, std: Array) -> Array:
    return term * std**2


@SHELF.wrong(
    "The term of the variance is twice as large: the 1/2 of the square root is missing.",
    "The 2 of the square and the 1/2 of the root cancel.",
    ALONG,
    "variance_term",
    step=8,
)
def dx_variance_term_doubled(term: Array, m: int, std: Array) -> Array:
    return 2 * term


@SHELF.wrong(
    "The term of the variance is half as large: the 2 of the square is missing.",
    "The 2 of the square and the 1/2 of the root cancel.",
    ALONG,
    "variance_term",
    step=4,
)
def dx_variance_term_halved(term: Array, m: int, std: Array) -> Array:
    return term / 2


@SHELF.wrong(
    "The term of the variance has the opposite sign.",
    "A larger deviation makes xhat smaller, so this path has a minus.",
    ALONG,
    "variance_term",
    step=9,
)
def dx_variance_term_sign(term: Array, m: int, std: Array) -> Array:
    return -term


@SHELF.wrong(
    "The term of the mean has the opposite sign.",
    "xhat is (x - mean) / std, so this path has a minus.",
    SUM,
    "mean_term",
    step=3,
)
def dx_mean_term_sign(term: Array, m: int) -> Array:
    return -term


@SHELF.wrong(
    "dx has the opposite sign.",
    "With gamma > 0, y rises with x; following -dx would raise the loss.",
    ALONG,
    "last",
    step=10,
)
def dx_sign(dx: Array) -> Array:
    return -dx


@SHELF.wrong(
    "The variance is differentiated with m - 1, and computed with m in the forward pass.",
    "The backward pass must differentiate what the forward pass computed.",
    ALONG,
    "variance_term",
    step=6,
)
def dx_variance_term_unbiased(term: Array, m: int, std: Array) -> Array:
    return term * (m / (m - 1))


@SHELF.wrong(
    "dx is clipped to [-1, 1].",
    "Clipping gradients is a matter for the optimizer; dx here is the derivative, large or not.",
    CLIPPED,
    "last",
)
def dx_clipped(dx: Array) -> Array:
    return np.clip(dx, -1, 1)
