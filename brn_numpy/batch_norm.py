"""Batch Normalization: training forward and backward, inference forward and backward."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from . import _kernels
from ._checks import (
    Array,
    as_channels,
    cache_of,
    channel_vector,
    epsilon,
    float_array,
    is_complex,
    upstream,
)
from ._kernels import Centre, blocks, per_channel, small_buffer
from .moments import Moments, check_running, in_two_parts, moments_of


class BatchNormCache(NamedTuple):
    """What the backward pass needs; `x` is kept by reference, so it must not be changed."""

    x: Array  # (A, C, B), see as_channels
    shape: tuple[int, ...]  # of the caller's x
    scale: Array  # (C,)  gamma / std
    centre: Centre

    @property
    def batch(self) -> Moments:
        """The moments of the minibatch, for update_running."""
        return moments_of(self.centre)


@np.errstate(all="ignore")
def batch_norm_forward(
    x: Array, gamma: Array, beta: Array, *, eps: float = 1e-5, axis: int = 1
) -> tuple[Array, BatchNormCache]:
    r"""Normalise each channel with the moments of the minibatch, then scale and shift it.

    .. math:: \hat x = \frac{x - \mu_B}{\sigma_B}, \qquad y = \gamma \hat x + \beta

    Algorithm 1 of Ioffe & Szegedy (2015); for the moments see `batch_moments`.

    Parameters
    ----------
    x : array (N, C), (N, C, L), (N, C, H, W), ...
        float32 or float64 (complex128 for the complex step). Its dtype is that of all results.
    gamma, beta : array (C,)
        Scale and shift of each channel.
    eps : float
        Positive; added to the variance.
    axis : int
        The channel axis: 1, or -1 for channels-last.

    Returns
    -------
    y : array of the shape of `x`
    cache : BatchNormCache
        For `batch_norm_backward`; `cache.batch` holds the moments, for `update_running`. It keeps
        `x` by reference: do not change `x` before the backward pass.

    Raises
    ------
    TypeError, ValueError
        For wrong dtypes, shapes or eps; if a channel has a single value, which has no variance.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([[1.0, 40.0], [2.0, 20.0], [3.0, 60.0]])
    >>> y, cache = batch_norm_forward(x, gamma=np.ones(2), beta=np.zeros(2))
    >>> print(np.round(y, 3))
    [[-1.225  0.   ]
     [ 0.    -1.225]
     [ 1.225  1.225]]
    """
    x, gamma, beta = as_arguments(x, gamma, beta)
    channels = as_channels(x, axis)  # (A, C, B)
    gamma, beta = as_affine(gamma, beta, channels)
    if channels.shape[0] * channels.shape[2] == 1:
        raise ValueError(
            f"x has one value per channel, shape {x.shape}: it has no variance to normalise with; "
            "use a larger minibatch, or batch_renorm_forward, which is defined there"
        )
    xc, centre = _kernels.centre(channels, epsilon(eps, channels.dtype))
    return affine(xc, channels, x.shape, centre, gamma, beta)


def as_arguments(x: object, gamma: object, beta: object) -> tuple[Array, Array, Array]:
    """Return x, gamma, beta as floating arrays, all complex if one of them is."""
    x = float_array("x", x, complex_ok=True)
    gamma = float_array("gamma", gamma, complex_ok=True)
    beta = float_array("beta", beta, complex_ok=True)
    if is_complex(gamma) or is_complex(beta):
        x = x.astype(np.complex128, copy=False)
    return x, gamma, beta


def as_affine(gamma: Array, beta: Array, channels: Array) -> tuple[Array, Array]:
    """Return gamma and beta as (C,) arrays of the dtype of `channels`, (A, C, B)."""
    gamma = channel_vector("gamma", gamma, channels, complex_ok=True)
    beta = channel_vector("beta", beta, channels, complex_ok=True)
    return gamma.astype(channels.dtype, copy=False), beta.astype(channels.dtype, copy=False)


def affine(
    xc: Array,
    channels: Array,  # x (A, C, B)
    shape: tuple[int, ...],  # of the caller's x
    centre: Centre,
    gamma: Array,
    beta: Array,
) -> tuple[Array, BatchNormCache]:
    """Overwrite xc = x - shift with gamma * (xc - offset) / std + beta; return y and cache."""
    scale = gamma / centre.std  # (C,)
    factor, term = per_channel(scale, xc), per_channel(beta - scale * centre.offset, xc)
    for block in blocks(xc):
        part = xc[block]
        part *= factor
        part += term
    return xc.reshape(shape), BatchNormCache(channels, shape, scale, centre)


@np.errstate(all="ignore")
def batch_norm_backward(dy: Array, cache: BatchNormCache) -> tuple[Array, Array, Array]:
    r"""Return the gradients of a loss by x, gamma and beta, given its gradient by y.

    .. math:: \frac{\partial \ell}{\partial x} = \frac{\gamma}{\sigma_B}
              \left[ dy - \overline{dy} - \hat x \, \overline{dy \, \hat x} \right], \qquad
              \frac{\partial \ell}{\partial \gamma} = \sum dy \, \hat x, \qquad
              \frac{\partial \ell}{\partial \beta} = \sum dy

    The bar is the mean over a channel. The two subtracted terms are the gradients that flow through
    the mean and through the standard deviation (Ioffe & Szegedy 2015, section 3, in closed form).

    Parameters
    ----------
    dy : array of the shape of `x`
    cache : BatchNormCache

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
    cache = cache_of(cache, BatchNormCache, "batch_norm_forward")
    dy, x = upstream(dy, cache.x, cache.shape)  # (A, C, B)
    centre = cache.centre
    count = x.shape[0] * x.shape[2]

    small_buffer(x)
    dx, shift = np.empty_like(x), per_channel(centre.shift, x)
    sums, dots, parts = [], [], blocks(x)
    for block in parts:
        xc = np.subtract(x[block], shift, out=dx[block])
        sums.append(_kernels.channel_sum(dy[block]))
        dots.append(_kernels.channel_dot(xc, dy[block]))
    dbeta = _kernels.total(sums)
    dgamma = (_kernels.total(dots) - centre.offset * dbeta) / centre.std
    _kernels.mend_overflow(dgamma, x, dy, centre)

    # dx = scale * (dy - mean(dy) + slope * (xc - offset)), term by term, in place
    slope = -dgamma / count / centre.std  # (C,)  -mean(dy * xhat) / std
    term = per_channel(dbeta / count + slope * centre.offset, x)
    slope, scale = per_channel(slope, x), per_channel(cache.scale, x)
    for block in parts:
        part = dx[block]
        part *= slope
        part += dy[block]
        part -= term
        part *= scale
    return dx.reshape(cache.shape), dgamma, dbeta


