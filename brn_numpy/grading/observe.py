"""What a solution does on the probe: the values to recognise a mistake by."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._checks import Array
from .contract import CONTRACT, FORWARD_OF, Solution
from .probe import Probe

SMALL = 1e-3  # in a unit a thousand times as large, an eps of 1e-5 too many shows
UNITS = dict.fromkeys(("x", "running_mean", "running_std", "batch_mean", "batch_std"), SMALL)
UNITS["eps"] = SMALL**2


def arguments_of(function: str, probe: Probe, *, images: bool = False) -> list[Any]:
    """Return the arguments of a contract function without a cache, as copies."""
    values = vars(probe) | ({"x": probe.x4, "dy": probe.dy4} if images else {})
    names = [name for name in CONTRACT[function].arguments if name != "cache"]
    return [np.array(values[n]) if isinstance(values[n], np.ndarray) else values[n] for n in names]


def observe(solution: Solution, function: str, probe: Probe) -> dict[str, Array]:
    """Return all that one function of a solution does on the probe, by name.

    These are its results for (N, C) and, where it takes x, for (N, C, H, W); the arrays that it
    was given, as they are afterwards; and the results in another unit, where the values are small.
    A backward pass gets the cache of the solution's own forward pass, and is called twice with it.
    """
    found: dict[str, Array] = {}
    takes_x = "x" in CONTRACT[function].arguments or function in FORWARD_OF
    for images in (False, True) if takes_x else (False,):
        label = "(N, C, H, W)" if images else "(N, C)" if takes_x else "(C,)"
        given = arguments_of(function, probe, images=images)
        if function in FORWARD_OF:
            forward = FORWARD_OF[function]
            given.append(solution[forward](*arguments_of(forward, probe, images=images))[1])
        _call(solution, function, given, label, found)
        if function in FORWARD_OF:
            _call(solution, function, given, f"{label}, second call", found)
    if function not in FORWARD_OF and function != "update_running":
        names, values = CONTRACT[function].arguments, arguments_of(function, probe)
        units = [UNITS.get(name, 1.0) for name in names]
        small = [v * unit for v, unit in zip(values, units, strict=True)]
        _call(solution, function, small, "small", found)
    return found


def _call(
    solution: Solution, function: str, given: list[Any], label: str, found: dict[str, Array]
) -> None:
    """Call a function; note its results, and its arguments as it leaves them."""
    about = CONTRACT[function]
    results = solution[function](*given)
    for name, value in zip(
        about.results, results if len(about.results) > 1 else (results,), strict=True
    ):
        if name != "cache":
            found[f"{name} {label}"] = np.array(value)
    for name, value in zip(about.arguments, given, strict=True):
        if isinstance(value, np.ndarray):
            found[f"{name} {label} after the call"] = value


def distance(one: dict[str, Array], other: dict[str, Array]) -> float:
    """Return the largest relative difference of two observations; inf for shape, dtype or NaN."""
    if one.keys() != other.keys():
        return float("inf")
    return max(_apart(one[name], other[name]) for name in one)


def _apart(a: Array, b: Array) -> float:
    if a.shape != b.shape or a.dtype != b.dtype:
        return float("inf")
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        return 0.0 if np.array_equal(a, b, equal_nan=True) else float("inf")
    size = max(float(np.abs(a).max()), float(np.abs(b).max()))
    return float(np.abs(a - b).max()) / size if size else 0.0
