"""Convolution, written as one matrix product per image (im2col)."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._checks import Array, integer
from .layer import Layer, layer_input, layer_upstream
from .parameter import Parameter, he_normal, parameter_dtype


class Conv2d(Layer):
    """Slide K x K filters over images: y (N, D, OH, OW) from x (N, C, H, W).

    Every output pixel is the product of a filter with the patch of x below it. The patches of an
    image are laid side by side, as the columns of a matrix; y is then weight @ columns.

    Parameters
    ----------
    in_channels, out_channels : int
        C and D.
    kernel_size : int
        K, the width and height of a filter.
    stride : int
        How far a filter moves between two output pixels.
    padding : int
        How many rows and columns of zeros are put around x.
    bias : bool
        Before a normalisation a bias does nothing: the mean takes it away again.
    rng : numpy.random.Generator or int
        Where the initial weights come from (`he_normal`); the biases start at 0.
    dtype : float64 or float32

    Attributes
    ----------
    weight : Parameter (D, C, K, K)
    bias : Parameter (D,), or None
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        *,
        stride: int = 1,
        padding: int = 0,
        bias: bool = True,
        rng: np.random.Generator | int,
        dtype: Any = np.float64,
    ) -> None:
        self.in_channels = integer("in_channels", in_channels, low=1)
        self.out_channels = integer("out_channels", out_channels, low=1)
        self.kernel_size = integer("kernel_size", kernel_size, low=1)
        self.stride = integer("stride", stride, low=1)
        self.padding = integer("padding", padding, low=0)
        self.dtype = parameter_dtype(dtype)
        shape = (out_channels, in_channels, kernel_size, kernel_size)
        self.weight = Parameter(he_normal(rng, shape, self.dtype))
        self.bias = Parameter(np.zeros(out_channels, self.dtype)) if bias else None

    @np.errstate(all="ignore")
    def forward(self, x: Array) -> Array:
        """Map x (N, C, H, W) to y (N, D, OH, OW), OH = (H + 2 padding - K) // stride + 1."""
        x = layer_input(self, x, "N, C, H, W", self.in_channels)
        padded = self._padded(x)
        n, _, tall, wide = padded.shape
        if min(tall, wide) < self.kernel_size:
            raise ValueError(
                f"Conv2d expects images of at least {self.kernel_size} x {self.kernel_size} pixels "
                f"with padding, got {tall} x {wide}"
            )
        height, width = self._output_size(tall, wide)
        columns = self._columns(padded, height, width)  # (N, K*K*C, OH*OW)
        y: Array = self._matrix(x) @ columns  # (N, D, OH*OW)
        if self.bias is not None:
            y = y + self.bias.as_for(x)[:, None]
        self.cache = columns, padded.shape
        return y.reshape(n, self.out_channels, height, width)

    @np.errstate(all="ignore")
    def backward(self, dy: Array) -> Array:
        """Return dx (N, C, H, W); the gradients of weight and bias go to the parameters."""
        dy = self._upstream(dy)  # (N, D, OH, OW)
        self.parameter_gradients(dy)
        columns, (n, channels, tall, wide) = self._cached()
        k, s, pad, size = self.kernel_size, self.stride, self.padding, channels * tall * wide

        # dy is put where its patches begin in the padded image, with zeros between. Pixel (i, j) of
        # every patch lies i rows and j columns further on: so all patches are added at once, as
        # K*K images that are each shifted a little.
        starts = np.zeros((n, self.out_channels, tall, wide), dy.dtype)
        starts[:, :, : s * dy.shape[2] : s, : s * dy.shape[3] : s] = dy
        starts = starts.reshape(n, self.out_channels, tall * wide)
        matrix = np.ascontiguousarray(self._matrix(columns).T)  # (K*K*C, D)
        dpatches = (matrix @ starts).reshape(n, k, k, size)
        dpadded = np.zeros((n, size), dy.dtype)
        for i in range(k):
            for j in range(k):
                ahead = i * wide + j
                dpadded[:, ahead:] += dpatches[:, i, j, : size - ahead]
        dx = dpadded.reshape(n, channels, tall, wide)
        return dx[:, :, pad : tall - pad, pad : wide - pad]

    @np.errstate(all="ignore")
    def parameter_gradients(self, dy: Array) -> None:
        """Leave the gradients of weight and bias at their parameters."""
        columns, _ = self._cached()
        dy = self._upstream(dy)
        dy = dy.reshape(*dy.shape[:2], -1)  # (N, D, OH*OW)
        dmatrix = (columns @ dy.transpose(0, 2, 1)).sum(axis=0)  # (K*K*C, D)
        k = self.kernel_size
        self.weight.grad = dmatrix.reshape(k, k, self.in_channels, -1).transpose(3, 2, 0, 1)
        if self.bias is not None:
            self.bias.grad = dy.sum(axis=(0, 2))

    def _upstream(self, dy: Array) -> Array:
        columns, (n, _, tall, wide) = self._cached()
        shape = (n, self.out_channels, *self._output_size(tall, wide))
        return layer_upstream(self, dy, shape, columns.dtype)

    def _output_size(self, tall: int, wide: int) -> tuple[int, int]:
        """Return OH and OW for padded images of this size."""
        k, s = self.kernel_size, self.stride
        return 1 + (tall - k) // s, 1 + (wide - k) // s

    def _matrix(self, x: Array) -> Array:
        """Return the filters as the rows of a matrix (D, K*K*C)."""
        return self.weight.as_for(x).transpose(0, 2, 3, 1).reshape(self.out_channels, -1)

    def _padded(self, x: Array) -> Array:
        """Put zeros around x; for small images np.pad alone takes as long as the convolution."""
        pad = self.padding
        if pad == 0:
            return x
        n, c, height, width = x.shape
        padded = np.zeros((n, c, height + 2 * pad, width + 2 * pad), x.dtype)
        padded[:, :, pad:-pad, pad:-pad] = x
        return padded

    def _columns(self, padded: Array, height: int, width: int) -> Array:
        """Return all patches as columns (N, K*K*C, OH*OW): pixel (i, j) of all, then the next."""
        k, s = self.kernel_size, self.stride
        n, c = padded.shape[:2]
        columns = np.empty((n, k, k, c, height, width), padded.dtype)
        for i in range(k):
            for j in range(k):
                columns[:, i, j] = padded[:, :, i : i + s * height : s, j : j + s * width : s]
        return columns.reshape(n, k * k * c, height * width)
