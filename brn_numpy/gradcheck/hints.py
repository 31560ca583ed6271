"""What a wrong gradient gives away: a factor, or a term of a normalisation that is off."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import Any

import numpy as np

from .steps import Array

TERMS = ("dy", "mean(dy)", "xhat * mean(dy * xhat)")  # of a normalisation's dx
EXACT = 1e-5  # what fits to so much of its size is no accident


def hint(
    name: str, ours: Array, numeric: Array, size: Array, inputs: Mapping[str, Array], dy: Array
) -> str:
    """Return what is likely wrong with a gradient, or nothing."""
    if not ours.any():
        return f"d{name} is 0 everywhere" if numeric.any() else ""
    if not (np.abs(numeric) > 1e-3 * size).any():
        return ""  # 0 is any number times 0
    for text, factor in _factors(ours, inputs):
        if not (np.abs(ours - factor * numeric) > EXACT * size * np.abs(factor)).any():
            return f"d{name} is {text}"
    return _terms_off(name, ours, numeric, inputs, dy)


def _numbers(inputs: Mapping[str, Array]) -> dict[str, tuple[float, str]]:
    """Return by their text the numbers that people multiply by in error, each with a question."""
    counts: set[int] = set()
    for a in inputs.values():
        n, last = (len(a), a.shape[-1]) if a.ndim else (1, 1)
        m = a.size // a.shape[1] if a.ndim > 1 else n  # values of a channel
        counts |= {n, m} | ({m // n, a.size // (n * last), a.size // n} if a.ndim > 2 else set())
    known = {"-1": (-1.0, "the sign?")}
    for n in sorted(counts - {1}):
        known |= {f"1/{n}": (1 / n, "averaged?"), f"{n}": (float(n), "summed?")}
    for n in sorted(counts - {1, 2}):
        known[f"{n}/{n - 1}"] = n / (n - 1), "N or N - 1?"
        known[f"{n - 1}/{n}"] = (n - 1) / n, "N or N - 1?"
    twice = {"2": (2.0, "counted twice?"), "1/2": (0.5, "the derivative of a square?")}
    return known | {text: number for text, number in twice.items() if text not in known}


def _factors(ours: Array, inputs: Mapping[str, Array]) -> Iterator[tuple[str, Any]]:
    """Yield by what factors a gradient may differ, with a text for each."""
    for text, (number, question) in _numbers(inputs).items():
        yield f"{text} x the numeric one: {question}", number
    wide = _along_channels(ours, inputs)
    for other, p in wide.items():
        yield f"the numeric one / {other}: is {other} missing?", 1 / p
        yield f"the numeric one x {other}: is {other} one too many?", p
    for (one, p), (two, q) in combinations(wide.items(), 2):
        yield f"the numeric one x {one} / {two}", p / q
        yield f"the numeric one x {two} / {one}", q / p
        yield f"the numeric one / ({one} * {two}): are both missing?", 1 / (p * q)


def _along_channels(ours: Array, inputs: Mapping[str, Array]) -> dict[str, Array]:
    """Return the vectors among the inputs that fit an axis, shaped for it; none with a 0 in it."""
    wide = {}
    for other, a in inputs.items():
        for axis in range(ours.ndim) if a.ndim == 1 < ours.ndim else ():
            if len(a) == ours.shape[axis] and a.all():  # 0 and 1/0 would fit anything
                wide[other] = a.reshape([-1 if i == axis else 1 for i in range(ours.ndim)])
    return wide


def _terms_off(
    name: str, ours: Array, numeric: Array, inputs: Mapping[str, Array], dy: Array
) -> str:
    """Fit the three terms of a normalisation; say which of them is off in ours, if all else fits.

    dx = a * dy - b * mean(dy) - c * xhat * mean(dy * xhat), with a, b, c for each channel or group.
    """
    x = inputs[name]
    if x.shape != dy.shape or x.ndim < 2:
        return ""
    wide = _along_channels(x, inputs).values()
    for axes in _axes(x.ndim):
        # gamma is within the means, where it differs within a group: in layer norm
        inside = [p for p in wide if any(p.shape[axis] > 1 for axis in axes)]
        for weighted in (dy, *(dy * p for p in inside)):
            right = _fit(numeric, weighted, x, axes)
            mine = _fit(ours, weighted, x, axes)
            if right is None or mine is None or not right.all():
                continue
            ratios = mine / right  # (groups, 3)
            off = [_how(term, r, inputs) for term, r in zip(TERMS, ratios.T, strict=True)]
            told = [text for text in off if text]
            if told and len(told) < 3:
                return f"d{name} is that of a normalisation, but {' and '.join(told)}"
    return ""


def _axes(ndim: int) -> list[tuple[int, ...]]:
    """Return over which axes batch, channels-last, layer and instance norm take their means."""
    every = tuple(range(ndim))
    return [(0, *every[2:]), every[:-1], every[1:]] + [every[2:]] * (ndim > 2)


def _fit(g: Array, dy: Array, x: Array, axes: tuple[int, ...]) -> Array | None:
    """Return (groups, 3) coefficients of the terms in g; None if they do not explain it."""
    rows = [np.moveaxis(a, axes, range(-len(axes), 0)) for a in (g, dy, x)]
    count = int(np.prod([x.shape[axis] for axis in axes]))
    if count < 5:  # of four numbers, three terms explain anything
        return None
    found = []
    for values, up, at in zip(*(a.reshape(-1, count) for a in rows), strict=True):
        xc = at - at.mean()
        terms = np.stack([up, np.full(count, -up.mean()), -xc * (up * xc).mean()], axis=1)
        scale = np.abs(terms).max(axis=0)
        if not (np.isfinite(scale).all() and scale.all() and np.isfinite(values).all()):
            return None
        coefficients, *_ = np.linalg.lstsq(terms / scale, values, rcond=None)
        rest = np.abs(terms / scale @ coefficients - values).max()
        if rest > EXACT * np.abs(values).max():
            return None
        coefficients[np.abs(coefficients) < EXACT * np.abs(values).max()] = 0.0
        found.append(coefficients / scale)
    return np.array(found)


def _how(term: str, ratio: Array, inputs: Mapping[str, Array]) -> str:
    """Say by what factor a term is off, where `ratio` has one number for each group."""
    if np.allclose(ratio, 1, rtol=1e-4):
        return ""
    if np.allclose(ratio, 0, atol=1e-4):
        return f"the term {term} is missing"
    if not np.allclose(ratio, ratio[0], rtol=1e-4):
        return f"the term {term} has another factor in each channel"
    known = _numbers(inputs)
    names = [text for text, (n, _) in known.items() if np.isclose(ratio[0], n, rtol=1e-4)]
    times = names[0] if names else f"{ratio[0]:.4g}"
    return f"the term {term} is {times} x what it should be"


def statistics_constant(name: str, ours: Array, numeric: Array, dy: Array) -> list[str]:
    """Say so if a numeric gradient is that of a normalisation with constant statistics.

    Only if ours sums to 0 in these channels, as that of a normalisation does, and it does not.
    """
    if numeric.shape != dy.shape or dy.ndim < 2:
        return []
    for axis in (1, dy.ndim - 1):
        ratio, mine = (
            np.moveaxis(a, axis, 0).reshape(dy.shape[axis], -1) for a in (numeric / dy, ours)
        )
        same = (np.ptp(ratio, axis=1) <= 1e-5 * np.abs(ratio).max(axis=1)) & ratio.any(axis=1)
        same &= np.abs(mine.sum(axis=1)) < 1e-5 * np.abs(mine).sum(axis=1)
        if ratio.shape[1] > 2 and same.any():
            return [
                f"the numeric d{name} is a constant times dy in channel(s) "
                f"{np.flatnonzero(same).tolist()} of axis {axis}: as if the statistics were "
                "constant. So it is with batch renorm when r and d are not clipped and move with "
                "the input; a backward pass that holds them constant needs both pinned: see frozen"
            ]
    return []
