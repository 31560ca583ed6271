"""The number that is written into a line, found out: bisection on a logarithmic scale."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..._checks import Array
from ..observe import close

SMALLEST, LARGEST = 1e-12, 1.0
STEPS = 60  # a step halves the distance of the logarithms: the last digits are rounding
ROUGHLY = 12, 0.05  # after so many steps the rest must be that close, or no number gives it


def fit(run: Callable[[float], Array], seen: Array) -> float | None:
    """Return the number with which a function gives what was seen, as far as one value tells.

    That value is the one which the number moves most. None if no number gives it.
    """
    low, high = SMALLEST, LARGEST
    first, last = run(low), run(high)
    if first.shape != seen.shape or not np.isfinite([first, last, seen]).all():
        return None
    at = np.unravel_index(np.argmax(np.abs(last - first)), seen.shape)
    rising = last[at] > first[at]
    if not min(first[at], last[at]) <= seen[at] <= max(first[at], last[at]):
        return None
    for step in range(STEPS):
        middle = float(np.sqrt(low * high))
        found = run(middle)
        if step == ROUGHLY[0] and not close(found, seen, ROUGHLY[1]):
            return None
        if (found[at] < seen[at]) == rising:
            low = middle
        else:
            high = middle
    return float(np.sqrt(low * high))
