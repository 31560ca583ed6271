"""A labelled set of images in two parts, and the one preprocessing step that it needs."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike, NDArray


class Dataset(NamedTuple):
    """Images with their labels: a part to train on and a part to test on.

    Attributes
    ----------
    x_train, x_test : array (n, H, W), (n, C, H, W) or (n, features), integer or floating
        The images as they were stored; the two parts differ in n alone.
    y_train, y_test : array (n,), int64
        The labels, 0 … K−1. Each of the K classes has at least one training image.
    class_names : tuple of K str
        `class_names[k]` says in words what label k is.
    name : str
        The name of the whole, for titles and reports.
    """

    x_train: NDArray[Any]
    y_train: NDArray[np.int64]
    x_test: NDArray[Any]
    y_test: NDArray[np.int64]
    class_names: tuple[str, ...]
    name: str


def standardize(dataset: Dataset, *, dtype: DTypeLike = np.float32) -> Dataset:
    """Give the pixels mean 0 and standard deviation 1: x ← (x − m)/s.

    m and s are two numbers for all images and all pixels, not one pair per pixel: the images
    keep their look, and a pixel that is always black does not divide by zero. They are computed
    on the TRAINING part alone and applied to both: what is measured on the test part must not
    have been used to prepare it.

    Parameters
    ----------
    dataset : Dataset
        Images of a bool, integer or floating dtype. It stays as it is.
    dtype : np.float32 or np.float64
        The dtype of the images that are returned.

    Raises
    ------
    TypeError
        If `dataset` is no Dataset of arrays of numbers, a masked one for instance, or `dtype`
        neither float32 nor float64.
    ValueError
        If the training part is empty, is constant (s = 0) or has a NaN or an infinity, or if a
        test image has a NaN or a pixel that is too large for `dtype` when standardised.
    """
    if not isinstance(dataset, Dataset):
        raise TypeError(f"dataset must be a Dataset, got {type(dataset).__name__}")
    # NumPy takes None for float64: here it is a forgotten value
    if dtype is None or not any(np.dtype(t) == dtype for t in (np.float32, np.float64)):
        raise TypeError(f"dtype must be np.float32 or np.float64, got {dtype!r}")
    x = dataset.x_train
    for part in (x, dataset.x_test):
        if not isinstance(part, np.ndarray) or isinstance(part, np.ma.MaskedArray):
            raise TypeError(f"the images must be plain NumPy arrays, got {type(part).__name__}")
        if part.dtype.kind not in "biuf":
            raise TypeError(f"the images must be real numbers, got dtype {part.dtype}")
    if x.size == 0:
        raise ValueError(
            f"x_train of {dataset.name!r} is empty, shape {x.shape}: it has no mean; "
            "expected at least two different pixel values"
        )
    # float64: a sum of 10⁸ pixels in float32 (or in uint8) would lose its last digits
    with np.errstate(over="ignore", invalid="ignore"):
        m = float(x.mean(dtype=np.float64))
        s = float(x.std(dtype=np.float64))
    if not np.isfinite(s):
        raise ValueError(
            f"x_train of {dataset.name!r} has standard deviation {s}: it holds a NaN, an infinity "
            "or numbers too large to square; remove or rescale them first"
        )
    # The second test is exact. The first alone would miss a constant 0.1: its mean is rounded,
    # and s is then a tiny number that is not 0.
    if s == 0 or x.min() == x.max():
        raise ValueError(
            f"x_train of {dataset.name!r} is constant, every pixel is {x.flat[0]}: its standard "
            "deviation is 0 and cannot be divided by; expected at least two different pixel values"
        )
    with np.errstate(over="ignore"):
        x_test = _shift_and_scale(dataset.x_test, m, s).astype(dtype)
    if not np.isfinite(x_test).all():  # in x_train, a large pixel makes s large
        raise ValueError(
            f"x_test of {dataset.name!r} has a pixel that is NaN or, standardised, too large for "
            f"{np.dtype(dtype)}; remove or rescale it first"
        )
    return dataset._replace(
        x_train=_shift_and_scale(x, m, s).astype(dtype),
        y_train=dataset.y_train.copy(),  # nothing of the result is shared with `dataset`
        x_test=x_test,
        y_test=dataset.y_test.copy(),
    )


def _shift_and_scale(x: NDArray[Any], m: float, s: float) -> NDArray[np.float64]:
    # In float64 whatever x is: float16 pixels would have m rounded to 3 digits before the −.
    centred: NDArray[np.float64] = np.subtract(x, m, dtype=np.float64)
    return np.divide(centred, s, out=centred)


def random_split(n: int, n_test: int, seed: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Split the numbers 0 … n−1 at random into two parts: indices to train on, indices to test on.

    A permutation by `np.random.default_rng(seed)`; its first `n_test` entries are the test part.
    Files are often sorted by class, hence never "the last fifth of the file".
    """
    order = np.random.default_rng(seed).permutation(n).astype(np.int64, copy=False)  # (n,)
    return order[n_test:], order[:n_test]
