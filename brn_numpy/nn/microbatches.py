"""Groups inside a minibatch, normalised each for itself, without a loop.

Let group g of G be the samples g, g + G, g + 2G, ... Then a mere reshape makes the channels of
every group channels of their own: BN on that view, with gamma and beta repeated G times, is BN of
every group, and the gradients with respect to gamma and beta are summed over the groups.
"""

from __future__ import annotations

import numpy as np

from .._checks import Array


def repeat(vector: Array, groups: int) -> Array:
    """Repeat a vector (C,) for each group: (groups * C,)."""
    return np.concatenate((vector,) * groups)


@np.errstate(all="ignore")
def sum_groups(vector: Array, groups: int) -> Array:
    """Sum a vector (groups * C,) over the groups: (C,)."""
    total: Array = vector.reshape(groups, -1).sum(axis=0)
    return total


@np.errstate(all="ignore")
def mean_of_groups(vector: Array, groups: int) -> Array:
    """Average a vector (groups * C,) over the groups: (C,)."""
    return sum_groups(vector, groups) / groups


def split(x: Array, groups: int, axis: int) -> Array:
    """Turn N samples of C channels into N / groups samples of groups * C channels.

    With channels on axis 1 this is a view of x: sample i * groups + g becomes channels
    g * C to g * C + C - 1 of sample i.
    """
    apart = x.reshape(len(x) // groups, groups, *x.shape[1:])
    if axis != 1:
        apart = np.moveaxis(apart, 1, axis)  # the groups directly before the channels
    return apart.reshape(*apart.shape[:axis], -1, *apart.shape[axis + 2 :])


def join(y: Array, groups: int, axis: int) -> Array:
    """Undo `split`."""
    apart = y.reshape(*y.shape[:axis], groups, -1, *y.shape[axis + 1 :])
    if axis != 1:
        apart = np.moveaxis(apart, axis, 1)
    return apart.reshape(-1, *apart.shape[2:])
