"""Whether a cache holds all that its backward pass needs: another forward pass comes in between."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from .catalogue.lines import OTHER, RENORM_OTHER
from .contract import FORWARD_OF, Solution
from .observe import arguments_of, results_of
from .probe import TIGHT_D_MAX, TIGHT_R_MAX, make_probe
from .seen import close
from .verdict import Finding

LINES = {"batch_norm_backward": OTHER, "batch_renorm_backward": RENORM_OTHER}


def kept_elsewhere(solution: Solution, function: str, seed: int) -> Finding | None:
    """Return the finding on a backward pass that takes something from the last forward pass.

    In a network many forward passes come between the two: what a global variable, an attribute or
    an array that is used again holds is then that of another layer.
    """
    forward, probe = FORWARD_OF[function], make_probe(seed)
    other = make_probe(seed + 1)  # all arrays are different ones of the same shapes
    other = replace(other, eps=2 * other.eps, r_max=TIGHT_R_MAX, d_max=TIGHT_D_MAX)

    def gradients(between: bool) -> dict[str, Any]:
        cache = solution[forward](*arguments_of(forward, probe))[1]
        if between:
            solution[forward](*arguments_of(forward, other))
        return results_of(function, solution[function](probe.dy.copy(), cache))

    try:
        alone, after = gradients(False), gradients(True)
    except Exception:  # of the student's functions, which do not fail elsewhere
        return None
    if all(close(np.asarray(after[name]), np.asarray(alone[name])) for name in alone):
        return None
    return Finding(
        f"It is right only if no other {forward} comes between: not all is kept in the cache.",
        "In a network the forward passes of all layers come first: what a global variable or a "
        "buffer holds is then of another layer.",
        LINES[function].line,
    )
