"""One case to check, and the rows of the table that it gives."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._checks import Array
from ..gradcheck import ArgumentReport, PrecisionWarning, check_gradients
from ..moments import Moments

METHODS = ("central", "complex")
COMPLEX_LIMIT = 1e-12  # of float64, relative to the size of the terms
C = 6  # channels

LAYOUTS: dict[str, tuple[tuple[int, ...], int]] = {  # name: shape, channel axis
    "(N, C)": ((7, C), 1),
    "(N, C, L)": ((2, C, 3), 1),
    "(N, C, H, W)": ((2, C, 1, 3), 1),
    "(N, H, W, C)": ((2, 3, 1, C), -1),
}
# For x with mean 0.3 and std 1 in every channel, this pair clips r: low, low, not, high, high, not;
# and d: high, low, low, high, low, not.
RUNNING = Moments(
    mean=np.array([-10.0, 10.0, 3.0, -3.0, 3.0, 0.4]),
    std=np.array([5.0, 5.0, 1.1, 0.3, 0.3, 1.2]),
)


@dataclass(frozen=True)
class Case:
    """Something to check: a pair of functions, or a layer with `backward` None."""

    operation: str
    mode: str
    layout: str
    dtype: str
    forward: Any
    backward: Callable[..., Any] | None
    inputs: dict[str, Any]
    frozen: bool | None = None


@dataclass(frozen=True)
class Row:
    """The gradient with respect to one argument: its largest relative error by each method."""

    operation: str
    mode: str
    layout: str
    dtype: str
    argument: str
    central: float
    complex_step: float
    ok: bool
    report: str


def check(case: Case, seed: int) -> list[Row]:
    """Check one case with both methods; return a row for every argument."""
    by_method: list[tuple[ArgumentReport, ...]] = []
    fine, text = True, ""
    for method in METHODS:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", PrecisionWarning)  # float32 rows are meant
            report = check_gradients(
                case.forward,
                case.backward,
                case.inputs,
                frozen=case.frozen,
                method=method,
                seed=seed,
            )
        by_method.append(report.arguments)
        fine = fine and not report.problems
        text += "" if report.ok else f"{report}\n"
    where = case.operation, case.mode, case.layout, case.dtype
    rows = []
    for central, exact in zip(*by_method, strict=True):
        errors = central.relative_error, exact.relative_error
        ok = fine and central.ok and exact.ok
        ok = ok and (case.dtype != "float64" or exact.relative_error <= COMPLEX_LIMIT)
        rows.append(Row(*where, central.name, *errors, ok, "" if ok else text))
    return rows


def odd_values(rng: np.random.Generator, shape: tuple[int, ...], kind: str = "") -> Array:
    """Return random numbers that hide no mistake: off centre, of both signs, none of them 1 or 0.

    With kind "scale" they are away from 0, with kind "std" positive, too.
    """
    if kind == "std":
        return rng.uniform(0.5, 2.0, shape)
    if kind == "scale":
        return rng.choice([-1.0, 1.0], shape) * rng.uniform(0.5, 2.0, shape)
    return rng.standard_normal(shape) + 0.3
