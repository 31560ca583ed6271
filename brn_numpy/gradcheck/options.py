"""What the options of a check may be."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from .subject import Subject


def check_options(**options: Any) -> None:
    """Refuse what is no number >= 0, or no integer where one is expected."""
    for name, given in options.items():
        number = name in ("rtol", "atol")
        kind, text = ((int, float), "a number") if number else ((int, np.integer), "an integer")
        if given is not None and not (isinstance(given, kind) and 0 <= given < math.inf):
            raise ValueError(f"{name} must be {text} >= 0 and finite, got {given!r}")


def check_names(subject: Subject, bounds: Mapping[str, Any], steps: Mapping[str, Any]) -> None:
    """Refuse names that are none, and bounds that are none or have x outside."""
    for option, given in (("bounds", bounds), ("step", steps)):
        for name in given:
            if name not in subject.names:
                raise ValueError(f"{option} names {name}; checked are {', '.join(subject.names)}")
    for name, pair in bounds.items():
        try:
            low, high = map(float, pair)
        except (TypeError, ValueError):
            raise TypeError(f"bounds of {name} must be (low, high), got {pair!r}") from None
        x = subject.inputs[name]
        if not (low < high and ((low <= x) & (x <= high)).all()):
            raise ValueError(f"bounds of {name} must have all of {name} inside, got {pair!r}")
