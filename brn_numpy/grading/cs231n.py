"""What cs231n's batchnorm_forward does besides the textbook's, in the textbook's manner.

In assignment 2 one function has both modes, and keeps the running statistics in `bn_param`: the
biased variance without eps, and `momentum` weighs the old value.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .._checks import Array
from ..textbook import mean, variance, wide


def running_statistics(
    x: Array, running_mean: Array, running_var: Array, momentum: float, eps: float
) -> tuple[Array, Array]:
    """Return what is in bn_param after training mode; eps has no part in it."""
    mu = np.ravel(mean(x))  # (C,)
    var = np.ravel(variance(x))  # (C,)
    new_mean = momentum * running_mean + (1 - momentum) * mu  # (C,)
    new_var = momentum * running_var + (1 - momentum) * var  # (C,)
    return new_mean, new_var


def test_mode(
    x: Array, gamma: Array, beta: Array, running_mean: Array, running_var: Array, eps: float
) -> Any:
    """Return y in test mode: normalised with the running statistics."""
    gamma, beta = wide(gamma, x), wide(beta, x)  # (1, C)
    mu = wide(running_mean, x)  # (1, C)
    var = wide(running_var, x)  # (1, C)
    std = np.sqrt(var + eps)  # (1, C)
    xhat = (x - mu) / std  # (N, C)
    y = gamma * xhat + beta  # (N, C)
    return y
