"""One gradient beside the numeric one, entry by entry or along random directions."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from .options import Tolerance
from .report import MAX_KINKS, ArgumentReport
from .slope import Loss
from .steps import UNITS, Array, only


class Verdicts(NamedTuple):
    """For each of some directions or entries: both numbers, their difference, and whether it is."""

    mine: Array
    numeric: Array
    gap: Array
    allowed: Array
    size: Array
    score: Array
    kink: Array
    sides: Array
    wrong: Array


class Comparison:
    """A gradient `ours` beside the slopes of a loss, for first steps `h`."""

    def __init__(self, ours: Array, loss: Loss, h: Array, tolerance: Tolerance) -> None:
        self.ours, self.loss, self.h, self.tolerance = ours, loss, h, tolerance
        self.unit = UNITS[loss.method]  # of a direction

    def entries(self) -> tuple[list[Any], list[Any], Verdicts]:
        """Compare every entry; return the entries, the kinks among them, and the verdicts."""
        places: list[Any] = list(np.ndindex(self.ours.shape))
        verdicts = self.judge(places, by_column=self.ours.ndim > 1)
        return places, [p for p, bad in zip(places, verdicts.kink, strict=True) if bad], verdicts

    def directions(self, count: int, rng: Any) -> tuple[list[Any], list[Any], Verdicts]:
        """Compare along random directions, and entries with a kink one by one."""
        # Both signs, and sizes 1/2 to 3/2, so that no entry is near 0.
        signs = rng.choice([-1.0, 1.0], (count, *self.ours.shape))
        vs = list(self.h * signs * rng.integers(8, 25, signs.shape) / 16)
        kinks: list[Any] = []
        for v in vs:
            while len(kinks) < MAX_KINKS and self.loss.careful_slope(v).kink:
                kinks.append(_locate(v, self._jump))
                for u in vs:
                    u[kinks[-1]] = 0.0
        probes = [v for v in vs if v.any()] + kinks
        return probes, kinks, self.judge(probes)

    def _jump(self, v: Array) -> float:
        """Return by how much the slope along v changes at x itself, not at a kink beside it."""
        slope = self.loss.slope(v, 2.0**-12)
        return slope.high - slope.low

    def judge(self, probes: list[Any], by_column: bool = False) -> Verdicts:
        """Compare along directions (arrays) or at places (tuples)."""
        rows = []
        for probe in probes:
            place = isinstance(probe, tuple)
            v, unit = (only(self.h, probe), self.h[probe]) if place else (probe, self.unit)
            rows.append((np.sum((self.ours * v)[v != 0]), unit, *self.loss.careful_slope(v)))
        mine, unit, value, error, _, size, low, high, kink, sides, _ = np.array(rows, np.float64).T
        zero = not (np.abs(value) > 1e-6 * size).any()  # all terms cancel
        if by_column:
            # An error of one term spreads over its column, whichever axis that is.
            grid, axes = size.reshape(self.ours.shape), set(range(self.ours.ndim))
            tops = [np.fmax.reduce(grid, tuple(axes - {keep}), keepdims=True) for keep in axes]
            size = np.minimum.reduce(np.broadcast_arrays(*tops)).ravel()
        given = self.tolerance
        # Nothing that is wrong may hide behind a large error.
        top = size if by_column else np.fmax.reduce(size)
        cap = np.where(sides < 2, 100, 1) * given.cap  # one-sided differences are less exact
        slack = np.fmin(10 * error, cap * top) if given.atol is None else given.atol * unit
        allowed = slack + given.rtol * size
        if zero and given.atol is None:
            allowed = np.fmax(allowed, given.rounding * unit)
        outside = np.maximum(np.fmin(low, 0) - mine, mine - np.fmax(high, 0))
        gap = np.abs(mine - value)
        gap = np.where(kink, np.fmin(np.maximum(outside, 0), gap), gap)
        score = np.where(gap == 0, 0, gap / allowed)
        wrong = ~((gap <= allowed) & np.isfinite(allowed))  # NaN is wrong
        mine, value, gap, allowed, size = (a / unit for a in (mine, value, gap, allowed, size))
        return Verdicts(mine, value, gap, allowed, size, score, kink, sides, wrong)

    def report(self, name: str, count: int, rng: Any) -> tuple[ArgumentReport, Verdicts]:
        """Return what is found along so many directions; 0: entry by entry."""
        probes, kinks, table = self.directions(count, rng) if count else self.entries()
        k = int(np.argmax(table.score))
        place, worst = probes[k], Verdicts(*(column[k] for column in table))
        if isinstance(place, np.ndarray) and worst.wrong:
            ours, slope = self.ours, self.loss.slope
            place = _locate(place, lambda v: abs(np.sum((ours * v)[v != 0]) - slope(v).value))
            worst = Verdicts(*(column[0] for column in self.judge([place])))
        blind = bool(table.kink.all())  # also if more than MAX_KINKS are in every direction
        remark = ""
        if blind:
            other = ", or directions=0 for all" if count else ""
            remark = f"nothing could be compared for kinks: choose another x{other}"
        elif not worst.sides and worst.wrong and self.loss.method != "complex":
            remark = f"forward is not defined at {name} + h and {name} - h, however small h"
        elif (table.sides < 2).any():
            count_one = int((table.sides < 2).sum())
            remark = f"{count_one} one-sided: forward is not defined on both sides of {name}"
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
            kinks=tuple(kinks),
            remark=remark,
        )
        return report, table


def _locate(v: Array, score: Callable[[Array], float]) -> tuple[int, ...]:
    """Find an entry by halving: keep the half of v's entries that has the larger score."""
    places = np.argwhere(v != 0)
    while len(places) > 1:
        halves = np.array_split(places, 2)
        first, second = (score(only(v, tuple(half.T))) for half in halves)
        places = halves[1 if second > first or math.isnan(second) else 0]
    return tuple(places[0].tolist())
