"""Layer, group, instance and RMS normalisation: other axes for the same statistics.

BN takes the mean and the std of a channel over the samples. Its relatives take them of each sample
for itself, over a group of its channels; so they do not depend on the minibatch, and need no
running statistics. With G groups of C / G channels, and S pixels:

    layer normalisation      G = 1: all channels together
    group normalisation      G in between
    instance normalisation   G = C: each channel alone
    RMS normalisation        G = 1, but with 0 in the place of the mean

To the passes, a group of a sample is a channel. gamma and beta are one number a channel, as in BN.
Since samples have nothing in common, a block of them that fits into the cache is taken from the
first line to the last before the next one.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ._checks import Array, arguments, cache_of, epsilon, float_array, integer, is_complex
from ._kernels import Channels, channel_dot, channel_sum, in_halves
from ._passes import Centred, Mean, affine, centre, upstream
from .batch_norm import describe


class GroupNormCache(NamedTuple):
    """What the backward pass needs; `x` is kept by reference, so it must not be changed."""

    x: Channels  # values (N, G, C / G, S)
    gamma: Array  # (G, C / G, 1)
    mean: Mean  # of two (N, G) arrays
    std: Array  # (N, G)

    def __repr__(self) -> str:
        """Return a line a field."""
        return describe(self)


class RMSNormCache(NamedTuple):
    """What the backward pass needs."""

    group: GroupNormCache  # of one group, with a mean of 0 and the root of the mean square as std

    def __repr__(self) -> str:
        """Return a line a field."""
        return describe(self)


@np.errstate(all="ignore")
def group_norm_forward(
    x: Array, gamma: Array, beta: Array, num_groups: int, *, eps: float = 1e-5
) -> tuple[Array, GroupNormCache]:
    r"""Normalise each group of channels of each sample, then scale and shift each channel.

    .. math:: \hat x = \frac{x - \mu}{\sigma}, \qquad y = \gamma \hat x + \beta

    Wu & He (2018). The mean and the standard deviation, which contains eps, are those of the C / G
    channels of a group, with all their pixels, in one sample.

    Parameters
    ----------
    x : array (N, C), (N, C, L), (N, C, H, W), ...
        float32 or float64 (complex128 for the complex step). Its dtype is that of all results.
    gamma, beta : array (C,)
        Scale and shift of each channel.
    num_groups : int
        G, which must divide C. Channels that stand side by side make a group.
    eps : float
        Positive; added to the variance.

    Returns
    -------
    y : array of the shape of `x`
    cache : GroupNormCache
        For `group_norm_backward`. It keeps `x` by reference: do not change `x` before that.

    Raises
    ------
    TypeError, ValueError
        For wrong dtypes, shapes, num_groups or eps; if a group has a single value, which has no
        variance.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([[1.0, 3.0, 10.0, 30.0], [5.0, 5.0, -2.0, 2.0]])
    >>> y, cache = group_norm_forward(x, np.ones(4), np.zeros(4), 2)
    >>> print(np.round(y, 3))
    [[-1.  1. -1.  1.]
     [ 0.  0. -1.  1.]]
    """
    x, gamma, beta, _ = arguments(x, gamma, beta, 1)
    groups = integer("num_groups", num_groups, low=1)
    if len(gamma) % groups:
        raise ValueError(f"num_groups must divide the {len(gamma)} channels of x, got {groups}")
    if x.size == len(x) * groups:
        raise ValueError(
            f"x has one value per group, shape {x.shape} in {groups} groups: it has no variance to "
            "normalise with; use fewer groups, or more pixels"
        )
    return _forward(x, gamma, beta, groups, eps, centred=True)


@np.errstate(all="ignore")
def group_norm_backward(dy: Array, cache: GroupNormCache) -> tuple[Array, Array, Array]:
    r"""Return the gradients of a loss by x, gamma and beta, given its gradient by y.

    .. math:: \frac{\partial \ell}{\partial x} = \frac1\sigma \left[ d\hat x - \overline{d\hat x}
              - \hat x \, \overline{d\hat x \, \hat x} \right], \quad d\hat x = \gamma \, dy, \qquad
              \frac{\partial \ell}{\partial \gamma} = \sum dy \, \hat x, \qquad
              \frac{\partial \ell}{\partial \beta} = \sum dy

    The bar is the mean over a group of a sample, the sums are over a channel. They are other axes,
    so gamma cannot be drawn out of the bracket as in BN.

    Parameters
    ----------
    dy : array of the shape of `x`
    cache : GroupNormCache

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
    return _backward(dy, cache_of(cache, GroupNormCache, "group_norm_forward"), centred=True)


def layer_norm_forward(
    x: Array, gamma: Array, beta: Array, *, eps: float = 1e-5
) -> tuple[Array, GroupNormCache]:
    """Normalise each sample, over all its channels and pixels (Ba et al. 2016): one group.

    As group_norm_forward. For images, PyTorch's LayerNorm has a gamma and a beta for each pixel of
    each channel; here they are one number a channel.
    """
    return group_norm_forward(x, gamma, beta, 1, eps=eps)


