"""Whether BRN's dx is a gradient that flows through r or d, whatever the forward pass is.

With narrow bounds, r and d are constants anyway, so that the slope of y says nothing of it. With
wide ones they follow x, unless the running statistics follow x in such a way that r and d stay:
running_std = std / r and running_mean = mean - d * running_std.
"""

from __future__ import annotations

import numpy as np

from .._checks import Array
from .contract import Solution
from .observe import arguments_of
from .probe import Probe, make_probe

STEP = 1e-5


def flows_through_correction(solution: Solution, seed: int) -> bool:
    """Return whether dx is the slope with r or d, or both, free, and not with both held."""
    probe = make_probe(seed)
    direction = np.random.default_rng(seed).standard_normal(probe.x.shape)
    held_r, held_d = _unclipped(probe.batch_mean, probe.batch_std, probe)

    def loss(step: float, hold_r: bool, hold_d: bool) -> float:
        x = probe.x + step * direction
        mean, std = x.mean(axis=0), np.sqrt(x.var(axis=0) + probe.eps)
        r, d = _unclipped(mean, std, probe)
        running_std = std / (held_r if hold_r else r)
        running_mean = mean - (held_d if hold_d else d) * running_std
        statistics = running_mean, running_std, probe.r_max, probe.d_max, probe.eps
        y = solution["batch_renorm_forward"](x, probe.gamma.copy(), probe.beta.copy(), *statistics)[
            0
        ]
        return float((probe.dy * y).sum())

    def slope(hold_r: bool, hold_d: bool) -> float:
        return (loss(STEP, hold_r, hold_d) - loss(-STEP, hold_r, hold_d)) / (2 * STEP)

    cache = solution["batch_renorm_forward"](*arguments_of("batch_renorm_forward", probe))[1]
    dx = solution["batch_renorm_backward"](probe.dy.copy(), cache)[0]
    mine = (np.asarray(dx) * direction).sum()

    def fits(hold_r: bool, hold_d: bool) -> bool:
        return bool(abs(slope(hold_r, hold_d) - mine) < 1e-6 * np.abs(dx).sum())

    free = ((False, False), (True, False), (False, True))
    return not fits(True, True) and any(fits(*held) for held in free)


def _unclipped(mean: Array, std: Array, probe: Probe) -> tuple[Array, Array]:
    """Return r and d without bounds."""
    return std / probe.running_std, (mean - probe.running_mean) / probe.running_std
