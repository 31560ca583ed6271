"""What a property is, how it is checked, and slopes by central differences.

A check goes through (what, its value, the value that it should have), and, where large values
cancel in it, how large those are. The functions are attributes of `f`, `p` is the probe; a check of
a function of x is made for rows (N, C) and for images.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from inspect import signature
from types import SimpleNamespace
from typing import Any, TypeAlias

import numpy as np

from ..._checks import Array
from ...textbook import total
from ..contract import CONTRACT, FORWARD_OF, Solution
from ..probe import TIGHT_D_MAX, TIGHT_R_MAX, WIDE, Probe, make_probe

LIMIT = 1e-6  # how far two values may lie apart, relative to the largest one
STEP = 1e-5  # of central differences, against channels of standard deviation 0.1 to 2

Checks: TypeAlias = Iterator[tuple[Any, ...]]
TIGHT = {"r_max": TIGHT_R_MAX, "d_max": TIGHT_D_MAX}  # r and d are clipped everywhere
FREE = {"r_max": WIDE, "d_max": WIDE}
NO_ROOM = {"r_max": 1.0, "d_max": 0.0}


@dataclass(frozen=True)
class Property:
    """Something that a right solution satisfies, in one sentence."""

    name: str
    statement: str
    uses: tuple[str, ...]  # the functions that it calls; it is about the first one
    check: Callable[..., Checks]

    def faults(self, solution: Solution, seed: int) -> Iterator[str]:
        """Go through what fails, a line each; the functions may raise what they like."""
        f, p = SimpleNamespace(**solution), make_probe(seed)
        asked = signature(self.check).parameters
        which = self.uses[:1] if "function" in asked else ()  # if it is about several
        layouts: Iterable[tuple[Any, ...]] = p.layouts() if "x" in asked else [("",)]
        for layout, *arrays in layouts:
            for what, *values in self.check(f, p, *arrays, *which):
                text = far(f"{what}, {layout}," if layout else what, *values)
                if text:
                    yield text


def far(what: str, actual: Any, expected: Any, size: Any = None) -> str | None:
    """Return None if `actual` is close to `expected`, else one line that says where it is not.

    `size` is how large the values are that cancel in `expected`. A vector may come as (1, C).
    """
    actual, expected = (1.0 * np.asarray(v) for v in (actual, expected))
    if actual.size != expected.size:
        return f"{what} has shape {actual.shape}, expected {expected.shape}"
    found = actual.reshape(expected.shape)
    error = np.abs(found - expected)
    good = error <= LIMIT * np.abs(expected if size is None else size).max()  # False for NaN
    if good.all():
        return None
    worst = np.argmax(np.where(good, -1, np.nan_to_num(error, nan=np.inf)))
    where = np.unravel_index(worst, error.shape)
    at = tuple(int(i) for i in where)
    place = f" in channel {at[0]}" if len(at) == 1 else f" at {at}" * bool(at)
    return f"{what} is {found[where]:.6g}{place}, expected {expected[where] + 0.0:.6g}"


PROPERTIES: list[Property] = []


def holds(*uses: str) -> Callable[[Callable[..., Checks]], Callable[..., Checks]]:
    """Add a check to the properties, under its own name and with its docstring."""

    def put(check: Callable[..., Checks]) -> Callable[..., Checks]:
        name = check.__name__.replace("_", "-")
        name += f"-{uses[0]}" * any(prop.name == name for prop in PROPERTIES)
        PROPERTIES.append(Property(name, (check.__doc__ or "").strip(), uses, check))
        return check

    return put


def call(f: Any, function: str, p: Probe, **changes: Any) -> Any:
    """Call a function with copies of the probe's arguments, some of them changed."""
    given = (changes.get(n, getattr(p, n, None)) for n in CONTRACT[function].arguments)
    return getattr(f, function)(*(a.copy() if isinstance(a, np.ndarray) else a for a in given))


def y_of(f: Any, function: str, p: Probe, **changes: Any) -> Array:
    """Return y of a forward pass, or of inference."""
    found = call(f, function, p, **changes)
    return np.asarray(found[0] if "cache" in CONTRACT[function].results else found)


def gradients(f: Any, function: str, p: Probe, **changes: Any) -> list[Array]:
    """Go forward and back; return dx, dgamma, dbeta."""
    cache = call(f, FORWARD_OF[function], p, **changes)[1]
    return [np.asarray(a) for a in call(f, function, p, **changes, cache=cache)]


def slope(dy: Array, y: Callable[[Array], Array], at: Array, direction: Any) -> tuple[Array, float]:
    """Return the derivative of sum(dy * y) in each channel, and how large its terms are.

    A channel's y depends on that channel alone, so all channels are moved at once.
    """
    change = y(at + STEP * direction) - y(at - STEP * direction)
    found = total(dy * change) / (2 * STEP)
    return found, float(np.abs(found).max() + np.abs(dy).max())
