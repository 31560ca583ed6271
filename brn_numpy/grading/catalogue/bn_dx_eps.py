"""Mistakes in dx of batch_norm_backward: eps is not where the forward pass had it."""

# mypy: disable-error-code="no-any-return"
from __future__ import annotations

import numpy as np

from ..._checks import Array
from .bn_deviation import EPS
from .entry import Shelf
from .lines import ALONG
from .textbook import Cache

SHELF = Shelf("batch_norm_backward", "eps")


@SHELF.wrong(
    "The backward pass divides by sqrt(var), without eps.",
    "The forward pass divided by sqrt(var + eps); its derivative contains the same number.",
    ALONG,
    "deviation",
    step=7,
)
def dx_eps_missing(c: Cache) -> Array:
    return np.sqrt(c.std**2 - c.eps)


@SHELF.wrong(
    "The backward pass divides by sqrt(var) + eps, the forward pass by sqrt(var + eps).",
    "The derivative must contain the deviation of the forward pass, eps inside the root.",
    ALONG,
    "deviation",
    step=7,
)
def dx_eps_outside_root(c: Cache) -> Array:
    return np.sqrt(c.std**2 - c.eps) + c.eps


@SHELF.wrong(
    "eps is added to the variance a second time in the backward pass.",
    "The std of the forward pass contains eps already.",
    ALONG,
    "deviation",
    step=7,
)
def dx_eps_twice(c: Cache) -> Array:
    return np.sqrt(c.std**2 + c.eps)


@SHELF.wrong(
    "The backward pass has an eps of its own, {}.",
    "The derivative must contain the deviation of the forward pass: keep it in the cache.",
    ALONG,
    "deviation",
    step=7,
    constants=(1e-2, *EPS),
)
def dx_eps_fixed(c: Cache, constant: float) -> Array:
    return np.sqrt(c.std**2 - c.eps + constant)
