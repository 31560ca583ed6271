"""The slope of a loss along one direction: its error, its kinks, its rounding."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.linalg import norm

from .steps import STEPS, Array, spread

TINY = 2.0**-300  # step of the complex method: its square vanishes beside 1 and does not underflow


class Slope(NamedTuple):
    """The derivative of L(x + t v) by t at t = 0, for one direction v."""

    value: float
    error: float  # estimate: what a smaller step changes, and rounding
    noise: float  # the part of rounding in it
    size: float  # size of the terms whose sum is `value`
    low: float  # the one-sided derivatives, summed over outputs, span low to low + jump
    jump: float
    kink: bool  # the jump is not rounding


class Loss:
    """L(x) = sum(dy * f(x)) near one point x: all that is ever asked of f is a slope."""

    def __init__(self, f: Callable[[Array], Array], x: Array, dy: Array, method: str) -> None:
        y = f(x)
        void = np.isnan(y)  # such outputs say nothing
        self.f: Callable[[Array], Array] = lambda z: np.where(void, 0.0, f(z)) * dy
        self.x, self.y, self.method = x, np.where(void, 0.0, y) * dy, method  # y is weighted by dy
        self.terms = np.where(void, 0.0, dy * spread(np.where(void, 0.0, y)))

    def slope(self, v: Array, shrink: float = 1.0) -> Slope:
        """Differentiate along v; the first step is v * shrink."""
        x, y, steps = self.x, self.y, STEPS[self.method]
        right, left = [], []  # one-sided differences, output by output
        moved = np.zeros(y.shape, bool)  # the outputs that depend on x along v
        for step in steps:
            t = shrink * step / steps[0]  # 1, 1/2, 1/4, ...
            plus, minus = self.f(x + t * v), self.f(x - t * v)
            moved |= plus != minus
            right.append((plus - y) / t)
            left.append((y - minus) / t)
        central = [float(np.sum(a + b)) / 2 for a, b in zip(left, right, strict=True)]

        along = v != 0
        kappa = float(np.max(np.abs(x[along] / v[along]), initial=0.0)) * steps[0]
        # Rounding of y, and of x where f subtracts a mean: x / spread digits are lost.
        noise = np.finfo(np.float64).eps * (norm(y[moved]) + kappa * norm(self.terms)) / t
        # Terms that can be seen: dy_k * dy_k/dx. Terms that cancel inside f (BN of two samples has
        # dx = 0 as a difference of such terms) count when they are much larger.
        size = float(norm(right[-1] + left[-1])) / 2
        hidden = float(norm(self.terms[moved] if moved.any() else self.terms)) * steps[0]
        size = hidden if size < 1e-3 * hidden else size

        value = richardson(central, 4) if self.method == "richardson" else central[0]
        error = abs(value - richardson(central[1:], 4)) + noise
        if self.method == "complex":
            with warnings.catch_warnings():  # a cast to real shows in the value
                warnings.simplefilter("ignore", np.exceptions.ComplexWarning)
                value = float(np.sum(np.imag(self.f(x + 1j * (TINY * v))))) / TINY
            if abs(value - central[0]) > 10 * error + 1e-5 * size + norm(right[0] - left[0]):
                raise ValueError(
                    "method='complex': f drops (part of) the imaginary part, as abs, np.var, .real "
                    "and casts do. Write z * z for abs(z)**2, or use method='central'"
                )
            error = noise * steps[0]

        after, before = richardson(right, 2), richardson(left, 2)  # the one-sided derivatives
        low, jump = np.sum(np.minimum(after, before)), np.sum(np.abs(after - before))
        kink = norm(after - before) > 1e-6 * size + 50 * noise
        return Slope(value, error, float(noise), size, float(low), float(jump), bool(kink))

    def careful_slope(self, v: Array, shrink: float = 1.0) -> Slope:
        """Take the slope; where a kink or a sharp bend is near, shrink the step to get clear of it.

        A kink at the very point stays one at every step; a kink beside it disappears.
        """
        slope = self.slope(v, shrink)
        good = 1e-7 * slope.size
        too_noisy = slope.noise > good  # smaller steps would drown in rounding
        if (slope.kink or not slope.error <= good) and not too_noisy and shrink > 2.0**-16:
            finer = self.careful_slope(v, shrink / 16)
            if slope.kink or finer.kink or not finer.error >= slope.error:
                return finer
        return slope


def richardson(values: list[Any], base: int) -> Any:
    """Cancel the errors in values taken at h, h/2, h/4: halving h divides them by base, base^2, ...

    One-sided differences have base 2 (errors h, h^2, ...), central ones 4 (h^2, h^4, ...).
    """
    for power in range(1, len(values)):
        q = base**power
        values = [(q * fine - coarse) / (q - 1) for coarse, fine in pairwise(values)]
    return values[0]
