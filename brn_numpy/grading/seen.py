"""What a function does on several probes, taken apart: values, and the manners of its arrays."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple, TypeAlias

import numpy as np

from .._checks import Array
from .contract import CONTRACT, REFERENCE, Solution
from .observe import ROWS, observe
from .probe import WIDE, Probe, make_probe

LIMIT = 1e-8  # how far two results may lie apart, relative to the largest value
FEW = 1e-4  # the same for float32
LIMITS = {np.dtype(np.float32): FEW, np.dtype(np.float16): 2e-2}

Values: TypeAlias = dict[str, Array]
"""The values of one result, by the probe and the call that they are from."""


class Seen(NamedTuple):
    """The values by result, and what is amiss with the arrays themselves.

    A flaw is ("changed", argument), ("second call", result), ("shape", result), ("dtype", result).
    """

    values: dict[str, Values]
    flaws: frozenset[tuple[str, str]]
    details: dict[tuple[str, str], str]


@lru_cache(maxsize=64)
def probes(seed: int) -> tuple[Probe, Probe, Probe]:
    """Return the probes of a seed: everyday sizes and numbers, other ones, and no bounds."""
    one, two, three = (make_probe(seed + i) for i in range(3))
    two = replace(
        two, x=two.x[:5], dy=two.dy[:5], x4=two.x4[:2, :, :, :3], dy4=two.dy4[:2, :, :, :3]
    )
    two = replace(two, eps=0.05, momentum=0.9, r_max=1.3, d_max=0.4)
    three = replace(three, eps=1e-5, momentum=0.01, r_max=WIDE, d_max=WIDE)
    return one, two, three


def probe_of(key: str, seed: int) -> tuple[Probe, Array, Array]:
    """Return the probe that a value is from, and x and dy in its layout."""
    probe = probes(seed)[int(key[0])]
    return (probe, probe.x4, probe.dy4) if "H, W" in key else (probe, probe.x, probe.dy)


def look(solution: Solution, function: str, seed: int, only: tuple[str, ...] = ()) -> Seen:
    """Return what a function of a solution does on the probes of a seed, as `observe` does."""
    found: dict[str, Array] = {}
    for i, probe in enumerate(probes(seed)):
        for name, value in observe(solution, function, probe, only).items():
            found[f"{i} {name}"] = value
    return _taken_apart(function, found, _expected(function, seed))


def right_for_rows(solution: Solution, function: str, seed: int) -> bool:
    """Return whether a function is right for x of (N, C)."""
    try:
        seen = look(solution, function, seed, (ROWS,))
    except Exception:  # of the student's function
        return False
    expected = right(function, seed).values
    return not seen.flaws and all(
        close(value, expected[name][key]) for name in seen.values
        for key, value in seen.values[name].items()
    )  # fmt: skip


@lru_cache(maxsize=1024)
def _expected(function: str, seed: int) -> dict[str, Array]:
    return {
        f"{i} {name}": value
        for i, probe in enumerate(probes(seed))
        for name, value in observe(REFERENCE, function, probe).items()
    }


@lru_cache(maxsize=1024)
def right(function: str, seed: int) -> Seen:
    """Return what the reference does."""
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
            details["dtype", name] = f"{name} is {value.dtype}, expected {like.dtype}"
        if value.shape != like.shape and _long(value) == _long(like):  # (1, C) for (C,)
            details["shape", name] = f"{name} has shape {value.shape}, expected {like.shape}"
            value = value.reshape(like.shape)
        if key.endswith("second call"):
            if not close(value, first[key.removesuffix(", second call")]):
                details["second call", name] = f"{name} is another in a second call"
        else:
            values[name][key] = first[key] = value
    if any(kind == "changed" for kind, _ in details):  # that explains a different second call
        details = {flaw: text for flaw, text in details.items() if flaw[0] != "second call"}
    return Seen(values, frozenset(details), details)


def _long(a: Array) -> list[int]:
    return [n for n in a.shape if n > 1]


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
