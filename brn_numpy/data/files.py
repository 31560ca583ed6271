"""Your own images: an .npz file, or the four IDX files of MNIST and its relatives."""

from __future__ import annotations

import numbers
import os
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._checks import integer
from . import _checks
from ._sources import Found, is_idx_name, read_idx_directory, read_npz
from .dataset import Dataset, random_split

SCALE = 20.0  # by more, mean sizes of pixels do not differ: 0 … 255 in one part, 0 … 1 in the other


def load_data(
    path: str | os.PathLike[str], *, test_fraction: float = 0.2, seed: int = 1234
) -> Dataset:
    """Load your own images from an .npz file, or from a directory of IDX files.

    Parameters
    ----------
    path : str or path-like
        An .npz file with the arrays `X` (n, features), (n, H, W) or (n, C, H, W), integer or
        floating, and `y` (n,), integer; and, if the split is yours, `X_test` and `y_test`.
        Keras' names, `x_train`, `y_train`, `x_test` and `y_test`, mean the same.
        Or a directory with the files that MNIST and Fashion-MNIST come in,
        train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte and
        t10k-labels-idx1-ubyte, each as it is or with .gz (train-images.idx3-ubyte, with a dot,
        is found too); the path of one of them stands for its directory.
    test_fraction : float, 0 < test_fraction < 1
        Where there is no test part: the first round(test_fraction·n) images of a random
        permutation are for testing. Otherwise unused.
    seed : int ≥ 0
        The seed of that permutation.

    Returns
    -------
    Dataset
        The images as they are stored (uint8 stays uint8, float32 stays float32), labels int64.
        The class names are "0", "1", …; the name is that of the file or directory.

    Raises
    ------
    FileNotFoundError
        If the path, or one of the four IDX files, is not there.
    TypeError
        If X is not integer or floating, y is not integer, or an argument has a wrong type.
        Labels such as 3.0 or True are refused, not rounded: y.astype(np.int64) is yours to say.
    ValueError
        If the file is damaged or of another kind; if an array is missing, is empty, has a wrong
        shape, has a NaN, or holds pickled objects; if X and X_test are not on one
        scale; or if one of the classes 0 … max(y) has no training image. Labels with gaps are
        refused, not renumbered: a 7 that silently becomes a 6 would confuse every report.
    """
    fraction = _fraction(test_fraction)
    seed = integer("seed", seed, low=0)
    file = _checks.existing_path("path", path)
    if not file.is_dir() and is_idx_name(file.name):
        file = file.parent
    found = read_idx_directory(file) if file.is_dir() else read_npz(file)

    x, y = _images_and_labels(found, "X", "y")
    labels, remedy = found["y"][0], "renumber the labels with np.unique(y, return_inverse=True)[1]"
    if "X_test" in found:
        x_test, y_test = _images_and_labels(found, "X_test", "y_test")
        _check_alike(found)
    else:
        _checks.classes(labels, y, int(y.max()), remedy)  # a gap is one before the split, too
        n_test = round(fraction * len(x))
        if not 0 < n_test < len(x):
            raise ValueError(
                f"{file}: test_fraction={test_fraction} of {len(x)} images gives {n_test} to test "
                f"on and {len(x) - n_test} to train on; expected at least one in each part: "
                "change test_fraction, or bring more images"
            )
        train, test = random_split(len(x), n_test, seed)
        x, y, x_test, y_test = x[train], y[train], x[test], y[test]
        labels += ", training part,"
        remedy = (
            "the random split put them all into the test part: bring X_test and y_test, or "
            "more images, or change seed or test_fraction"
        )
    n_classes = _checks.classes(labels, y, int(max(y.max(), y_test.max())), remedy)
    return Dataset(
        x_train=x,
        y_train=y,
        x_test=x_test,
        y_test=y_test,
        class_names=tuple(str(k) for k in range(n_classes)),
        name=file.stem if file.is_file() else file.resolve().name,
    )


def _fraction(test_fraction: Any) -> float:
    expected = "test_fraction must be a number between 0 and 1, both excluded"
    if not isinstance(test_fraction, numbers.Real) or isinstance(test_fraction, bool):
        raise TypeError(f"{expected}, got {test_fraction!r} of {type(test_fraction).__name__}")
    fraction = float(test_fraction)
    if not 0 < fraction < 1:  # a NaN fails both comparisons and ends here as well
        raise ValueError(f"{expected}, got {test_fraction!r}")
    return fraction


def _images_and_labels(found: Found, x: str, y: str) -> tuple[NDArray[Any], NDArray[np.int64]]:
    name_x, name_y = found[x][0], found[y][0]
    pictures = _checks.images(name_x, found[x][1])
    return pictures, _checks.labels(name_y, found[y][1], name_x, len(pictures))


def _check_alike(found: Found) -> None:
    """ValueError or TypeError: training and test images that one network cannot both take."""
    (name, train), (name_test, test) = found["X"], found["X_test"]
    if train.shape[1:] != test.shape[1:]:
        raise ValueError(
            f"{name_test} has images of shape {test.shape[1:]}, {name} of shape {train.shape[1:]}; "
            "expected the same: resize or reshape one of them"
        )
    if (train.dtype.kind == "f") != (test.dtype.kind == "f"):
        raise TypeError(
            f"{name_test} has dtype {test.dtype}, {name} has {train.dtype}; expected integers in "
            "both or floats in both, on the same scale: convert both in the same way"
        )
    with np.errstate(over="ignore"):
        sizes = [float(np.abs(part).mean(dtype=np.float64)) for part in (train, test)]
    if max(sizes) > SCALE * min(sizes):
        raise ValueError(
            f"{name_test} has values from {test.min():g} to {test.max():g}, {name} from "
            f"{train.min():g} to {train.max():g}; expected the same scale: divide both by 255, "
            "say, or neither"
        )
