"""The slope of the loss along one direction, and how far it can be trusted."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from .steps import UNITS, Array, norm, spread

TINY = 2.0**-300  # step of the complex method: its square vanishes beside 1 and does not underflow
SHORTEST = 2.0**-100  # no step is shortened further than by this factor
GOOD = 1e-7  # an error of so much of the size of the terms needs no better step
NOT_COMPLEX = (
    "method='complex': f drops or spoils (part of) the imaginary part: abs, np.var, .real and "
    "casts drop it, z**n spoils it for z < 0 and n > 100. Write z * z for abs(z)**2, or use "
    "method='central'"
)


class Slope(NamedTuple):
    """The derivative of L(x + t v) by t at t = 0, for one direction v."""

    value: float
    error: float  # estimate: what a smaller step changes, and rounding
    noise: float  # the rounding in it
    size: float  # size of the terms whose sum is `value`
    low: float  # the sum of the lower of the two one-sided derivatives of each output
    high: float  # and of the higher
    kink: bool  # low and high differ by more than rounding
    sides: int  # on how many sides of x f is finite
    shrink: float  # the first step was v * shrink


class Loss:
    """L(x) = sum(dy * f(x)) near one point x: all that is ever asked of f is a slope."""

    def __init__(self, f: Callable[[Array], Array], x: Array, dy: Array, method: str) -> None:
        y = f(x)
        known = np.isfinite(y)  # other outputs say nothing
        y, dy = np.where(known, y, 0.0), np.where(known, dy, 0.0)
        self.f: Callable[[Array], Array] = lambda z: np.where(known, f(z), 0.0) * dy
        self.x, self.y = x, y * dy
        self.method, self.unit = method, UNITS[method]
        self.terms = dy * spread(y)  # that is how large terms may be that cancel inside f
        self.all_terms = norm(self.terms)

    def slope(self, v: Array, shrink: float = 1.0) -> Slope:
        """Differentiate along v; the first step is v * shrink."""
        steps = shrink / 2 ** np.arange(3 if self.method == "richardson" else 2)
        right, left, moved, sides = self._one_sided(v, steps)
        own = norm(self.terms[moved])
        noise = float(self._rounding(v, moved, own) / steps[-1])
        # Terms that can be seen: dy_k * dy_k/dx. Terms that cancel inside f (BN of two samples has
        # dx = 0 as a difference of such terms) count when they are much larger.
        size = norm(right[-1] + left[-1]) / 2
        hidden = (own if moved.any() else self.all_terms) * self.unit
        size = hidden if size < 1e-3 * hidden else size

        central = [float(np.sum(a + b)) / 2 for a, b in zip(left, right, strict=True)]
        base = 4 if sides == 2 else 2
        best = _extrapolate(central, base)
        value = central[0] if self.method != "richardson" and sides == 2 else best
        error = abs(value - _extrapolate(central[1:], base)) + noise
        if self.method == "complex":
            terms = self._complex_step(v)
            value = float(np.sum(terms))
            limit = 10 * error + 1e-5 * size + norm(right[0] - left[0])
            if sides == 2 and np.isfinite(limit) and not abs(value - central[0]) <= limit:
                raise ValueError(NOT_COMPLEX)
            if sides == 0:  # there are no differences, but this step stays at x
                size, noise = norm(terms), 0.0
            error = noise * self.unit

        after, before = _extrapolate(right, 2), _extrapolate(left, 2)  # one-sided derivatives
        low, high = np.sum(np.minimum(after, before)), np.sum(np.maximum(after, before))
        kink = norm(after - before) > 1e-6 * size + 50 * noise
        return Slope(value, error, noise, size, float(low), float(high), kink, sides, shrink)

    def _one_sided(self, v: Array, steps: Array) -> tuple[list[Array], list[Array], Array, int]:
        """Return differences to the right and left, which outputs move, and the number of sides.

        A side on which f is not finite is replaced by the other one.
        """
        right, left = [], []
        moved = np.zeros(self.y.shape, bool)
        for t in steps:
            after, before = self.f(self.x + t * v), self.f(self.x - t * v)
            moved |= after != before
            right.append((after - self.y) / t)
            left.append((self.y - before) / t)
        to_right, to_left = (bool(np.isfinite(side).all()) for side in (right, left))
        if to_right != to_left:
            right = left = right if to_right else left
        return right, left, moved, to_right + to_left

    def _rounding(self, v: Array, moved: Array, own: float) -> float:
        """Return the rounding of y, and of x where f subtracts a mean: x / spread digits are lost.

        The second is that of all terms that depend on x along v, moved or too large to be.
        """
        reached = self.all_terms
        if reached > 1e8 * own:
            try:
                lost = np.isnan(self.f(np.where(v != 0, np.nan, self.x)))
                reached = norm(self.terms[moved | lost])
            except Exception:  # f takes no NaN
                pass
        along = v != 0
        kappa = np.max(np.abs(self.x[along] / v[along]), initial=0.0) * self.unit
        return float(2.0**-52 * (norm(self.y[moved]) + kappa * reached) + 2.0**-1074)

    def _complex_step(self, v: Array) -> Array:
        """Return the terms of the slope by a complex step."""
        with warnings.catch_warnings():  # a cast to real shows in the value
            warnings.simplefilter("ignore", np.exceptions.ComplexWarning)
            try:
                return np.asarray(np.imag(self.f(self.x + 1j * (TINY * v))) / TINY)
            except TypeError as error:  # of ufuncs such as hypot, cbrt, arctan2
                text = f"method='complex': f takes no complex numbers ({error}); use another method"
                raise ValueError(text) from error

    def first_slope(self, v: Array) -> Slope:
        """Return the slope of the longest step at which f is finite: on both sides, or on one."""
        slope = best = self.slope(v)
        while slope.sides < 2 and slope.shrink > SHORTEST:
            shrink = slope.shrink / 16
            if (self.x + shrink * v == self.x).all():
                break
            slope = self.slope(v, shrink)
            best = slope if slope.sides > best.sides else best
        return best

    def careful_slope(self, v: Array) -> Slope:
        """Take the slope; where a kink or a sharp bend is near, by up to four shorter steps.

        A kink at the very point stays one at every step; a kink beside it disappears.
        """
        slope = best = self.first_slope(v)
        for _ in range(4):
            good = GOOD * slope.size
            if slope.noise > good or (slope.error <= good and not slope.kink):
                break  # shorter steps would drown in rounding, or are not needed
            slope = self.slope(v, slope.shrink / 16)
            if slope.sides < best.sides:
                break
            if best.kink or slope.kink or not slope.error >= best.error:
                size = slope.size
                if not (slope.kink or slope.error <= GOOD * size):
                    # A 0 that is never reached, as the slope of x**3 at 0, is small beside others.
                    size = max(size, best.size)
                best = slope._replace(size=size)
        return best


def _extrapolate(values: list[Any], base: int) -> Any:
    """Cancel the errors in values taken at h, h/2, h/4 (Richardson).

    Halving h divides them by base, base^2, ...: by 2 and 4 if they are h, h^2, ... (one-sided
    differences), by 4 and 16 if they are h^2, h^4, ... (central ones).
    """
    for power in range(1, len(values)):
        q = base**power
        values = [(q * fine - coarse) / (q - 1) for coarse, fine in pairwise(values)]
    return values[0]
