"""What cs231n's batchnorm_forward keeps in training mode, and does in test mode."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..._checks import Array
from ...textbook import mean, variance, wide
from ..probe import Probe
from .base import Checks, call, holds, y_of

STATISTICS, TEST = "running_statistics", "test_mode"


@holds(STATISTICS)
def the_minibatch_is_approached_geometrically(f: Any, p: Probe, x: Array, dy: Array) -> Checks:
    """After T equal minibatches the distance of the running statistics is momentum^T of it."""
    pair = p.running_mean, p.running_var
    goal = mean(x).ravel(), variance(x).ravel()
    for t in range(1, 4):
        given = dict(zip(("running_mean", "running_var"), pair, strict=True))
        pair = call(f, STATISTICS, p, x=x, **given)
        for name, found, old, new in zip(
            given, pair, (p.running_mean, p.running_var), goal, strict=True
        ):
            expected = new + p.momentum**t * (old - new)
            yield f"{name} after {t} equal minibatches", found, expected


@holds(TEST)
def test_mode_at_the_running_mean_is_beta(f: Any, p: Probe, x: Array, dy: Array) -> Checks:
    """x = running_mean gives beta."""
    y = y_of(f, TEST, p, x=0 * x + wide(p.running_mean, x))
    yield "y at the running mean", y, 0 * x + wide(p.beta, x)


@holds(TEST)
def test_mode_rises_by_gamma(f: Any, p: Probe, x: Array, dy: Array) -> Checks:
    """sqrt(running_var + eps) more in x is gamma more in y."""
    step = wide(np.sqrt(p.running_var + p.eps), x)
    up = y_of(f, TEST, p, x=x + step) - y_of(f, TEST, p, x=x)
    yield "what y gains with x + sqrt(running_var + eps)", up, 0 * x + wide(p.gamma, x), 10
