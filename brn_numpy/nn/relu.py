"""The positive part: what makes a network more than one affine map."""

from __future__ import annotations

import numpy as np

from .._checks import Array, is_complex
from .._kernels import keep_where
from .layer import Layer, layer_input, layer_upstream


class ReLU(Layer):
    """The positive part, y = max(x, 0); its derivative at 0 is taken to be 0.

    The layer keeps x by reference until backward has run.
    """

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
