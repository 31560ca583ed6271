"""What can be said of a wrong result that no mistake of the page gives: where, and by how much."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from .._checks import Array
from ..textbook import mean, variance
from .contract import Solution
from .factors import COMMON, factor_name, ratios, slopes, term_names
from .mistakes import place_of
from .observe import VECTORS, Seen, Values, close, probe_of, right, same
from .places import channels, samples, where
from .properties import PROPERTIES, far
from .verdict import Finding

TERMS = ("the direct term", "the term of the mean", "the term of the variance")


def unknown(
    solution: Solution, function: str, results: tuple[str, ...], seen: Seen, seed: int
) -> list[Finding]:
    """Return what can be said of results that no mistake explains."""
    expected, said = right(function, seed), list[Finding]()
    for result in results:
        text = " ".join(describe(function, result, seen, expected, seed))
        why = "" if "has shape" in text else _violated(solution, function, result, seed)
        said.append(Finding(text, why, read=place_of(function, _shown_by(result, text))))
    return said


def _shown_by(result: str, text: str) -> str:
    """Return what would show a mistake in a result, as the page calls it."""
    images = ", images" * ("only for images" in text)
    if result == "y":
        return ("spread of y" if "the slope" in text else "mean of y") + images
    if result == "dx":
        return ("dx along x" if "the variance is" in text else "sum of dx") + images
    return result.replace("_", " ") + images


def _violated(solution: Solution, function: str, result: str, seed: int) -> str:
    """Return what holds for a right function and not for this result, and where, as a sentence."""
    about = re.compile(rf"\b{result.replace('_', '.')}\b(?!.*\b(nan|inf)\b)")
    for prop in PROPERTIES:
        if prop.uses[0] == function and all(name in solution for name in prop.uses):
            try:
                text = next(filter(about.search, prop.faults(solution, seed)), "")
            except Exception:  # of the student's functions, whatever it is
                continue
            if text:
                return f"{prop.statement.removesuffix('.')}; here {text}."
    return ""


def describe(function: str, result: str, seen: Seen, expected: Seen, seed: int) -> Iterator[str]:
    """Go through what is odd about a wrong result, in sentences."""
    found, right = seen.values[result], expected.values[result]
    for other, values in expected.values.items():
        if other != result and _under_other_name(found, values):
            yield f"{result} is what {other} should be: are the results in the right order?"
            return
    shapes = [(found[k].shape, right[k].shape) for k in right if found[k].shape != right[k].shape]
    if shapes:
        yield f"{result} has shape {shapes[0][0]}, expected {shapes[0][1]}."
        return
    wrong = [k for k in right if not close(found[k], right[k])]
    usual = [k for k in wrong if "small" not in k] or wrong
    broken = [k for k in usual if not np.isfinite(found[k]).all()]
    if broken:
        bad = found[broken[0]]
        count = int((~np.isfinite(bad)).sum())
        word = "NaN" if np.isnan(bad).any() else "infinite"
        yield f"{count} of {bad.size} values of {result} are {word}{_call(broken[0])}."
        if word == "NaN":
            yield "NaN comes from the root of a negative number, from 0 / 0, or from inf - inf."
        return
    if result == "y" and all(close(found[k], probe_of(k, seed)[1]) for k in usual):
        yield "y is x itself."
        return
    few = _few_digits(result, found, right, wrong)
    if few:
        yield few
        return
    with np.errstate(all="ignore"):
        if result.startswith("running"):
            yield from _weights(result, found, seed)
        place = where(wrong, list(right), function)
        if place:
            yield f"{result} is wrong {place}."
        ordinary = {k: found[k] for k in usual}
        place = channels(ordinary, right, seed, function)
        if not place and next(iter(ordinary.values())).ndim > 1:
            place = samples(ordinary, right)
        if place:
            yield f"{result} is wrong {place}."
        by = _how_much(result, ordinary, right, seed)
    if by:
        yield by
    if not by.endswith("is 0 everywhere."):
        yield _example(result, found[wrong[0]], right[wrong[0]], _call(wrong[0]))


def _weights(result: str, found: Values, seed: int) -> Iterator[str]:
    """Say of which part of the old and of the new value a running value consists."""
    weights = []
    for key, value in found.items():
        probe, x, _ = probe_of(key, seed)
        if VECTORS in key:
            new = getattr(probe, result.replace("running", "batch"))
        else:
            new = np.ravel(mean(x) if result == "running_mean" else variance(x))
        pair = np.stack([getattr(probe, result), new], axis=1)
        weights.append(np.linalg.lstsq(pair, value, rcond=None)[0])
        if not close(pair @ weights[-1], value):
            yield f"{result} is no weighted sum of old and new values, alike in all channels."
            return
    old, new = weights[0]
    momentum = probe_of(next(iter(found)), seed)[0].momentum
    yield (
        f"With momentum {momentum:g}, {result} is {old:.4g} times the old value and "
        f"{new:.4g} times the new one."
    )


def _under_other_name(found: Values, right: Values) -> bool:
    one, two = (list(values.values()) for values in (found, right))
    return len(one) == len(two) and all(map(close, one, two))


def _few_digits(result: str, found: Values, right: Values, wrong: list[str]) -> str:
    """Return that a result is nearly right, or a right one rounded; empty if it is not."""
    for decimals in range(1, 9):
        if same(found, {key: np.round(value, decimals) for key, value in right.items()}):
            return f"{result} is rounded to {decimals} decimals."
    size = max(float(np.abs(found[k] - right[k]).max() / np.abs(right[k]).max()) for k in wrong)
    if size < 1e-5 and not all("small" in k for k in wrong):
        digits = int(-np.log10(size))
        return f"{result} is right in {digits} digits only: is something float32, or rounded?"
    return ""


def _example(result: str, found: Array, right: Array, call: str) -> str:
    text = far(result, found, right)
    if text is None:  # nearly equal: say it with all digits
        at = np.unravel_index(np.argmax(np.abs(found - right)), right.shape)
        text = f"{result} is {found[at]:.12g} at {tuple(map(int, at))}, expected {right[at]:.12g}"
    return f"For example, {text}{call}."


def _call(key: str) -> str:
    """Return where a value is from, in words."""
    if "small" in key:
        return " (x in a unit 1000 times as large)"
    return " (images)" if "H, W" in key else ""


def _how_much(result: str, found: Values, right: Values, seed: int) -> str:
    """Return by how much a result is off, in words; empty if that has no simple form."""
    factors = ratios(found, right)
    if factors is not None:
        name = factor_name(factors, seed)
        if name == "0":
            return f"{result} is 0 everywhere."
        if name:
            return f"{result} is the right value {name}."
        free = {key: factor for key, factor in factors.items() if key[0] == "2"}
        name = factor_name(free, seed) if free and result in ("r", "d") else None
        if name and name != "1":
            return f"Without bounds, {result} would be the right value {name}."
        if next(iter(found.values())).ndim > 1:
            return f"{result} is off by one factor in each channel."
    if result == "dx":
        return _about_terms(found, right, seed)
    if result == "y":
        return _about_line(found, right, seed)
    shifts = {k: found[k] - right[k] for k in found}
    first = next(iter(shifts.values())).flat[0]
    if all(close(s, np.full_like(s, first)) for s in shifts.values()):
        return f"{result} is {first:.6g} too large everywhere."
    return ""


def _about_terms(found: Values, right: Values, seed: int) -> str:
    names = term_names(found, right, seed)
    if names is None:
        return (
            "dx has something in it besides its three terms: the direct one, that of the mean "
            "and that of the variance."
        )
    said = {"0": "missing", None: "wrong", COMMON: COMMON}
    parts = [
        f"{term} is {said.get(name, f'the right one {name}')}"
        for term, name in zip(TERMS, names, strict=True)
        if name != "1"
    ]
    return f"In dx, {'; '.join(parts)}." if parts else ""


def _about_line(found: Values, right: Values, seed: int) -> str:
    lines = slopes(found, right)
    if lines is None:
        return "In some channel, y is no straight line of x: are values of channels mixed?"
    name = factor_name(lines[0], seed)
    parts = []
    if name != "1":
        parts.append(f"the slope of y by x is {'the right one ' + name if name else 'wrong'}")
    if any(np.abs(shift).max() > 1e-9 for shift in lines[1].values()):
        parts.append("the mean of y is wrong")
    return f"In each channel, {' and '.join(parts)}." if parts else ""
