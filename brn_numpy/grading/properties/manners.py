"""What every function owes its caller, and the plain comparison with the reference."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np

from ..contract import CONTRACT, FORWARD_OF, REFERENCE
from ..observe import arguments_of
from ..probe import Probe
from .base import Check, Faults, Property, far


def calls(f: Any, function: str, probe: Probe) -> Iterator[tuple[list[Any], list[Any], Any]]:
    """Call a function for each layout; yield its arguments before and after, and its results."""
    for images in (False, True):
        given = arguments_of(function, probe, images=images)
        if function in FORWARD_OF:
            forward = FORWARD_OF[function]
            given.append(getattr(f, forward)(*arguments_of(forward, probe, images=images))[1])
        before = arguments_of(function, probe, images=images)
        results = getattr(f, function)(*given)
        yield before, given, results if len(CONTRACT[function].results) > 1 else (results,)


def shapes(function: str) -> Check:
    """Make the check of the shapes of a function's results."""

    def check(f: Any, p: Probe) -> Faults:
        for _, given, results in calls(f, function, p):
            if len(results) != len(CONTRACT[function].results):
                yield f"{len(results)} results, expected {CONTRACT[function].signature}"
            for name, value in zip(CONTRACT[function].results, results, strict=True):
                expected = np.shape(given[0]) if name in ("y", "dx") else p.gamma.shape
                if name != "cache" and np.shape(value) != expected:
                    yield f"{name} has shape {np.shape(value)}, expected {expected}"

    return check


def digits(function: str) -> Check:
    """Make the check that float64 stays float64."""

    def check(f: Any, p: Probe) -> Faults:
        for _, _, results in calls(f, function, p):
            for name, value in zip(CONTRACT[function].results, results, strict=True):
                if name != "cache" and np.asarray(value).dtype != np.float64:
                    yield f"{name} is {np.asarray(value).dtype}, expected float64"

    return check


def inputs(function: str) -> Check:
    """Make the check that no argument is changed, and that no result lies in its memory."""

    def check(f: Any, p: Probe) -> Faults:
        for before, given, results in calls(f, function, p):
            for name, old, new in zip(CONTRACT[function].arguments, before, given, strict=False):
                if isinstance(old, np.ndarray):
                    yield None if np.array_equal(old, new) else f"{name} was changed by the call"
                    shared = any(
                        isinstance(value, np.ndarray) and np.shares_memory(value, new)
                        for value in results
                    )
                    yield f"a result shares the memory of {name}" if shared else None

    return check


def again(function: str) -> Check:
    """Make the check that a second call with the same arguments gives the same results."""

    def check(f: Any, p: Probe) -> Faults:
        for _, given, results in calls(f, function, p):
            more = getattr(f, function)(*given)
            more = more if len(CONTRACT[function].results) > 1 else (more,)
            for name, one, two in zip(CONTRACT[function].results, results, more, strict=True):
                if name != "cache":
                    yield far(f"{name} of a second call", two, one)

    return check


def reference(function: str) -> Check:
    """Make the plain comparison of a function with the reference."""

    def check(f: Any, p: Probe) -> Faults:
        right = calls(SimpleNamespace(**REFERENCE), function, p)
        for (_, _, found), (_, _, expected) in zip(calls(f, function, p), right, strict=True):
            for name, a, b in zip(CONTRACT[function].results, found, expected, strict=True):
                if name != "cache":
                    yield far(name, a, b)

    return check


KINDS = {  # the name, the statement, how the check is made, whether it must see the raw functions
    "shapes": ("{}: the results have the shapes of the contract.", shapes, False),
    "float64": ("{}: float64 stays float64.", digits, False),
    "inputs": ("{}: no argument is changed or shared.", inputs, True),
    "twice": ("{}: a second call gives the same.", again, False),
    "reference": ("{}: the results are those of the reference.", reference, False),
}


def of_every_function(kind: str) -> tuple[Property, ...]:
    """Return one property of a kind for each function of the contract."""
    statement, make, raw = KINDS[kind]
    return tuple(
        Property(
            name=f"{kind}-of-{function.replace('_', '-')}",
            statement=statement.format(function),
            uses=tuple(dict.fromkeys((FORWARD_OF.get(function, function), function))),
            check=make(function),
            raw=raw,
        )
        for function in CONTRACT
    )
