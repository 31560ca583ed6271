"""What batch_norm_backward does to any gradient."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..._checks import Array
from ..probe import Probe
from .base import Faults, Group, far, rows, samples, total, wide
from .numeric import far_from_numeric_dx, far_from_numeric_parameters

GROUP = Group(("batch_norm_forward", "batch_norm_backward"))


def gradients(
    f: Any, p: Probe, x: Array, dy: Array, *, gamma: Array | None = None, eps: float | None = None
) -> tuple[Array, Array, Array]:
    """Go forward and back; return dx, dgamma, dbeta."""
    gamma, eps = p.gamma if gamma is None else gamma, p.eps if eps is None else eps
    found = f.batch_norm_backward(dy, f.batch_norm_forward(x, gamma, p.beta, eps)[1])
    dx, dgamma, dbeta = (np.asarray(a) for a in found)
    return dx, dgamma, dbeta


@GROUP()
def dx_sums_to_zero(f: Any, p: Probe) -> Faults:
    """A constant added to x changes nothing, so dx sums to 0 in every channel."""
    for layout, x, dy in p.layouts():
        dx = gradients(f, p, x, dy)[0]
        yield far(f"the sum of dx, {layout},", total(dx), 0 * p.gamma, np.abs(dx).max())


@GROUP()
def dx_along_xhat_is_what_eps_leaves(f: Any, p: Probe) -> Faults:
    """The sum of xhat * dx is (gamma / s) (eps / s^2) dgamma, with s = sqrt(v + eps)."""
    for layout, x, dy in p.layouts():
        dx = gradients(f, p, x, dy)[0]
        s = np.sqrt(x.var(axis=samples(x)) + p.eps)
        xhat = (x - x.mean(axis=samples(x), keepdims=True)) / wide(s, x)
        expected = p.gamma / s * (p.eps / s**2) * total(dy * xhat)
        yield far(f"the sum of xhat * dx, {layout},", total(xhat * dx), expected)


@GROUP()
def dx_shrinks_with_the_unit_of_x(f: Any, p: Probe) -> Faults:
    """x in a unit 10 times as small, and eps in its square, make dx 10 times as small."""
    for layout, x, dy in p.layouts():
        dx, dgamma, _ = gradients(f, p, x, dy)
        scaled = gradients(f, p, 10 * x, dy, eps=100 * p.eps)
        yield far(f"10 * dx of 10 * x with 100 * eps, {layout},", 10 * scaled[0], dx)
        yield far(f"dgamma of 10 * x with 100 * eps, {layout},", scaled[1], dgamma)


@GROUP()
def dx_turns_with_gamma(f: Any, p: Probe) -> Faults:
    """With -2 gamma, dx is -2 times as large; dgamma and dbeta stay."""
    for layout, x, dy in p.layouts():
        dx, dgamma, dbeta = gradients(f, p, x, dy)
        other = gradients(f, p, x, dy, gamma=-2 * p.gamma)
        yield far(f"dx with -2 * gamma, {layout},", other[0], -2 * dx)
        yield far(f"dgamma with -2 * gamma, {layout},", other[1], dgamma)
        yield far(f"dbeta with -2 * gamma, {layout},", other[2], dbeta)


@GROUP()
def gradients_are_linear_in_dy(f: Any, p: Probe) -> Faults:
    """The gradients for 2 dy + 1 are 2 * (those for dy) + (those for 1)."""
    for layout, x, dy in p.layouts():
        mixed, plain, ones = (gradients(f, p, x, g) for g in (2 * dy + 1, dy, np.ones_like(dy)))
        for name, a, b, c in zip(("dx", "dgamma", "dbeta"), mixed, plain, ones, strict=True):
            yield far(f"{name} for 2 * dy + 1, {layout},", a, 2 * b + c)


@GROUP()
def the_jacobian_is_symmetric(f: Any, p: Probe) -> Faults:
    """y_j moves with x_i as y_i with x_j: sum(u * dx(w)) = sum(w * dx(u)) in every channel."""
    for layout, x, dy in p.layouts():
        other = dy[::-1] ** 2
        one = total(other * gradients(f, p, x, dy)[0])
        two = total(dy * gradients(f, p, x, other)[0])
        yield far(f"sum(u * dx(w)), {layout},", one, two)


@GROUP()
def dy_times_y_is_shared_by_gamma_and_beta(f: Any, p: Probe) -> Faults:
    """The sum of dy * y is gamma * dgamma + beta * dbeta, whatever beta is."""
    for layout, x, dy in p.layouts():
        for beta in (p.beta, 2 * p.beta):
            y, cache = f.batch_norm_forward(x, p.gamma, beta, p.eps)
            _, dgamma, dbeta = f.batch_norm_backward(dy, cache)
            actual = p.gamma * np.asarray(dgamma) + beta * np.asarray(dbeta)
            size = np.abs(total(np.abs(dy * y)))
            yield far(f"gamma * dgamma + beta * dbeta, {layout},", actual, total(dy * y), size)


@GROUP()
def permuted_samples_give_permuted_dx(f: Any, p: Probe) -> Faults:
    """The order of the samples does not matter."""
    for layout, x, dy in p.layouts():
        dx, dgamma, _ = gradients(f, p, x, dy)
        turned = gradients(f, p, x[::-1], dy[::-1])
        yield far(f"dx of the samples in reverse order, {layout},", turned[0], dx[::-1])
        yield far(f"dgamma of the samples in reverse order, {layout},", turned[1], dgamma)


@GROUP()
def a_repeated_minibatch_gives_the_same_dx(f: Any, p: Probe) -> Faults:
    """The minibatch three times over: the same dx per sample, three times dgamma and dbeta."""
    for layout, x, dy in p.layouts():
        dx, dgamma, dbeta = gradients(f, p, x, dy)
        long = gradients(f, p, np.concatenate([x] * 3), np.concatenate([dy] * 3))
        what = f"of the minibatch three times over, {layout},"
        yield far(f"dx {what}", long[0][: len(x)], dx)
        yield far(f"dgamma {what}", long[1], 3 * dgamma)
        yield far(f"dbeta {what}", long[2], 3 * dbeta)


@GROUP()
def gradients_of_a_channel_are_its_own(f: Any, p: Probe) -> Faults:
    """Other values of x and dy in channel 0 leave dx of the other channels."""
    for layout, x, dy in p.layouts():
        x_other, dy_other = x.copy(), dy.copy()
        x_other[:, 0], dy_other[:, 0] = 3 * x[::-1, 0] ** 2, 1 - dy[:, 0]
        dx, moved = gradients(f, p, x, dy)[0], gradients(f, p, x_other, dy_other)[0]
        yield far(f"dx without channel 0, {layout},", moved[:, 1:], dx[:, 1:])


@GROUP()
def gradients_of_pixels_are_those_of_samples(f: Any, p: Probe) -> Faults:
    """For images, the gradients are those of the (N * H * W, C) rows."""
    dx, dgamma, dbeta = gradients(f, p, p.x4, p.dy4)
    flat = gradients(f, p, rows(p.x4), rows(p.dy4))
    yield far("dx of images, as rows,", rows(dx), flat[0])
    yield far("dgamma of images", dgamma, flat[1])
    yield far("dbeta of images", dbeta, flat[2])


@GROUP()
def dx_is_the_numeric_gradient(f: Any, p: Probe) -> Faults:
    """dx is the numeric gradient of the solution's own forward pass by x."""
    yield from far_from_numeric_dx(
        p,
        lambda x: f.batch_norm_forward(x, p.gamma, p.beta, p.eps),
        f.batch_norm_backward,
    )


@GROUP()
def dgamma_and_dbeta_are_the_numeric_gradients(f: Any, p: Probe) -> Faults:
    """dgamma and dbeta are the numeric gradients of the solution's own forward pass."""
    yield from far_from_numeric_parameters(
        p,
        lambda x, gamma, beta: f.batch_norm_forward(x, gamma, beta, p.eps),
        f.batch_norm_backward,
    )
