"""The setting that most experiments start from, and its variants."""

from __future__ import annotations

from collections.abc import Mapping

from ..experiment import Claim, Training
from ..spec import Spec

BASE = Spec()
NAMES = {"none": "no normalisation", "bn": "BN", "brn": "BRN", "gn": "GN", "ln": "LN"}


def methods(spec: Spec, names: tuple[str, ...] = ("none", "bn", "brn")) -> dict[str, Spec]:
    """Return a row of a table: `spec` with each of the methods."""
    return {NAMES[name]: spec.but(method=name) for name in names}


def few_classes(spec: Spec, classes: int) -> Spec:
    """Return `spec` with minibatches of about 32 images of a few classes."""
    return spec.but(classes_per_batch=classes, batch_size=32 - 32 % classes)


def beats(where: str, row: Mapping[str, Training], better: str = "BRN", worse: str = "BN") -> Claim:
    """Claim that one method of a row of a table is better than another."""
    return Claim(f"{where}: {better} beats {worse}", row[better], row[worse])


def equals(where: str, row: Mapping[str, Training], within: float = 1.0) -> Claim:
    """Claim that BRN is as good as BN."""
    points = "one point" if within == 1 else f"{within:g} points"
    return Claim(f"{where}: BRN equals BN within {points}", row["BRN"], row["BN"], within=within)
