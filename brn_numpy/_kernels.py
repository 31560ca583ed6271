"""How the passes are fast and lose no digits: the one file that is clever.

What each trick buys is measured by `python -m brn_numpy bench --ablate`, which switches it off. A
vector of one value per channel has shape (C,).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from ._checks import Array, is_complex

BLOCK = 2**20  # bytes: so much, and what is computed from it, stays in a core's own cache
ROWS = 1024  # so many values are added one after the other; more would gather rounding errors
COLUMNS = 2**14  # likewise along a row, where the BLAS library adds several side by side
LONG = 512  # from so many values on, an axis is worth an inner loop of its own
FEW = 2**14  # so few products may be written down: they stay in the first caches
MANY = 2**16  # from so many values on, it pays to make several short rows one long one
BUFFER = 512  # values; NumPy's own default is 8192


class Channels(NamedTuple):
    """An array whose channels lie as the passes need them.

    With B values of a channel side by side, B being long, it is (A, C, B): the axes before the
    channels, the channels, the axes after them. With a short B, an inner loop over B would hardly
    have begun when it ends; there it is rows (A, C * B), or fewer rows that are twice, four times,
    ... as long. A vector is then repeated to lie in memory as a row does.
    """

    values: Array
    channels: int  # C
    columns: int  # B
    m: Array  # (), how many values a channel has: NumPy would convert a number at every use
    shape: tuple[int, ...]  # of the array as it came

    def __repr__(self) -> str:
        """Return dtype and shape."""
        return f"{self.values.dtype} {self.shape}"

    def as_3d(self, values: Array) -> Array:
        """View an array that is laid out like this one as (A, C, B)."""
        return values.reshape(-1, self.channels, self.columns)


def by_channel(x: Array, axis: int) -> Channels:
    """Lay out an array: as a view of it, if its memory allows that."""
    shape = x.shape
    channels, columns = shape[axis], math.prod(shape[axis + 1 :])
    m = np.array(x.size // channels, x.real.dtype)
    if columns >= LONG:
        x = x.reshape(-1, channels, columns)
    else:
        rows = math.prod(shape[:axis])
        while x.size >= MANY and x.size < rows * LONG and rows % 2 == 0:
            rows //= 2
        x = x.reshape(rows, -1)
    return Channels(x, channels, columns, m, shape)


def per_channel(vector: Array, x: Channels) -> Array:
    """Return a vector (C,) such that it broadcasts against the values of `x`."""
    if x.values.ndim == 3:
        return vector[:, None]
    if x.columns > 1:
        vector = vector.repeat(x.columns)
    times = x.values.shape[1] // len(vector)
    return vector if times == 1 else np.concatenate((vector,) * times)


def in_halves(
    step: Callable[..., tuple[Array, ...]], arrays: Sequence[Array], vectors: Sequence[Array]
) -> tuple[Array, ...]:
    """Call step(*arrays, *vectors), the arrays halved until they fit into the cache.

    What is done with a block in several operations reads and writes main memory only once. The sums
    that the steps return, if any, are added in pairs, so that rounding errors grow with the
    logarithm of the size: a float32 sum of 100,000 rows, one after the other, is wrong in the fifth
    or sixth digit.
    """
    shape = arrays[0].shape
    rows = shape[0]
    if rows > 1 and (rows > ROWS or arrays[0].nbytes > BLOCK):
        cut: Any = rows // 2
        one, two = [a[:cut] for a in arrays], [a[cut:] for a in arrays]
    elif len(shape) == 3 and shape[2] > COLUMNS:
        cut = shape[2] // 2
        one, two = [a[..., :cut] for a in arrays], [a[..., cut:] for a in arrays]
    else:
        return step(*arrays, *vectors)
    halves = in_halves(step, one, vectors), in_halves(step, two, vectors)
    return tuple(a + b for a, b in zip(*halves, strict=True))


def small_buffer(x: Array) -> None:
    """Let NumPy copy the vector of a broadcast in small pieces, until np.errstate is left.

    In `x - vector`, NumPy copies the vector over and over through a buffer. One of 512 values
    stays in the innermost cache. Leaving np.errstate restores the caller's buffer.
    """
    if x.size >= FEW and x.shape[-1] >= LONG:
        np.setbufsize(BUFFER)


def subtract(x: Array, vector: Array, out: Array) -> None:
    """Write x - vector into the new array `out`.

    In rows, it is quicker to fill `out` with the vector and to subtract in place: NumPy is slow to
    store what it computes into memory that is not in the cache yet.
    """
    if x.ndim == 3:
        np.subtract(x, vector, out)
    else:
        out[...] = vector
        np.subtract(x, out, out)


def channel_sum(a: Array) -> Array:
    """Sum a block over everything but the channels: (C,), or for rows one sum a column.

    The sums are dot products with ones, by the BLAS library.
    """
    if a.ndim == 3:
        rows, channels, columns = a.shape
        a = a.reshape(-1, columns).dot(ones(columns, a.dtype)).reshape(rows, channels)
    total: Array = ones(len(a), a.dtype).dot(a)
    return total


def channel_dot(a: Array, b: Array) -> Array:
    """Sum the products a * b of two blocks likewise.

    Nothing is conjugated, so that the result is an analytic function of complex arrays.
    """
    if a.size <= FEW or is_complex(a):
        return channel_sum(a * b)
    if a.ndim == 3:
        return channel_sum(np.vecdot(a, b))
    products: Array = np.einsum("ij,ij->j", a, b)
    return products


def fold(sums: Array, x: Channels) -> Array:
    """Sum the sums of a row's columns over each channel: (C,)."""
    if len(sums) == x.channels:
        return sums
    if x.columns > 1:
        sums = sums.reshape(-1, x.columns).dot(ones(x.columns, sums.dtype))
    times = len(sums) // x.channels
    return sums if times == 1 else ones(times, sums.dtype).dot(sums.reshape(times, -1))


