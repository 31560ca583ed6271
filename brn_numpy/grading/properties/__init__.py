"""Named properties of a correct solution: what holds for any minibatch, whatever its numbers."""

from __future__ import annotations

from . import bn_backward, bn_forward, correction, manners, renorm_backward, renorm_forward, running
from .base import Property

MATHEMATICS: tuple[Property, ...] = (
    *bn_forward.GROUP.properties,
    *bn_backward.GROUP.properties,
    *running.UPDATE.properties,
    *running.INFERENCE.properties,
    *correction.GROUP.properties,
    *renorm_forward.GROUP.properties,
    *renorm_backward.GROUP.properties,
)
MANNERS: tuple[Property, ...] = tuple(
    p for kind in ("shapes", "float64", "inputs", "twice") for p in manners.of_every_function(kind)
)
COMPARISONS: tuple[Property, ...] = manners.of_every_function("reference")
PROPERTIES: tuple[Property, ...] = MATHEMATICS + MANNERS + COMPARISONS

__all__ = ["COMPARISONS", "MANNERS", "MATHEMATICS", "PROPERTIES", "Property"]
