"""How to compare, and how exact a gradient must be."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from .steps import Array, digits_lost
from .subject import Subject

SMALL = 512  # arguments with more entries than this are checked along random directions


@dataclass(frozen=True)
class Tolerance:
    """Allowed is ten times the numeric error, or `atol`, and rtol times the size of the terms."""

    rtol: float
    atol: float | None
    cap: float  # the numeric error counts up to so much of the size
    rounding: float  # of terms that cancel, for a gradient that is 0
    source: str


@dataclass(frozen=True)
class Options:
    """How to compare, as the caller wants it."""

    method: str
    step: Any
    bounds: Mapping[str, tuple[float, float]]
    directions: int | None
    rtol: float | None
    atol: float | None
    seed: int

    def __post_init__(self) -> None:
        for option in ("rtol", "atol"):
            number = getattr(self, option)
            if number is not None and not (
                isinstance(number, (int, float)) and 0 <= number < math.inf
            ):
                raise ValueError(f"{option} must be a number >= 0 and finite, got {number!r}")
        for option in ("directions", "seed"):
            whole = getattr(self, option)
            if whole is not None and not (isinstance(whole, (int, np.integer)) and whole >= 0):
                raise ValueError(f"{option} must be an integer >= 0, got {whole!r}")

    def check_names(self, subject: Subject) -> None:
        """Refuse names that are none, and bounds that are none or have x outside."""
        steps = self.step if isinstance(self.step, Mapping) else {}
        for option, given in (("bounds", self.bounds), ("step", steps)):
            for name in given:
                if name not in subject.names:
                    checked = ", ".join(subject.names)
                    raise ValueError(f"{option} names {name}; checked are {checked}")
        for name, pair in self.bounds.items():
            x = subject.inputs[name]
            try:
                low, high = pair
                inside = bool(np.all((low <= x) & (x <= high)) and low < high)
            except (TypeError, ValueError):
                raise TypeError(f"bounds of {name} must be (low, high), got {pair!r}") from None
            if not inside:
                raise ValueError(f"bounds of {name} must have all of {name} inside, got {pair!r}")

    def step_of(self, name: str) -> Any:
        """Return the step for one argument."""
        return self.step.get(name) if isinstance(self.step, Mapping) else self.step

    def directions_for(self, x: Array) -> int:
        """Return along how many directions to compare; 0: entry by entry."""
        return (0 if x.size <= SMALL else 4) if self.directions is None else self.directions

    def tolerance(self, arrays: Mapping[str, Array], single: bool, steepest: float) -> Tolerance:
        """Return the tolerance that is asked for, or fits the dtype and |x|/spread."""
        eps, cap = (2.0**-23, 1e-2) if single else (2.0**-52, 1e-5)
        source = "10 x numeric error" if self.atol is None else f"{self.atol} (given)"
        source += f" + {self.rtol} (given)" if self.rtol is not None else ""
        rtol = self.rtol
        if rtol is None:
            kappa = max(map(digits_lost, arrays.values()))
            rtol = min(cap, max(1e-7, 200 * eps * kappa))
            source += f" + {rtol:.2g} (float{32 if single else 64}, |x|/spread {kappa:.2g})"
        return Tolerance(rtol, self.atol, cap, 4 * eps * steepest, source)
