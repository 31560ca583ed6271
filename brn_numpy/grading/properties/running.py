"""What update_running and inference do, and cs231n's two modes."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..._checks import Array
from ...textbook import mean, variance, wide
from ..probe import Probe
from .base import BN, Checks, call, holds, y_of

UPDATE, INFERENCE = "update_running", "batch_norm_inference"
STATISTICS, TEST = "running_statistics", "test_mode"  # of cs231n


@holds(UPDATE)
def equal_minibatches_are_approached_geometrically(f: Any, p: Probe) -> Checks:
    """After T equal minibatches the distance is (1 - momentum)^T of the first one."""
    pair = p.running_mean, p.running_std
    for t in range(1, 6):
        pair = f.update_running(*pair, p.batch_mean, p.batch_std, p.momentum)
        left = (1 - p.momentum) ** t
        expected = p.batch_mean + left * (p.running_mean - p.batch_mean)
        yield f"the running mean after T = {t} equal minibatches", pair[0], expected
        expected = p.batch_std + left * (p.running_std - p.batch_std)
        yield f"the running std after T = {t} equal minibatches", pair[1], expected


@holds(UPDATE)
def running_averages_by_hand(f: Any, p: Probe) -> Checks:
    """A quarter of the way from 0 to 10 is 2.5, and from 1 to 3 it is 1.5."""
    mean, std = f.update_running(*(np.array([v]) for v in (0.0, 1.0, 10.0, 3.0)), 0.25)
    yield "the running mean, a quarter of the way from 0 to 10,", mean, [2.5]
    yield "the running std, a quarter of the way from 1 to 3,", std, [1.5]


@holds(INFERENCE)
def in_inference_a_sample_is_alone(f: Any, p: Probe, x: Array, dy: Array) -> Checks:
    """y of the first sample is the same without the others."""
    yield (
        "y of the first sample alone",
        y_of(f, INFERENCE, p, x=x[:1]),
        y_of(f, INFERENCE, p, x=x)[:1],
    )


@holds(INFERENCE)
def inference_at_the_running_mean_is_beta(f: Any, p: Probe, x: Array, dy: Array) -> Checks:
    """x = running_mean gives beta."""
    y = y_of(f, INFERENCE, p, x=0 * x + wide(p.running_mean, x))
    yield "y at the running mean", y, 0 * x + wide(p.beta, x)


@holds(INFERENCE)
def inference_rises_by_gamma_per_running_std(f: Any, p: Probe, x: Array, dy: Array) -> Checks:
    """Two running_std more in x are two gamma more in y."""
    up = y_of(f, INFERENCE, p, x=x + 2 * wide(p.running_std, x)) - y_of(f, INFERENCE, p, x=x)
    yield "what y gains with x + 2 * running_std", up, 0 * x + wide(2 * p.gamma, x), 10


@holds(INFERENCE)
def inference_has_no_unit(f: Any, p: Probe, x: Array, dy: Array) -> Checks:
    """x, running_mean and running_std in another unit give the same y: no eps is added."""
    small = {"running_mean": 1e-3 * p.running_mean, "running_std": 1e-3 * p.running_std}
    scaled = y_of(f, INFERENCE, p, x=1e-3 * x, **small)
    yield "y in a unit 1000 times as large", scaled, y_of(f, INFERENCE, p, x=x)


@holds(INFERENCE, BN)
def inference_is_training_where_the_statistics_agree(
    f: Any, p: Probe, x: Array, dy: Array
) -> Checks:
    """With the minibatch's own mean and std, inference gives what training gives."""
    own = {"running_mean": mean(x).ravel(), "running_std": np.sqrt(variance(x) + p.eps).ravel()}
    yield "y", y_of(f, INFERENCE, p, x=x, **own), y_of(f, BN, p, x=x)


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
            yield f"{name} after T = {t} equal minibatches", found, expected


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
