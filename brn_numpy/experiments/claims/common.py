"""The setting that most experiments start from, and its variants."""

from __future__ import annotations

from ..spec import Spec

BASE = Spec()
NAMES = {"none": "no normalisation", "bn": "BN", "brn": "BRN"}


def methods(spec: Spec, names: tuple[str, ...] = ("none", "bn", "brn")) -> dict[str, Spec]:
    """Return a row of a table: `spec` with each of the methods."""
    return {NAMES[name]: spec.but(method=name) for name in names}


def few_classes(spec: Spec, classes: int) -> Spec:
    """Return `spec` with minibatches of about 32 images of a few classes."""
    return spec.but(classes_per_batch=classes, batch_size=32 - 32 % classes)
