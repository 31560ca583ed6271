"""The catalogue: every mistake in one table, and the look-ups."""

from __future__ import annotations

from . import (
    arrays,
    bn_deviation,
    bn_dx,
    bn_dx_details,
    bn_dx_eps,
    bn_dx_gamma,
    bn_equal,
    bn_forward,
    bn_parameters,
    bn_sums,
    brn_dx,
    brn_forward,
    brn_parameters,
    brn_statistics,
    brn_stop_gradient,
    correction_both,
    correction_d,
    correction_r,
    inference,
    running,
)
from .entry import Mistake, See, Shelf

SHELVES: tuple[Shelf, ...] = (
    bn_forward.SHELF,
    bn_deviation.SHELF,
    arrays.FORWARD,
    bn_equal.FORWARD,
    bn_dx.SHELF,
    bn_dx_gamma.SHELF,
    bn_dx_details.SHELF,
    bn_dx_eps.SHELF,
    bn_parameters.SHELF,
    bn_sums.SHELF,
    arrays.BACK,
    bn_equal.DX,
    running.SHELF,
    arrays.RUNNING,
    inference.SHELF,
    correction_r.SHELF,
    correction_d.SHELF,
    correction_both.SHELF,
    brn_forward.SHELF,
    brn_statistics.SHELF,
    arrays.RENORM,
    brn_dx.SHELF,
    brn_stop_gradient.SHELF,
    brn_parameters.SHELF,
)
MISTAKES: tuple[Mistake, ...] = tuple(m for shelf in SHELVES for m in shelf.mistakes)
BY_KEY: dict[str, Mistake] = {m.key: m for m in MISTAKES}

SAME: dict[frozenset[str], str] = {
    frozenset({"r-clipped-from-zero", "r-clipped-symmetrically"}): (
        "a ratio of standard deviations is positive, so a lower bound of 0 and one of -r_max both "
        "do nothing"
    ),
}
"""Pairs of mistakes that no input can tell apart, with the reason."""

__all__ = ["BY_KEY", "MISTAKES", "SAME", "SHELVES", "Mistake", "See", "Shelf"]
