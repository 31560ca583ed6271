"""Mistakes in dgamma and dbeta of batch_norm_backward: what is summed."""

# mypy: disable-error-code="no-any-return"
from __future__ import annotations

import numpy as np

from ..._checks import Array
from .entry import Shelf
from .lines import DBETA, DGAMMA
from .textbook import Cache

SHELF = Shelf("batch_norm_backward", "dgamma and dbeta")


@SHELF.wrong(
    "dgamma is computed from x, which is not normalised.",
    "gamma multiplies the normalised value: y = gamma * xhat + beta.",
    DGAMMA,
    "gamma_factor",
    step=11,
)
def dgamma_from_x(c: Cache) -> Array:
    return c.x


@SHELF.wrong(
    "dgamma is computed from x - mean, which is not divided by std.",
    "gamma multiplies the normalised value: y = gamma * xhat + beta.",
    DGAMMA,
    "gamma_factor",
    step=11,
)
def dgamma_from_centred_x(c: Cache) -> Array:
    return c.xc


@SHELF.wrong(
    "dgamma is computed from y.",
    "y contains gamma and beta, and its derivative by gamma does not.",
    DGAMMA,
    "gamma_factor",
    step=11,
)
def dgamma_from_y(c: Cache) -> Array:
    return c.y


@SHELF.wrong(
    "dgamma is the sum of dy: its other factor is missing.",
    "That is the derivative of a number that is added; gamma is multiplied with something.",
    DGAMMA,
    "gamma_factor",
    step=11,
)
def dgamma_is_dbeta(c: Cache) -> Array:
    return np.ones_like(c.xhat)


@SHELF.wrong(
    "dgamma is multiplied by gamma: it was computed from the gradient by xhat.",
    "The derivative of a product by one factor is the other factor: gamma itself is not in it.",
    DGAMMA,
    "gamma_factor",
    step=11,
)
def dgamma_times_gamma(c: Cache) -> Array:
    return c.gamma * c.xhat


@SHELF.wrong(
    "dbeta is multiplied by gamma: it was computed from the gradient by xhat.",
    "beta is added after the multiplication by gamma: its derivative is 1.",
    DBETA,
    "beta_factor",
    step=12,
)
def dbeta_times_gamma(c: Cache) -> Array:
    return c.gamma


@SHELF.wrong(
    "dgamma has the opposite sign.",
    "A step along -dgamma must lower the loss; here it raises it.",
    DGAMMA,
    "gamma_factor",
    step=11,
)
def dgamma_sign(c: Cache) -> Array:
    return -c.xhat


@SHELF.wrong(
    "dbeta has the opposite sign.",
    "A step along -dbeta must lower the loss; here it raises it.",
    DBETA,
    "beta_factor",
    step=12,
)
def dbeta_sign(c: Cache) -> float:
    return -1.0


@SHELF.wrong(
    "dgamma is computed with xhat without eps.",
    "The xhat of the forward pass was divided by sqrt(var + eps).",
    DGAMMA,
    "gamma_factor",
    topic="eps",
    step=7,
)
def dgamma_eps_missing(c: Cache) -> Array:
    return c.xc / np.sqrt(c.std**2 - c.eps) * c.r + c.d


@SHELF.wrong(
    "dgamma and dbeta are returned in the wrong order.",
    "The contract returns (dx, dgamma, dbeta); both have shape (C,), so nothing else tells.",
    DGAMMA,
    "parameters",
)
def dgamma_and_dbeta_swapped(dgamma: Array, dbeta: Array) -> tuple[Array, Array]:
    return dbeta, dgamma
