"""The seven functions as a textbook writes them, in `parts`: what the mistakes are planted in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from ..._checks import Array
from .parts import Part, Parts, mean, over, total, values_per_channel, wide

__all__ = ["mean", "over", "total", "values_per_channel", "wide"]
WHOLE = "whole"  # the name of a part that is the function itself
ONE = np.ones((1, 1))


class Cache(NamedTuple):
    """What a forward pass hands on; vectors are (1, C) or (1, C, 1, 1).

    `z` is x normalised and `xhat` is z * r + d; in BN, r is 1 and d is 0.
    """

    x: Array
    xc: Array  # x - mean
    std: Array
    z: Array
    xhat: Array
    y: Array
    gamma: Array
    eps: float
    r: Array = ONE
    d: Array = 0 * ONE
    running_mean: Array = 0 * ONE
    running_std: Array = ONE
    r_max: float = 1.0
    d_max: float = 0.0


def deviation(x: Array, eps: float) -> Array:
    """Return sqrt(var + eps) of each channel, (1, C) or (1, C, 1, 1)."""
    root: Array = np.sqrt(mean((x - mean(x)) ** 2) + eps)
    return root


def batch_norm_forward(
    x: Array, gamma: Array, beta: Array, eps: float, **parts: Part
) -> tuple[Array, Cache]:
    """Return y = gamma * (x - mean) / std + beta, and the cache."""
    return _forward(x, gamma, beta, eps, lambda *_: {}, parts)


def batch_renorm_forward(
    x: Array,
    gamma: Array,
    beta: Array,
    running_mean: Array,
    running_std: Array,
    r_max: float,
    d_max: float,
    eps: float,
    correction: Callable[..., tuple[Array, Array]] | None = None,
    **parts: Part,
) -> tuple[Array, Cache]:
    """Return y = gamma * (z * r + d) + beta, and the cache."""
    correction = correction or planted("renorm_correction", parts)

    def corrected(a: Array, mu: Array, std: Array) -> dict[str, Any]:
        mb, sb = (np.broadcast_to(v.ravel(), running_mean.shape) for v in (mu, std))
        p = Parts(**parts)
        m, s = p.running(running_mean, running_std, mb, sb, eps)
        r, d = correction(mb, p.handed_std(sb, eps), m, s, r_max, d_max)
        vectors = {"r": r, "d": d, "running_mean": m, "running_std": s}
        bounds = {"r_max": r_max, "d_max": d_max}
        return {name: wide(np.asarray(v), a) for name, v in vectors.items()} | bounds

    return _forward(x, gamma, beta, eps, corrected, parts)


def _forward(
    x: Array,
    gamma: Array,
    beta: Array,
    eps: float,
    correction: Callable[..., dict[str, Any]],
    parts: Mapping[str, Part],
) -> tuple[Array, Cache]:
    p = Parts(**parts)
    a = p.shape(x)
    seen = p.seen(a)
    mu = p.centre(seen, p.mean_over(a))
    std = p.root(p.variance(seen, p.variance_over(a)), eps)
    found = correction(a, mu, std)
    c = Cache(a.copy(), a - mu, std, a, a, a, wide(gamma, a), eps, **found)
    c = c._replace(z=p.normal(c))
    c = c._replace(xhat=p.correct(c.z, c.r, c.d, c) if found else c.z)
    y = p.affine(c.xhat, c.gamma, wide(beta, a), c)
    if a.shape != x.shape:  # what is stored of it would fit no dy: the rest is as it should be
        others = {name: part for name, part in parts.items() if name != "shape"}
        return y.reshape(x.shape), _forward(x, gamma, beta, eps, correction, others)[1]
    return y, c._replace(y=y)


def _backward(dy: Array, cache: Cache, **parts: Part) -> tuple[Array, Array, Array]:
    """Return dx, dgamma, dbeta, with r and d held constant."""
    p, c = Parts(**parts), cache
    m = p.count(dy)
    std = p.deviation(c)
    z = c.z * (c.std / std)
    c = c._replace(z=z, xhat=z * c.r + c.d) if std is not c.std else c
    one, two, three = (g * r for g, r in zip(p.gains(c), p.r_gains(c), strict=True))
    by_mean = p.mean_term(p.mean_average(dy, m), m)
    by_variance = p.variance_term(p.outer(z, c) * p.variance_average(dy * p.inner(z, c), m), m, std)
    dx = (one * dy - two * by_mean - three * by_variance) / p.divisor(std, c)
    dx = p.last(p.finish(dx, dy, c, m))
    dgamma, dbeta = p.gamma_sum(dy * p.gamma_factor(cache)), p.beta_sum(dy * p.beta_factor(cache))
    return (dx, *p.parameters(dgamma, dbeta))


def batch_norm_backward(dy: Array, cache: Cache, **parts: Part) -> tuple[Array, Array, Array]:
    """Return dx, dgamma, dbeta of BN."""
    return _backward(dy, cache, **parts)


def batch_renorm_backward(dy: Array, cache: Cache, **parts: Part) -> tuple[Array, Array, Array]:
    """Return dx, dgamma, dbeta of BRN, with r and d held constant."""
    return _backward(dy, cache, **parts)


def update_running(
    running_mean: Array,
    running_std: Array,
    batch_mean: Array,
    batch_std: Array,
    momentum: float,
    **parts: Part,
) -> tuple[Array, Array]:
    """Move the running pair towards the minibatch's; momentum weighs the new value."""
    p = Parts(**parts)
    keep, gain = p.mean_weights(p.mean_weight(momentum))
    moved = keep * running_mean + gain * batch_mean
    weights = p.std_weights(p.std_weight(momentum))
    pair: tuple[Array, Array] = p.updated(
        moved, p.std_blend(running_std, p.target(batch_std), *weights)
    )
    return pair


