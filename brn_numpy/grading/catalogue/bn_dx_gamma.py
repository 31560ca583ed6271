"""Mistakes in dx of batch_norm_backward: what is done with gamma."""

# mypy: disable-error-code="no-any-return"
from __future__ import annotations

from typing import Any

import numpy as np

from .entry import Shelf
from .lines import ALONG, SCALED, SUM
from .textbook import Cache

SHELF = Shelf("batch_norm_backward", "dx")
Gains = tuple[Any, Any, Any]  # of the direct term, of that of the mean, of that of the variance


@SHELF.wrong(
    "dx lacks the factor gamma.",
    "y is gamma * xhat + beta, so everything that reaches xhat comes through gamma.",
    SCALED,
    "gains",
    step=11,
)
def dx_gamma_missing(c: Cache) -> Gains:
    return (1.0,) * 3


@SHELF.wrong(
    "gamma is in the first term of dx only.",
    "All three paths, the direct one and those through mean and deviation, come through gamma.",
    SUM,
    "gains",
    step=11,
)
def dx_gamma_in_first_term_only(c: Cache) -> Gains:
    return c.gamma, 1.0, 1.0


@SHELF.wrong(
    "dx is multiplied by gamma twice.",
    "One of the two is already in the gradient by xhat.",
    SCALED,
    "gains",
    step=11,
)
def dx_gamma_twice(c: Cache) -> Gains:
    return (c.gamma**2,) * 3


@SHELF.wrong(
    "dx has the absolute value of gamma, or the root of its square.",
    "Where gamma is negative, y falls when x rises: the sign belongs to the gradient.",
    ALONG,
    "gains",
    step=11,
)
def dx_gamma_absolute(c: Cache) -> Gains:
    return (np.abs(c.gamma),) * 3
