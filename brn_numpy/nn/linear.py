"""The affine map between the layers of a network."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._checks import Array, integer
from .layer import Layer, layer_input, layer_upstream
from .parameter import Parameter, he_normal, parameter_dtype


class Linear(Layer):
    r"""The affine map y = x W^T + b. It keeps x by reference until backward has run.

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
        self.dtype = parameter_dtype(dtype)
        self.weight = Parameter(he_normal(rng, (out_features, in_features), self.dtype))
        self.bias = Parameter(np.zeros(out_features, self.dtype)) if bias else None

    @np.errstate(all="ignore")
    def forward(self, x: Array) -> Array:
        """Map x (N, in_features) to y (N, out_features)."""
        x = layer_input(self, x, "N, C", self.in_features)
        y: Array = x @ self.weight.as_for(x).T
        if self.bias is not None:
            y = y + self.bias.as_for(x)
        self.cache = x
        return y

    @np.errstate(all="ignore")
    def backward(self, dy: Array) -> Array:
        """Return dx (N, in_features); dW = dy^T x and db = sum of dy go to the parameters."""
        dy = self._upstream(dy)
        self.parameter_gradients(dy)
        dx: Array = dy @ self.weight.as_for(self.cache)
        return dx

    @np.errstate(all="ignore")
    def parameter_gradients(self, dy: Array) -> None:
        """Leave dW = dy^T x and db = sum of dy at the parameters."""
        dy = self._upstream(dy)
        self.weight.grad = dy.T @ self.cache
        if self.bias is not None:
            self.bias.grad = dy.sum(axis=0)

    def _upstream(self, dy: Array) -> Array:
        x = self._cached()
        return layer_upstream(self, dy, (len(x), self.out_features), x.dtype)
