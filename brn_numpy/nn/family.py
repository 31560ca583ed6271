"""The layers GroupNorm, LayerNorm, InstanceNorm and RMSNorm: no state but gamma and beta."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._checks import Array, integer, real_number
from ..family import group_norm_backward, group_norm_forward, rms_norm_backward, rms_norm_forward
from .layer import Layer, channels_input
from .parameter import Parameter, parameter_dtype


class GroupNorm(Layer):
    """Group normalisation: each group of channels of each sample has its own mean and std.

    The same in training and in inference mode. It keeps x by reference until backward has run.

    Parameters
    ----------
    num_groups : int
        G, which must divide C. Channels that stand side by side make a group.
    num_features : int
        C, the number of channels, which are on axis 1.
    eps : float
        Positive; added to the variance.
    dtype : float64 or float32
        Of the parameters. Outputs have the dtype of the input.

    Attributes
    ----------
    weight, bias : Parameter (C,)
        gamma and beta, under PyTorch's names; they start at 1 and 0.
    """

    def __init__(
        self, num_groups: int, num_features: int, *, eps: float = 1e-5, dtype: Any = np.float64
    ) -> None:
        self.num_features = integer("num_features", num_features, low=1)
        self.num_groups = integer("num_groups", num_groups, low=1)
        if self.num_features % self.num_groups:
            raise ValueError(
                f"num_groups must divide num_features, got num_groups={num_groups} and "
                f"num_features={num_features}"
            )
        self.eps = real_number("eps", eps, low=0.0, above=True)
        self.dtype = parameter_dtype(dtype)
        self.weight = Parameter(np.ones(num_features, self.dtype))
        self.bias: Parameter | None = Parameter(np.zeros(num_features, self.dtype))

    def forward(self, x: Array) -> Array:
        """Return y, of the shape of x."""
        x, _ = channels_input(self, x, self.num_features, axis=1)
        y, self.cache = self._normalise(x, *(param.data for param in self.parameters()))
        return y

    def backward(self, dy: Array) -> Array:
        """Return dx; the gradients with respect to the parameters go to their `grad`."""
        dx, *gradients = self._backward(dy, self._cached())
        for param, gradient in zip(self.parameters(), gradients, strict=True):
            param.grad = gradient
        return dx

    def _normalise(self, x: Array, *vectors: Array) -> tuple[Array, Any]:
        gamma, beta = vectors
        return group_norm_forward(x, gamma, beta, self.num_groups, eps=self.eps)

    def _backward(self, dy: Array, cache: Any) -> tuple[Array, ...]:
        return group_norm_backward(dy, cache)


class LayerNorm(GroupNorm):
    """Layer normalisation: each sample has its own mean and std, over all channels and pixels.

    GroupNorm with one group. gamma and beta are one number a channel, for images too, where
    PyTorch's LayerNorm has one a pixel.
    """

    def __init__(self, num_features: int, *, eps: float = 1e-5, dtype: Any = np.float64) -> None:
        super().__init__(1, num_features, eps=eps, dtype=dtype)


class InstanceNorm(GroupNorm):
    """Instance normalisation: each channel of each sample has its own mean and std.

    GroupNorm with as many groups as channels. A channel must have more than one pixel. PyTorch's
    InstanceNorm has gamma and beta only if it is asked for them.
    """

    def __init__(self, num_features: int, *, eps: float = 1e-5, dtype: Any = np.float64) -> None:
        super().__init__(num_features, num_features, eps=eps, dtype=dtype)


class RMSNorm(GroupNorm):
    """RMS normalisation: each sample is divided by the root of its mean square.

    LayerNorm without the mean, and without beta.
    """

    def __init__(self, num_features: int, *, eps: float = 1e-5, dtype: Any = np.float64) -> None:
        super().__init__(1, num_features, eps=eps, dtype=dtype)
        self.bias = None

    def _normalise(self, x: Array, *vectors: Array) -> tuple[Array, Any]:
        return rms_norm_forward(x, *vectors, eps=self.eps)

    def _backward(self, dy: Array, cache: Any) -> tuple[Array, ...]:
        return rms_norm_backward(dy, cache)
