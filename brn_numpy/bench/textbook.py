"""Batch Normalization as one writes it down from the formulas: what the library is timed against.

Nothing here is slow on purpose, and nothing is tuned: mean and variance are NumPy's, the backward
pass is the closed form, and every step makes a new array, which is what the library avoids.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .._checks import Array


class Cache(NamedTuple):
    """What the backward pass needs."""

    xhat: Array
    gamma: Array  # (1, C) or (1, C, 1, 1), and so is std
    std: Array
    axes: tuple[int, ...]


def forward(x: Array, gamma: Array, beta: Array, eps: float) -> tuple[Array, Cache]:
    """Return y = gamma * (x - mean) / std + beta, and the cache; x is (N, C) or (N, C, H, W)."""
    axes = tuple(axis for axis in range(x.ndim) if axis != 1)
    wide = (1, -1) + (1,) * (x.ndim - 2)
    gamma, beta = gamma.reshape(wide), beta.reshape(wide)
    mean, var = x.mean(axis=axes, keepdims=True), x.var(axis=axes, keepdims=True)
    std = np.sqrt(var + eps)
    xhat = (x - mean) / std
    return gamma * xhat + beta, Cache(xhat, gamma, std, axes)


def backward(dy: Array, cache: Cache) -> tuple[Array, Array, Array]:
    """Return dx, dgamma, dbeta."""
    xhat, gamma, std, axes = cache
    mean_dy = dy.mean(axis=axes, keepdims=True)
    mean_dy_xhat = (dy * xhat).mean(axis=axes, keepdims=True)
    dx = gamma / std * (dy - mean_dy - xhat * mean_dy_xhat)
    return dx, (dy * xhat).sum(axis=axes), dy.sum(axis=axes)
