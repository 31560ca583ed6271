"""Whether a backward pass is the gradient of the student's own forward pass, right or wrong."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._checks import Array
from .contract import CONTRACT, FORWARD_OF, Solution
from .probe import TIGHT_D_MAX, TIGHT_R_MAX, make_probe
from .properties import MATHEMATICS
from .properties.base import total
from .seen import close

NUMERIC = {
    "batch_norm_backward": (
        "dx-is-the-numeric-gradient",
        "dgamma-and-dbeta-are-the-numeric-gradients",
    ),
    "batch_renorm_backward": (
        "dx-of-renorm-is-the-numeric-gradient",
        "dgamma-and-dbeta-of-renorm-are-the-numeric-gradients",
    ),
}
BY_NAME = {p.name: p for p in MATHEMATICS}


def is_gradient_of_own_forward(solution: Solution, function: str, seed: int) -> bool:
    """Return whether a backward pass differentiates its forward pass, and that one normalises."""
    return _normalises(solution, FORWARD_OF[function], seed) and all(
        BY_NAME[name](solution, seed) is None for name in NUMERIC[function]
    )


def _normalises(solution: Solution, forward: str, seed: int) -> bool:
    """Return whether y ignores a constant added to x, and feels gamma and the other samples.

    The gradient of a forward pass without these, such as y = x, would be no exercise.
    """
    probe = make_probe(seed)

    def output(**changed: Any) -> Array:
        values = vars(probe) | {"r_max": TIGHT_R_MAX, "d_max": TIGHT_D_MAX} | changed
        given = [values[name] for name in CONTRACT[forward].arguments]
        copies = (v.copy() if isinstance(v, np.ndarray) else v for v in given)
        return np.asarray(solution[forward](*copies)[0])

    y = output()
    shifted, scaled = output(x=probe.x + 3), output(gamma=-2 * probe.gamma)
    other = probe.x.copy()
    other[0] += 1
    moved = output(x=other)
    return bool(
        close(shifted, y)
        and np.abs(total(scaled * probe.dy) - total(y * probe.dy)).min() > 1e-6
        and np.abs(moved[1:] - y[1:]).max() > 1e-6
    )
