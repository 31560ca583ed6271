"""What a wrong gradient gives away: a factor, or a term of a normalisation that is off."""

from __future__ import annotations

import math
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
    if ours.shape == dy.shape and ours.ndim > 1:
        return _terms_off(name, ours, numeric, inputs, dy)
    return ""


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


def _numbers(inputs: Mapping[str, Array]) -> dict[str, tuple[float, str]]:
    """Return by their text the numbers that people multiply by in error, each with a question."""
    counts = set()  # of values over which a mean may be taken
    for a in inputs.values():
        means = [a.shape[:1], a.shape[:1] + a.shape[2:], a.shape[:-1]]
        means += [a.shape[2:], a.shape[1:-1], a.shape[1:]] if a.ndim > 2 else []
        counts |= {math.prod(sizes) for sizes in means}
    known = {"-1": (-1.0, "the sign?")}
    known |= {"2": (2.0, "counted twice?"), "1/2": (0.5, "the derivative of a square?")}
    for n in sorted(counts - {1}):
        known |= {f"1/{n}": (1 / n, "averaged?"), f"{n}": (float(n), "summed?")}
        if n > 2:
            known[f"{n}/{n - 1}"] = n / (n - 1), "N or N - 1?"
            known[f"{n - 1}/{n}"] = (n - 1) / n, "N or N - 1?"
    return known


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
    every = tuple(range(dy.ndim))  # means of batch, channels-last, layer and instance norm:
    for axes in ((0, *every[2:]), every[:-1], every[1:], every[2:]):
        # In layer norm gamma differs within a group: there it belongs to dy.
        for p in (1.0, *_along_channels(ours, inputs).values()):
            right, mine = (_fit(g, dy * p, inputs[name], axes) for g in (numeric, ours))
            if right is None or mine is None or not right.all():
                continue
            ratios = mine / right  # (groups, 3)
            off = [_how(term, r, inputs) for term, r in zip(TERMS, ratios.T, strict=True)]
            told = [text for text in off if text]
            if told and len(told) < 3:
                return f"d{name} is that of a normalisation, but {' and '.join(told)}"
    return ""


def _fit(g: Array, dy: Array, x: Array, axes: tuple[int, ...]) -> Array | None:
    """Return (groups, 3) coefficients of the terms in g; None if they do not explain it."""
    count = math.prod(x.shape[axis] for axis in axes)
    if count < 5:  # of four numbers, three terms explain anything
        return None
    rows = (np.moveaxis(a, axes, range(-len(axes), 0)).reshape(-1, count) for a in (g, dy, x))
    found = []
    for values, up, at in zip(*rows, strict=True):
        xhat = (at - at.mean()) / at.std()
        terms = np.stack([up, np.full(count, -up.mean()), -xhat * (up * xhat).mean()], axis=1)
        if not (np.isfinite(terms).all() and np.isfinite(values).all()):
            return None
        coefficients, *_ = np.linalg.lstsq(terms, values, rcond=None)
        noise = EXACT * np.abs(values).max()
        if (np.abs(terms @ coefficients - values) > noise).any():
            return None
        found.append(np.where(np.abs(coefficients * terms).max(axis=0) < noise, 0.0, coefficients))
    return np.array(found)


def _how(term: str, ratio: Array, inputs: Mapping[str, Array]) -> str:
    """Say by what factor a term is off, where `ratio` has one number for each group."""
    if np.allclose(ratio, 1, rtol=1e-4):
        return ""
    if np.allclose(ratio, 0, atol=1e-4):
        return f"the term {term} is missing"
    if not np.allclose(ratio, ratio[0], rtol=1e-4):
        return f"the term {term} has another factor in each channel"
    known = _numbers(inputs).items()
    names = [text for text, (n, _) in known if np.isclose(ratio[0], n, rtol=1e-4)]
    times = names[0] if names else f"{ratio[0]:.4g}"
    return f"the term {term} is {times} x what it should be"


def statistics_constant(name: str, ours: Array, numeric: Array, dy: Array) -> list[str]:
    """Say so if a numeric gradient is that of a normalisation with constant statistics.

    Only if ours sums to 0 in these channels, as that of a normalisation does, and it does not.
    """
    for axis in (1, dy.ndim - 1) if numeric.shape == dy.shape and dy.ndim > 1 else ():
        ratio, mine = (
            np.moveaxis(a, axis, 0).reshape(dy.shape[axis], -1) for a in (numeric / dy, ours)
        )
        same = (np.ptp(ratio, axis=1) <= EXACT * np.abs(ratio).max(axis=1)) & ratio.any(axis=1)
        same &= np.abs(mine.sum(axis=1)) < EXACT * np.abs(mine).sum(axis=1)
        if ratio.shape[1] > 2 and same.any():
            return [
                f"the numeric d{name} is a constant times dy in channel(s) "
                f"{np.flatnonzero(same).tolist()} of axis {axis}, as if the statistics were "
                "constant. So it is with batch renorm when r and d are not clipped and move with "
                "the input; a backward pass that holds them constant needs both pinned: see frozen"
            ]
    return []
