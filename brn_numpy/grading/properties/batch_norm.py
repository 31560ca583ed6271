"""What BN's forward and backward pass do to any minibatch, and what BRN's backward pass shares."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..._checks import Array
from ...textbook import mean, total, variance, wide
from ..contract import FORWARD_OF
from ..probe import Probe
from .base import (
    BN,
    BN_BACK,
    BRN,
    BRN_BACK,
    Checks,
    directions,
    gradients,
    holds,
    rows,
    slope,
    y_of,
)  # fmt: skip


@holds(BN)
def y_has_mean_beta(f: Any, p: Probe, x: Array, dy: Array) -> Checks:
    """The mean of y is beta, in every channel."""
    yield "the mean of y", mean(y_of(f, BN, p, x=x)), p.beta


@holds(BN)
def y_has_the_spread_that_eps_leaves(f: Any, p: Probe, x: Array, dy: Array) -> Checks:
    """The variance of y is gamma^2 v / (v + eps), v being the biased variance of x."""
    v = variance(x).ravel()
    yield "the variance of y", variance(y_of(f, BN, p, x=x)), p.gamma**2 * v / (v + p.eps)


@holds(BN)
def a_shift_of_x_leaves_y(f: Any, p: Probe, x: Array, dy: Array) -> Checks:
    """A constant added to x changes nothing."""
    yield "y of x + 50", y_of(f, BN, p, x=x + 50), y_of(f, BN, p, x=x)


@holds(BN)
def gamma_scales_and_beta_shifts(f: Any, p: Probe, x: Array, dy: Array) -> Checks:
    """With -2 gamma and another beta, y - beta is -2 times as large."""
    y = y_of(f, BN, p, x=x) - wide(p.beta, x)
    other = y_of(f, BN, p, x=x, gamma=-2 * p.gamma, beta=p.beta + 1) - wide(p.beta + 1, x)
    yield "y - beta with -2 * gamma", other, -2 * y


@holds(BN)
def a_repeated_minibatch_gives_the_same_y(f: Any, p: Probe, x: Array, dy: Array) -> Checks:
    """The minibatch three times over has the same mean and the same variance."""
    long = y_of(f, BN, p, x=np.concatenate([x] * 3))
    yield "y of the minibatch three times over", long[: len(x)], y_of(f, BN, p, x=x)


@holds(BN)
def channels_do_not_know_each_other(f: Any, p: Probe, x: Array, dy: Array) -> Checks:
    """Other values in channel 0 leave y of the other channels."""
    other = x.copy()
    other[:, 0] = 3 * x[::-1, 0] ** 2
    y, moved = (y_of(f, BN, p, x=v) for v in (x, other))
    yield "y without channel 0", moved[:, 1:], y[:, 1:]


@holds(BN)
def pixels_are_samples(f: Any, p: Probe, x: Array, dy: Array) -> Checks:
    """y of images is that of their pixels as rows, (N * H * W, C)."""
    yield "y, as rows", rows(y_of(f, BN, p, x=x)), y_of(f, BN, p, x=rows(x))


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


@holds(BN_BACK, BN)
def gradients_of_pixels_are_those_of_samples(f: Any, p: Probe, x: Array, dy: Array) -> Checks:
    """The gradients of images are those of their pixels as rows, (N * H * W, C)."""
    dx, *parameters = gradients(f, BN_BACK, p, x=x, dy=dy)
    flat = gradients(f, BN_BACK, p, x=rows(x), dy=rows(dy))
    for name, a, b in zip(("dx", "dgamma", "dbeta"), (rows(dx), *parameters), flat, strict=True):
        yield f"{name}, as rows", a, b


@holds(BN_BACK, BN)
def dx_is_the_numeric_gradient(f: Any, p: Probe, x: Array, dy: Array) -> Checks:
    """dx is the numeric gradient of the solution's own forward pass by x."""
    dx = gradients(f, BN_BACK, p, x=x, dy=dy)[0]
    for direction in directions(x):
        along, size = slope(dy, lambda v: y_of(f, BN, p, x=v), x, direction)
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
