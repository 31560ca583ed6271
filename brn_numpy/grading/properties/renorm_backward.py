"""What batch_renorm_backward does to any gradient."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..._checks import Array
from ..probe import TIGHT_D_MAX, TIGHT_R_MAX, Probe
from .base import Faults, Group, far, rows, samples, total, wide
from .numeric import far_from_numeric_dx, far_from_numeric_parameters

GROUP = Group(("batch_renorm_forward", "batch_renorm_backward"))


def gradients(
    f: Any, p: Probe, x: Array, dy: Array, r_max: float, d_max: float
) -> tuple[Array, Array, Array]:
    """Go forward and back; return dx, dgamma, dbeta."""
    cache = f.batch_renorm_forward(
        x, p.gamma, p.beta, p.running_mean, p.running_std, r_max, d_max, p.eps
    )[1]
    dx, dgamma, dbeta = (np.asarray(a) for a in f.batch_renorm_backward(dy, cache))
    return dx, dgamma, dbeta


@GROUP()
def dx_of_renorm_sums_to_zero(f: Any, p: Probe) -> Faults:
    """With r and d held constant, a constant added to x changes nothing: dx sums to 0."""
    for layout, x, dy in p.layouts():
        dx = gradients(f, p, x, dy, p.r_max, p.d_max)[0]
        yield far(f"the sum of dx, {layout},", total(dx), 0 * p.gamma, np.abs(dx).max())


@GROUP()
def dx_of_renorm_along_z_is_what_eps_leaves(f: Any, p: Probe) -> Faults:
    """The sum of z * dx is r times what it is in BN, with z = (x - mean) / s."""
    for layout, x, dy in p.layouts():
        dx = gradients(f, p, x, dy, p.r_max, p.d_max)[0]
        z = (x - x.mean(axis=samples(x), keepdims=True)) / wide(p.batch_std, x)
        expected = p.r * p.gamma / p.batch_std * (p.eps / p.batch_std**2) * total(dy * z)
        yield far(f"the sum of z * dx, {layout},", total(z * dx), expected)


@GROUP("batch_norm_forward", "batch_norm_backward")
def gradients_of_renorm_are_those_of_batch_norm_corrected(f: Any, p: Probe) -> Faults:
    """dx, dgamma and dbeta follow from those of BN with r and d."""
    for layout, x, dy in p.layouts():
        dx, dgamma, dbeta = gradients(f, p, x, dy, p.r_max, p.d_max)
        bn = f.batch_norm_backward(dy, f.batch_norm_forward(x, p.gamma, p.beta, p.eps)[1])
        yield far(f"dx, {layout},", dx, wide(p.r, x) * bn[0])
        yield far(f"dgamma, {layout},", dgamma, p.r * bn[1] + p.d * bn[2])
        yield far(f"dbeta, {layout},", dbeta, bn[2])


@GROUP("batch_norm_forward", "batch_norm_backward")
def without_room_the_gradients_are_those_of_batch_norm(f: Any, p: Probe) -> Faults:
    """With r_max = 1 and d_max = 0, dx, dgamma and dbeta are BN's."""
    for layout, x, dy in p.layouts():
        found = gradients(f, p, x, dy, 1.0, 0.0)
        bn = f.batch_norm_backward(dy, f.batch_norm_forward(x, p.gamma, p.beta, p.eps)[1])
        for name, a, b in zip(("dx", "dgamma", "dbeta"), found, bn, strict=True):
            yield far(f"{name} with r_max = 1 and d_max = 0, {layout},", a, b)


@GROUP()
def dy_times_corrected_y_is_shared_by_gamma_and_beta(f: Any, p: Probe) -> Faults:
    """The sum of dy * y is gamma * dgamma + beta * dbeta, whatever beta is."""
    running = p.running_mean, p.running_std, p.r_max, p.d_max
    for layout, x, dy in p.layouts():
        for beta in (p.beta, 2 * p.beta):
            y, cache = f.batch_renorm_forward(x, p.gamma, beta, *running, p.eps)
            _, dgamma, dbeta = f.batch_renorm_backward(dy, cache)
            actual = p.gamma * np.asarray(dgamma) + beta * np.asarray(dbeta)
            size = total(np.abs(dy * y))
            yield far(f"gamma * dgamma + beta * dbeta, {layout},", actual, total(dy * y), size)


@GROUP()
def the_jacobian_of_renorm_is_symmetric(f: Any, p: Probe) -> Faults:
    """y_j moves with x_i as y_i with x_j: sum(u * dx(w)) = sum(w * dx(u)) in every channel."""
    for layout, x, dy in p.layouts():
        other = dy[::-1] ** 2
        one = total(other * gradients(f, p, x, dy, p.r_max, p.d_max)[0])
        two = total(dy * gradients(f, p, x, other, p.r_max, p.d_max)[0])
        yield far(f"sum(u * dx(w)), {layout},", one, two)


@GROUP()
def a_repeated_minibatch_gives_the_same_dx_of_renorm(f: Any, p: Probe) -> Faults:
    """The minibatch three times over: the same dx per sample, three times dgamma and dbeta."""
    for layout, x, dy in p.layouts():
        dx, *parameters = gradients(f, p, x, dy, p.r_max, p.d_max)
        thrice = np.concatenate([x] * 3), np.concatenate([dy] * 3)
        long_dx, *long = gradients(f, p, *thrice, p.r_max, p.d_max)
        yield far(f"dx of the minibatch three times over, {layout},", long_dx[: len(x)], dx)
        for name, a, b in zip(("dgamma", "dbeta"), long, parameters, strict=True):
            yield far(f"{name} of the minibatch three times over, {layout},", a, 3 * b)


@GROUP()
def gradients_of_renormalised_pixels_are_those_of_samples(f: Any, p: Probe) -> Faults:
    """For images, the gradients are those of the (N * H * W, C) rows."""
    dx, *parameters = gradients(f, p, p.x4, p.dy4, p.r_max, p.d_max)
    flat_dx, *flat = gradients(f, p, rows(p.x4), rows(p.dy4), p.r_max, p.d_max)
    yield far("dx of images, as rows,", rows(dx), flat_dx)
    for name, a, b in zip(("dgamma", "dbeta"), parameters, flat, strict=True):
        yield far(f"{name} of images", a, b)


@GROUP()
def dx_of_renorm_is_the_numeric_gradient(f: Any, p: Probe) -> Faults:
    """dx is the numeric gradient of the own forward pass, with bounds so tight that r, d stay."""
    running = p.running_mean, p.running_std, TIGHT_R_MAX, TIGHT_D_MAX
    yield from far_from_numeric_dx(
        p,
        lambda x: f.batch_renorm_forward(x, p.gamma, p.beta, *running, p.eps),
        f.batch_renorm_backward,
    )


@GROUP()
def dgamma_and_dbeta_of_renorm_are_the_numeric_gradients(f: Any, p: Probe) -> Faults:
    """dgamma and dbeta are the numeric gradients of the own forward pass; r and d do not move."""
    running = p.running_mean, p.running_std, p.r_max, p.d_max
    yield from far_from_numeric_parameters(
        p,
        lambda x, gamma, beta: f.batch_renorm_forward(x, gamma, beta, *running, p.eps),
        f.batch_renorm_backward,
    )
