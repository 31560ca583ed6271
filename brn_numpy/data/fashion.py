"""The images that come with the package: a tenth-scale Fashion-MNIST."""

from __future__ import annotations

import io
from importlib.resources import files

import numpy as np

from .dataset import Dataset, random_split

CLASS_NAMES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)


def load_fashion_mnist() -> Dataset:
    """Load 10,000 images of clothes in ten classes; nothing is downloaded.

    A subset of Fashion-MNIST [1]_: 1,000 images of each class, averaged 2×2 from 28×28 to 14×14
    pixels and quantised to 16 levels. The licence is in the file LICENSE-fashion-mnist.

    Returns
    -------
    Dataset
        x_train (8000, 14, 14) and x_test (2000, 14, 14), uint8, values 0 … 15;
        y_train (8000,) and y_test (2000,), int64, values 0 … 9.
        The split is the same at every call: a permutation with seed 1234, of which the first
        2,000 are for testing. The arrays are new at every call, and yours to change.

    References
    ----------
    .. [1] H. Xiao, K. Rasul, R. Vollgraf, "Fashion-MNIST: a Novel Image Dataset for Benchmarking
       Machine Learning Algorithms", arXiv:1708.07747, 2017.
    """
    # Through importlib.resources, since a package inside a zip file has no path on the disk.
    raw = files("brn_numpy.data").joinpath("fashion_mnist_14x14.npz").read_bytes()
    with np.load(io.BytesIO(raw), allow_pickle=False) as archive:
        x = archive["X"]  # (10000, 14, 14) uint8
        y = archive["y"].astype(np.int64)  # (10000,), sorted by class
    train, test = random_split(len(y), 2000, seed=1234)
    return Dataset(
        x_train=x[train],
        y_train=y[train],
        x_test=x[test],
        y_test=y[test],
        class_names=CLASS_NAMES,
        name="Fashion-MNIST 14x14",
    )
