"""Whether a backward pass is right for the student's own forward pass, which is wrong.

Each result is right if it is one of these: what the right formula gives with what the wrong forward
pass has stored, or with some of it; the gradient of the wrong forward pass; or right in the digits
that a forward pass in float32 leaves.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np

from .._checks import Array
from .candidates import contexts, observed
from .catalogue.parts import total
from .contract import CONTRACT, FORWARD_OF, Solution
from .mixtures import own_outputs, right_with_some_of_it
from .probe import TIGHT_D_MAX, TIGHT_R_MAX, make_probe
from .properties import MATHEMATICS
from .properties.base import copying
from .seen import FEW, Seen, close, right, same
from .stop_gradient import holds_r_and_d
from .verdict import Verdict

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
FORMULA = "this is the right formula, applied to what that one stores"
GRADIENT = "this is its gradient"
DIGITS = "this is right in the digits that that one leaves"


def right_for_own_forward(
    solution: Solution, function: str, seen: Seen, wrong: list[str], seed: int, forward: Verdict
) -> dict[str, str]:
    """Return which of the wrong results are right all the same, and why.

    `forward` is the verdict on the forward pass, whose mistakes are known or not.
    """
    found: dict[str, str] = {}
    outputs = own_outputs(solution, function, seed)
    expected = right(FORWARD_OF[function], seed).values["y"]
    digits = all(close(y, expected[key], FEW) for key, y in outputs.items())
    rivals = [observed(function, (), seed, after) for after in contexts(forward.planted)]
    for result in wrong:
        mine = seen.values[result]
        if digits and same(mine, right(function, seed).values[result], FEW):
            found[result] = DIGITS
        elif any(rival and same(mine, rival.values[result]) for rival in rivals):
            found[result] = FORMULA
    if len(found) < len(wrong) and _normalises(solution, FORWARD_OF[function], seed):
        faulty = _far_from_numeric(solution, function, seed)
        if function == "batch_renorm_backward" and not holds_r_and_d(solution, seed):
            faulty.add("dx")
        found |= {r: GRADIENT for r in wrong if r not in faulty and r not in found}
    for result in set(wrong) - found.keys() if forward.spoils_cache else ():
        if right_with_some_of_it(function, result, seen.values[result], outputs, seed):
            found[result] = FORMULA
    return found


def _far_from_numeric(solution: Solution, function: str, seed: int) -> set[str]:
    """Return the results that are not the numeric gradient of the own forward pass."""
    functions = SimpleNamespace(**{n: copying(f) for n, f in solution.items()})
    faulty: set[str] = set()
    for name in NUMERIC[function]:
        try:
            faults = [f for f in BY_NAME[name].check(functions, make_probe(seed)) if f]
        except Exception:  # of the student's functions, whatever it is
            return set(CONTRACT[function].results)
        faulty |= {r for r in CONTRACT[function].results if any(f.startswith(r) for f in faults)}
    return faulty


def _normalises(solution: Solution, forward: str, seed: int) -> bool:
    """Return whether y ignores a constant added to x and its means, and feels gamma and the others.

    The gradient of a forward pass without these, such as y = x, would be no exercise.
    """
    probe = make_probe(seed)

    def output(**changed: Any) -> Array:
        values = vars(probe) | {"r_max": TIGHT_R_MAX, "d_max": TIGHT_D_MAX} | changed
        given = [values[name] for name in CONTRACT[forward].arguments]
        copies = (v.copy() if isinstance(v, np.ndarray) else v for v in given)
        return np.asarray(solution[forward](*copies)[0])

    y = output()
    shifted = output(x=probe.x + 3, running_mean=probe.running_mean + 3)
    scaled = output(gamma=-2 * probe.gamma)
    other = probe.x.copy()
    other[0] += 1
    moved = output(x=other)
    if not all(a.shape == probe.x.shape for a in (y, shifted, scaled, moved)):
        return False
    return bool(
        close(shifted, y)
        and np.abs(total(scaled * probe.dy) - total(y * probe.dy)).min() > 1e-6
        and np.abs(moved[1:] - y[1:]).max() > 1e-6
    )
