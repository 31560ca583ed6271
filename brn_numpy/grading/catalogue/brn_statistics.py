"""Mistakes in batch_renorm_forward: with which statistics it normalises and corrects."""

from __future__ import annotations

import numpy as np

from ..._checks import Array
from .brn_forward import MEAN, SPREAD, Result
from .entry import See, Shelf
from .textbook import (
    RenormCache,
    batch_renorm_forward,
    deviation,
    mean,
    renorm_correction,
    values_per_channel,
    wide,
)

SHELF = Shelf("batch_renorm_forward", "renorm forward")
FREE = See(
    "batch_renorm_forward(x, gamma, beta, running_mean, running_std, 1e6, 1e6, eps)[0]",
    "gamma * (x - running_mean) / running_std + beta",
)


def corrected(
    x: Array, gamma: Array, beta: Array, running: tuple[Array, Array], bounds: tuple[float, float],
    mu: Array, std: Array,
) -> Result:  # fmt: skip
    """Return BRN's y and cache, with this mean and this std for those of the minibatch."""
    mu_b, std_b = (np.broadcast_to(v.ravel(), running[0].shape) for v in (mu, std))
    free = renorm_correction(mu_b, std_b, *running, np.inf, np.inf)
    r, d = renorm_correction(mu_b, std_b, *running, *bounds)
    r_is_free, d_is_free = (wide(a == b, x) for a, b in zip(free, (r, d), strict=True))
    r, d, gamma = wide(r, x), wide(d, x), wide(gamma, x)
    z = (x - mu) / std
    xhat = z * r + d
    cache = RenormCache(z, std, wide(running[1], x), r, d, r_is_free, d_is_free, xhat, gamma)
    return gamma * xhat + wide(beta, x), cache


@SHELF.wrong(
    "y is inference's: the running statistics normalise, and the bounds are ignored.",
    "Only where r and d are not clipped are the two the same.",
    MEAN,
)
def renorm_is_inference(
    x: Array, gamma: Array, beta: Array, m: Array, s: Array, r_max: float, d_max: float, eps: float
) -> Result:
    _, cache = batch_renorm_forward(x, gamma, beta, m, s, r_max, d_max, eps)
    return cache.gamma * (x - wide(m, x)) / cache.running_std + wide(beta, x), cache


@SHELF.wrong(
    "The running statistics are updated before r and d are taken.",
    "r and d use the running statistics as they were; the update comes last.",
    FREE,
    topic="order",
)
def renorm_updated_statistics(
    x: Array, gamma: Array, beta: Array, m: Array, s: Array, r_max: float, d_max: float, eps: float
) -> Result:
    m = m + 0.1 * (mean(x).ravel() - m)
    s = s + 0.1 * (deviation(x, eps).ravel() - s)
    return batch_renorm_forward(x, gamma, beta, m, s, r_max, d_max, eps)


@SHELF.wrong(
    "The caller's running statistics are updated in place by the forward pass.",
    "In this contract state goes in and comes out of update_running; this one would count twice.",
    See(
        "(k := running_mean.copy(), "
        "batch_renorm_forward(x, gamma, beta, k, running_std.copy(), r_max, d_max, eps))[0]",
        "running_mean",
    ),
    topic="arrays",
)
def renorm_running_changed_in_place(
    x: Array, gamma: Array, beta: Array, m: Array, s: Array, r_max: float, d_max: float, eps: float
) -> Result:
    result = batch_renorm_forward(x, gamma, beta, m, s, r_max, d_max, eps)
    m += 0.1 * (mean(x).ravel() - m)
    s += 0.1 * (deviation(x, eps).ravel() - s)
    return result


@SHELF.wrong(
    "eps is added to the running variance again.",
    "running_std contains eps already.",
    FREE,
    topic="eps",
)
def renorm_eps_again(
    x: Array, gamma: Array, beta: Array, m: Array, s: Array, r_max: float, d_max: float, eps: float
) -> Result:
    return batch_renorm_forward(x, gamma, beta, m, np.sqrt(s**2 + eps), r_max, d_max, eps)


@SHELF.wrong(
    "running_std is taken for a variance: sqrt(running_std + eps).",
    "In this contract the running pair is (mean, standard deviation).",
    FREE,
)
def renorm_std_as_variance(
    x: Array, gamma: Array, beta: Array, m: Array, s: Array, r_max: float, d_max: float, eps: float
) -> Result:
    return batch_renorm_forward(x, gamma, beta, m, np.sqrt(s + eps), r_max, d_max, eps)


@SHELF.wrong(
    "eps is missing in the deviation of the minibatch.",
    "batch_std is sqrt(var + eps), in z and in r.",
    SPREAD,
    topic="eps",
)
def renorm_eps_missing(
    x: Array, gamma: Array, beta: Array, m: Array, s: Array, r_max: float, d_max: float, eps: float
) -> Result:
    return batch_renorm_forward(x, gamma, beta, m, s, r_max, d_max, 0.0)


@SHELF.wrong(
    "The variance of the minibatch is divided by m - 1.",
    "The paper's is the biased variance, divided by m, in z and in r.",
    SPREAD,
    topic="variance",
)
def renorm_variance_unbiased(
    x: Array, gamma: Array, beta: Array, m: Array, s: Array, r_max: float, d_max: float, eps: float
) -> Result:
    count = values_per_channel(x)
    std = np.sqrt((deviation(x, eps) ** 2 - eps) * count / (count - 1) + eps)
    return corrected(x, gamma, beta, (m, s), (r_max, d_max), mean(x), std)


@SHELF.wrong(
    "One mean and one deviation are taken of the whole array.",
    "Every channel has statistics of its own: np.mean needs an axis.",
    MEAN,
)
def renorm_over_everything(
    x: Array, gamma: Array, beta: Array, m: Array, s: Array, r_max: float, d_max: float, eps: float
) -> Result:
    mu, std = x.mean(keepdims=True), np.sqrt(x.var(keepdims=True) + eps)
    return corrected(x, gamma, beta, (m, s), (r_max, d_max), mu, std)
