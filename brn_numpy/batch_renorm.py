"""Batch Renormalization: Batch Normalization corrected towards the running statistics.

With z = (x - mu_B) / sigma_B, which is BN's xhat, and r and d held constant, the corrected value
z * r + d goes through the same affine map:

    y = gamma * (z * r + d) + beta = (gamma * r) * z + (beta + gamma * d)

So BRN is BN with gamma * r for gamma and beta + gamma * d for beta, and this file is short.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from ._checks import (
    Array,
    arguments,
    cache_of,
    channel_vector,
    each_channel,
    epsilon,
    float_array,
    pair,
    real_number,
)
from ._kernels import by_channel
from ._passes import affine, centre
from .batch_norm import BatchNormCache, batch_norm_backward, describe
from .moments import Moments, check_batch, check_running


@np.errstate(all="ignore")
def renorm_correction(
    batch: Moments, running: Moments, r_max: float, d_max: float
) -> tuple[Array, Array]:
    r"""Return the correction (r, d) that leads from the minibatch's to the running statistics.

    .. math:: r = \mathrm{clip}_{[1/r_{max},\, r_{max}]} \frac{\sigma_B}{\sigma}, \qquad
              d = \mathrm{clip}_{[-d_{max},\, d_{max}]} \frac{\mu_B - \mu}{\sigma}

    Lines 3 and 4 of Algorithm 1 in Ioffe (2017). Unclipped, z * r + d = (x - mu) / sigma.

    Parameters
    ----------
    batch, running : Moments
        Pairs of (C,) arrays; `running` as it was before this minibatch.
    r_max : float
        At least 1; 1 means r = 1. np.inf means no bound.
    d_max : float
        At least 0; 0 means d = 0.

    Returns
    -------
    r, d : array (C,)
        Constants for the backward pass: no gradient flows through them.

    Raises
    ------
    TypeError, ValueError
        For bounds out of range, unequal shapes, or running statistics that are not finite or whose
        std is not > 0.

    Examples
    --------
    >>> import numpy as np
    >>> batch = Moments(np.array([5.0, 5.0]), np.array([4.0, 4.0]))
    >>> running = Moments(np.array([4.0, 0.0]), np.array([2.0, 1.0]))
    >>> r, d = renorm_correction(batch, running, r_max=3.0, d_max=2.0)
    >>> print(r, d)  # channel 0 is free, channel 1 is clipped: 4 to 3 and 5 to 2
    [2. 3.] [0.5 2. ]
    """
    (batch_mean, batch_std), (mean, std) = check_batch(batch), check_running(running)
    if batch_mean.shape != mean.shape:
        raise ValueError(
            f"batch and running must have the same number of channels, "
            f"got {batch_mean.shape} and {mean.shape}"
        )
    return _clipped(batch_std / std, (batch_mean - mean) / std, *_check_bounds(r_max, d_max))


def _clipped(ratio: Array, distance: Array, r_max: float, d_max: float) -> tuple[Array, Array]:
    """Return r and d. (np.clip takes twice the time, most of what BRN costs where x is small.)"""
    r = np.minimum(np.maximum(ratio, 1 / r_max), r_max)
    return r, np.minimum(np.maximum(distance, -d_max), d_max)


def _check_bounds(r_max: object, d_max: object) -> tuple[float, float]:
    return (
        real_number("r_max", r_max, low=1.0, high=math.inf),
        real_number("d_max", d_max, low=0.0, high=math.inf),
    )


class BatchRenormCache(NamedTuple):
    """What the backward pass needs."""

    effective: BatchNormCache  # of BN with gamma * r and beta + gamma * d
    r: Array  # (C,)
    d: Array  # (C,)

    def __repr__(self) -> str:
        """Return a line a field."""
        return describe(self)

    @property
    def batch(self) -> Moments:
        """The moments of the minibatch, for update_running."""
        return self.effective.batch


@np.errstate(all="ignore")
def batch_renorm_forward(
    x: Array,
    gamma: Array,
    beta: Array,
    running: Moments,
    *,
    r_max: float,
    d_max: float,
    eps: float = 1e-5,
    axis: int = 1,
    correction: tuple[Array, Array] | None = None,
) -> tuple[Array, BatchRenormCache]:
    r"""Normalise with the minibatch, correct towards the running statistics, scale and shift.

    .. math:: \hat x = \frac{x - \mu_B}{\sigma_B} \, r + d, \qquad y = \gamma \hat x + \beta

    Algorithm 1 of Ioffe (2017), lines 1 to 6; for r and d see `renorm_correction`. The running pair
    is not changed: call `update_running(running, cache.batch)` afterwards (lines 7 and 8).

    Parameters
    ----------
    x : array (N, C), (N, C, L), (N, C, H, W), ...
        float32 or float64 (complex128 for the complex step). Its dtype is that of all results.
    gamma, beta : array (C,)
    running : Moments
        The pair (mean, std) of (C,) arrays, as it was before this minibatch.
    r_max, d_max : float
        Bounds of the correction, r_max >= 1 and d_max >= 0. At 1 and 0 this is batch_norm_forward,
        bit for bit (but for a single value per channel, which that refuses).
    eps : float
        Positive; added to the variance.
    axis : int
        The channel axis: 1, or -1 for channels-last.
    correction : (r, d), optional
        Pins r and d to these (C,) arrays. A numeric gradient needs that: it moves x, and r and d
        would move along, but the backward pass holds them constant.

    Returns
    -------
    y : array of the shape of `x`
    cache : BatchRenormCache
        For `batch_renorm_backward`; `cache.batch`, `cache.r`, `cache.d` can be read. It keeps `x`
        by reference: do not change `x` before the backward pass.

    Raises
    ------
    TypeError, ValueError
        For wrong dtypes, shapes, eps or bounds, or running statistics that are not finite or whose
        std is not > 0. A single value per channel is fine: z is 0 there, and y = gamma * d + beta.

    Examples
    --------
    >>> import numpy as np
    >>> x, running = np.array([[3.0]]), Moments(np.array([1.0]), np.array([2.0]))
    >>> y, cache = batch_renorm_forward(
    ...     x, np.ones(1), np.zeros(1), running, r_max=3.0, d_max=5.0
    ... )
    >>> print(y)  # (3 - 1) / 2
    [[1.]]
    """
    x, gamma, beta, axis = arguments(x, gamma, beta, axis)
    running_mean, running_std = check_running(running, x.dtype, len(gamma))
    bounds, eps = _check_bounds(r_max, d_max), epsilon(eps, x.dtype)
    pinned = _check_correction(correction, x.dtype, len(gamma))
    channels = by_channel(x, axis)
    xc, std = centre(channels, eps)  # x - mean, sqrt(var + eps)
    # renorm_correction, but from the mean in two parts, which has more digits
    ratio, distance = std / running_std, xc.mean.minus(running_mean) / running_std
    r, d = pinned or _clipped(ratio, distance, *bounds)
    scale = gamma * r / std  # (C,)
    y = affine(xc, scale, beta + gamma * d)  # gamma * (z * r + d) + beta, where z is xc / std
    return y, BatchRenormCache(BatchNormCache(channels, scale, xc.mean, std), r, d)


def _check_correction(correction: object, dtype: Any, channels: int) -> tuple[Array, Array] | None:
    """Return (r, d) as new (C,) arrays of the real dtype of x, or None."""
    if correction is None:
        if dtype == np.complex128:
            raise TypeError(
                "correction must be given for complex x, gamma or beta: r and d are clipped, which "
                "is no analytic function; pin them with correction=(cache.r, cache.d) of a real "
                "forward"
            )
        return None
    found = []
    for name, part in zip(
        ("correction r", "correction d"), pair("correction", correction, "(r, d)"), strict=True
    ):
        vector = channel_vector(name, float_array(name, part), channels)
        vector = vector.astype(np.finfo(dtype).dtype)
        each_channel(name, vector, np.isfinite(vector), "finite")
        found.append(vector)
    return found[0], found[1]


@np.errstate(all="ignore")
def batch_renorm_backward(dy: Array, cache: BatchRenormCache) -> tuple[Array, Array, Array]:
    r"""Return the gradients of a loss with respect to x, gamma, beta, with r and d held constant.

    .. math:: \frac{\partial \ell}{\partial x} = r \, \frac{\gamma}{\sigma_B}
              \left[ dy - \overline{dy} - z \, \overline{dy \, z} \right], \qquad
              \frac{\partial \ell}{\partial \gamma} = \sum dy \, (z r + d)
              = r \sum dy \, z + d \sum dy, \qquad
              \frac{\partial \ell}{\partial \beta} = \sum dy

    with z = (x - mu_B) / sigma_B, which is BN's xhat; BRN's is z r + d. The bar is the mean over a
    channel (Ioffe 2017, section 3).

    Parameters
    ----------
    dy : array of the shape of `x`
    cache : BatchRenormCache

    Returns
    -------
    dx : array of the shape of `x`
    dgamma, dbeta : array (C,)

    Raises
    ------
    TypeError, ValueError
        If `dy` is not floating, its shape is not that of the forward's `y`, or `cache` is of
        another function.
    """
    cache = cache_of(cache, BatchRenormCache, "batch_renorm_forward")
    # of y = g * z + b with g = gamma * r and b = beta + gamma * d: gamma is in both
    dx, dg, db = batch_norm_backward(dy, cache.effective)
    return dx, cache.r * dg + cache.d * db, db
