"""What can be said of a wrong result that the catalogue does not know: where, and by how much."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .._checks import Array
from .factors import factor_name, fixed_numbers, ratios, slopes, term_names
from .properties.base import far
from .seen import Values, close, probe_of

TERMS = ("dy", "mean(dy)", "xhat * mean(dy * xhat)")


def describe(
    function: str, result: str, found: Values, right: Values, seed: int
) -> Iterator[tuple[str | None, str]]:
    """Go through what is odd about a wrong result: the key of a mistake or None, and a sentence."""
    shapes = [(found[k].shape, right[k].shape) for k in right if found[k].shape != right[k].shape]
    if shapes:
        yield None, f"{result} has shape {shapes[0][0]}, expected {shapes[0][1]}."
        return
    wrong = [k for k in right if not close(found[k], right[k])]
    broken = [k for k in wrong if not np.isfinite(found[k]).all()]
    if broken:
        bad = found[broken[0]]
        count = int((~np.isfinite(bad)).sum())
        word = "NaN" if np.isnan(bad).any() else "infinite"
        yield None, f"{count} of {bad.size} values of {result} are {word}{_call(broken[0])}."
        return
    size = max(float(np.abs(found[k] - right[k]).max() / np.abs(right[k]).max()) for k in wrong)
    if size < 1e-5:
        digits = int(-np.log10(size))
        yield None, f"{result} is right in {digits} digits only: is something float32, or rounded?"
        return
    with np.errstate(all="ignore"):
        yield from ((key, text) for key, text in fixed_numbers(function, found, right, seed))
        where = _where(wrong, list(right))
        if where:
            yield None, f"{result} is wrong {where}."
        ordinary = {k: found[k] for k in wrong if "small" not in k} or {k: found[k] for k in wrong}
        channels = _channels(ordinary, right, seed)
        if channels:
            yield None, f"{result} is wrong {channels}."
        by = _how_much(result, ordinary, right, seed)
    if by:
        yield None, by
    worst = far(result, found[wrong[0]], right[wrong[0]])
    if worst:
        yield None, f"For example, {worst}{_call(wrong[0])}."


def _call(key: str) -> str:
    """Return where a value is from, in words."""
    if "small" in key:
        return " (x in a unit 1000 times as large)"
    return " (images)" if "H, W" in key else ""


def _where(wrong: list[str], every: list[str]) -> str:
    """Return in which calls only a result is wrong, in words; empty if in all."""
    for test, text in (
        (lambda k: "H, W" in k, "only for images (N, C, H, W)"),
        (lambda k: "(N, C)" in k or "small" in k, "only for (N, C), not for images"),
        (lambda k: "small" in k, "only where the values are small: is a number added somewhere?"),
        (lambda k: k[0] == "0", "only with some of the numbers"),
        (lambda k: k[0] == "1", "only with another N, eps, momentum, r_max or d_max"),
        (lambda k: k[0] == "2", "only where r_max and d_max clip nothing"),
        (lambda k: k[0] in "01", "only where r_max and d_max clip something"),
    ):
        if set(wrong) == {k for k in every if test(k)} != set(every):
            return text
    return ""


def _channels(found: Values, right: Values, seed: int) -> str:
    """Return in which kind of channels only a result is wrong, in words; empty if in all."""
    texts = set()
    for key, a in found.items():
        probe = probe_of(key, seed)[0]
        error = np.abs(a - right[key])
        bad = error > 1e-8 * np.abs(right[key]).max()
        bad = bad if a.ndim == 1 else bad.any(axis=tuple(i for i in range(a.ndim) if i != 1))
        if bad.shape != probe.gamma.shape:
            return ""
        ratio = probe.batch_std / probe.running_std
        shift = (probe.batch_mean - probe.running_mean) / probe.running_std
        texts.add(
            next((text for text, where in _kinds(probe, ratio, shift) if (bad == where).all()), "")
        )
    return texts.pop() if len(texts) == 1 else ""


def _kinds(probe: object, ratio: Array, shift: Array) -> Iterator[tuple[str, Array]]:
    """Go through the kinds of channels: words, and which ones they are."""
    r_max, d_max = probe.r_max, probe.d_max  # type: ignore[attr-defined]
    gamma = probe.gamma  # type: ignore[attr-defined]
    high, low = ratio > r_max, ratio < 1 / r_max
    up, down = shift > d_max, shift < -d_max
    for text, where in (
        ("only where gamma is negative", gamma < 0),
        ("only where r is clipped", high | low),
        ("only where r is clipped from above", high),
        ("only where r is clipped from below", low),
        ("only where r is not clipped", ~(high | low)),
        ("only where d is clipped", up | down),
        ("only where d is clipped from above", up),
        ("only where d is clipped from below", down),
        ("only where d is not clipped", ~(up | down)),
        ("only where r or d is clipped", high | low | up | down),
        ("only where batch_mean < running_mean", shift < 0),
        ("only where batch_std < running_std", ratio < 1),
    ):
        if not where.all():
            yield text, where


def _how_much(result: str, found: Values, right: Values, seed: int) -> str:
    """Return by how much a result is off, in words; empty if that has no simple form."""
    factors = ratios(found, right)
    if factors is not None:
        name = factor_name(factors, seed)
        if name == "0":
            return f"{result} is 0 everywhere."
        if name:
            return f"{result} is the right value {name}."
        if next(iter(found.values())).ndim > 1:
            return f"{result} is off by one factor in each channel."
    if result == "dx":
        names = term_names(found, right, seed)
        if names is None:
            return "dx is no sum of dy, mean(dy) and xhat * mean(dy * xhat), as it should be."
        if None in names:
            return ""
        parts = [
            f"the term of {t} is {'missing' if n == '0' else n}"
            for t, n in zip(TERMS, names, strict=True)
            if n != "1"
        ]
        return f"In dx, {'; '.join(parts)}." if parts else ""
    if result == "y":
        lines = slopes(found, right)
        if lines is None:
            return "In some channel, y is no straight line of x: are values of channels mixed?"
        name = factor_name(lines[0], seed)
        slope = (
            ""
            if name == "1"
            else f"the slope of y by x is {'the right one ' + name if name else 'wrong'}"
        )
        shift = (
            ""
            if all(np.abs(v).max() < 1e-9 for v in lines[1].values())
            else "the mean of y is wrong"
        )
        text = " and ".join(t for t in (slope, shift) if t)
        return f"In each channel, {text}." if text else ""
    shifts = {k: found[k] - right[k] for k in found}
    first = next(iter(shifts.values())).flat[0]
    if all(close(s, np.full_like(s, first)) for s in shifts.values()):
        return f"{result} is {first:.6g} too large everywhere."
    return ""
