"""Flatten, between images and Linear."""

from __future__ import annotations

import math

from .._checks import Array
from .layer import Layer, layer_input, layer_upstream


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
