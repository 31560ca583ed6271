"""Which images make a minibatch: independent ones, or those of a few classes.

Each sampler is an infinite iterator over index arrays (B,): `x[index], y[index]` is a minibatch.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .._checks import generator, integer

# In both samplers the outer function checks its arguments and returns an inner generator. One
# function with a `yield` of its own would run nothing, no check either, before the first next().


def iid_batches(
    n: int, batch_size: int, *, rng: np.random.Generator | int
) -> Iterator[NDArray[np.int64]]:
    """Draw minibatches in which every image is drawn independently of all others.

    Each index is uniform on 0 … n−1, with replacement: independent and identically distributed
    in the literal sense. (Going through a shuffled data set, epoch after epoch, is not quite:
    an image that was drawn cannot come again in the same epoch.)

    Parameters
    ----------
    n : int ≥ 1
        The number of images.
    batch_size : int ≥ 1
        B. It may exceed n.
    rng : np.random.Generator or int
        The source of randomness, or a seed. The same seed gives the same minibatches; a Generator
        is used up as minibatches are drawn.

    Returns
    -------
    iterator of arrays (B,), int64
        It never ends.

    Raises
    ------
    TypeError, ValueError
        At the call, not at the first minibatch: if an argument has a wrong type or value.
    """
    n = integer("n", n, low=1)
    batch_size = integer("batch_size", batch_size, low=1)
    draw = generator(rng)

    def batches() -> Iterator[NDArray[np.int64]]:
        while True:
            yield draw.integers(n, size=batch_size)  # (B,)

    return batches()


def class_batches(
    labels: ArrayLike, batch_size: int, classes_per_batch: int, *, rng: np.random.Generator | int
) -> Iterator[NDArray[np.int64]]:
    """Draw minibatches of a few classes only: the non-iid minibatches of the BRN paper.

    For each minibatch k classes are drawn uniformly, no class twice, and of each class B/k
    images, no image twice. A minibatch is CLASS-MAJOR: first the B/k images of one class, then
    those of the next, … With B = 6 and k = 2, say:

        position   0  1  2 | 3  4  5
        class      7  7  7 | 2  2  2

    That order matters where BN normalises groups of a minibatch. Let G = B/k, and let group g be
    the positions g, g+G, g+2G, … Each group then holds one image of each class: {0, 3}, {1, 4},
    {2, 5} above. This is the paper's remedy for non-iid minibatches. (Groups of neighbours would
    do the opposite: one class each.)

    Parameters
    ----------
    labels : array (n,), integer
        The class of each image, for example `dataset.y_train`. A copy is made of what is needed.
    batch_size : int ≥ 1
        B, a multiple of `classes_per_batch`; each class must have B/k images.
    classes_per_batch : int ≥ 1
        k, at most the number of different labels.
    rng
        As in `iid_batches`, and so is what is returned and raised.
    """
    y = _labels(labels)  # (n,)
    batch_size = integer("batch_size", batch_size, low=1)
    k = integer("classes_per_batch", classes_per_batch, low=1)
    draw = generator(rng)
    if batch_size % k:
        raise ValueError(
            f"batch_size must be a multiple of classes_per_batch, got {batch_size} and {k}: every "
            "class of a minibatch gets the same number of images"
        )
    values, counts = np.unique(y, return_counts=True)
    if k > len(values):
        raise ValueError(
            f"classes_per_batch must be at most the number of classes in labels, got {k} and "
            f"{len(values)}"
        )
    each, fewest = batch_size // k, int(counts.argmin())
    if counts[fewest] < each:
        raise ValueError(
            f"labels must hold at least batch_size/classes_per_batch = {each} images of each "
            f"class, got {counts[fewest]} of class {values[fewest]}; choose a smaller batch_size"
        )
    members = [np.flatnonzero(y == value).astype(np.int64) for value in values]  # K arrays

    def batches() -> Iterator[NDArray[np.int64]]:
        while True:
            chosen = draw.choice(len(members), size=k, replace=False)  # (k,)
            yield np.concatenate(  # (B,), class after class
                [draw.choice(members[c], size=each, replace=False) for c in chosen]
            )

    return batches()


def _labels(labels: ArrayLike) -> NDArray[np.integer]:
    if isinstance(labels, np.ma.MaskedArray):  # np.asarray would drop the mask
        raise TypeError("labels must be a plain array, got a masked one; drop what is masked")
    try:
        y = np.asarray(labels)
    except ValueError as error:
        raise ValueError(f"labels must have shape (n,), got what is no array: {error}") from None
    if y.ndim != 1 or y.size == 0:
        raise ValueError(f"labels must have shape (n,) with n ≥ 1, got shape {y.shape}")
    if not np.issubdtype(y.dtype, np.integer):
        raise TypeError(f"labels must be integers, got dtype {y.dtype}")
    return y
