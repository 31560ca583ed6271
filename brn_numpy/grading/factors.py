"""Names for the factors that a wrong result has too much, as a whole or in one of its terms."""

from __future__ import annotations

from itertools import combinations, product

import numpy as np

from .._checks import Array
from ..textbook import mean, over, total, wide
from .observe import Values, close, probe_of


def line(x: Array, y: Array) -> tuple[Array, Array]:
    """Return slope and shift of the straight line through the values of each channel."""
    xc = x - mean(x)
    slope = mean(xc * (y - mean(y))) / mean(xc**2)
    return slope, mean(y) - slope * mean(x)


def terms(key: str, dx: Array, seed: int) -> Array:
    """Return dx of each channel as a sum: the coefficients of dy, of 1 and of xhat, (C, 3).

    A NaN stands where dx is no such sum.
    """
    probe, x, dy = probe_of(key, seed)
    xhat = (x - wide(probe.batch_mean, x)) / wide(probe.batch_std, x)
    basis = dy, np.ones_like(dy), xhat
    found = np.full((x.shape[1], 3), np.nan)
    for c in range(x.shape[1]):
        a = np.stack([b[:, c].ravel() for b in basis], axis=1)
        b = dx[:, c].ravel()
        if np.isfinite(b).all():
            solved = np.linalg.lstsq(a, b, rcond=None)[0]
            if close(a @ solved, b):
                found[c] = solved
    return found


def quantities(key: str, seed: int) -> dict[str, Array]:
    """Return what a channel's factor may consist of, by its name: (C,) arrays."""
    probe, x, _ = probe_of(key, seed)
    n, c = x.shape[:2]
    m = x.size // c
    found = {
        "gamma": probe.gamma,
        "std": probe.batch_std,
        "sqrt(var)": np.sqrt(probe.batch_std**2 - probe.eps),
        "running_std": probe.running_std,
        "r": probe.r,
        "m": m,
        "C": c,
        "m / (m - 1)": m / (m - 1),
        "2": 2,
        "-1": -1,
    }
    if x.ndim == 4:
        found |= {"N": n, "H * W": m // n}
    return {name: value * np.ones(c) for name, value in found.items() if not np.allclose(value, 1)}


def factor_name(ratios: dict[str, Array], seed: int) -> str | None:
    """Name the factor that the channels have in all calls; None if it has no name.

    `ratios` has for each call an array (C,), what is found over what is right.
    """
    if all(close(r, np.ones_like(r)) for r in ratios.values()):
        return "1"
    if all(np.abs(r).max() < 1e-9 for r in ratios.values()):
        return "0"
    known = {key: quantities(key, seed) for key in ratios}
    names = [n for n in next(iter(known.values())) if all(n in q for q in known.values())]
    powers = [((n, p),) for n in names for p in (1, -1, 2, -2, 0.5)]
    pairs = [((a, p), (b, q)) for a, b in combinations(names, 2) for p in (1, -1) for q in (1, -1)]
    first = next(iter(ratios.values())).flat[0]
    constant = all(close(r, np.full_like(r, first)) for r in ratios.values())
    for factors in [*powers, *([] if constant else pairs)]:
        if all(
            close(r, np.prod([np.abs(known[k][n]) ** p * np.sign(known[k][n]) ** (p % 2 != 0)
                              for n, p in factors], axis=0))
            for k, r in ratios.items()
        ):  # fmt: skip
            return " and ".join(_words(n, p) for n, p in factors)
    return f"times {first:.6g}" if constant else None


def _words(name: str, power: float) -> str:
    name = f"({name})" if " " in name else name
    if power == 0.5:
        return f"times the root of {name}"
    return ("times " if power > 0 else "divided by ") + name + ("**2" if abs(power) == 2 else "")


def ratios(found: Values, right: Values) -> dict[str, Array] | None:
    """Return the factor of each channel in each call; None if some channel has no one factor."""
    result = {}
    for key, a in found.items():
        ratio = a / right[key]
        channels = ratio if a.ndim == 1 else ratio.mean(axis=over(a))
        if not close(ratio, channels if a.ndim == 1 else ratio * 0 + wide(channels, a)):
            return None
        result[key] = channels
    return result


def slopes(found: Values, right: Values) -> tuple[dict[str, Array], dict[str, Array]] | None:
    """Return y's slope over the right one, and its shift less the right one, by call; or None.

    The right y serves as x: whatever is a straight line of x in each channel has both.
    """
    slope, shift = {}, {}
    for key, y in found.items():
        a, b = line(right[key], y)
        if not close(a * right[key] + b, y):
            return None
        slope[key], shift[key] = a.ravel(), total(y - right[key]) / (y.size // y.shape[1])
    return slope, shift


COMMON = "the same number in all channels, as if an axis were missing in a mean or a sum"


def term_names(found: Values, right: Values, seed: int) -> list[str | None] | None:
    """Name the factors of the terms of dx; None if it is no sum of such terms.

    The terms are those of dy, of mean(dy) and of xhat * mean(dy * xhat).
    """
    mine = {key: terms(key, dx, seed) for key, dx in found.items()}
    if not all(np.isfinite(a).all() for a in mine.values()):
        return None
    names = []
    for i in range(3):
        over_right = {k: a[:, i] / terms(k, right[k], seed)[:, i] for k, a in mine.items()}
        name = factor_name(over_right, seed)
        common = i > 0 and name is None and _is_common({k: a[:, i] for k, a in mine.items()}, seed)
        names.append(COMMON if common else name)
    return names


def _is_common(coefficients: dict[str, Array], seed: int) -> bool:
    """Return whether a term has one number for all channels, but for what it is multiplied by."""

    def scaled(key: str, a: Array, powers: tuple[int, ...]) -> Array:
        q = quantities(key, seed)
        factors = 1 / q["std"], q["gamma"], q.get("r", np.ones_like(a))
        return np.asarray(a / np.prod([f**p for f, p in zip(factors, powers, strict=True)], axis=0))

    return any(
        all(close(c := scaled(key, a, p), np.full_like(c, c[0])) for key, a in coefficients.items())
        for p in product((0, 1), repeat=3)
    )
