"""The parts that a textbook's functions are put together from: each one a small step.

A mistake is another part in the place of the right one, so that two mistakes which replace
different parts can be made at once. An array of one value per channel is kept broadcastable here,
as (1, C) or (1, C, 1, 1): `wide` makes it, `total` ends it.
"""

# mypy: disable-error-code="no-any-return"
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any, TypeAlias

import numpy as np

from ..._checks import Array

Part: TypeAlias = Callable[..., Any]


def over(a: Array) -> tuple[int, ...]:
    """Return the axes to sum over: all but the channels."""
    return (0, *range(2, a.ndim))


def wide(v: Array, like: Array) -> Array:
    """View a vector (C,) as (1, C) or (1, C, 1, 1)."""
    return v.reshape(1, -1, *[1] * (like.ndim - 2))


def mean(a: Array) -> Array:
    """Return the mean of each channel, (1, C) or (1, C, 1, 1)."""
    return a.mean(axis=over(a), keepdims=True)


def total(a: Array) -> Array:
    """Return the sum of each channel, (C,)."""
    return a.sum(axis=over(a))


def values_per_channel(a: Array) -> int:
    """Return N or N * H * W."""
    return int(a.size // a.shape[1])


def _same(value: Any, *_: Any) -> Any:
    return value


def _mean_over(a: Array, axes: tuple[int, ...]) -> Array:
    return a.mean(axis=axes, keepdims=True)


def variance(a: Array, axes: tuple[int, ...]) -> Array:
    """Return the biased variance over axes, which stay as axes of length 1."""
    return ((a - _mean_over(a, axes)) ** 2).mean(axis=axes, keepdims=True)


def _average(a: Array, m: int) -> Array:
    return wide(total(a), a) / m


@dataclass(frozen=True)
class Parts:
    """All parts, as they should be. `c` is a `Cache`, or what there is of it already."""

    # the statistics of a minibatch, and what is normalised with them
    shape: Part = _same  # x
    seen: Part = _same  # the values that statistics are taken of
    mean_over: Part = over
    variance_over: Part = over
    centre: Part = _mean_over  # values, axes
    variance: Part = variance
    root: Part = lambda var, eps: np.sqrt(var + eps)
    normal: Part = lambda c: c.xc / c.std
    affine: Part = lambda xhat, gamma, beta, c: gamma * xhat + beta
    # BRN's correction; mb, sb: mean and std of the minibatch; m, s: the running ones
    running: Part = lambda m, s, mb, sb, eps: (m, s)
    handed_std: Part = lambda sb, eps: sb
    old_std: Part = lambda s: s
    ratio: Part = lambda sb, s: sb / s
    r_bounds: Part = lambda ratio, r_max, d_max: np.clip(ratio, 1 / r_max, r_max)
    distance: Part = lambda mb, sb, m, s, r: (mb - m) / s
    d_bounds: Part = lambda d, d_max, r_max, s: np.clip(d, -d_max, d_max)
    pair: Part = lambda r, d: (r, d)
    correct: Part = lambda z, r, d, c: z * r + d
    # backward: dx = (g1 dy - g2 average(dy) - g3 outer average(dy inner)) / divisor
    deviation: Part = lambda c: c.std
    gains: Part = lambda c: (c.gamma,) * 3
    r_gains: Part = lambda c: (c.r,) * 3
    count: Part = lambda dy: values_per_channel(dy)
    mean_average: Part = _average
    variance_average: Part = _average
    mean_term: Part = _same  # the term, m
    variance_term: Part = _same  # the term, m, std
    outer: Part = lambda z, c: z
    inner: Part = lambda z, c: z
    divisor: Part = lambda std, c: std
    finish: Part = _same  # dx, dy, c, m
    last: Part = _same  # dx
    # backward: the parameters
    gamma_factor: Part = lambda c: c.xhat
    beta_factor: Part = lambda c: 1.0
    gamma_sum: Part = total
    beta_sum: Part = total
    parameters: Part = lambda dgamma, dbeta: (dgamma, dbeta)
    # the update of the running statistics
    mean_weight: Part = _same  # momentum
    std_weight: Part = _same
    mean_weights: Part = lambda a: (1 - a, a)  # of the old value, and of the new one
    std_weights: Part = lambda a: (1 - a, a)
    target: Part = _same  # batch_std
    std_blend: Part = lambda old, new, keep, gain: keep * old + gain * new
    updated: Part = lambda m, s: (m, s)
    # inference
    middle: Part = lambda m, x: m
    spread: Part = lambda s, x: s
    kept: Part = lambda xhat, x, m, s: xhat


NAMES = frozenset(f.name for f in fields(Parts))
