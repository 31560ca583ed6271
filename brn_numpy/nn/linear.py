"""The layers between normalisations: Linear, ReLU, Flatten."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .._checks import REAL_TYPES, Array, generator, integer, is_complex
from .._kernels import keep_where
from .layer import Layer, Parameter, layer_input, layer_upstream


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


class Linear(Layer):
    r"""The affine map y = x W^T + b.

    Parameters
    ----------
    in_features, out_features : int
    bias : bool
        Before a normalisation a bias does nothing: the mean takes it away again.
    rng : numpy.random.Generator or int
        Where the initial weights come from (`he_normal`); the biases start at 0.
    dtype : float64 or float32

    Attributes
    ----------
    weight : Parameter (out_features, in_features)
    bias : Parameter (out_features,), or None
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        *,
        bias: bool = True,
        rng: np.random.Generator | int,
        dtype: Any = np.float64,
    ) -> None:
        self.in_features = integer("in_features", in_features, low=1)
        self.out_features = integer("out_features", out_features, low=1)
        dtype = parameter_dtype(dtype)
        self.weight = Parameter(he_normal(rng, (out_features, in_features), dtype))
        self.bias = Parameter(np.zeros(out_features, dtype)) if bias else None

    def named_parameters(self) -> dict[str, Parameter]:
        """Return weight and, if there is one, bias."""
        return weight_and_bias(self.weight, self.bias)

    def forward(self, x: Array) -> Array:
        """Map x (N, in_features) to y (N, out_features)."""
        x = layer_input(self, x, "N, C", self.in_features)
        y: Array = x @ self.weight.as_for(x).T
        if self.bias is not None:
            y = y + self.bias.as_for(x)
        self.cache = x
        return y

    def backward(self, dy: Array) -> Array:
        """Return dx (N, in_features); dW = dy^T x and db = sum of dy go to the parameters."""
        dy = self._upstream(dy)
        self.parameter_gradients(dy)
        dx: Array = dy @ self.weight.as_for(self.cache)
        return dx

    def parameter_gradients(self, dy: Array) -> None:
        """Leave dW = dy^T x and db = sum of dy at the parameters."""
        dy = self._upstream(dy)
        self.weight.grad = dy.T @ self.cache
        if self.bias is not None:
            self.bias.grad = dy.sum(axis=0)

    def _upstream(self, dy: Array) -> Array:
        x = self._cached()
        return layer_upstream(self, dy, (len(x), self.out_features), x.dtype)


class ReLU(Layer):
    """The positive part, y = max(x, 0); its derivative at 0 is taken to be 0."""

    def forward(self, x: Array) -> Array:
        """Return max(x, 0), of any shape."""
        x = layer_input(self, x)
        self.cache = x
        if is_complex(x):  # analytic on either side of the kink
            return np.where(x.real > 0, x, 0)
        return np.maximum(x, 0)

    def backward(self, dy: Array) -> Array:
        """Let dy through where x was positive."""
        x = self._cached()
        dy = layer_upstream(self, dy, x.shape, x.dtype)
        return keep_where(x.real > 0, dy)


class Flatten(Layer):
    """Make one axis of all axes but the first: (N, C, H, W) becomes (N, C*H*W)."""

    def forward(self, x: Array) -> Array:
        """Return a copy of x with two axes."""
        x = layer_input(self, x)
        if x.ndim == 0:
            raise ValueError(f"Flatten expects x with samples on its first axis, got {x.shape}")
        self.cache = x.shape, x.dtype
        return x.reshape(len(x), -1).copy()

    def backward(self, dy: Array) -> Array:
        """Return a copy of dy with the axes of x."""
        shape, dtype = self._cached()
        dy = layer_upstream(self, dy, (shape[0], math.prod(shape[1:])), dtype)
        return dy.reshape(shape).copy()


def parameter_dtype(dtype: Any) -> np.dtype[Any]:
    """Return the dtype of parameters, float32 or float64."""
    for real in REAL_TYPES:
        if dtype is not None and dtype == real:  # None would be float64 to NumPy
            return real
    raise TypeError(f"dtype must be float32 or float64, got {dtype!r}")


def weight_and_bias(weight: Parameter, bias: Parameter | None) -> dict[str, Parameter]:
    """Return a layer's parameters under PyTorch's names."""
    return {"weight": weight} if bias is None else {"weight": weight, "bias": bias}
