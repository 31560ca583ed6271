"""The passes over the data that all of BN, BRN and inference is made of.

    xc, std = centre(x, eps)              x - mean, and sqrt(var + eps), of each channel
    y = affine(xc, a, b)                  a * xc + b
    dgamma, dbeta = sums(dy, xc, std)     sum of dy * xc / std, sum of dy
    dx = combine(dy, xc, a, b, c)         a * (dy - b - c * xc)
    dx = scaled(dy, xc, a)                a * dy

a, b, c and std are one number a channel, (C,). affine, combine and scaled put their result where
xc was, so that y or dx is the only array of the size of x. How a pass is fast is the business of
`_kernels`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ._checks import Array, float_array, is_complex
from ._kernels import (
    Channels,
    channel_dot,
    channel_sum,
    fold,
    in_halves,
    look_with_care,
    mean_of_first,
    mend_overflow,
    per_channel,
    small_buffer,
    subtract,
)


class Mean(NamedTuple):
    """The mean of each channel in two parts, `near` + `rest`.

    One number is too coarse in float32: near 1e4 its neighbours are 1e-3 apart, which is a tenth
    of a standard deviation of 1e-2. So x - mean is (x - near) - rest. In training, `near` is the
    mean of the first rows, and `rest` is what it lacks; in inference, `near` is the running mean in
    the dtype of x, and `rest` is what the rounding took off.
    """

    near: Array  # (C,)
    rest: Array  # (C,)

    def __repr__(self) -> str:
        """Return dtype and shape."""
        return f"{self.near.dtype} {self.near.shape}, in two parts"

    @property
    def rounded(self) -> Array:
        """The mean as one number a channel, (C,)."""
        return np.asarray(self.near + self.rest)

    def minus(self, other: Array) -> Array:
        """Return mean - other. (`rounded` - other has too few digits where both are near 1e4.)"""
        rounded: Array = (other - self.near).astype(self.rest.dtype, copy=False)
        return self.rest - rounded


class Centred:
    """x - mean of each channel, on its way: x - mean.near, from which mean.rest is yet to be taken.

    `values` is empty until the first pass computes x - mean.near, block by block. To take the rest
    off would be a pass of its own; instead every pass corrects its (C,) vectors by it.
    """

    __slots__ = ("mean", "ready", "values", "x")

    def __init__(self, x: Channels, mean: Mean, out: Array | None = None) -> None:
        self.x, self.mean = x, mean
        small_buffer(x.values)
        self.values = np.empty(x.values.shape, x.values.dtype) if out is None else out
        self.ready = False

    def result(self) -> Array:
        """Return the values in the shape that x came in."""
        return self.values.reshape(self.x.shape)


def upstream(dy: object, x: Channels) -> tuple[Array, Channels]:
    """Return dy, checked and laid out like x, and x, in one dtype: complex if dy is."""
    array = float_array("dy", dy, complex_ok=True)
    if array.shape != x.shape:
        raise ValueError(
            f"dy must have the shape of the forward's output, {x.shape}, got {array.shape}"
        )
    if is_complex(array):
        x = x._replace(values=x.values.astype(np.complex128, copy=False))
    return array.astype(x.values.dtype, copy=False).reshape(x.values.shape), x


def centre(x: Channels, eps: float, out: Array | None = None) -> tuple[Centred, Array]:
    """Return x - mean, in the memory `out` if that is given, and sqrt(variance + eps).

    The variance is mean((x - near)^2) - rest^2. This is not the notorious mean(x^2) - mean(x)^2:
    `near` is the mean of the first rows, as many as fit into the cache, and no digits are lost
    while the rest is smaller than a standard deviation. Where it is not, a second look starts from
    the mean that the first has found; and then, in the rarest channels, one with care.
    """
    near = mean_of_first(x)
    xc = Centred(x, Mean(near, near), out)  # the rest is not known yet: _look finds it
    var, fine = _look(xc)
    if np.count_nonzero(fine) < x.channels and not is_complex(var):
        near, rest = xc.mean
        xc.mean = Mean(np.where(fine | ~np.isfinite(rest), near, near + rest), rest)
        var, fine = _look(xc)
    std = np.sqrt(var + eps)
    if np.count_nonzero(fine) < x.channels and not is_complex(var):
        look_with_care(x, xc.values, ~fine, eps, *xc.mean, std)
    return xc, std


def _look(xc: Centred) -> tuple[Array, Array]:
    """Put x - near into xc, and the rest into its mean; return var and where it has its digits."""
    x, near = xc.x, xc.mean.near
    total, squares = in_halves(_sum_and_squares, (x.values, xc.values), (per_channel(near, x),))
    rest = fold(total, x) / x.m
    square = rest * rest
    var = fold(squares, x) / x.m - square
    xc.mean, xc.ready = Mean(near, rest), True
    return var, (square <= var) & np.isfinite(var)


def _sum_and_squares(x: Array, xc: Array, near: Array) -> tuple[Array, Array]:
    subtract(x, near, xc)
    return channel_sum(xc), channel_dot(xc, xc)


def affine(xc: Centred, scale: Array, shift: Array) -> Array:
    """Return scale * xc + shift, in the memory of xc."""
    x, mean = xc.x, xc.mean
    vectors = per_channel(scale, x), per_channel(shift - scale * mean.rest, x)
    if xc.ready:
        in_halves(_affine, (xc.values,), vectors)
    else:
        in_halves(_affine_of_x, (x.values, xc.values), (per_channel(mean.near, x), *vectors))
    return xc.result()


def _affine(xc: Array, scale: Array, shift: Array) -> tuple[()]:
    xc *= scale
    xc += shift
    return ()


def _affine_of_x(x: Array, xc: Array, near: Array, scale: Array, shift: Array) -> tuple[()]:
    subtract(x, near, xc)
    return _affine(xc, scale, shift)


def sums(dy: Array, xc: Centred, std: Array) -> tuple[Array, Array]:
    """Return the sums over each channel of dy * xc / std, and of dy; leave x - near in xc."""
    x, (near, rest) = xc.x, xc.mean
    along, total = in_halves(_sums, (x.values, xc.values, dy), (per_channel(near, x),))
    of_dy = fold(total, x)
    of_both = (fold(along, x) - rest * of_dy) / std
    mend_overflow(of_both, x, dy, near, rest, std)
    xc.ready = True
    return of_both, of_dy


def _sums(x: Array, xc: Array, dy: Array, near: Array) -> tuple[Array, Array]:
    subtract(x, near, xc)
    return channel_dot(xc, dy), channel_sum(dy)


def combine(dy: Array, xc: Centred, scale: Array, constant: Array, slope: Array) -> Array:
    """Return scale * (dy - constant - slope * xc), in the memory of xc; `sums` has come before."""
    x, term = xc.x, constant - slope * xc.mean.rest
    vectors = per_channel(-slope, x), per_channel(term, x), per_channel(scale, x)
    in_halves(_combine, (xc.values, dy), vectors)
    return xc.result()


def _combine(xc: Array, dy: Array, slope: Array, term: Array, scale: Array) -> tuple[()]:
    xc *= slope
    xc += dy
    xc -= term
    xc *= scale
    return ()


def scaled(dy: Array, xc: Centred, scale: Array) -> Array:
    """Return scale * dy, in the memory of xc."""
    np.multiply(dy, per_channel(scale, xc.x), xc.values)
    return xc.result()
