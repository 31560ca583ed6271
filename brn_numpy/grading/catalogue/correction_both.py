"""Mistakes in renorm_correction that concern r and d together."""

from __future__ import annotations

from typing import Any

from ..._checks import Array
from .bn_deviation import EPS
from .entry import Shelf
from .lines import SMALL_R, R

SHELF = Shelf("renorm_correction", "correction")


@SHELF.wrong(
    "Neither r nor d is clipped.",
    "The bounds keep a far-off minibatch from blowing the values up; with 1 and 0 this must be BN.",
    R,
    "r_bounds d_bounds",
    topic="bounds",
)
def correction_not_clipped(value: Array, *_: Any) -> Array:
    return value


@SHELF.wrong(
    "{} is added to running_std before dividing.",
    "running_std contains eps already; where it is small, a second one is felt.",
    SMALL_R,
    "old_std",
    topic="eps",
    constants=EPS,
)
def correction_eps_again(s: Array, constant: float) -> Array:
    return s + constant


@SHELF.wrong(
    "r and d are returned in the wrong order.",
    "The contract returns (r, d); both have shape (C,), so nothing else tells.",
    R,
    "pair",
)
def r_and_d_swapped(r: Array, d: Array) -> tuple[Array, Array]:
    return d, r
