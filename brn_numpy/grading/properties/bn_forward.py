"""What batch_norm_forward does to any minibatch."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..probe import Probe
from .base import Faults, Group, far, rows, samples, wide

GROUP = Group(("batch_norm_forward",))


@GROUP()
def y_has_mean_beta(f: Any, p: Probe) -> Faults:
    """The mean of y is beta, in every channel."""
    for layout, x, _ in p.layouts():
        y = f.batch_norm_forward(x, p.gamma, p.beta, p.eps)[0]
        yield far(f"the mean of y, {layout},", y.mean(axis=samples(x)), p.beta)


@GROUP()
def y_has_the_spread_that_eps_leaves(f: Any, p: Probe) -> Faults:
    """The variance of y is gamma^2 v / (v + eps), v being the biased variance of x."""
    for layout, x, _ in p.layouts():
        y = f.batch_norm_forward(x, p.gamma, p.beta, p.eps)[0]
        v = x.var(axis=samples(x))
        expected = p.gamma**2 * v / (v + p.eps)
        yield far(f"the variance of y, {layout},", y.var(axis=samples(x)), expected)


@GROUP()
def a_shift_of_x_leaves_y(f: Any, p: Probe) -> Faults:
    """A constant added to x changes nothing."""
    for layout, x, _ in p.layouts():
        y, shifted = (f.batch_norm_forward(v, p.gamma, p.beta, p.eps)[0] for v in (x, x + 50))
        yield far(f"y of x + 50, {layout},", shifted, y)


@GROUP()
def a_unit_of_x_leaves_y(f: Any, p: Probe) -> Faults:
    """x in a unit 10 times as small, and eps in its square, give the same y."""
    for layout, x, _ in p.layouts():
        y = f.batch_norm_forward(x, p.gamma, p.beta, p.eps)[0]
        scaled = f.batch_norm_forward(10 * x, p.gamma, p.beta, 100 * p.eps)[0]
        yield far(f"y of 10 * x with 100 * eps, {layout},", scaled, y)


@GROUP()
def gamma_scales_and_beta_shifts(f: Any, p: Probe) -> Faults:
    """With -2 gamma and another beta, y - beta is -2 times as large."""
    for layout, x, _ in p.layouts():
        y = f.batch_norm_forward(x, p.gamma, p.beta, p.eps)[0] - wide(p.beta, x)
        other = f.batch_norm_forward(x, -2 * p.gamma, p.beta + 1, p.eps)[0] - wide(p.beta + 1, x)
        yield far(f"y - beta with -2 * gamma, {layout},", other, -2 * y)


@GROUP()
def permuted_samples_give_permuted_y(f: Any, p: Probe) -> Faults:
    """The order of the samples does not matter."""
    for layout, x, _ in p.layouts():
        y, turned = (f.batch_norm_forward(v, p.gamma, p.beta, p.eps)[0] for v in (x, x[::-1]))
        yield far(f"y of the samples in reverse order, {layout},", turned, y[::-1])


@GROUP()
def a_repeated_minibatch_gives_the_same_y(f: Any, p: Probe) -> Faults:
    """The minibatch three times over has the same mean and the same variance."""
    for layout, x, _ in p.layouts():
        y = f.batch_norm_forward(x, p.gamma, p.beta, p.eps)[0]
        long = f.batch_norm_forward(np.concatenate([x] * 3), p.gamma, p.beta, p.eps)[0]
        yield far(f"y of the minibatch three times over, {layout},", long[: len(x)], y)


@GROUP()
def channels_do_not_know_each_other(f: Any, p: Probe) -> Faults:
    """Other values in channel 0 leave y of the other channels."""
    for layout, x, _ in p.layouts():
        other = x.copy()
        other[:, 0] = 3 * x[::-1, 0] ** 2
        y, moved = (f.batch_norm_forward(v, p.gamma, p.beta, p.eps)[0] for v in (x, other))
        yield far(f"y without channel 0, {layout},", moved[:, 1:], y[:, 1:])


@GROUP()
def pixels_are_samples(f: Any, p: Probe) -> Faults:
    """For images, y is that of the (N * H * W, C) rows."""
    y = f.batch_norm_forward(p.x4, p.gamma, p.beta, p.eps)[0]
    flat = f.batch_norm_forward(rows(p.x4), p.gamma, p.beta, p.eps)[0]
    yield far("y of images, as rows,", rows(y), flat)
