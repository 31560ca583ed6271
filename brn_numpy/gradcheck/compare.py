"""One gradient beside the numeric one, and how far apart they may be."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from .report import MAX_KINKS, ArgumentReport
from .slope import Loss, Slope
from .steps import Array, digits_lost, only

SMALL = 512  # arguments with more entries than this are checked along random directions


class Tolerance:
    """Allowed is ten times the numeric error, or `atol`, and rtol times the size of the terms."""

    def __init__(
        self, rtol: Any, atol: float | None, arrays: list[Array], single: bool, steepest: float
    ) -> None:
        eps, self.cap = (2.0**-23, 1e-2) if single else (2.0**-52, 1e-5)
        self.rounding = 4 * eps * steepest  # of terms that cancel, in a gradient that is 0
        self.rtol, self.atol, source = rtol, atol, f"{rtol} (given)"
        if rtol is None:
            lost = max(map(digits_lost, arrays))
            self.rtol = min(self.cap, max(1e-7, 200 * eps * lost))
            source = f"{self.rtol:.2g} (float{32 if single else 64}, |x|/spread {lost:.2g})"
        self.source = ("10 x numeric error + " if atol is None else f"{atol} (given) + ") + source

    def allowed(self, slope: Any, size: Array, top: Any, unit: Array) -> Array:
        """Return the tolerance for each of the slopes, whose terms have these sizes.

        Nothing that is wrong may hide behind a large error: it counts up to a part of `top`.
        """
        if self.atol is not None:
            return np.asarray(self.atol * unit + self.rtol * size)
        cap = np.where(slope.sides < 2, 100, 1) * self.cap  # one-sided differences are less exact
        allowed = np.fmin(10 * slope.error, cap * top) + self.rtol * size
        if not (np.abs(slope.value) > 1e-6 * slope.size).any():  # all terms cancel
            allowed = np.fmax(allowed, self.rounding * unit)
        return np.asarray(allowed)


class Table(NamedTuple):
    """What is compared: a row for each entry or direction; the columns are arrays."""

    mine: Array
    numeric: Array
    gap: Array  # between the two
    allowed: Array
    size: Array  # of the terms that add up to the gradient
    kink: Array
    sides: Array
    wrong: Array


class Comparison:
    """A gradient `ours` beside the slopes of a loss, for first steps `h`."""

    def __init__(self, ours: Array, loss: Loss, h: Array, tolerance: Tolerance) -> None:
        self.ours, self.loss, self.h, self.tolerance = ours, loss, h, tolerance

    def report(self, name: str, count: int | None, rng: Any) -> tuple[ArgumentReport, Table]:
        """Compare along `count` directions (0: entry by entry; None: by the size of `ours`)."""
        if count is None:
            count = 4 if self.ours.size > SMALL else 0
        probes = self._directions(count, rng) if count else list(np.ndindex(self.ours.shape))
        table = self._compare(probes, by_column=not count and self.ours.ndim > 1)
        score = np.where(table.gap == 0, 0, table.gap / table.allowed)
        k = int(np.argmax(score))
        place, worst = probes[k], Table(*(column[k] for column in table))
        if isinstance(place, np.ndarray) and worst.wrong:
            ours, slope = self.ours, self.loss.slope
            place = _locate(place, lambda v: abs(_along(v, ours) - slope(v).value))
            worst = Table(*(column[0] for column in self._compare([place])))
        blind = bool(table.kink.all())  # also if more than MAX_KINKS are in every direction
        one_sided = int((table.sides < 2).sum())
        remark = ""
        if blind:
            remark = "nothing could be compared for kinks: choose another x"
            remark += ", or directions=0 for all" if count else ""
        elif worst.wrong and not worst.sides and self.loss.method != "complex":
            remark = f"forward is not defined at {name} + h and {name} - h, however small h"
        elif one_sided:
            remark = f"{one_sided} one-sided: forward is not defined on both sides of {name}"
        at_kinks = [probe for probe, kink in zip(probes, table.kink, strict=True) if kink]
        gap, size = float(worst.gap), float(worst.size)
        report = ArgumentReport(
            name=name,
            ok=not blind and not table.wrong.any(),
            checked=len(probes),
            kind="directions" if count else "entries",
            failed=int(table.wrong.sum()),
            worst=place if isinstance(place, tuple) else None,
            analytic=float(worst.mine),
            numeric=float(worst.numeric),
            absolute_error=gap,
            relative_error=gap / size if gap and size else gap,
            tolerance=float(worst.allowed),
            tolerance_from=f"{self.tolerance.source} x {size:.2g}, the size of the terms",
            kinks=tuple(place for place in at_kinks if isinstance(place, tuple)),
            remark=remark,
        )
        if not count:
            table = Table(*(column.reshape(self.ours.shape) for column in table))
        return report, table

    def _directions(self, count: int, rng: Any) -> list[Any]:
        """Return random directions in which no entry has a kink, and the entries that have one."""

        def jump(v: Array) -> float:
            slope = self.loss.slope(v, 2.0**-12)
            return slope.high - slope.low

        # Both signs, and sizes 1/2 to 3/2, so that no entry is near 0.
        signs = rng.choice([-1.0, 1.0], (count, *self.ours.shape))
        vs = list(self.h * signs * rng.integers(8, 25, signs.shape) / 16)
        kinks: list[Any] = []
        for v in vs:
            while len(kinks) < MAX_KINKS and self.loss.careful_slope(v).kink:
                kinks.append(_locate(v, jump))
                for u in vs:
                    u[kinks[-1]] = 0.0
        return [v for v in vs if v.any()] + kinks

    def _compare(self, probes: list[Any], by_column: bool = False) -> Table:
        """Compare along directions (arrays) or at entries (tuples of indices)."""
        rows = []
        for probe in probes:
            entry = isinstance(probe, tuple)
            v, unit = (only(self.h, probe), self.h[probe]) if entry else (probe, self.loss.unit)
            rows.append((unit, _along(v, self.ours), *self.loss.careful_slope(v)))
        unit, mine, *columns = np.array(rows, np.float64).T
        slope: Any = Slope(*columns)  # of arrays
        numeric, size, kink = slope.value, slope.size, slope.kink.astype(bool)
        if by_column:
            # An error of one term spreads over its column, whichever axis that is.
            grid, axes = size.reshape(self.ours.shape), set(range(self.ours.ndim))
            tops = [np.fmax.reduce(grid, tuple(axes - {keep}), keepdims=True) for keep in axes]
            size = np.minimum.reduce(np.broadcast_arrays(*tops)).ravel()
        top = size if by_column else np.fmax.reduce(size)
        allowed = self.tolerance.allowed(slope, size, top, unit)
        gap = np.abs(mine - numeric)
        # At a kink, all from 0 to the one-sided derivatives is right.
        outside = np.maximum(np.fmin(slope.low, 0) - mine, mine - np.fmax(slope.high, 0))
        gap = np.where(kink, np.fmin(np.maximum(outside, 0), gap), gap)
        wrong = ~((gap <= allowed) & np.isfinite(allowed))  # NaN is wrong
        mine, numeric, gap, allowed, size = (a / unit for a in (mine, numeric, gap, allowed, size))
        return Table(mine, numeric, gap, allowed, size, kink, slope.sides, wrong)


def _along(v: Array, gradient: Array) -> Any:
    """Return the slope that a gradient gives along v; a NaN where v is 0 is not in it."""
    return np.sum((gradient * v)[v != 0])


def _locate(v: Array, score: Callable[[Array], float]) -> tuple[int, ...]:
    """Find an entry by halving: keep the half of v's entries that has the larger score."""
    places = np.argwhere(v != 0)
    while len(places) > 1:
        halves = np.array_split(places, 2)
        first, second = (score(only(v, tuple(half.T))) for half in halves)
        places = halves[1 if second > first or math.isnan(second) else 0]
    return tuple(places[0].tolist())