def instance_norm_forward(
    x: Array, gamma: Array, beta: Array, *, eps: float = 1e-5
) -> tuple[Array, GroupNormCache]:
    """Normalise each channel of each sample (Ulyanov et al. 2016): C groups.

    As group_norm_forward. A channel must have more than one pixel.
    """
    groups = float_array("gamma", gamma, complex_ok=True).size
    return group_norm_forward(x, gamma, beta, groups, eps=eps)


layer_norm_backward = instance_norm_backward = group_norm_backward


@np.errstate(all="ignore")
def rms_norm_forward(x: Array, gamma: Array, *, eps: float = 1e-5) -> tuple[Array, RMSNormCache]:
    r"""Divide each sample by the root of its mean square, then scale each channel.

    .. math:: y = \gamma \, \frac{x}{\sqrt{\overline{x^2} + \epsilon}}

    Zhang & Sennrich (2019). As layer_norm_forward, but without the mean and without beta.
    """
    x, gamma, _, _ = arguments(x, gamma, gamma, 1)
    y, cache = _forward(x, gamma, np.zeros_like(gamma), 1, eps, centred=False)
    return y, RMSNormCache(cache)


@np.errstate(all="ignore")
def rms_norm_backward(dy: Array, cache: RMSNormCache) -> tuple[Array, Array]:
    """Return dx and dgamma. As group_norm_backward, but no gradient flows through a mean."""
    cache = cache_of(cache, RMSNormCache, "rms_norm_forward")
    return _backward(dy, cache.group, centred=False)[:2]


def _forward(
    x: Array, gamma: Array, beta: Array, groups: int, eps: float, *, centred: bool
) -> tuple[Array, GroupNormCache]:
    """Normalise about the mean of each group, or, not `centred`, about 0."""
    n, c = x.shape[:2]
    eps = epsilon(eps, x.dtype)
    values = x.reshape(n, groups, c // groups, -1)  # (N, G, C / G, S)
    gamma, beta = gamma.reshape(groups, -1, 1).copy(), beta.reshape(groups, -1, 1)
    y = np.empty(values.shape, x.dtype)
    near, rest, std = np.empty((3, n, groups), x.dtype)

    def block(x: Array, y: Array, near: Array, rest: Array, std: Array) -> tuple[()]:
        memory = _groups(y).values
        xc, sigma = centre(_groups(x), eps, memory)  # x - mean; sqrt(var + eps), (n * G,)
        if not centred:  # the mean of x^2 is var + mean^2
            mu = xc.mean.rounded
            sigma = np.sqrt(sigma**2 + mu**2) if is_complex(mu) else np.hypot(sigma, mu)
            xc = Centred(xc.x, Mean(np.zeros_like(mu), np.zeros_like(mu)), memory)
        near[...], rest[...], std[...] = (v.reshape(std.shape) for v in (*xc.mean, sigma))
        affine(xc, 1 / sigma, np.zeros_like(sigma))  # y is xhat now
        y *= gamma
        y += beta
        return ()

    in_halves(block, (values, y, near, rest, std), ())
    channels = Channels(values, c, values.shape[3], np.array(x.size // c), x.shape)
    return y.reshape(x.shape), GroupNormCache(channels, gamma, Mean(near, rest), std)


def _backward(dy: Array, cache: GroupNormCache, *, centred: bool) -> tuple[Array, Array, Array]:
    x, gamma, mean, std = cache
    dy, x = upstream(dy, x)
    dx = np.empty(dy.shape, dy.dtype)

    def block(x: Array, dy: Array, dx: Array, std: Array, *mean: Array) -> tuple[Array, Array]:
        groups, inverse = _groups(x), 1 / std.ravel()  # (n * G,)
        xc = Centred(groups, Mean(*(part.ravel() for part in mean)))
        xhat = affine(xc, inverse, np.zeros_like(inverse))
        dgamma, dbeta = in_halves(_sums, (_channels(dy), _channels(xhat)), ())  # (C,)
        np.multiply(dy, gamma, dx)  # dxhat
        dxhat, xhat = _groups(dx).values, xc.values
        along, total = in_halves(_sums, (dxhat, xhat), ())  # (n * G,)
        # (dxhat - mean(dxhat) - xhat * mean(dxhat * xhat)) / std
        xhat *= (along / groups.m)[:, None]
        dxhat -= xhat
        if centred:
            dxhat -= (total / groups.m)[:, None]
        dxhat *= inverse[:, None]
        return dgamma, dbeta

    dgamma, dbeta = in_halves(block, (x.values, dy, dx, std, *mean), ())
    return dx.reshape(x.shape), dgamma, dbeta


def _sums(a: Array, b: Array) -> tuple[Array, Array]:
    """Return the sums over each channel of a * b, and of a."""
    return channel_dot(a, b), channel_sum(a)


def _groups(x: Array) -> Channels:
    """View a block (n, G, C / G, S) as one sample of n * G channels."""
    n, groups, channels, pixels = x.shape
    m = channels * pixels
    values = x.reshape(1, n * groups, m)
    return Channels(values, n * groups, m, np.array(m, x.real.dtype), x.shape)


def _channels(x: Array) -> Array:
    """View a block (n, G, C / G, S) as (n, C, S), or (n, C) if a channel is but one number."""
    return x.reshape(len(x), -1) if x.shape[3] == 1 else x.reshape(len(x), -1, x.shape[3])
