"""The images and minibatches of a training, and the transforms that shift a domain."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from functools import lru_cache, partial

import numpy as np

from .._checks import Array
from ..data import Dataset, class_batches, iid_batches, load_data, load_fashion_mnist, standardize
from .spec import Spec

Transform = Callable[[Array], Array]
SHIFTS: dict[str, tuple[Transform, ...]] = {  # of standardised images (n, ..., H, W)
    "negatives": (lambda x: x, lambda x: -x),
    "brightness": (lambda x: x - 1, lambda x: x, lambda x: x + 1),
    "contrast": (lambda x: 0.5 * x, lambda x: x, lambda x: 2 * x),
    "orientation": tuple(partial(np.rot90, k=turns, axes=(-2, -1)) for turns in range(4)),
}


@lru_cache(maxsize=2)
def load_images(path: str | None) -> Dataset:
    """Return standardised images, float32: those at `path`, or the shipped ones."""
    return standardize(load_fashion_mnist() if path is None else load_data(path))


def digest(data: Dataset) -> str:
    """Return a checksum of the images and labels: a name says little of a file that changes."""
    whole = hashlib.sha256()
    for part in (data.x_train, data.y_train, data.x_test, data.y_test):
        whole.update(str(part.shape).encode() + np.ascontiguousarray(part).tobytes())
    return whole.hexdigest()[:16]


@lru_cache(maxsize=2)
def shifted(path: str | None, shift: str) -> Dataset:
    """Return all images under every transform of a family, one transform after the other."""
    data, transforms = load_images(path), SHIFTS[shift]
    return data._replace(
        x_train=np.concatenate([transform(data.x_train) for transform in transforms]),
        y_train=np.tile(data.y_train, len(transforms)),
        x_test=np.concatenate([transform(data.x_test) for transform in transforms]),
        y_test=np.tile(data.y_test, len(transforms)),
    )


def images_of(spec: Spec, path: str | None) -> Dataset:
    """Return the images that `spec` trains on and is tested on.

    Raises
    ------
    ValueError
        If the images are not square, and a convolution or a turn needs them so.
    """
    if spec.conv or spec.shift == "orientation":
        shape = load_images(path).x_train.shape
        if len(shape) < 3 or shape[-1] != shape[-2]:
            raise ValueError(
                f"convolutions and turned images need square images (n, H, H), got shape {shape}"
            )
    data = load_images(path) if spec.shift is None else shifted(path, spec.shift)
    if spec.conv and data.x_train.ndim == 3:  # (n, 1, H, W)
        data = data._replace(x_train=data.x_train[:, None], x_test=data.x_test[:, None])
    return data


def draw(spec: Spec, labels: Array, rng: np.random.Generator, domains: int = 1) -> Iterator[Array]:
    """Return minibatches as index arrays (B,) into images with these labels.

    With `domains`, the labels are those of one domain, and the images of domain k begin at index
    k * len(labels).
    """
    if spec.classes_per_batch is None:
        batches = iid_batches(len(labels), spec.batch_size, rng=rng)
    else:
        batches = class_batches(labels, spec.batch_size, spec.classes_per_batch, rng=rng)
    if domains == 1:
        return batches
    size = spec.batch_size if spec.mixed else 1
    return (batch + len(labels) * rng.integers(domains, size=size) for batch in batches)


def chance(data: Dataset) -> float:
    """Return an accuracy, a share of 1, that guessing the commonest class hardly exceeds."""
    share = float(np.bincount(data.y_test).max()) / len(data.y_test)
    return share + 2 * float(np.sqrt(share * (1 - share) / len(data.y_test)))
