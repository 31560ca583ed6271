"""Every gradient of this package, compared with two independent numeric ones."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .case import LAYOUTS, Case, Row, check, odd_values
from .family import family_cases
from .functions import function_cases, second_order_case
from .layers import layer_cases, network_case

__all__ = ["LAYOUTS", "Case", "Row", "cases", "check", "odd_values"]


def cases(seed: int) -> Iterator[Case]:
    """Yield all cases, on odd random values."""
    rng = np.random.default_rng(seed)
    yield from function_cases(rng)
    yield second_order_case(rng)
    yield from layer_cases(rng)
    yield from family_cases(rng)
    yield network_case(rng)
