"""Gradients by central differences of a solution's own forward pass.

A channel's y depends on that channel alone (other properties see to that), so one value of every
channel is moved at once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..._checks import Array
from ..probe import Probe
from .base import Faults, far, total

STEP = 1e-5  # against channels of standard deviation 0.1 to 2


def slope(value: Callable[[Array], Array], at: Array, direction: Array) -> Array:
    """Return the derivative of a (C,) function along a direction."""
    return (value(at + STEP * direction) - value(at - STEP * direction)) / (2 * STEP)


def far_from_numeric_dx(
    p: Probe, forward: Callable[[Array], Any], backward: Callable[..., Any]
) -> Faults:
    """Compare dx, value by value for (N, C) and along one direction for images."""

    def loss(x: Array, dy: Array) -> Array:
        return total(dy * forward(x)[0])

    dx = np.asarray(backward(p.dy, forward(p.x)[1])[0])
    numeric = np.empty_like(p.x)
    for i in range(len(p.x)):
        unit = np.zeros_like(p.x)
        unit[i] = 1
        numeric[i] = slope(lambda x: loss(x, p.dy), p.x, unit)
    yield far("dx, against the numeric gradient,", dx, numeric, _size(numeric, p.dy))
    direction = np.cos(np.arange(p.x4.size)).reshape(p.x4.shape)
    along = slope(lambda x: loss(x, p.dy4), p.x4, direction)
    dx = np.asarray(backward(p.dy4, forward(p.x4)[1])[0])
    actual = total(dx * direction)
    yield far("dx of images along a direction", actual, along, _size(along, p.dy4))


def far_from_numeric_parameters(
    p: Probe, forward: Callable[[Array, Array, Array], Any], backward: Callable[..., Any]
) -> Faults:
    """Compare dgamma and dbeta in both layouts."""
    ones = np.ones_like(p.gamma)
    for layout, x, dy in p.layouts():
        _, dgamma, dbeta = backward(dy, forward(x, p.gamma, p.beta)[1])
        by_gamma = slope(lambda g: total(dy * forward(x, g, p.beta)[0]), p.gamma, ones)  # noqa: B023
        by_beta = slope(lambda b: total(dy * forward(x, p.gamma, b)[0]), p.beta, ones)  # noqa: B023
        size = _size(by_gamma, dy)
        yield far(f"dgamma, against the numeric gradient, {layout},", dgamma, by_gamma, size)
        yield far(f"dbeta, against the numeric gradient, {layout},", dbeta, by_beta, size)


def _size(numeric: Array, dy: Array) -> float:
    """Return how large the terms are whose rounding errors the small step magnifies."""
    return float(np.abs(numeric).max() + np.abs(dy).max())
