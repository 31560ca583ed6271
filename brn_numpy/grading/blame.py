"""Functions that are right by themselves, but not with what they are built on.

BRN may call the student's own BN and correction, which may be wrong; a backward pass may take from
a variable what another forward pass has put there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import combinations
from typing import Any

import numpy as np

from .._checks import Array
from ..textbook import mean, variance, wide
from .contract import CORRECT, FORWARD_OF, Solution
from .mistakes import SEEN_BY
from .observe import Seen, arguments_of, close, look, results_of
from .probe import TIGHT_D_MAX, TIGHT_R_MAX, make_probe
from .verdict import FAILED, Finding, Verdict

BLOCKS = {  # what BRN's passes may call: one of these, or both
    "batch_renorm_forward": ("renorm_correction", "batch_norm_forward"),
    "batch_renorm_backward": ("batch_norm_backward",),
}


def built_on(
    solution: Solution, function: str, before: Mapping[str, Verdict], seed: int
) -> Iterator[tuple[list[Verdict], Seen]]:
    """Go through what a function does if it is right but for wrong functions that it calls."""
    blocks = BLOCKS.get(function, ())
    for names in (*combinations(blocks, 1), *combinations(blocks, 2)):
        verdicts = [before[name] for name in names if name in before]
        if len(verdicts) == len(names) and all(v.works and v.status == FAILED for v in verdicts):
            own = CORRECT | {name: solution[name] for name in names}
            if "batch_norm_backward" in names:
                own["batch_norm_forward"] = solution["batch_norm_forward"]
            try:
                yield verdicts, look(_renorm(own), function, seed)
            except Exception:  # of the student's functions, which may have failed here only
                continue


def _renorm(own: Solution) -> dict[str, Any]:
    """Return BRN's two passes, as BN with gamma * r for gamma and beta + gamma * d for beta."""

    def forward(
        x: Array, gamma: Array, beta: Array, m: Array, s: Array, r_max: float, d_max: float,
        eps: float,
    ) -> tuple[Array, Any]:  # fmt: skip
        batch = mean(x).ravel(), np.sqrt(variance(x) + eps).ravel()
        r, d = (np.asarray(v) for v in own["renorm_correction"](*batch, m, s, r_max, d_max))
        y, cache = own["batch_norm_forward"](x, gamma * r, beta + gamma * d, eps)
        return y, (cache, r, d)

    def backward(dy: Array, cache: Any) -> tuple[Array, Array, Array]:
        dx, by_scale, dbeta = own["batch_norm_backward"](dy, cache[0])
        r, d = (v if by_scale.ndim == 1 else wide(v, dy) for v in cache[1:])
        return dx, r * by_scale + d * dbeta, dbeta

    return {"batch_renorm_forward": forward, "batch_renorm_backward": backward}


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
        SEEN_BY["another forward pass between", function],
    )
