"""What a solution does on the probes, and in which results two solutions differ."""

from __future__ import annotations

from functools import lru_cache
from itertools import product
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from .._checks import Array
from .contract import CONTRACT, CORRECT, FORWARD_OF, Solution
from .probe import Probe, probes

SMALL = 1e-3  # in a unit a thousand times as large, an eps of 1e-5 too many shows
UNITS = dict.fromkeys(("x", "running_mean", "running_std", "batch_mean", "batch_std"), SMALL)
UNITS["eps"] = UNITS["running_var"] = SMALL**2
ROWS, IMAGES, VECTORS, SMALLER = "(N, C)", "(N, C, H, W)", "(C,)", "small"
LIMIT = 1e-8  # how far two results may lie apart, relative to the largest value
FEW = 1e-4  # the same for float32
LIMITS = {np.dtype(np.float32): FEW, np.dtype(np.float16): 2e-2}

Values: TypeAlias = dict[str, Array]
"""The values of one result, by the probe and the call that they are from."""


class Seen(NamedTuple):
    """The values by result, and what is amiss with the arrays themselves.

    A flaw is ("changed", argument), ("second call", result), ("shape", result), ("dtype", result).
    `once` says whether a second call with the same cache fails.
    """

    values: dict[str, Values]
    flaws: frozenset[tuple[str, str]]
    details: dict[tuple[str, str], str]
    once: bool = False


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


def results_of(function: str, found: Any) -> dict[str, Any]:
    """Return the results of a call by name, without the cache."""
    about = CONTRACT[function].results
    results = found if len(about) > 1 else (found,)
    return {n: v for n, v in zip(about, results, strict=True) if n != "cache"}


def observe(
    solution: Solution, function: str, probe: Probe, only: tuple[str, ...] = (), twice: bool = True
) -> dict[str, Array]:
    """Return all that one function of a solution does on a probe, by name.

    These are its results in all situations, or in some only, and the arrays that it was given, as
    they are afterwards. A backward pass gets the cache of the solution's own forward pass, and may
    be called twice with it; if it fails then, there are no second results.
    """
    found: dict[str, Array] = {}
    again = ("", ", second call") if function in FORWARD_OF and twice else ("",)
    for situation, call in product(only or situations(function), again):
        if not call:
            given = given_in(solution, function, probe, situation)
        try:
            results = results_of(function, solution[function](*given))
        except Exception as error:  # of the student's function, which may have emptied its cache
            if not call or getattr(error, "ended", False):
                raise
            continue
        for name, value in results.items():
            found[f"{name} {situation}{call}"] = np.array(value)
        for name, value in zip(CONTRACT[function].arguments, given, strict=True):
            if isinstance(value, np.ndarray):
                found[f"{name} {situation}{call} after the call"] = value
    return found


def look(solution: Solution, function: str, seed: int, only: tuple[str, ...] = ()) -> Seen:
    """Return what a function of a solution does on the probes of a seed, taken apart."""
    found = _observed(solution, function, seed, only)
    return _taken_apart(function, found, _expected(function, seed))


def _observed(
    solution: Solution, function: str, seed: int, only: tuple[str, ...] = ()
) -> dict[str, Array]:
    return {
        f"{i} {name}": value
        for i, probe in enumerate(probes(seed))
        for name, value in observe(solution, function, probe, only, i == 0).items()
    }


@lru_cache(maxsize=1024)
def _expected(function: str, seed: int) -> dict[str, Array]:
    return _observed(CORRECT, function, seed)


@lru_cache(maxsize=1024)
def right(function: str, seed: int) -> Seen:
    """Return what the textbook does."""
    found = _expected(function, seed)
    return _taken_apart(function, found, found)


def _taken_apart(function: str, found: dict[str, Array], expected: dict[str, Array]) -> Seen:
    values: dict[str, Values] = {n: {} for n in CONTRACT[function].results if n != "cache"}
    details: dict[tuple[str, str], str] = {}
    first: dict[str, Array] = {}
    for key, value in found.items():
        name = key.split()[1]
        if key.endswith("after the call"):
            if "second call" not in key and not np.array_equal(value, expected[key]):
                details["changed", name] = f"{name} is changed by the call"
            continue
        like = expected[key]
        if value.dtype != like.dtype:
            text = f"{name} is {value.dtype}, expected {like.dtype}"
            details.setdefault(("dtype", name), text)
        if value.shape != like.shape and _long(value) == _long(like):  # (1, C) for (C,)
            text = f"{name} has shape {value.shape}, expected {like.shape}"
            details.setdefault(("shape", name), text)
            value = value.reshape(like.shape)
        if key.endswith("second call"):
            if not close(value, first[key.removesuffix(", second call")]):
                details["second call", name] = f"{name} is another in a second call"
        else:
            values[name][key] = first[key] = value
    if any(kind == "changed" for kind, _ in details):  # that explains a different second call
        details = {flaw: text for flaw, text in details.items() if flaw[0] != "second call"}
    again = {f"{key}, second call" for key in first} & expected.keys()
    return Seen(values, frozenset(details), details, once=not again <= found.keys())


def _long(a: Array) -> list[int]:
    return [n for n in a.shape if n > 1]


def probe_of(key: str, seed: int) -> tuple[Probe, Array, Array]:
    """Return the probe that a value is from, and x and dy in its layout."""
    probe = probes(seed)[int(key[0])]
    return (probe, probe.x4, probe.dy4) if "H, W" in key else (probe, probe.x, probe.dy)


def close(a: Array, b: Array, limit: float | None = None) -> bool:
    """Return whether two arrays have the same shape and, for their digits, the same values."""
    if a.shape != b.shape:
        return False
    if limit is None:
        limit = max(LIMITS.get(a.dtype, LIMIT), LIMITS.get(b.dtype, LIMIT))
    with np.errstate(all="ignore"):
        apart = np.abs(a - b)
        size = np.abs(b).max(initial=0.0)
        if not np.isfinite(size):
            size = np.abs(b[np.isfinite(b)]).max(initial=0.0)
        if (apart <= limit * size).all():
            return True
        near = (apart <= limit * size) | (a == b) | (np.isnan(a) & np.isnan(b))
    return bool(near.all())


def same(one: Values, other: Values, limit: float | None = None) -> bool:
    """Return whether two results agree in all calls."""
    return one.keys() == other.keys() and all(close(one[k], other[k], limit) for k in one)


def differing(one: Seen, other: Seen) -> list[str]:
    """Return the results in which two differ."""
    return [name for name in other.values if not same(one.values[name], other.values[name])]
