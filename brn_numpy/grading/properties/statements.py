"""The properties: what each function does to any arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..._checks import Array
from ...textbook import mean, total, variance, wide
from ..contract import FORWARD_OF
from ..probe import TIGHT_D_MAX, TIGHT_R_MAX, Probe
from .base import FREE, NO_ROOM, TIGHT, Checks, call, gradients, holds, slope, y_of

BN, BRN = "batch_norm_forward", "batch_renorm_forward"
BN_BACK, BRN_BACK = "batch_norm_backward", "batch_renorm_backward"
CORRECTION, UPDATE, INFERENCE = "renorm_correction", "update_running", "batch_norm_inference"
STATISTICS, TEST = "running_statistics", "test_mode"  # of cs231n


@holds(BN)
def y_has_mean_beta(f: Any, p: Probe, x: Array, dy: Array) -> Checks:
    """The mean of y is beta, in every channel."""
    yield "the mean of y", mean(y_of(f, BN, p, x=x)), p.beta


@holds(BN)
def y_has_the_spread_that_eps_leaves(f: Any, p: Probe, x: Array, dy: Array) -> Checks:
    """The variance of y is gamma^2 v / (v + eps), v being the biased variance of x."""
    v = variance(x).ravel()
    yield "the variance of y", variance(y_of(f, BN, p, x=x)), p.gamma**2 * v / (v + p.eps)


@holds(BRN_BACK, BRN)
@holds(BN_BACK, BN)
def gradients_are_linear_in_dy(f: Any, p: Probe, x: Array, dy: Array, function: str) -> Checks:
    """Gradients are linear in dy: those for 2 * dy + 1 are twice those for dy plus those for 1."""
    mixed, plain, ones = (
        gradients(f, function, p, x=x, dy=g) for g in (2 * dy + 1, dy, np.ones_like(dy))
    )
    for name, a, b, c in zip(("dx", "dgamma", "dbeta"), mixed, plain, ones, strict=True):
        yield f"{name} for 2 * dy + 1", a, 2 * b + c


@holds(BN_BACK, BN)
def dx_sums_to_zero(f: Any, p: Probe, x: Array, dy: Array) -> Checks:
    """A constant added to x changes nothing, so dx sums to 0 in every channel."""
    dx = gradients(f, BN_BACK, p, x=x, dy=dy)[0]
    yield "the sum of dx", total(dx), 0 * p.gamma, dx


@holds(BN_BACK, BN)
def dx_along_xhat_is_what_eps_leaves(f: Any, p: Probe, x: Array, dy: Array) -> Checks:
    """Stretching x changes y by eps only: the sum of xhat * dx is gamma * eps / std**3 * dgamma."""
    s = np.sqrt(variance(x) + p.eps)
    xhat = (x - mean(x)) / s
    s = s.ravel()
    expected = p.gamma / s * (p.eps / s**2) * total(dy * xhat)
    yield "the sum of xhat * dx", total(xhat * gradients(f, BN_BACK, p, x=x, dy=dy)[0]), expected


@holds(BRN_BACK, BRN)
def dx_of_renorm_sums_to_zero(f: Any, p: Probe, x: Array, dy: Array) -> Checks:
    """With r and d held constant, a constant added to x changes nothing: dx sums to 0."""
    dx = gradients(f, BRN_BACK, p, x=x, dy=dy)[0]
    yield "the sum of dx", total(dx), 0 * p.gamma, dx


@holds(BRN_BACK, BRN)
@holds(BN_BACK, BN)
def dx_is_the_numeric_gradient(f: Any, p: Probe, x: Array, dy: Array, function: str) -> Checks:
    """dx is the numeric gradient of the own forward pass with r and d held constant."""
    r = p.batch_std / p.running_std  # without bounds, and so is d
    d = (p.batch_mean - p.running_mean) / p.running_std

    def y(moved: Array) -> Array:  # the running statistics follow x, so that r and d stay
        running_std = np.sqrt(variance(moved) + p.eps).ravel() / r
        running = {"running_mean": mean(moved).ravel() - d * running_std}
        return y_of(f, FORWARD_OF[function], p, x=moved, running_std=running_std, **running)

    dx = gradients(f, function, p, x=x, dy=dy)[0]
    direction = np.cos(np.arange(x.size)).reshape(x.shape)  # one that has no pattern
    along, size = slope(dy, y, x, direction)
    yield "dx, against the numeric gradient", total(dx * direction), along, size


@holds(BRN_BACK, BRN)
@holds(BN_BACK, BN)
def dgamma_and_dbeta_are_the_numeric_gradients(
    f: Any, p: Probe, x: Array, dy: Array, function: str
) -> Checks:
    """dgamma and dbeta are the numeric gradients of the solution's own forward pass."""
    _, dgamma, dbeta = gradients(f, function, p, x=x, dy=dy)
    forward = FORWARD_OF[function]
    by_gamma = slope(dy, lambda v: y_of(f, forward, p, x=x, gamma=v), p.gamma, 1)
    by_beta = slope(dy, lambda v: y_of(f, forward, p, x=x, beta=v), p.beta, 1)
    yield "dgamma, against the numeric gradient", dgamma, *by_gamma
    yield "dbeta, against the numeric gradient", dbeta, *by_beta


