"""Sums over channels, and centring that loses no digits: the one file that is clever.

Every array here is viewed as (A, C, B): the axes before the channels, the channels, the axes
after them. (N, C) is (N, C, 1), (N, C, H, W) is (N, C, H*W), channels-last is (N*H*W, C, 1).
A vector of one value per channel has shape (C,).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from ._checks import Array

SLICE = 1024  # so many rows are added one after the other before a new partial sum is begun


class Centre(NamedTuple):
    """Where the values of each channel lie: their mean is shift + offset.

    One number is too coarse in float32: near 1e4 its neighbours are 1e-3 apart, which is a tenth
    of a standard deviation of 1e-2. So the mean is kept in two parts, the rounded mean `shift`
    and the mean `offset` of what is left when `shift` has been subtracted.
    """

    shift: Array  # (C,)
    offset: Array  # (C,)
    std: Array  # (C,)  sqrt(biased variance + eps)


def per_channel(vector: Array) -> Array:
    """View a vector (C,) as (C, 1), which broadcasts against (A, C, B)."""
    return vector[:, None]


def channel_sum(a: Array) -> Array:
    """Sum (A, C, B) over everything but the channels."""
    return _sum_rows(a[:, :, 0] if a.shape[2] == 1 else a.sum(axis=2))


def channel_dot(a: Array, b: Array) -> Array:
    """Sum the products a * b of two (A, C, B) arrays over everything but the channels.

    No array of products is made. Long axes are cut into slices, whose results are then added.
    Nothing is conjugated, unlike in np.vecdot, so that the result is an analytic function of
    complex arrays.
    """
    rows, _, columns = a.shape
    if rows <= SLICE and columns <= 8 * SLICE:
        dot: Array = np.einsum("acb,acb->c", a, b)
        return dot
    axis = 0 if rows > SLICE else 2
    parts = [slice(start, start + SLICE) for start in range(0, a.shape[axis], SLICE)]
    slices = [(slice(None),) * axis + (part,) for part in parts]
    return _sum_rows(np.stack([channel_dot(a[part], b[part]) for part in slices]))


def _sum_rows(rows: Array) -> Array:
    """Sum (A, C) over its rows, in slices.

    A float32 sum of 100,000 rows, one after the other, is wrong in the fifth digit; in slices
    the rounding errors of one slice do not grow with the size of the whole sum.
    """
    while len(rows) > SLICE:
        rows = np.add.reduceat(rows, np.arange(0, len(rows), SLICE), axis=0)
    total: Array = rows.sum(axis=0)
    return total


def centre(x: Array, eps: float) -> tuple[Array, Centre]:
    """Return the new array x - shift (A, C, B), and where its channels lie.

    The variance is mean((x - shift)^2) - offset^2. This is not the notorious mean(x^2) - mean(x)^2:
    `shift` is the mean but for rounding, so the offset is small and next to nothing cancels.
    """
    count = x.shape[0] * x.shape[2]
    shift = channel_sum(x) / count
    xc = x - per_channel(shift)
    offset = channel_sum(xc) / count
    var = channel_dot(xc, xc) / count - offset * offset
    found = Centre(shift, offset, np.sqrt(var + eps))
    if not np.iscomplexobj(x):
        fine = (offset * offset <= var) & (var < np.inf)
        if not fine.all():
            odd = ~fine
            xc[:, odd], careful = _centre_with_care(x[:, odd], eps)
            for vector, values in zip(found, careful, strict=True):
                vector[odd] = values
    return xc, found


def _centre_with_care(x: Array, eps: float) -> tuple[Array, Centre]:
    """Do what `centre` does for the rare channels in which it loses digits or overflows.

    Such are constant channels whose mean was rounded (0.1 + 0.1 + 0.1 is not 0.3, so the mean of
    three 0.1 need not be 0.1), and channels whose squares overflow. Here the shift is the middle of
    the range, which is exact for a constant channel; what is left is scaled to [-1, 1] and centred
    once more. A channel with a NaN or an inf comes out as NaN.
    """
    count = x.shape[0] * x.shape[2]
    low, high = x.min(axis=(0, 2)), x.max(axis=(0, 2))
    shift = low / 2 + high / 2
    xc = x - per_channel(shift)
    spread = np.maximum(high - shift, shift - low)
    spread[spread == 0] = 1  # a constant channel: nothing to scale
    unit = xc / per_channel(spread)  # in [-1, 1]
    offset = channel_sum(unit) / count
    unit -= per_channel(offset)
    std = np.sqrt(channel_dot(unit, unit) / count) * spread  # without eps
    return xc, Centre(shift, offset * spread, np.hypot(std, math.sqrt(eps)))
