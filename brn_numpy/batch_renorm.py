"""Batch Renormalization: Batch Normalization corrected towards the running statistics.

With z = (x - mu_B) / sigma_B, which is BN's xhat, and r and d held constant, the corrected value
z * r + d goes through the same affine map:

    y = gamma * (z * r + d) + beta = (gamma * r) * z + (beta + gamma * d)

So BRN is BN with gamma * r for gamma and beta + gamma * d for beta, and this file is short.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from . import _kernels
from ._checks import (
    Array,
    as_channels,
    cache_of,
    channel_vector,
    each_channel,
    epsilon,
    is_complex,
    pair,
    real_number,
)
from .batch_norm import BatchNormCache, affine, as_affine, as_arguments, batch_norm_backward
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
    batch, running = check_batch(batch), check_running(running)
    if batch.mean.shape != running.mean.shape:
        raise ValueError(
            f"batch and running must have the same number of channels, "
            f"got {batch.mean.shape} and {running.mean.shape}"
        )
    return _clipped(batch, running, *_check_bounds(r_max, d_max))


def _clipped(batch: Moments, running: Moments, r_max: float, d_max: float) -> tuple[Array, Array]:
    r = batch.std / running.std
    d = (batch.mean - running.mean) / running.std
    # np.clip does the same in twice the time, and for small minibatches that is most of BRN's cost.
    return np.minimum(np.maximum(r, 1 / r_max), r_max), np.minimum(np.maximum(d, -d_max), d_max)


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
        bit for bit.
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
        std is not > 0. A single value per channel is fine: r and d carry it.

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
    x, gamma, beta = as_arguments(x, gamma, beta)
    channels = as_channels(x, axis)  # (A, C, B)
    gamma, beta = as_affine(gamma, beta, channels)
    running = check_running(running, channels)
    bounds = _check_bounds(r_max, d_max)
    eps = epsilon(eps, channels.dtype)
    pinned = None if correction is None else _check_correction(correction, channels)
    if pinned is None and is_complex(x):
        raise TypeError(
            "correction must be given for complex x, gamma or beta: r and d are clipped, which is "
            "no analytic function; pin them with correction=(cache.r, cache.d) of a real forward"
        )
    xc, centre = _kernels.centre(channels, eps)
    if pinned is None:
        # mu_B - mu = offset - (mu - shift): in float32, mu_B itself may have too few digits for
        # this difference, the two terms on the right have enough.
        near = Moments((running.mean - centre.shift).astype(channels.dtype), running.std)
        pinned = _clipped(Moments(centre.offset, centre.std), near, *bounds)
    r, d = pinned
    y, effective = affine(xc, channels, x.shape, centre, gamma * r, beta + gamma * d)
    return y, BatchRenormCache(effective, r, d)


def _check_correction(correction: object, channels: Array) -> tuple[Array, Array]:
    """Return (r, d) as new (C,) arrays of the real dtype of `channels`, (A, C, B)."""
    given_r, given_d = pair("correction", correction, "(r, d)")
    r = channel_vector("correction r", given_r, channels).astype(channels.real.dtype)
    d = channel_vector("correction d", given_d, channels).astype(channels.real.dtype)
    each_channel("correction r", r, np.isfinite(r), "finite")
    each_channel("correction d", d, np.isfinite(d), "finite")
    return r, d


def batch_renorm_backward(dy: Array, cache: BatchRenormCache) -> tuple[Array, Array, Array]:
    r"""Return the gradients of a loss by x, gamma and beta, with r and d held constant.

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
    dx, dgamma_effective, dbeta = batch_norm_backward(dy, cache.effective)
    return dx, cache.r * dgamma_effective + cache.d * dbeta, dbeta
