"""BRN built on the student's own BN and own correction, which may be wrong themselves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from .._checks import Array
from .catalogue.parts import mean, wide
from .catalogue.textbook import deviation
from .contract import REFERENCE, Solution
from .seen import Seen, look
from .verdict import FAILED, Verdict

BLOCKS = {
    "batch_renorm_forward": (
        ("renorm_correction",),
        ("batch_norm_forward",),
        ("renorm_correction", "batch_norm_forward"),
    ),
    "batch_renorm_backward": (("batch_norm_backward",),),
}


def built(
    solution: Solution, function: str, before: Mapping[str, Verdict], seed: int
) -> Iterator[tuple[list[Verdict], Seen]]:
    """Go through what a function does if it is right but for wrong functions that it calls."""
    for names in BLOCKS.get(function, ()):
        verdicts = [before[name] for name in names if name in before]
        if len(verdicts) == len(names) and all(v.works and v.status == FAILED for v in verdicts):
            own = dict(REFERENCE) | {name: solution[name] for name in names}
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
        batch = mean(x).ravel(), deviation(x, eps).ravel()
        r, d = (np.asarray(v) for v in own["renorm_correction"](*batch, m, s, r_max, d_max))
        y, cache = own["batch_norm_forward"](x, gamma * r, beta + gamma * d, eps)
        return y, (cache, r, d)

    def backward(dy: Array, cache: Any) -> tuple[Array, Array, Array]:
        dx, by_scale, dbeta = own["batch_norm_backward"](dy, cache[0])
        r, d = (v if by_scale.ndim == 1 else wide(v, dy) for v in cache[1:])
        return dx, r * by_scale + d * dbeta, dbeta

    return {"batch_renorm_forward": forward, "batch_renorm_backward": backward}
