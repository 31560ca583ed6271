"""Which mistakes of the catalogue a wrong result is equal to: one, one for each result, or two.

Two mistakes in the same result are composed by what they do to it, in three ways: their differences
add up; their factors multiply; and, for y, one is a wrong xhat and the other a wrong map of it.
"""

from __future__ import annotations

from itertools import permutations
from typing import NamedTuple

import numpy as np

from .._checks import Array
from .candidates import candidates, observed
from .properties.base import samples, wide
from .seen import Seen, Values, close, differing, probe_of, same

TO_COMPOSE = 60  # candidates for one result, at most


class Named(NamedTuple):
    """The numbers of the candidates, and the results that they do not explain."""

    numbers: tuple[int, ...]
    unexplained: tuple[str, ...]


def name(
    function: str,
    seen: Seen,
    expected: Seen,
    seed: int,
    forward: int | None = None,
    known: frozenset[str] = frozenset(),
) -> Named:
    """Name the mistakes that make `seen` differ from `expected`.

    `forward` is the mistake of the forward pass, `known` are the keys of those found elsewhere,
    which are preferred where two mistakes look the same.
    """
    wrong = differing(seen, expected)
    rivals: dict[int, Seen] = {}
    for number in range(len(candidates(function))):
        found = observed(function, number, seed, forward)
        if found is not None:
            rivals[number] = found
    spoilt = {n: set(differing(rival, expected)) for n, rival in rivals.items()}
    equal = {
        n: {o for o in wrong if o in spoilt[n] and same(seen.values[o], rival.values[o])}
        for n, rival in rivals.items()
    }
    chosen: list[int] = []
    left = set(wrong)
    keys = [c.mistake.key for c in candidates(function)]
    while left:
        best = max(
            equal,
            key=lambda n: (len(equal[n] & left), -len(spoilt[n] - equal[n]), keys[n] in known),
        )
        if not equal[best] & left:
            break
        chosen.append(best)
        left -= equal[best]
    unexplained = []
    for result in sorted(left):
        some = {n: r.values[result] for n, r in rivals.items() if result in spoilt[n]}
        pair = _composed(result, seen.values[result], expected.values[result], some, seed)
        chosen += pair
        if not pair:
            unexplained.append(result)
    return Named(tuple(dict.fromkeys(chosen)), tuple(unexplained))


def _composed(
    result: str, seen: Values, expected: Values, some: dict[int, Values], seed: int
) -> list[int]:
    """Return two candidates that together give what is seen; none if there are no such two."""
    rules = (_added, _multiplied, _mapped) if result == "y" else (_added, _multiplied, _in_terms)
    keys = list(seen)
    if any(seen[k].shape != expected[k].shape or not np.isfinite(seen[k]).all() for k in keys):
        return []
    fitting = [n for n, v in some.items() if all(v[k].shape == seen[k].shape for k in keys)]
    with np.errstate(all="ignore"):
        for one, two in permutations(fitting[:TO_COMPOSE], 2):
            for rule in rules:
                if (one < two or rule is _mapped) and all(
                    close(rule(key, some[one][key], some[two][key], expected[key], seed), seen[key])
                    for key in keys
                ):
                    return [one, two]
    return []


def _added(key: str, one: Array, two: Array, right: Array, seed: int) -> Array:
    return one + two - right


def _multiplied(key: str, one: Array, two: Array, right: Array, seed: int) -> Array:
    product: Array = np.where(right == 0, 0, one * two / right)
    return product


def _mapped(key: str, one: Array, two: Array, right: Array, seed: int) -> Array:
    """Return y for the xhat of the first and the map from xhat to y of the second."""
    probe = probe_of(key, seed)[0]
    beta, gamma = wide(probe.beta, right), wide(probe.gamma, right)
    slope, shift = line((right - beta) / gamma, two)
    y: Array = slope * (one - beta) / gamma + shift
    return y


def line(x: Array, y: Array) -> tuple[Array, Array]:
    """Return slope and shift of the straight line through the values of each channel."""
    axes = samples(x)
    x_mean, y_mean = x.mean(axis=axes, keepdims=True), y.mean(axis=axes, keepdims=True)
    xc = x - x_mean
    slope = (xc * (y - y_mean)).sum(axis=axes, keepdims=True) / (xc**2).sum(
        axis=axes, keepdims=True
    )
    return slope, y_mean - slope * x_mean


def terms(key: str, dx: Array, seed: int) -> Array:
    """Return dx of each channel as a sum: the coefficients of dy, of 1 and of xhat, (C, 3).

    A NaN stands where dx is no such sum.
    """
    probe, x, dy = probe_of(key, seed)
    basis = [dy, np.ones_like(dy), x - x.mean(axis=samples(x), keepdims=True)]
    std = np.sqrt(x.var(axis=samples(x)) + probe.eps)
    basis[2] = basis[2] / wide(std, x)
    found = np.full((x.shape[1], 3), np.nan)
    for c in range(x.shape[1]):
        a = np.stack([b[:, c].ravel() for b in basis], axis=1)
        b = dx[:, c].ravel()
        if np.isfinite(b).all():
            solved = np.linalg.lstsq(a, b, rcond=None)[0]
            if close(a @ solved, b):
                found[c] = solved
    return found


def _in_terms(key: str, one: Array, two: Array, right: Array, seed: int) -> Array:
    """Return dx with the factors of both mistakes in each of its three terms."""
    if one.ndim < 2:
        return np.full_like(right, np.nan)
    a, b, c = (terms(key, v, seed) for v in (one, two, right))
    composed = np.where(np.abs(c) < 1e-12, 0, a * b / c)
    probe, x, dy = probe_of(key, seed)
    xhat = (x - x.mean(axis=samples(x), keepdims=True)) / wide(
        np.sqrt(x.var(axis=samples(x)) + probe.eps), x
    )
    first, second, third = (wide(composed[:, i], x) for i in range(3))
    dx: Array = first * dy + second + third * xhat
    return dx