@holds(CORRECTION)
def free_r_and_d_lead_to_the_running_statistics(f: Any, p: Probe) -> Checks:
    """Not clipped, r * running_std is batch_std and d * running_std is the means' distance."""
    r, d = (np.asarray(v) for v in call(f, CORRECTION, p, **FREE))
    yield "r * running_std", r * p.running_std, p.batch_std
    yield "d * running_std", d * p.running_std, p.batch_mean - p.running_mean


@holds(CORRECTION)
def r_and_d_reach_their_bounds(f: Any, p: Probe) -> Checks:
    """With tight bounds r and d are at the upper one where the minibatch is above, else below."""
    r, d = call(f, CORRECTION, p, **TIGHT)
    wider, above = p.batch_std > p.running_std, p.batch_mean > p.running_mean
    yield "r with r_max = 1.1", r, np.where(wider, TIGHT_R_MAX, 1 / TIGHT_R_MAX)
    yield "d with d_max = 0.3", d, np.where(above, TIGHT_D_MAX, -TIGHT_D_MAX)


@holds(BRN)
def without_bounds_it_is_inference_with_the_old_statistics(
    f: Any, p: Probe, x: Array, dy: Array
) -> Checks:
    """Not clipped, y is that of inference with the running statistics."""
    xhat = (x - wide(p.running_mean, x)) / wide(p.running_std, x)
    expected = wide(p.gamma, x) * xhat + wide(p.beta, x)
    yield "y without bounds", y_of(f, BRN, p, x=x, **FREE), expected


@holds(BRN, BN)
def without_room_it_is_batch_norm(f: Any, p: Probe, x: Array, dy: Array) -> Checks:
    """With r_max = 1 and d_max = 0, y is that of the solution's batch_norm_forward."""
    y = y_of(f, BRN, p, x=x, **NO_ROOM)
    yield "y with r_max = 1 and d_max = 0", y, y_of(f, BN, p, x=x)


@holds(BRN, CORRECTION, BN)
def it_corrects_batch_norm_by_r_and_d(f: Any, p: Probe, x: Array, dy: Array) -> Checks:
    """y is BN's with gamma * r for gamma and beta + gamma * d for beta, all the solution's own."""
    r, d = (np.ravel(v) for v in call(f, CORRECTION, p))
    bn = y_of(f, BN, p, x=x, gamma=p.gamma * r, beta=p.beta + p.gamma * d)
    yield "y", y_of(f, BRN, p, x=x), bn


def _approached(
    f: Any, function: str, p: Probe, goal: dict[str, Array], left: float, **given: Any
) -> Checks:
    """Go through equal minibatches: each leaves this part of the way to the goal."""
    old = {name: getattr(p, name) for name in goal}
    now = old
    for t in range(1, 6):
        now = dict(zip(goal, call(f, function, p, **given, **now), strict=True))
        for name, new in goal.items():
            expected = new + left**t * (old[name] - new)
            yield f"{name} after T = {t} equal minibatches", now[name], expected


@holds(UPDATE)
def equal_minibatches_are_approached_geometrically(f: Any, p: Probe) -> Checks:
    """After T equal minibatches the distance is (1 - momentum)^T of the first one."""
    goal = {"running_mean": p.batch_mean, "running_std": p.batch_std}
    yield from _approached(f, UPDATE, p, goal, 1 - p.momentum)


@holds(STATISTICS)
def the_minibatch_is_approached_geometrically(f: Any, p: Probe, x: Array, dy: Array) -> Checks:
    """After T equal minibatches the distance of the running statistics is momentum^T of it."""
    goal = {"running_mean": mean(x).ravel(), "running_var": variance(x).ravel()}
    yield from _approached(f, STATISTICS, p, goal, p.momentum, x=x)


@holds(TEST)
@holds(INFERENCE)
def at_the_running_mean_y_is_beta(f: Any, p: Probe, x: Array, dy: Array, function: str) -> Checks:
    """x = running_mean gives beta."""
    y = y_of(f, function, p, x=0 * x + wide(p.running_mean, x))
    yield "y at the running mean", y, 0 * x + wide(p.beta, x)


@holds(INFERENCE)
def inference_rises_by_gamma_per_running_std(f: Any, p: Probe, x: Array, dy: Array) -> Checks:
    """Two running_std more in x are two gamma more in y."""
    up = y_of(f, INFERENCE, p, x=x + 2 * wide(p.running_std, x)) - y_of(f, INFERENCE, p, x=x)
    yield "what y gains with x + 2 * running_std", up, 0 * x + wide(2 * p.gamma, x), 10


@holds(TEST)
def test_mode_rises_by_gamma(f: Any, p: Probe, x: Array, dy: Array) -> Checks:
    """sqrt(running_var + eps) more in x is gamma more in y."""
    step = wide(np.sqrt(p.running_var + p.eps), x)
    up = y_of(f, TEST, p, x=x + step) - y_of(f, TEST, p, x=x)
    yield "what y gains with x + sqrt(running_var + eps)", up, 0 * x + wide(p.gamma, x), 10
