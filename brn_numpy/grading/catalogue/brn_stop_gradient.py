"""Mistakes in dx of batch_renorm_backward: the gradient does not stop at r and d."""

# mypy: disable-error-code="no-any-return"
from __future__ import annotations

import numpy as np

from ..._checks import Array
from .entry import Shelf
from .lines import RENORM_BOUNDS, RENORM_SUM
from .textbook import Cache, mean

SHELF = Shelf("batch_renorm_backward", "stop gradient")


def through_r(dy: Array, c: Cache) -> Array:
    """Return what would flow through r, where it is not clipped."""
    free = (c.r > 1 / c.r_max) & (c.r < c.r_max)
    return c.gamma / c.running_std * c.z * mean(dy * c.z) * free


def through_d(dy: Array, c: Cache) -> Array:
    """Return what would flow through d, where it is not clipped."""
    return c.gamma / c.running_std * mean(dy) * (np.abs(c.d) < c.d_max)


@SHELF.wrong(
    "The gradient flows through r and d: they are not treated as constants.",
    "Algorithm 1 stops the gradient at r and d; otherwise the normalisation has no effect on it.",
    RENORM_BOUNDS,
    "finish",
)
def renorm_gradient_through_r_and_d(dx: Array, dy: Array, c: Cache, m: int) -> Array:
    return dx + through_r(dy, c) + through_d(dy, c)


@SHELF.wrong(
    "The gradient flows through r, which is not treated as a constant.",
    "Algorithm 1 stops the gradient at r and d.",
    RENORM_BOUNDS,
    "finish",
)
def renorm_gradient_through_r(dx: Array, dy: Array, c: Cache, m: int) -> Array:
    return dx + through_r(dy, c)


@SHELF.wrong(
    "The gradient flows through d, which is not treated as a constant.",
    "Algorithm 1 stops the gradient at r and d.",
    RENORM_SUM,
    "finish",
)
def renorm_gradient_through_d(dx: Array, dy: Array, c: Cache, m: int) -> Array:
    return dx + through_d(dy, c)
