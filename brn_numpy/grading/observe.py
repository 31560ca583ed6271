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
ROWS, IMAGES, VECTORS, SMALLER = "(N, C)", "(N, C, H, W)", "(C,)", "small"


def arguments_of(
    function: str, probe: Probe, *, images: bool = False, small: bool = False
) -> list[Any]:
    """Return the arguments of a contract function without a cache, as copies."""
    values = vars(probe) | ({"x": probe.x4, "dy": probe.dy4} if images else {})
    names = [name for name in CONTRACT[function].arguments if name != "cache"]
    return [values[name] * (UNITS.get(name, 1.0) if small else 1.0) for name in names]


def situations(function: str) -> list[str]:
    """Return in which situations a function is looked at: layouts of x, and small values."""
    if function in FORWARD_OF:
        return [ROWS, IMAGES]
    if "x" in CONTRACT[function].arguments:
        return [ROWS, IMAGES, SMALLER]
    return [VECTORS, SMALLER] if function != "update_running" else [VECTORS]


def given_in(solution: Solution, function: str, probe: Probe, situation: str) -> list[Any]:
    """Return all arguments of a function; a cache comes from the solution's own forward pass."""
    how = {"images": situation == IMAGES, "small": situation == SMALLER}
    given = arguments_of(function, probe, **how)
    if function in FORWARD_OF:
        forward = FORWARD_OF[function]
        given.append(solution[forward](*arguments_of(forward, probe, **how))[1])
    return given


def observe(
    solution: Solution, function: str, probe: Probe, only: tuple[str, ...] = ()
) -> dict[str, Array]:
    """Return all that one function of a solution does on the probe, by name.

    These are its results in all situations, or in some only, and the arrays that it was given, as
    they are afterwards. A backward pass gets the cache of the solution's own forward pass, and is
    called twice with it.
    """
    found: dict[str, Array] = {}
    for situation in only or situations(function):
        given = given_in(solution, function, probe, situation)
        _call(solution, function, given, situation, found)
        if function in FORWARD_OF:
            _call(solution, function, given, f"{situation}, second call", found)
    return found


def results_of(function: str, found: Any) -> dict[str, Any]:
    """Return the results of a call by name, without the cache."""
    about = CONTRACT[function].results
    results = found if len(about) > 1 else (found,)
    return {n: v for n, v in zip(about, results, strict=True) if n != "cache"}


def _call(
    solution: Solution, function: str, given: list[Any], label: str, found: dict[str, Array]
) -> None:
    """Call a function; note its results, and its arguments as it leaves them."""
    for name, value in results_of(function, solution[function](*given)).items():
        found[f"{name} {label}"] = np.array(value)
    for name, value in zip(CONTRACT[function].arguments, given, strict=True):
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