class InferenceCache(NamedTuple):
    """What the inference backward needs; `x` is kept by reference, so it must not be changed."""

    x: Array  # (A, C, B)
    shape: tuple[int, ...]
    scale: Array  # (C,)  gamma / running std
    running: Moments


@np.errstate(all="ignore")
def inference_forward(
    x: Array, gamma: Array, beta: Array, running: Moments, *, axis: int = 1
) -> tuple[Array, InferenceCache]:
    r"""Normalise with the running statistics: each sample for itself, whatever its minibatch.

    .. math:: y = \gamma \, \frac{x - \mu}{\sigma} + \beta

    The inference line of Algorithm 1 in Ioffe (2017). No eps: the running std contains it.

    Parameters
    ----------
    x : array (N, C), (N, C, L), (N, C, H, W), ...
        float32 or float64 (complex128 for the complex step). Its dtype is that of all results.
    gamma, beta : array (C,)
    running : Moments
        The pair (mean, std) of (C,) arrays that training has averaged.
    axis : int
        The channel axis: 1, or -1 for channels-last.

    Returns
    -------
    y : array of the shape of `x`
    cache : InferenceCache
        Keeps `x` by reference: do not change `x` before the backward pass.

    Raises
    ------
    TypeError, ValueError
        For wrong dtypes or shapes; if a running value is not finite or a running std is not > 0.
    """
    x, gamma, beta = as_arguments(x, gamma, beta)
    channels = as_channels(x, axis)  # (A, C, B)
    gamma, beta = as_affine(gamma, beta, channels)
    mean, std = check_running(running, channels)
    shift, offset = in_two_parts(mean, channels)
    scale = gamma / std  # (C,)
    small_buffer(channels)
    y, shift = np.empty_like(channels), per_channel(shift, channels)
    term = beta - scale * offset if offset.any() else beta
    factor, term = per_channel(scale, channels), per_channel(term, channels)
    for block in blocks(channels):
        part = np.subtract(channels[block], shift, out=y[block])
        part *= factor
        part += term
    kept = Moments(mean.copy(), std.copy())
    return y.reshape(x.shape), InferenceCache(channels, x.shape, scale, kept)


@np.errstate(all="ignore")
def inference_backward(dy: Array, cache: InferenceCache) -> tuple[Array, Array, Array]:
    r"""Return the gradients of a loss by x, gamma and beta for `inference_forward`.

    .. math:: \frac{\partial \ell}{\partial x} = \frac{\gamma}{\sigma} \, dy, \qquad
              \frac{\partial \ell}{\partial \gamma} = \sum dy \, \frac{x - \mu}{\sigma}, \qquad
              \frac{\partial \ell}{\partial \beta} = \sum dy

    The running statistics are constants here, so no gradient flows through them.

    Parameters
    ----------
    dy : array of the shape of `x`
    cache : InferenceCache

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
    cache = cache_of(cache, InferenceCache, "inference_forward")
    dy, x = upstream(dy, cache.x, cache.shape)  # (A, C, B)
    shift, offset = in_two_parts(cache.running.mean, x)
    small_buffer(x)
    dx, shift, scale = np.empty_like(x), per_channel(shift, x), per_channel(cache.scale, x)
    sums, dots = [], []
    for block in blocks(x):
        xc = np.subtract(x[block], shift, out=dx[block])
        sums.append(_kernels.channel_sum(dy[block]))
        dots.append(_kernels.channel_dot(xc, dy[block]))
        np.multiply(dy[block], scale, out=dx[block])
    dbeta = _kernels.total(sums)
    dgamma = (_kernels.total(dots) - offset * dbeta) / cache.running.std
    return dx.reshape(cache.shape), dgamma, dbeta
