"""What batch_renorm_forward does to any minibatch."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..._checks import Array
from ..probe import TIGHT_D_MAX, TIGHT_R_MAX, WIDE, Probe
from .base import Faults, Group, far, rows, samples, wide

GROUP = Group(("batch_renorm_forward",))


def output(
    f: Any, p: Probe, x: Array, r_max: float, d_max: float, *, gamma: Any = None, beta: Any = None
) -> Array:
    """Return y with these bounds."""
    gamma, beta = p.gamma if gamma is None else gamma, p.beta if beta is None else beta
    y = f.batch_renorm_forward(x, gamma, beta, p.running_mean, p.running_std, r_max, d_max, p.eps)[
        0
    ]
    return np.asarray(y)


def pinned(p: Probe) -> tuple[Array, Array]:
    """Return r and d with the tight bounds, at which all are clipped and so constants."""
    wider, right = p.batch_std > p.running_std, p.batch_mean > p.running_mean
    r = np.where(wider, TIGHT_R_MAX, 1 / TIGHT_R_MAX)
    return r, np.where(right, TIGHT_D_MAX, -TIGHT_D_MAX)


@GROUP()
def without_bounds_it_is_inference_with_the_old_statistics(f: Any, p: Probe) -> Faults:
    """Not clipped, y is that of inference with the running statistics."""
    for layout, x, _ in p.layouts():
        y = output(f, p, x, WIDE, WIDE)
        xhat = (x - wide(p.running_mean, x)) / wide(p.running_std, x)
        yield far(f"y without bounds, {layout},", y, wide(p.gamma, x) * xhat + wide(p.beta, x))


@GROUP("batch_norm_forward")
def without_room_it_is_batch_norm(f: Any, p: Probe) -> Faults:
    """With r_max = 1 and d_max = 0, y is that of the solution's batch_norm_forward."""
    for layout, x, _ in p.layouts():
        bn = f.batch_norm_forward(x, p.gamma, p.beta, p.eps)[0]
        yield far(f"y with r_max = 1 and d_max = 0, {layout},", output(f, p, x, 1.0, 0.0), bn)


@GROUP()
def clipped_y_has_its_mean_at_d(f: Any, p: Probe) -> Faults:
    """The mean of y is gamma * d + beta; with tight bounds d is d_max with the means' sign."""
    for layout, x, _ in p.layouts():
        y = output(f, p, x, TIGHT_R_MAX, TIGHT_D_MAX)
        expected = p.gamma * pinned(p)[1] + p.beta
        size = np.abs(p.gamma) + np.abs(p.beta)
        yield far(f"the mean of y, all clipped, {layout},", y.mean(axis=samples(x)), expected, size)


@GROUP()
def clipped_y_has_its_spread_from_r(f: Any, p: Probe) -> Faults:
    """The variance of y is (gamma r)^2 v / (v + eps); clipped, r is r_max or 1 / r_max by size."""
    for layout, x, _ in p.layouts():
        y = output(f, p, x, TIGHT_R_MAX, TIGHT_D_MAX)
        v = x.var(axis=samples(x))
        expected = (p.gamma * pinned(p)[0]) ** 2 * v / (v + p.eps)
        yield far(f"the variance of y, all clipped, {layout},", y.var(axis=samples(x)), expected)


@GROUP("renorm_correction", "batch_norm_forward")
def it_corrects_batch_norm_by_r_and_d(f: Any, p: Probe) -> Faults:
    """y is BN's with gamma * r for gamma and beta + gamma * d for beta, all the solution's own."""
    statistics = p.batch_mean, p.batch_std, p.running_mean, p.running_std
    r, d = (np.asarray(v).ravel() for v in f.renorm_correction(*statistics, p.r_max, p.d_max))
    for layout, x, _ in p.layouts():
        bn = f.batch_norm_forward(x, p.gamma * r, p.beta + p.gamma * d, p.eps)[0]
        yield far(f"y, {layout},", output(f, p, x, p.r_max, p.d_max), bn)


@GROUP()
def gamma_scales_and_beta_shifts_the_corrected(f: Any, p: Probe) -> Faults:
    """With -2 gamma and another beta, y - beta is -2 times as large."""
    for layout, x, _ in p.layouts():
        y = output(f, p, x, p.r_max, p.d_max) - wide(p.beta, x)
        changed = output(f, p, x, p.r_max, p.d_max, gamma=-2 * p.gamma, beta=p.beta + 1)
        yield far(f"y - beta with -2 * gamma, {layout},", changed - wide(p.beta + 1, x), -2 * y)


@GROUP()
def renormalised_channels_do_not_know_each_other(f: Any, p: Probe) -> Faults:
    """Other values in channel 0 leave y of the other channels."""
    for layout, x, _ in p.layouts():
        other = x.copy()
        other[:, 0] = 3 * x[::-1, 0] ** 2
        y, moved = (output(f, p, v, p.r_max, p.d_max) for v in (x, other))
        yield far(f"y without channel 0, {layout},", moved[:, 1:], y[:, 1:])


@GROUP()
def renormalised_samples_can_be_repeated(f: Any, p: Probe) -> Faults:
    """The minibatch three times over has the same mean and variance, so the same y."""
    for layout, x, _ in p.layouts():
        y, long = (output(f, p, v, p.r_max, p.d_max) for v in (x, np.concatenate([x] * 3)))
        yield far(f"y of the minibatch three times over, {layout},", long[: len(x)], y)


@GROUP()
def renormalised_pixels_are_samples(f: Any, p: Probe) -> Faults:
    """For images, y is that of the (N * H * W, C) rows."""
    y, flat = (output(f, p, v, p.r_max, p.d_max) for v in (p.x4, rows(p.x4)))
    yield far("y of images, as rows,", rows(y), flat)
