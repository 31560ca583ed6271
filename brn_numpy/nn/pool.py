"""Pooling: the largest value, or the mean, of every window of an image."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .._checks import Array, integer, is_complex
from .._kernels import keep_where
from .layer import Layer, layer_input, layer_upstream


class _Pool2d(Layer):
    """What both poolings share: the windows, and the pixels in them."""

    def __init__(self, kernel_size: int, stride: int | None = None) -> None:
        self.kernel_size = integer("kernel_size", kernel_size, low=1)
        self.stride = integer("stride", kernel_size if stride is None else stride, low=1)

    def _input(self, x: Array) -> Array:
        x = layer_input(self, x, "N, C, H, W")
        if min(x.shape[2:]) < self.kernel_size:
            raise ValueError(
                f"{type(self).__name__} expects images of at least {self.kernel_size} x "
                f"{self.kernel_size} pixels, got shape {x.shape}"
            )
        return x

    def _output_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        height, width = (1 + (size - self.kernel_size) // self.stride for size in shape[2:])
        return (*shape[:2], height, width)

    def _pixels(self, x: Array) -> Iterator[Array]:
        """Yield views (N, C, OH, OW) of x: first the top left pixel of all windows, and so on."""
        height, width = self._output_shape(x.shape)[2:]
        for i in range(self.kernel_size):
            for j in range(self.kernel_size):
                yield x[:, :, i :: self.stride, j :: self.stride][:, :, :height, :width]


class MaxPool2d(_Pool2d):
    """The largest value of every window; of equal ones, the first gets the gradient.

    Parameters
    ----------
    kernel_size : int
        K: windows of K x K pixels; y (N, C, OH, OW) from x (N, C, H, W).
    stride : int, optional
        From one window to the next; K if not given. Pixels that fill no window are left out.
    """

    def forward(self, x: Array) -> Array:
        """Return y (N, C, OH, OW)."""
        x = self._input(x)
        first, *others = self._pixels(x)
        y = first.copy()
        for pixel in others:
            if is_complex(x):  # analytic on either side of a tie
                y = np.where(pixel.real > y.real, pixel, y)
            else:
                np.maximum(y, pixel, out=y)
        self.cache = x, y.copy()
        return y

    def backward(self, dy: Array) -> Array:
        """Send dy to the pixel of each window that was the largest."""
        x, y = self._cached()
        dy = layer_upstream(self, dy, y.shape, y.dtype)
        dx = np.zeros(x.shape, dy.dtype)
        waiting = np.ones(y.shape, bool)  # windows whose largest pixel was not met yet
        for pixel, gradient in zip(self._pixels(x), self._pixels(dx), strict=True):
            here = waiting & (pixel == y)
            gradient += keep_where(here, dy)
            waiting &= ~here
        return dx


class AvgPool2d(_Pool2d):
    """The mean of every window.

    Parameters
    ----------
    kernel_size : int
        K: windows of K x K pixels; y (N, C, OH, OW) from x (N, C, H, W).
    stride : int, optional
        From one window to the next; K if not given. Pixels that fill no window are left out.
    """

    def forward(self, x: Array) -> Array:
        """Return y (N, C, OH, OW)."""
        x = self._input(x)
        first, *others = self._pixels(x)
        y = first.copy()
        for pixel in others:
            y += pixel
        y /= self.kernel_size**2
        self.cache = x.shape, x.dtype
        return y

    def backward(self, dy: Array) -> Array:
        """Share dy out equally among the pixels of each window."""
        shape, dtype = self._cached()
        dy = layer_upstream(self, dy, self._output_shape(shape), dtype)
        share = dy / self.kernel_size**2
        dx = np.zeros(shape, dy.dtype)
        for gradient in self._pixels(dx):
            gradient += share
        return dx
