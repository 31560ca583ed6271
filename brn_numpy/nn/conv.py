"""Convolution, written as one matrix product per image (im2col)."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._checks import Array, integer
from .layer import Layer, Parameter, layer_input, layer_upstream
from .linear import he_normal, parameter_dtype, weight_and_bias


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
        dtype = parameter_dtype(dtype)
        shape = (out_channels, in_channels, kernel_size, kernel_size)
        self.weight = Parameter(he_normal(rng, shape, dtype))
        self.bias = Parameter(np.zeros(out_channels, dtype)) if bias else None

    def named_parameters(self) -> dict[str, Parameter]:
        """Return weight and, if there is one, bias."""
        return weight_and_bias(self.weight, self.bias)

    def forward(self, x: Array) -> Array:
        """Map x (N, C, H, W) to y (N, D, OH, OW), OH = (H + 2 padding - K) // stride + 1."""
        x = layer_input(self, x, "N, C, H, W", self.in_channels)
        padded = self._padded(x)
        if min(padded.shape[2:]) < self.kernel_size:
            raise ValueError(
                f"Conv2d expects images of at least {self.kernel_size} x {self.kernel_size} pixels "
                f"with padding, got {padded.shape[2]} x {padded.shape[3]}"
            )
        columns, height, width = self._columns(padded)  # (N, C*K*K, OH*OW)
        y: Array = self._matrix(x) @ columns  # (N, D, OH*OW)
        if self.bias is not None:
            y = y + self.bias.as_for(x)[:, None]
        self.cache = columns, padded.shape
        return y.reshape(len(x), self.out_channels, height, width)

    def backward(self, dy: Array) -> Array:
        """Return dx (N, C, H, W); the gradients of weight and bias go to the parameters."""
        columns, padded_shape = self._cached()
        n, k, s = len(columns), self.kernel_size, self.stride
        _, channels, tall, wide = padded_shape
        height, width = 1 + (tall - k) // s, 1 + (wide - k) // s
        dy = layer_upstream(self, dy, (n, self.out_channels, height, width), columns.dtype)

        flat = dy.reshape(n, self.out_channels, height * width)
        dweight = (flat @ columns.transpose(0, 2, 1)).sum(axis=0)  # (D, C*K*K)
        self.weight.grad = dweight.reshape(self.weight.data.shape)
        if self.bias is not None:
            self.bias.grad = flat.sum(axis=(0, 2))

        # Put dy where its patches begin in the padded image, with zeros between. Then pixel (i, j)
        # of every patch lies i rows and j columns further on, and whole images are added at once.
        starts = np.zeros((n, self.out_channels, tall, wide), dy.dtype)
        starts[:, :, : s * height : s, : s * width : s] = dy
        dcolumns = self._matrix(columns).T @ starts.reshape(n, self.out_channels, tall * wide)
        dcolumns = dcolumns.reshape(n, channels, k, k, tall * wide)
        dpadded = np.zeros((n, channels, tall * wide), dy.dtype)
        for i in range(k):
            for j in range(k):
                ahead = i * wide + j
                dpadded[:, :, ahead:] += dcolumns[:, :, i, j, : tall * wide - ahead]
        pad = self.padding
        return dpadded.reshape(padded_shape)[:, :, pad : tall - pad, pad : wide - pad]

    def _matrix(self, x: Array) -> Array:
        """Return the filters as the rows of a matrix (D, C*K*K)."""
        return self.weight.as_for(x).reshape(self.out_channels, -1)

    def _padded(self, x: Array) -> Array:
        """Put zeros around x; for small images np.pad alone takes as long as the convolution."""
        pad = self.padding
        if pad == 0:
            return x
        n, c, height, width = x.shape
        padded = np.zeros((n, c, height + 2 * pad, width + 2 * pad), x.dtype)
        padded[:, :, pad:-pad, pad:-pad] = x
        return padded

    def _columns(self, padded: Array) -> tuple[Array, int, int]:
        """Return all patches as columns (N, C*K*K, OH*OW), and OH and OW."""
        k, s = self.kernel_size, self.stride
        windows = np.lib.stride_tricks.sliding_window_view(padded, (k, k), axis=(2, 3))
        windows = windows[:, :, ::s, ::s]  # (N, C, OH, OW, K, K), still a view
        n, c, height, width = windows.shape[:4]
        columns = windows.transpose(0, 1, 4, 5, 2, 3).reshape(n, c * k * k, height * width)
        return columns, height, width