def batch_norm_inference(
    x: Array, gamma: Array, beta: Array, running_mean: Array, running_std: Array, **parts: Part
) -> Array:
    """Return y = gamma * (x - running_mean) / running_std + beta."""
    p = Parts(**parts)
    a = p.shape(x)
    m, s = (wide(v, a) for v in (p.middle(running_mean, a), p.spread(running_std, a)))
    xhat = p.kept((a - m) / s, a, running_mean, running_std)
    y: Array = p.affine(xhat, wide(gamma, a), wide(beta, a), None)
    return y.reshape(x.shape)


def renorm_correction(
    batch_mean: Array,
    batch_std: Array,
    running_mean: Array,
    running_std: Array,
    r_max: float,
    d_max: float,
    **parts: Part,
) -> tuple[Array, Array]:
    """Return r and d, clipped."""
    p = Parts(**parts)
    s = p.old_std(running_std)
    r = p.r_bounds(p.ratio(batch_std, s), r_max, d_max)
    d = p.d_bounds(p.distance(batch_mean, batch_std, running_mean, s, r), d_max, r_max, s)
    both: tuple[Array, Array] = p.pair(r, d)
    return both


FUNCTIONS: dict[str, Callable[..., Any]] = {
    f.__name__: f
    for f in (
        batch_norm_forward,
        batch_norm_backward,
        update_running,
        batch_norm_inference,
        renorm_correction,
        batch_renorm_forward,
        batch_renorm_backward,
    )
}


def planted(function: str, parts: Mapping[str, Part]) -> Callable[..., Any]:
    """Return a function with other parts; the part "whole" stands for the function itself."""
    if WHOLE in parts:
        return parts[WHOLE]
    return partial(FUNCTIONS[function], **parts) if parts else FUNCTIONS[function]


def solution(
    changed: str = "", variant: Callable[..., Any] | Mapping[str, Part] | None = None
) -> dict[str, Any]:
    """Return the seven functions, one of them replaced by a variant or made with other parts.

    A changed `renorm_correction` is also the one that `batch_renorm_forward` then uses.
    """
    functions: dict[str, Any] = dict(FUNCTIONS)
    if variant:
        parts = {WHOLE: variant} if callable(variant) else variant
        functions[changed] = planted(changed, parts)
        if changed == "renorm_correction":
            functions["batch_renorm_forward"] = partial(
                batch_renorm_forward, correction=functions[changed]
            )
    return functions
