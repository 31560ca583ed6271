"""What the correction and BRN's passes do to any minibatch."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..._checks import Array
from ...textbook import mean, total, variance, wide
from ..probe import TIGHT_D_MAX, TIGHT_R_MAX, Probe
from .base import (
    BN,
    BN_BACK,
    BRN,
    BRN_BACK,
    FREE,
    NO_ROOM,
    TIGHT,
    Checks,
    call,
    directions,
    gradients,
    holds,
    slope,
    y_of,
)  # fmt: skip

CORRECTION = "renorm_correction"


def correction(f: Any, p: Probe, **changes: Any) -> list[Array]:
    """Return r and d."""
    return [np.asarray(v) for v in call(f, CORRECTION, p, **changes)]


@holds(CORRECTION)
def free_r_and_d_lead_to_the_running_statistics(f: Any, p: Probe) -> Checks:
    """Not clipped, r * running_std is batch_std and d * running_std is the means' distance."""
    r, d = correction(f, p, **FREE)
    yield "r * running_std", r * p.running_std, p.batch_std
    yield "d * running_std", d * p.running_std, p.batch_mean - p.running_mean


@holds(CORRECTION)
def r_and_d_reach_their_bounds(f: Any, p: Probe) -> Checks:
    """With tight bounds r and d are at the upper one where the minibatch is above, else below."""
    r, d = correction(f, p, **TIGHT)
    wider, above = p.batch_std > p.running_std, p.batch_mean > p.running_mean
    yield "r with r_max = 1.1", r, np.where(wider, TIGHT_R_MAX, 1 / TIGHT_R_MAX)
    yield "d with d_max = 0.3", d, np.where(above, TIGHT_D_MAX, -TIGHT_D_MAX)


@holds(CORRECTION)
def without_room_there_is_no_correction(f: Any, p: Probe) -> Checks:
    """r_max = 1 and d_max = 0 give r = 1 and d = 0."""
    r, d = correction(f, p, **NO_ROOM)
    yield "r with r_max = 1", r, np.ones_like(p.r)
    yield "d with d_max = 0", d, np.zeros_like(p.d), 1


@holds(CORRECTION)
def r_and_d_are_clipped_independently(f: Any, p: Probe) -> Checks:
    """Another r_max leaves d, and another d_max leaves r."""
    r, d = correction(f, p)
    yield "d with another r_max", correction(f, p, r_max=1.1)[1], d
    yield "r with another d_max", correction(f, p, d_max=0.3)[0], r


@holds(CORRECTION)
def r_and_d_have_no_unit(f: Any, p: Probe) -> Checks:
    """All four statistics in another unit give the same r and d: no eps is added."""
    names = ("batch_mean", "batch_std", "running_mean", "running_std")
    small = correction(f, p, **{name: 1e-3 * getattr(p, name) for name in names})
    for name, a, b in zip(("r", "d"), small, correction(f, p), strict=True):
        yield f"{name} in a unit 1000 times as large", a, b


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
    r, d = (v.ravel() for v in correction(f, p))
    bn = y_of(f, BN, p, x=x, gamma=p.gamma * r, beta=p.beta + p.gamma * d)
    yield "y", y_of(f, BRN, p, x=x), bn


@holds(BRN_BACK, BRN)
def dx_of_renorm_sums_to_zero(f: Any, p: Probe, x: Array, dy: Array) -> Checks:
    """With r and d held constant, a constant added to x changes nothing: dx sums to 0."""
    dx = gradients(f, BRN_BACK, p, x=x, dy=dy)[0]
    yield "the sum of dx", total(dx), 0 * p.gamma, dx


@holds(BRN_BACK, BRN)
def dx_of_renorm_is_the_numeric_gradient(f: Any, p: Probe, x: Array, dy: Array) -> Checks:
    """dx is the numeric gradient of the own forward pass with r and d held constant."""
    r = p.batch_std / p.running_std  # without bounds, and so is d
    d = (p.batch_mean - p.running_mean) / p.running_std

    def y(moved: Array) -> Array:  # the running statistics follow x, so that r and d stay
        running_std = np.sqrt(variance(moved) + p.eps).ravel() / r
        running_mean = mean(moved).ravel() - d * running_std
        return y_of(f, BRN, p, x=moved, running_mean=running_mean, running_std=running_std)

    dx = gradients(f, BRN_BACK, p, x=x, dy=dy)[0]
    for direction in directions(x):
        along, size = slope(dy, y, x, direction)
        yield "dx, against the numeric gradient", total(dx * direction), along, size


@holds(BRN_BACK, BRN, BN, BN_BACK)
def gradients_of_renorm_are_those_of_batch_norm_corrected(
    f: Any, p: Probe, x: Array, dy: Array
) -> Checks:
    """dx, dgamma and dbeta follow from those of BN with r and d."""
    dx, dgamma, dbeta = gradients(f, BRN_BACK, p, x=x, dy=dy)
    bn = gradients(f, BN_BACK, p, x=x, dy=dy)
    yield "dx", dx, wide(p.r, x) * bn[0]
    yield "dgamma", dgamma, p.r * bn[1] + p.d * bn[2]
    yield "dbeta", dbeta, bn[2]
