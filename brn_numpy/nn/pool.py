"""Pooling: the largest value, or the mean, of every window of an image, or of all of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from .._checks import Array, integer, is_complex
from .._kernels import keep_where
from .layer import Layer, layer_input, layer_upstream


class _Pool2d(Layer):
    """What both poolings share: the windows, and the pixels in them."""

    def __init__(self, kernel_size: int, stride: int | None = None, *, padding: int = 0) -> None:
        self.kernel_size = integer("kernel_size", kernel_size, low=1)
        self.stride = integer("stride", kernel_size if stride is None else stride, low=1)
        # Beyond half of the kernel, a window would hold no pixel at all.
        self.padding = integer("padding", padding, low=0, high=self.kernel_size // 2)

    def _input(self, x: Array) -> Array:
        x = layer_input(self, x, "N, C, H, W")
        if min(x.shape[2:]) + 2 * self.padding < self.kernel_size:
            raise ValueError(
                f"{type(self).__name__} expects images of at least {self.kernel_size} x "
                f"{self.kernel_size} pixels with padding, got shape {x.shape}"
            )
        return x

    def _output_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Return (N, C, OH, OW), OH = (H + 2 padding - K) // stride + 1."""
        room = (size + 2 * self.padding - self.kernel_size for size in shape[2:])
        return (*shape[:2], *(1 + more // self.stride for more in room))

    def _places(self, shape: tuple[int, ...]) -> Iterator[tuple[Any, Any]]:
        """For each place in a window, yield two indices: of the windows, and of their pixels there.

        First the top left of all windows, and so on. Windows that have padding there are not among
        them, so x needs no border.
        """
        sizes = zip(self._output_shape(shape)[2:], shape[2:], strict=True)
        rows, columns = (
            [self._inside(i, *size) for i in range(self.kernel_size)] for size in sizes
        )
        for window_rows, pixel_rows in rows:
            for window_columns, pixel_columns in columns:
                yield (..., window_rows, window_columns), (..., pixel_rows, pixel_columns)

    def _inside(self, offset: int, windows: int, size: int) -> tuple[slice, slice]:
        """Along one axis: which windows have a pixel at `offset`, and which pixels these are."""
        start = offset - self.padding  # the pixel of window 0
        first = -(start // self.stride) if start < 0 else 0
        last = max(first, min(windows, (size - 1 - start) // self.stride + 1))
        begin = start + first * self.stride
        return slice(first, last), slice(begin, begin + (last - first) * self.stride, self.stride)


class MaxPool2d(_Pool2d):
    """The largest value of every window; of equal ones, the first gets the gradient.

    A NaN counts as the largest: it is the output of its windows, and their gradient is its own.
    The layer keeps x by reference until backward has run.

    Parameters
    ----------
    kernel_size : int
        K: windows of K x K pixels; y (N, C, OH, OW) from x (N, C, H, W).
    stride : int, optional
        From one window to the next; K if not given. Pixels that fill no window are left out.
    padding : int
        How far windows reach beyond the image, at most K // 2; what is there is never the largest.
    """

    def forward(self, x: Array) -> Array:
        """Return y (N, C, OH, OW), OH = (H + 2 padding - K) // stride + 1."""
        x = self._input(x)
        y = np.full(self._output_shape(x.shape), -np.inf, x.dtype)
        for windows, pixels in self._places(x.shape):
            so_far, pixel = y[windows], x[pixels]
            if is_complex(x):  # analytic on either side of a tie
                larger = (pixel.real > so_far.real) | np.isnan(pixel)
                y[windows] = np.where(larger, pixel, so_far)
            else:
                np.maximum(so_far, pixel, out=so_far)
        self.cache = x, y.copy()
        return y

    @np.errstate(all="ignore")
    def backward(self, dy: Array) -> Array:
        """Send dy to the pixel of each window that was the largest."""
        x, y = self._cached()
        dy = layer_upstream(self, dy, y.shape, y.dtype)
        dx = np.zeros(x.shape, dy.dtype)
        nan = np.isnan(y).any()
        waiting = np.ones(y.shape, bool)  # windows whose largest pixel was not met yet
        for windows, pixels in self._places(x.shape):
            still, gradient = waiting[windows], dx[pixels]  # views
            largest = x[pixels] == y[windows]
            if nan:
                largest |= np.isnan(x[pixels])
            largest &= still
            gradient += keep_where(largest, dy[windows])
            still &= ~largest
        return dx


class AvgPool2d(_Pool2d):
    """The mean of every window.

    Parameters
    ----------
    kernel_size, stride : int
        As in MaxPool2d.
    padding : int
        How far windows reach beyond the image, at most K // 2. What is there counts as 0: the sum
        is divided by K * K everywhere (PyTorch's count_include_pad=True).
    """

    @np.errstate(all="ignore")
    def forward(self, x: Array) -> Array:
        """Return y (N, C, OH, OW), OH = (H + 2 padding - K) // stride + 1."""
        x = self._input(x)
        y = np.zeros(self._output_shape(x.shape), x.dtype)
        for windows, pixels in self._places(x.shape):
            total = y[windows]  # a view
            total += x[pixels]
        y /= self.kernel_size**2
        self.cache = x.shape, x.dtype
        return y

    @np.errstate(all="ignore")
    def backward(self, dy: Array) -> Array:
        """Share dy out equally among the pixels of each window."""
        shape, dtype = self._cached()
        dy = layer_upstream(self, dy, self._output_shape(shape), dtype)
        share = dy / self.kernel_size**2
        dx = np.zeros(shape, dy.dtype)
        for windows, pixels in self._places(shape):
            gradient = dx[pixels]  # a view
            gradient += share[windows]
        return dx


class GlobalAvgPool2d(Layer):
    """The mean of every channel of an image: y (N, C, 1, 1) from x (N, C, H, W) of any size.

    It is PyTorch's AdaptiveAvgPool2d(1); Flatten makes (N, C) of it.
    """

    @np.errstate(all="ignore")
    def forward(self, x: Array) -> Array:
        """Return y (N, C, 1, 1)."""
        x = layer_input(self, x, "N, C, H, W")
        self.cache = x.shape, x.dtype
        y: Array = x.mean(axis=(2, 3), keepdims=True)
        return y

    @np.errstate(all="ignore")
    def backward(self, dy: Array) -> Array:
        """Share dy out equally among the pixels of each image."""
        shape, dtype = self._cached()
        dy = layer_upstream(self, dy, (*shape[:2], 1, 1), dtype)
        return np.broadcast_to(dy / (shape[2] * shape[3]), shape).copy()
