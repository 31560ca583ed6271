"""Sums over channels, and centring that loses no digits: the one file that is clever.

Every array here is viewed as (A, C, B): the axes before the channels, the channels, the axes
after them. (N, C) is (N, C, 1), (N, C, H, W) is (N, C, H*W), channels-last is (N*H*W, C, 1).
A vector of one value per channel has shape (C,).
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from ._checks import Array, is_complex

SLICE = 1024  # so many rows are added one after the other before a new partial sum is begun
BLOCK = 2**18  # so many values, a megabyte in float32, fit into a core's own cache
LONG = 512  # from so many values on, the last axis is worth an inner loop of its own
FEW = 2**14  # so few products may be written down: they stay in the first caches
BUFFER = 512  # values; NumPy's own default is 8192
WHOLE = [slice(None)]


class Centre(NamedTuple):
    """Where the values of each channel lie: their mean is shift + offset.

    One number is too coarse in float32: near 1e4 its neighbours are 1e-3 apart, which is a tenth
    of a standard deviation of 1e-2. So the mean is kept in two parts, the rounded mean `shift`
    and the mean `offset` of what is left when `shift` has been subtracted.
    """

    shift: Array  # (C,)
    offset: Array  # (C,)
    std: Array  # (C,)  sqrt(biased variance + eps)


def blocks(a: Array) -> list[slice]:
    """Cut the first axis of (A, C, B) into slices that stay in the cache.

    What is done with a block in several steps reads and writes main memory only once. Without
    blocks, forward and backward of (32, 64, 28, 28) and (32, 64, 56, 56) take 1.2 times as long in
    float32 (these figures, and those below: `python -m brn_numpy bench --ablate`).
    """
    rows, channels, columns = a.shape
    if rows <= SLICE and a.size <= BLOCK:
        return WHOLE
    step = min(SLICE, max(1, BLOCK // (channels * columns)))
    return [slice(start, start + step) for start in range(0, rows, step)]


def small_buffer(a: Array) -> None:
    """Let NumPy copy the vector of a broadcast in small pieces, until np.errstate is left.

    In `a - vector`, NumPy copies the vector over and over through a buffer. One of 512 values
    stays in the innermost cache; with NumPy's own, images take 1.3 to 1.6 times as long. Leaving
    np.errstate restores the caller's buffer.
    """
    if a.shape[1] * a.shape[2] >= LONG:
        np.setbufsize(BUFFER)


def per_channel(vector: Array, like: Array) -> Array:
    """Return a vector (C,) as (C, 1) or (C, B), which broadcasts against `like` (A, C, B).

    Where B is small, an inner loop over B values would hardly have begun when it ends. Repeated B
    times, the vector lies in memory as a row of `like` does, and the inner loop is C * B long.
    Without that, 8 x 8 images take 1.5 times as long.
    """
    columns = like.shape[2]
    if columns == 1 or columns >= LONG:
        return vector[:, None]
    return vector.repeat(columns).reshape(-1, columns)


def channel_sum(a: Array) -> Array:
    """Sum (A, C, B) over everything but the channels.

    The sums are dot products with ones, by the BLAS library. With np.sum and np.einsum, forward
    and backward take up to 1.7 times as long.
    """
    rows, channels, columns = a.shape
    if columns >= LONG:
        return _sum_rows(
            a.reshape(-1, columns).dot(_ones(columns, a.dtype)).reshape(rows, channels)
        )
    return _sum_columns(_sum_rows(a.reshape(rows, -1)), columns)


def channel_dot(a: Array, b: Array) -> Array:
    """Sum the products a * b of two blocks (A, C, B) over everything but the channels.

    Nothing is conjugated, so that the result is an analytic function of complex arrays; np.vecdot
    would conjugate these.
    """
    if a.shape[2] >= LONG and not is_complex(a):
        return _sum_rows(np.vecdot(a, b))
    if a.size <= FEW:
        return channel_sum(a * b)
    rows, _, columns = a.shape
    products = np.einsum("ij,ij->j", a.reshape(rows, -1), b.reshape(rows, -1))
    return _sum_columns(products, columns)


def total(parts: list[Array]) -> Array:
    """Add up the sums (C,) of the blocks."""
    return parts[0] if len(parts) == 1 else _sum_rows(np.stack(parts))


def _sum_rows(rows: Array) -> Array:
    """Sum (A, C) over its rows, in slices.

    A float32 sum of 100,000 rows, one after the other, is wrong in the fifth digit; in slices
    the rounding errors of one slice do not grow with the size of the whole sum.
    """
    while len(rows) > SLICE:
        starts = range(0, len(rows), SLICE)
        rows = np.stack([_sum_rows(rows[start : start + SLICE]) for start in starts])
    total: Array = _ones(len(rows), rows.dtype).dot(rows)
    return total


@lru_cache(maxsize=64)
def _ones(count: int, dtype: np.dtype[Any]) -> Array:
    """Return ones (count,), made once: for small arrays, making them takes as long as the sum."""
    ones = np.ones(count, dtype)
    ones.setflags(write=False)
    return ones


def _sum_columns(sums: Array, columns: int) -> Array:
    """Sum a vector (C * B,) over the B columns of each channel: (C,)."""
    return sums if columns == 1 else sums.reshape(-1, columns).sum(axis=1)


def keep_where(mask: Array, a: Array) -> Array:
    """Return a where `mask` is True, and 0 elsewhere; bit by bit.

    np.where decides value by value, which a processor cannot guess: it takes five to ten times as
    long. And a * mask turns inf into NaN. An integer & -1, all of whose bits are 1, is itself.
    """
    if is_complex(a):
        return np.where(mask, a, 0)
    bits = np.dtype(f"i{a.itemsize}")
    kept: Array = (a.view(bits) & -mask.astype(bits)).view(a.dtype)
    return kept


def centre(x: Array, eps: float) -> tuple[Array, Centre]:
    """Return the new array x - shift (A, C, B), and where its channels lie.

    The variance is mean((x - shift)^2) - offset^2. This is not the notorious mean(x^2) - mean(x)^2:
    `shift` is the mean but for rounding, so the offset is small and next to nothing cancels.
    """
    small_buffer(x)
    count = x.shape[0] * x.shape[2]
    shift = channel_sum(x) / count
    wide_shift, xc = per_channel(shift, x), np.empty_like(x)
    sums, squares = [], []
    for block in blocks(x):
        part = np.subtract(x[block], wide_shift, out=xc[block])
        sums.append(channel_sum(part))
        squares.append(channel_dot(part, part))
    offset = total(sums) / count
    square = offset * offset
    var = total(squares) / count - square
    found = Centre(shift, offset, np.sqrt(var + eps))
    if not is_complex(x):
        fine = (square <= var) & np.isfinite(var)
        if np.count_nonzero(fine) < len(fine):
            odd = ~fine
            rows = np.moveaxis(x[:, odd], 1, 0)  # (odd channels, A, B)
            centred, careful = _centre_with_care(rows.reshape(len(rows), -1), eps)
            xc[:, odd] = np.moveaxis(centred.reshape(rows.shape), 0, 1)
            for vector, values in zip(found, careful, strict=True):
                vector[odd] = values
    return xc, found


def mend_overflow(dgamma: Array, x: Array, dy: Array, centre: Centre) -> None:
    """Compute the sums of xhat * dy anew, in place, in the rare channels where they are not finite.

    There (x - shift) * dy has overflowed, in float32 from values of 1e36 on, though xhat * dy would
    not; or there is a NaN, which stays one.
    """
    fine = np.isfinite(dgamma)
    if np.count_nonzero(fine) < len(fine):
        odd = ~fine
        shift, offset, std = (vector[odd, None] for vector in centre)
        xhat = (x[:, odd] - shift - offset) / std
        dgamma[odd] = (xhat * dy[:, odd]).sum(axis=(0, 2))


def _centre_with_care(x: Array, eps: float) -> tuple[Array, Centre]:
    """Do what `centre` does, for the rare channels in which it loses digits or overflows.

    Such are constant channels whose mean was rounded (0.1 + 0.1 + 0.1 is not 0.3, so the mean of
    three 0.1 need not be 0.1), and channels whose squares overflow. Here x is (channels, values),
    and the shift is the middle of the range, which is exact for a constant channel; what is left
    is scaled to [-1, 1] and centred once more. A channel with a NaN or an inf comes out as NaN.
    """
    count = x.shape[1]
    low, high = x.min(axis=1), x.max(axis=1)
    shift = low / 2 + high / 2
    xc = x - shift[:, None]
    spread = np.maximum(high - shift, shift - low)
    spread[spread == 0] = 1  # a constant channel: nothing to scale
    unit = xc / spread[:, None]  # in [-1, 1]
    offset = unit.sum(axis=1) / count
    unit -= offset[:, None]
    std = np.sqrt(np.vecdot(unit, unit) / count) * spread  # without eps
    return xc, Centre(shift, offset * spread, np.hypot(std, math.sqrt(eps)))