@lru_cache(maxsize=64)
def ones(count: int, dtype: np.dtype[Any]) -> Array:
    """Return ones (count,), made once: for small arrays, making them takes as long as the sum."""
    vector = np.ones(count, dtype)
    vector.setflags(write=False)
    return vector


def mean_of_first(x: Channels) -> Array:
    """Return the mean of the first rows, as many as fit into the cache: (C,)."""
    rows = x.values[: max(1, min(ROWS, BLOCK * len(x.values) // x.values.nbytes))]
    return fold(channel_sum(rows), x) / (rows.size // x.channels)


def look_with_care(
    x: Channels, xc: Array, odd: Array, eps: float, near: Array, rest: Array, std: Array
) -> None:
    """Compute near, rest, std and xc anew, in place, in the rare channels where digits were lost.

    Such are channels whose squares overflow, and constant channels whose mean was rounded
    (0.1 + 0.1 + 0.1 is not 0.3, so the mean of three 0.1 need not be 0.1). `near` is the middle of
    the range, which is exact for a constant channel; what is left is scaled to [-1, 1] and centred
    once more. A channel with a NaN or an inf comes out as NaN.
    """
    values = x.as_3d(x.values)[:, odd]  # (A, odd channels, B)
    low, high = values.min(axis=(0, 2)), values.max(axis=(0, 2))
    near[odd] = middle = low / 2 + high / 2
    left = values - middle[:, None]
    x.as_3d(xc)[:, odd] = left
    spread = np.maximum(high - middle, middle - low)
    spread[spread == 0] = 1  # a constant channel: nothing to scale
    unit = left / spread[:, None]  # in [-1, 1]
    mean = unit.sum(axis=(0, 2)) / x.m
    unit -= mean[:, None]
    rest[odd] = mean * spread
    std[odd] = np.hypot(np.sqrt((unit * unit).sum(axis=(0, 2)) / x.m) * spread, math.sqrt(eps))


def mend_overflow(
    along: Array, x: Channels, dy: Array, near: Array, rest: Array, std: Array
) -> None:
    """Compute the sums of xhat * dy anew, in place, in the rare channels where they are not finite.

    There (x - near) * dy has overflowed, in float32 from values of 1e36 on, though xhat * dy would
    not; or there is a NaN, which stays one.
    """
    if not math.isfinite(abs(along.dot(along))):
        odd = ~np.isfinite(along)
        near, rest, std = (vector[odd, None] for vector in (near, rest, std))
        xhat = (x.as_3d(x.values)[:, odd] - near - rest) / std
        along[odd] = (xhat * x.as_3d(dy)[:, odd]).sum(axis=(0, 2))


def keep_where(mask: Array, a: Array) -> Array:
    """Return a where `mask` is True, and 0 elsewhere; bit by bit.

    np.where decides value by value, which a processor cannot guess: it takes five to ten times as
    long. And a * mask turns inf into NaN; the bits of a, read as an integer, times 1 or 0 do not.
    """
    if is_complex(a):
        return np.where(mask, a, 0)
    bits = mask.astype(f"i{a.itemsize}")
    bits *= a.view(bits.dtype)
    return bits.view(a.dtype)
