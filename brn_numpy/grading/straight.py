"""Results taken apart: y as a straight line of x, dx as a sum of three terms."""

from __future__ import annotations

import numpy as np

from .._checks import Array
from ..textbook import over, wide
from .observe import close, probe_of


def line(x: Array, y: Array) -> tuple[Array, Array]:
    """Return slope and shift of the straight line through the values of each channel."""
    axes = over(x)
    x_mean, y_mean = x.mean(axis=axes, keepdims=True), y.mean(axis=axes, keepdims=True)
    xc = x - x_mean
    slope = (xc * (y - y_mean)).sum(axis=axes, keepdims=True) / (xc**2).sum(
        axis=axes, keepdims=True
    )
    return slope, y_mean - slope * x_mean


def terms(key: str, dx: Array, seed: int) -> Array:
    """Return dx of each channel as a sum: the coefficients of dy, of 1 and of xhat, (C, 3).

    A NaN stands where dx is no such sum.
    """
    probe, x, dy = probe_of(key, seed)
    basis = [dy, np.ones_like(dy), x - x.mean(axis=over(x), keepdims=True)]
    std = np.sqrt(x.var(axis=over(x)) + probe.eps)
    basis[2] = basis[2] / wide(std, x)
    found = np.full((x.shape[1], 3), np.nan)
    for c in range(x.shape[1]):
        a = np.stack([b[:, c].ravel() for b in basis], axis=1)
        b = dx[:, c].ravel()
        if np.isfinite(b).all():
            solved = np.linalg.lstsq(a, b, rcond=None)[0]
            if close(a @ solved, b):
                found[c] = solved
    return found
