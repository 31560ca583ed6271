"""Which properties catch which mistakes.

>>> from brn_numpy.grading.catalogue import BY_KEY
>>> for fault in faults(BY_KEY["dx-mean-term-missing"].solution(), seed=0)[:2]:
...     print(fault.name)
dx-sums-to-zero
dx-is-the-numeric-gradient
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from .catalogue import Mistake
from .contract import Solution
from .properties import PROPERTIES, Property


class Fault(NamedTuple):
    """A property that a solution does not satisfy, and what it gave instead."""

    name: str
    text: str


def faults(
    solution: Solution, seed: int, properties: Iterable[Property] = PROPERTIES
) -> list[Fault]:
    """Return what a solution fails; properties of functions that it lacks are left out."""
    found = []
    for prop in properties:
        if prop.applies_to(solution):
            text = prop(solution, seed)
            if text is not None:
                found.append(Fault(prop.name, text))
    return found


def caught_by(
    mistake: Mistake, seeds: Iterable[int], properties: Iterable[Property] = PROPERTIES
) -> list[str]:
    """Return the names of the properties that catch a planted mistake with every one of the seeds.

    Only properties that call the changed function are asked; `batch_renorm_forward` calls
    `renorm_correction`.
    """
    changed = {mistake.function}
    if mistake.function == "renorm_correction":
        changed.add("batch_renorm_forward")
    solution, seeds = mistake.solution(), tuple(seeds)
    return [
        p.name
        for p in properties
        if changed.intersection(p.uses) and all(p(solution, seed) is not None for seed in seeds)
    ]
