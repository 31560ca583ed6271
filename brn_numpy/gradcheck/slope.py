"""The slope of the loss along one direction, and how far it can be trusted."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from .steps import STEPS, Array, spread

TINY = 2.0**-300  # step of the complex method: its square vanishes beside 1 and does not underflow
SHORTEST = 2.0**-100  # no step is shortened further than by this factor
NOT_COMPLEX = (
    "method='complex': f drops or spoils (part of) the imaginary part: abs, np.var, .real and "
    "casts drop it, z**n spoils it for z < 0 and n > 100. Write z * z for abs(z)**2, or use "
    "method='central'"
)


class Slope(NamedTuple):
    """The derivative of L(x + t v) by t at t = 0, for one direction v."""

    value: float
    error: float  # estimate: what a smaller step changes, and rounding
    noise: float  # the part of rounding in it
    size: float  # size of the terms whose sum is `value`
    low: float  # the one-sided derivatives, summed over outputs, span low to low + jump
    jump: float
    kink: bool  # the jump is not rounding
    sides: int  # on how many sides of x f is finite


class Loss:
    """L(x) = sum(dy * f(x)) near one point x: all that is ever asked of f is a slope."""

    def __init__(self, f: Callable[[Array], Array], x: Array, dy: Array, method: str) -> None:
        y = f(x)
        void = ~np.isfinite(y)  # such outputs say nothing
        self.f: Callable[[Array], Array] = lambda z: np.where(void, 0.0, f(z)) * dy
        self.x, self.y, self.method = x, np.where(void, 0.0, y) * dy, method  # y is weighted by dy
        self.terms = np.where(void, 0.0, dy * spread(np.where(void, 0.0, y)))
        self.all_terms = norm(self.terms)

    def slope(self, v: Array, shrink: float = 1.0) -> Slope:
        """Differentiate along v; the first step is v * shrink."""
        right, left, moved, sides = self._one_sided(v, shrink)
        t = shrink * STEPS[self.method][-1] / STEPS[self.method][0]
        first = STEPS[self.method][0]
        along = v != 0
        kappa = float(np.max(np.abs(self.x[along] / v[along]), initial=0.0)) * first
        # Rounding of y, and of x where f subtracts a mean: x / spread digits are lost.
        own = norm(self.terms[moved])
        rounding = norm(self.y[moved]) + kappa * self._reached(v, moved, own)
        noise = (2.0**-52 * rounding + 2.0**-1074) / t
        # Terms that can be seen: dy_k * dy_k/dx. Terms that cancel inside f (BN of two samples has
        # dx = 0 as a difference of such terms) count when they are much larger.
        size = norm(right[-1] + left[-1]) / 2
        hidden = (own if moved.any() else self.all_terms) * first
        size = hidden if size < 1e-3 * hidden else size

        central = [float(np.sum(a + b)) / 2 for a, b in zip(left, right, strict=True)]
        base = 4 if sides == 2 else 2
        best = _richardson(central, base)
        value = central[0] if self.method != "richardson" and sides == 2 else best
        error = abs(value - _richardson(central[1:], base)) + noise
        if self.method == "complex":
            value, exact_size = self._complex(v)
            limit = 10 * error + 1e-5 * size + norm(right[0] - left[0])
            if not sides:
                size, noise = exact_size, 0.0
            elif sides == 2 and not abs(value - central[0]) <= limit and np.isfinite(limit):
                raise ValueError(NOT_COMPLEX)
            error = noise * first

        after, before = _richardson(right, 2), _richardson(left, 2)  # the one-sided derivatives
        low, jump = np.sum(np.minimum(after, before)), np.sum(np.abs(after - before))
        kink = norm(after - before) > 1e-6 * size + 50 * noise
        return Slope(value, error, noise, size, float(low), float(jump), bool(kink), sides)

    def _one_sided(self, v: Array, shrink: float) -> tuple[list[Array], list[Array], Array, int]:
        """Return differences to the right and left, which outputs move, and the number of sides.

        A side on which f is not finite is replaced by the other one.
        """
        steps = STEPS[self.method]
        right, left = [], []
        moved = np.zeros(self.y.shape, bool)
        for step in steps:
            t = shrink * step / steps[0]  # 1, 1/2, 1/4, ...
            plus, minus = self.f(self.x + t * v), self.f(self.x - t * v)
            moved |= plus != minus
            right.append((plus - self.y) / t)
            left.append((self.y - minus) / t)
        to_right, to_left = (all(np.isfinite(a).all() for a in side) for side in (right, left))
        if to_right != to_left:
            right, left = (right, right) if to_right else (left, left)
        return right, left, moved, to_right + to_left

    def _reached(self, v: Array, moved: Array, own: float) -> float:
        """Return the size of the terms that depend on x along v, moved or too large to be."""
        if self.all_terms <= 1e8 * own:
            return self.all_terms
        try:
            lost = np.isnan(self.f(np.where(v != 0, np.nan, self.x)))
            return norm(self.terms[moved | lost])
        except Exception:  # f takes no NaN
            return self.all_terms

    def _complex(self, v: Array) -> tuple[float, float]:
        """Return the slope by a complex step, and the size of the terms whose sum it is."""
        with warnings.catch_warnings():  # a cast to real shows in the value
            warnings.simplefilter("ignore", np.exceptions.ComplexWarning)
            try:
                terms = np.imag(self.f(self.x + 1j * (TINY * v))) / TINY
            except TypeError as error:  # of ufuncs such as hypot, cbrt, arctan2
                text = f"method='complex': f takes no complex numbers ({error}); use another method"
                raise ValueError(text) from error
        return float(np.sum(terms)), norm(terms)

    def first_slope(self, v: Array) -> tuple[Slope, float]:
        """Return the slope for the longest step at which f is finite, and how far v was shortened.

        On both sides, if that can be had; else on one.
        """
        slope, shrink = self.slope(v), 1.0
        found = slope, shrink
        while slope.sides < 2 and shrink > SHORTEST and (self.x + shrink / 16 * v != self.x).any():
            shrink /= 16
            slope = self.slope(v, shrink)
            if slope.sides > found[0].sides:
                found = slope, shrink
        return found

    def careful_slope(self, v: Array) -> Slope:
        """Take the slope; where a kink or a sharp bend is near, by shorter steps.

        A kink at the very point stays one at every step; a kink beside it disappears.
        """
        slope, shrink = self.first_slope(v)
        return self._finer(slope, v, shrink, 4)

    def _finer(self, slope: Slope, v: Array, shrink: float, times: int) -> Slope:
        """Return the slope, or a better one for a step shortened up to so many times."""
        good = 1e-7 * slope.size
        too_noisy = slope.noise > good  # smaller steps would drown in rounding
        if not times or too_noisy or not (slope.kink or not slope.error <= good):
            return slope
        shrink /= 16
        finer = self._finer(self.slope(v, shrink), v, shrink, times - 1)
        if finer.sides < slope.sides or not (
            slope.kink or finer.kink or not finer.error >= slope.error
        ):
            return slope
        if finer.kink or finer.error <= 1e-7 * finer.size:
            return finer
        # A 0 that is never reached, as the slope of x**3 at 0, is small beside the slopes around.
        return finer._replace(size=max(finer.size, slope.size))


def norm(a: Array) -> float:
    """Return the root of the sum of squares, which neither overflow nor vanish."""
    quick = float(np.linalg.norm(a))
    if 1e-140 < quick < 1e140:
        return quick
    top = float(np.max(np.abs(a), initial=0.0))
    if top == 0 or not np.isfinite(top):
        return top
    shift = int(np.frexp(top)[1])
    return float(np.ldexp(np.linalg.norm(np.ldexp(a, -shift)), shift))


def _richardson(values: list[Any], base: int) -> Any:
    """Cancel the errors in values taken at h, h/2, h/4: halving h divides them by base, base^2, ...

    One-sided differences have base 2 (errors h, h^2, ...), central ones 4 (h^2, h^4, ...).
    """
    for power in range(1, len(values)):
        q = base**power
        values = [(q * fine - coarse) / (q - 1) for coarse, fine in pairwise(values)]
    return values[0]
