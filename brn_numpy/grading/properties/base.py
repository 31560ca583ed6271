"""What a property is, and how two arrays are compared."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, TypeAlias

import numpy as np

from ..._checks import Array
from ..contract import Solution
from ..probe import Probe, make_probe

LIMIT = 1e-6  # how far two results may lie apart, relative to the largest value

Faults: TypeAlias = Iterator[str | None]
Check: TypeAlias = Callable[[Any, Probe], Faults]


@dataclass(frozen=True)
class Property:
    """Something that a correct solution satisfies.

    Call it with a solution and a seed: it returns None, or one line of text on what failed. An
    exception of the solution is such a text too.

    Attributes
    ----------
    name : str
        In kebab-case.
    statement : str
        What holds, in one sentence.
    uses : tuple of str
        The contract functions that it calls; all must be there.
    check : function (solution, probe) -> iterator of (text or None)
        The solution's functions are its attributes.
    raw : bool
        Whether `check` sees the functions as they are. Else they get copies of their arrays, so
        that a function that overwrites an argument does not fail everywhere.
    """

    name: str
    statement: str
    uses: tuple[str, ...]
    check: Check
    raw: bool = False

    def __call__(self, solution: Solution, seed: int) -> str | None:
        """Return None, or what failed in one line."""
        functions = dict(solution) if self.raw else {k: copying(f) for k, f in solution.items()}
        try:
            with np.errstate(all="ignore"):
                faults = self.check(SimpleNamespace(**functions), make_probe(seed))
                return next((fault for fault in faults if fault), None)
        except Exception as error:  # of the student's function, whatever it is
            text = " ".join(str(error).split())
            return f"{type(error).__name__}: {text}"

    def applies_to(self, solution: Solution) -> bool:
        """Return whether the solution has all functions that the property calls."""
        return all(name in solution for name in self.uses)


def copying(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function with copies of its arrays for arguments."""

    def call(*arguments: Any) -> Any:
        return function(*(a.copy() if isinstance(a, np.ndarray) else a for a in arguments))

    return call


@dataclass
class Group:
    """The properties of one file."""

    uses: tuple[str, ...]
    properties: list[Property] = field(default_factory=list)

    def __call__(self, *more: str, raw: bool = False) -> Callable[[Check], Check]:
        """Add the decorated check; its name and its docstring are those of the property.

        `more` are contract functions that it calls besides those of the group.
        """

        def put(check: Check) -> Check:
            name = check.__name__.replace("_", "-")
            statement = (check.__doc__ or "").strip()
            self.properties.append(Property(name, statement, (*self.uses, *more), check, raw))
            return check

        return put


def far(what: str, actual: Any, expected: Any, size: Any = None) -> str | None:
    """Return None if `actual` is close to `expected`, else one line that says where it is not.

    `size` is how large the values are that cancel in `expected`. A vector may come as (1, C): its
    shape is for the property `shapes` to judge.
    """
    actual, expected = (1.0 * np.asarray(v) for v in (actual, expected))
    if actual.size != expected.size:
        return f"{what} has shape {actual.shape}, expected {expected.shape}"
    error = np.abs(actual.reshape(expected.shape) - expected)
    limit = LIMIT * np.abs(expected if size is None else size).max()
    good = error <= limit  # False for NaN
    if good.all():
        return None
    where = np.unravel_index(
        np.argmax(np.where(good, -1, np.nan_to_num(error, nan=np.inf))), error.shape
    )
    place = f" at {tuple(int(i) for i in where)}" if expected.ndim else ""
    found = actual.reshape(expected.shape)[where]
    return f"{what} is {found:.6g}{place}, expected {expected[where]:.6g}"


def samples(a: Array) -> tuple[int, ...]:
    """Return the axes that are summed over: all but the channels."""
    return (0, *range(2, a.ndim))


def total(a: Array) -> Array:
    """Return the sum of each channel, (C,)."""
    added: Array = a.sum(axis=samples(a))
    return added


def wide(v: Array, like: Array) -> Array:
    """View a vector (C,) as (1, C) or (1, C, 1, 1)."""
    return np.asarray(v).reshape(1, -1, *[1] * (like.ndim - 2))


def rows(a: Array) -> Array:
    """Turn (N, C, H, W) into (N * H * W, C)."""
    return np.ascontiguousarray(np.moveaxis(a, 1, -1).reshape(-1, a.shape[1]))
