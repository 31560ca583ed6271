"""The setting that most experiments start from, its variants, and claims that are made often."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..experiment import Claim, Training
from ..spec import Spec

BASE = Spec()
NAMES = {"none": "no normalisation", "bn": "BN", "brn": "BRN", "gn": "GN", "ln": "LN"}


def methods(
    spec: Spec, names: Iterable[str] = ("none", "bn", "brn"), **changes: Any
) -> dict[str, Spec]:
    """Return a row of a table: `spec` with each of the methods; BN and BRN with the changes."""
    return {
        NAMES[name]: spec.but(method=name, **(changes if name in ("bn", "brn") else {}))
        for name in names
    }


def few_classes(spec: Spec, classes: int) -> Spec:
    """Return `spec` with minibatches of about 32 images of a few classes."""
    return spec.but(classes_per_batch=classes, batch_size=32 - 32 % classes)


def kinds(spec: Spec, few: Iterable[int] = (4, 2)) -> dict[str, Spec]:
    """Return `spec` with each kind of minibatches, the last of so few classes."""
    return {
        "i.i.d. 32": spec,
        "groups of 4": spec.but(microbatch_size=4),
        **{f"{k} classes x {32 // k}": few_classes(spec, k) for k in few},
    }


def at_rates(spec: Spec, rates: Iterable[float]) -> dict[str, Spec]:
    """Return a row: `spec` at each learning rate."""
    return {f"rate {rate:g}": spec.but(learning_rate=rate) for rate in rates}


def by_rate(row: Mapping[str, Spec], rates: Iterable[float]) -> dict[str, dict[str, Spec]]:
    """Return a row for each learning rate."""
    return {
        f"rate {rate:g}": {name: spec.but(learning_rate=rate) for name, spec in row.items()}
        for rate in rates
    }


def beats(where: str, row: Mapping[str, Training], better: str = "BRN", worse: str = "BN") -> Claim:
    """Claim that one method of a row of a table is better than another."""
    return Claim(f"{where} {better} beats {worse}".strip(), row[better], row[worse])


def equals(
    where: str, row: Mapping[str, Training], name: str = "BRN", within: float = 1.0
) -> Claim:
    """Claim that a method of a row is as good as BN."""
    points = {1.0: "one point", 2.0: "two points"}[within]
    text = f"{where} {name} equals BN within {points}".strip()
    return Claim(text, row[name], row["BN"], within=within)
