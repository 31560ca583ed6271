"""Whether BRN's dx is the slope of y with r and d held constant, whatever the forward pass is.

With narrow bounds, r and d are constants anyway, so that a slope of y does not tell whether the
backward pass holds them. With wide ones they stay if the running statistics follow x:
running_std = std / r and running_mean = mean - d * running_std.
"""

from __future__ import annotations

import numpy as np

from .contract import Solution
from .observe import arguments_of
from .probe import make_probe

STEP = 1e-5


def holds_r_and_d(solution: Solution, seed: int) -> bool:
    """Return whether dx is the slope along some direction, r and d being what they are."""
    probe = make_probe(seed)
    forward, backward = (solution[f"batch_renorm_{name}"] for name in ("forward", "backward"))
    direction = np.random.default_rng(seed).standard_normal(probe.x.shape)
    r = probe.batch_std / probe.running_std  # without bounds, and so is d
    d = (probe.batch_mean - probe.running_mean) / probe.running_std

    def loss(step: float) -> float:
        x = probe.x + step * direction
        std = np.sqrt(x.var(axis=0) + probe.eps) / r
        statistics = x.mean(axis=0) - d * std, std, probe.r_max, probe.d_max
        y = forward(x, probe.gamma.copy(), probe.beta.copy(), *statistics, probe.eps)[0]
        return float((probe.dy * y).sum())

    cache = forward(*arguments_of("batch_renorm_forward", probe))[1]
    dx = np.asarray(backward(probe.dy.copy(), cache)[0])
    slope = (loss(STEP) - loss(-STEP)) / (2 * STEP)
    return bool(abs(slope - (dx * direction).sum()) < 1e-6 * np.abs(dx).sum())
