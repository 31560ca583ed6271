"""One gradient beside the numeric one."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from .hints import telltale
from .report import MAX_KINKS, ArgumentReport
from .slope import Loss
from .steps import STEPS, Array, first_steps, only
from .subject import Subject

SMALL = 512  # arguments with more entries than this are checked along random directions


def digits_lost(arrays: list[Array]) -> float:
    """Return 1 + |x| / spread, the largest of all arguments: so much larger rounding may become."""
    ratios = [np.abs(a) / first_steps(a, "central") * STEPS["central"][0] for a in arrays]
    return 1 + max(float(np.fmax.reduce(ratio, axis=None)) for ratio in ratios)


def compare_gradient(
    subject: Subject,
    name: str,
    ours: Array,
    loss: Loss,
    rng: np.random.Generator,
    directions: int | None,
    rtol: float | None,
    atol: float | None,
    single: bool,
) -> tuple[ArgumentReport, Array]:
    """Compare a gradient with slopes; return the report, and the numeric gradient (or slopes)."""
    x, h, step = loss.x, first_steps(loss.x, loss.method), STEPS[loss.method][0]
    arrays = {k: subject.inputs[k] for k in subject.floats}
    kappa = digits_lost(list(arrays.values()))
    eps, cap = (2.0**-23, 1e-2) if single else (2.0**-52, 1e-5)
    source = "10 x numeric error" if atol is None else f"{atol} (given)"
    source += f" + {rtol} (given)" if rtol is not None else ""
    if rtol is None:
        rtol = min(cap, max(1e-7, 200 * eps * kappa))
        source += f" + {rtol:.2g} (float{32 if single else 64}, |x|/spread {kappa:.2g})"

    def judge(probes: list[Any]) -> list[Array]:
        """Compare along directions (arrays) or at places (tuples); return columns of a table."""
        rows = []
        for probe in probes:
            v, unit = (only(h, probe), h[probe]) if isinstance(probe, tuple) else (probe, step)
            rows.append((np.sum(ours[v != 0] * v[v != 0]), unit, *loss.careful_slope(v)))
        mine, unit, value, error, _, size, low, jump, kink = np.array(rows, np.float64).T
        if x.ndim > 1 and not count:
            # An error of one term spreads over its column, whichever axis that is.
            grid, axes = size.reshape(x.shape), set(range(x.ndim))
            tops = [np.fmax.reduce(grid, tuple(axes - {keep}), keepdims=True) for keep in axes]
            size = np.minimum.reduce(np.broadcast_arrays(*tops)).ravel()
        # Nothing that is wrong may hide behind a large error.
        top = size if x.ndim > 1 and not count else np.fmax.reduce(size)
        slack = np.fmin(10 * error, cap * top) if atol is None else atol * unit
        allowed = slack + rtol * size
        outside = np.maximum(np.fmin(low, 0) - mine, mine - np.fmax(low + jump, 0))
        gap = np.where(kink, np.maximum(outside, 0), np.abs(mine - value))
        score = np.where(gap == 0, 0, gap / allowed)
        wrong = ~(gap <= allowed)  # NaN is wrong
        return [*(a / unit for a in (mine, value, gap, allowed, size)), score, kink, wrong]

    count = (0 if x.size <= SMALL else 4) if directions is None else directions
    # Random directions: both signs, and sizes 1/2 to 3/2, so that no entry is near 0.
    signs = rng.choice([-1.0, 1.0], (count, *x.shape))
    vs = list(h * signs * rng.integers(8, 25, signs.shape) / 16)
    kinks: list[Any] = []
    for v in vs:
        while len(kinks) < MAX_KINKS and loss.careful_slope(v).kink:
            kinks.append(locate(v, lambda u: loss.slope(u, 2.0**-12).jump))
            for u in vs:
                u[kinks[-1]] = 0.0
    probes = [v for v in vs if v.any()] + kinks if count else list(np.ndindex(x.shape))
    table = judge(probes)
    _, numeric, _, _, sizes, score, kink, wrong = table
    blind = bool(kink.all())  # also if more than MAX_KINKS are in every direction
    if not count:
        kinks = [place for place, bad in zip(probes, kink, strict=True) if bad]
        numeric, sizes = numeric.reshape(x.shape), sizes.reshape(x.shape)
    k = int(np.argmax(score))
    place, worst = probes[k], [float(column[k]) for column in table]
    if isinstance(place, np.ndarray) and wrong[k]:
        place = locate(place, lambda v: abs(np.sum((ours * v)[v != 0]) - loss.slope(v).value))
        worst = [float(column[0]) for column in judge([place])]
    mine, value, gap, allowed, size = worst[:5]
    remark = "" if count or not wrong.any() else telltale(name, ours, numeric, sizes, arrays)
    if blind:
        remark = "nothing could be compared for kinks: choose another x, or directions=0 for all"
    ok, failed = not blind and not wrong.any(), int(wrong.sum())
    kind, at = "directions" if count else "entries", place if isinstance(place, tuple) else None
    source += f" x {size:.2g}, the size of the terms"
    numbers = mine, value, gap, gap / size if gap and size else gap, allowed
    report = ArgumentReport(
        name, ok, len(probes), kind, failed, at, *numbers, source, tuple(kinks), remark
    )
    return report, numeric


def locate(v: Array, score: Callable[[Array], float]) -> tuple[int, ...]:
    """Find an entry by halving: keep the half of v's entries that has the larger score."""
    places = np.argwhere(v != 0)
    while len(places) > 1:
        halves = np.array_split(places, 2)
        first, second = (score(only(v, tuple(half.T))) for half in halves)
        places = halves[1 if second > first or math.isnan(second) else 0]
    return tuple(places[0].tolist())
