"""Batch Normalization: training forward and backward, inference forward and backward.

The formulas are those of `textbook`, with gamma / std drawn together into `scale`: so xhat, which
is (x - mean) / std, is never an array of its own. The passes over the data that the formulas name
are in `_passes`. y is written where x - mean was; the backward pass computes x - mean again, which
costs less than to keep another array of the size of x.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ._checks import Array, arguments, cache_of, epsilon
from ._kernels import Channels, by_channel
from ._passes import Centred, Mean, affine, centre, combine, scaled, sums, upstream
from .moments import Moments, check_running, in_two_parts


def describe(cache: Any) -> str:
    """Return a line for each field of a cache, with dtypes and shapes in the place of numbers."""
    lines = [type(cache).__name__]
    for name, value in cache._asdict().items():
        text = f"{value.dtype} {value.shape}" if isinstance(value, np.ndarray) else repr(value)
        lines.append(f"{name}: {text}".replace("\n", "\n  "))
    return "\n  ".join(lines)


class BatchNormCache(NamedTuple):
    """What the backward pass needs; `x` is kept by reference, so it must not be changed."""

    x: Channels
    scale: Array  # (C,)  gamma / std
    mean: Mean  # of two (C,) arrays
    std: Array  # (C,)

    def __repr__(self) -> str:
        """Return a line a field."""
        return describe(self)

    @property
    def batch(self) -> Moments:
        """The moments of the minibatch, for update_running."""
        return Moments(self.mean.rounded, self.std.copy())


@np.errstate(all="ignore")
def batch_norm_forward(
    x: Array, gamma: Array, beta: Array, *, eps: float = 1e-5, axis: int = 1
) -> tuple[Array, BatchNormCache]:
    r"""Normalise each channel with the moments of the minibatch, then scale and shift it.

    .. math:: \hat x = \frac{x - \mu_B}{\sigma_B}, \qquad y = \gamma \hat x + \beta

    Algorithm 1 of Ioffe & Szegedy (2015). The mean and the standard deviation, which contains eps,
    are those of `batch_moments`.

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
    x, gamma, beta, axis = arguments(x, gamma, beta, axis)
    if x.size == len(gamma):
        raise ValueError(
            f"x has one value per channel, shape {x.shape}: it has no variance to normalise with; "
            "use a larger minibatch, or batch_renorm_forward, which is defined there"
        )
    channels = by_channel(x, axis)
    xc, std = centre(channels, epsilon(eps, x.dtype))  # x - mean; sqrt(var + eps), (C,)
    scale = gamma / std  # (C,)
    y = affine(xc, scale, beta)  # gamma * xhat + beta
    return y, BatchNormCache(channels, scale, xc.mean, std)


@np.errstate(all="ignore")
def batch_norm_backward(dy: Array, cache: BatchNormCache) -> tuple[Array, Array, Array]:
    r"""Return the gradients of a loss with respect to x, gamma and beta, given that of y.

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
    x, scale, mean, std = cache_of(cache, BatchNormCache, "batch_norm_forward")
    dy, x = upstream(dy, x)
    xc = Centred(x, mean)  # x - mean
    dgamma, dbeta = sums(dy, xc, std)  # sum(dy * xhat), sum(dy)
    slope = dgamma / x.m / std  # (C,): slope * xc is xhat * mean(dy * xhat)
    dx = combine(dy, xc, scale, dbeta / x.m, slope)  # scale * (dy - mean(dy) - slope * xc)
    return dx, dgamma, dbeta


class InferenceCache(NamedTuple):
    """What the inference backward needs; `x` is kept by reference, so it must not be changed."""

    x: Channels
    scale: Array  # (C,)  gamma / std
    mean: Mean  # the running mean, of two (C,) arrays
    std: Array  # (C,)  the running std

    def __repr__(self) -> str:
        """Return a line a field."""
        return describe(self)


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
    x, gamma, beta, axis = arguments(x, gamma, beta, axis)
    mean, std = check_running(running, x.dtype, len(gamma))
    channels = by_channel(x, axis)
    xc = Centred(channels, in_two_parts(mean, std.dtype))  # x - mean
    scale = gamma / std  # (C,)
    y = affine(xc, scale, beta)  # gamma * xhat + beta
    return y, InferenceCache(channels, scale, xc.mean, std.copy())


@np.errstate(all="ignore")
def inference_backward(dy: Array, cache: InferenceCache) -> tuple[Array, Array, Array]:
    r"""Return the gradients of a loss with respect to x, gamma and beta for `inference_forward`.

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
    x, scale, mean, std = cache_of(cache, InferenceCache, "inference_forward")
    dy, x = upstream(dy, x)
    xc = Centred(x, mean)  # x - mean
    dgamma, dbeta = sums(dy, xc, std)  # sum(dy * xhat), sum(dy)
    dx = scaled(dy, xc, scale)  # gamma / std * dy
    return dx, dgamma, dbeta
