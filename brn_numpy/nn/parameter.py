"""Arrays that are trained: their gradients, their first values, their dtype."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .._checks import REAL_TYPES, Array, generator, is_complex


class Parameter:
    """An array that is trained: `data`, and `grad`, the gradient that backward left there.

    A backward pass overwrites `grad`; it does not add to it.
    """

    def __init__(self, data: Array) -> None:
        self.data = data
        self.grad: Array | None = None

    def as_for(self, x: Array) -> Array:
        """Return the data in the dtype of `x`: the input decides the precision of a layer."""
        data = self.data
        return data if data.dtype == x.dtype or is_complex(data) else cast(data, x.dtype)

    def __repr__(self) -> str:
        """Return shape and dtype: the numbers are in `data`."""
        return f"Parameter({self.data.shape}, {self.data.dtype})"


def cast(a: Array, dtype: Any) -> Array:
    """Return `a` in this dtype, without a warning of what becomes inf or 0 there."""
    if a.dtype == dtype:
        return a
    with np.errstate(all="ignore"):
        return a.astype(dtype)


def he_normal(
    rng: np.random.Generator | int, shape: tuple[int, ...], dtype: Any = np.float64
) -> Array:
    r"""Draw weights from N(0, 2 / fan_in): through a ReLU, the second moment stays as it is.

    He et al. (2015), arXiv:1502.01852, equation 10. `fan_in` is the number of inputs of one output:
    the product of all axes of `shape` but the first.
    """
    fan_in = math.prod(shape[1:])
    weights: Array = generator(rng).standard_normal(shape) * np.sqrt(2 / fan_in)
    return weights.astype(parameter_dtype(dtype))


def parameter_dtype(dtype: Any) -> np.dtype[Any]:
    """Return the dtype of parameters, float32 or float64."""
    for real in REAL_TYPES:
        if dtype is not None and dtype == real:  # None would be float64 to NumPy
            return real
    raise TypeError(f"dtype must be float32 or float64, got {dtype!r}")
