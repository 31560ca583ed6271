"""Whether BRN's dx is a gradient that flows through r or d, whatever the forward pass is.

With narrow bounds, r and d are constants anyway, so that the slope of y says nothing of it. With
wide ones they follow x, unless the running statistics follow x in such a way that r and d stay:
running_std = std / r and running_mean = mean - d * running_std.
"""

from __future__ import annotations

import numpy as np

from .._checks import Array
from .candidates import Planted, contexts, observed
from .catalogue import MISTAKES
from .contract import Solution
from .observe import arguments_of
from .probe import Probe, make_probe
from .seen import Values, same

STEP = 1e-5
MISTAKEN = [m for m in MISTAKES if m.topic == "stop gradient" and m.verdict == "wrong"]


def flows_through_correction(solution: Solution, dx: Values, seed: int, planted: Planted) -> bool:
    """Return whether dx is a slope with r or d free, or what a known mistake of that kind gives.

    `planted` are the known mistakes of the forward pass. One that leaves d out has no slope by d,
    but its backward pass may have the term all the same.
    """
    rivals = (
        observed("batch_renorm_backward", tuple(mistake.parts.items()), seed, after)
        for mistake in MISTAKEN
        for after in contexts(planted)
    )
    if any(rival is not None and same(dx, rival.values["dx"]) for rival in rivals):
        return True
    return _is_slope_with_free_correction(solution, seed)


def _is_slope_with_free_correction(solution: Solution, seed: int) -> bool:
    """Return whether dx is the slope with r or d, or both, free, and not with both held."""
    probe = make_probe(seed)
    forward, backward = (solution[f"batch_renorm_{name}"] for name in ("forward", "backward"))
    direction = np.random.default_rng(seed).standard_normal(probe.x.shape)
    held_r, held_d = _unclipped(probe.batch_mean, probe.batch_std, probe)

    def loss(step: float, hold_r: bool, hold_d: bool) -> float:
        x = probe.x + step * direction
        mean, std = x.mean(axis=0), np.sqrt(x.var(axis=0) + probe.eps)
        r, d = _unclipped(mean, std, probe)
        running_std = std / (held_r if hold_r else r)
        running_mean = mean - (held_d if hold_d else d) * running_std
        gamma, beta = probe.gamma.copy(), probe.beta.copy()
        y = forward(x, gamma, beta, running_mean, running_std, probe.r_max, probe.d_max, probe.eps)[
            0
        ]
        return float((probe.dy * y).sum())

    cache = forward(*arguments_of("batch_renorm_forward", probe))[1]
    dx = np.asarray(backward(probe.dy.copy(), cache)[0])

    def fits(hold_r: bool, hold_d: bool) -> bool:
        slope = (loss(STEP, hold_r, hold_d) - loss(-STEP, hold_r, hold_d)) / (2 * STEP)
        return bool(abs(slope - (dx * direction).sum()) < 1e-6 * np.abs(dx).sum())

    free = ((False, False), (True, False), (False, True))
    return not fits(True, True) and any(fits(*held) for held in free)


def _unclipped(mean: Array, std: Array, probe: Probe) -> tuple[Array, Array]:
    """Return r and d without bounds."""
    return std / probe.running_std, (mean - probe.running_mean) / probe.running_std
