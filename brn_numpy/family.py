"""Layer, group, instance and RMS normalisation: other axes for the same statistics.

BN takes the mean and the std of a channel over the samples. Its relatives take them of each sample
for itself, over a group of its channels; so they do not depend on the minibatch, and need no
running statistics. With G groups of C / G channels, and S pixels:

    layer normalisation      G = 1: all channels together
    group normalisation      G in between
    instance normalisation   G = C: each channel alone
    RMS normalisation        G = 1, but with 0 in the place of the mean

To the passes, each group of each sample is a channel; gamma and beta are one number a channel, as
in BN. Samples have nothing in common, so each block of them that fits into the cache is taken from
the first line to the last. In a block, all arrays have the axes (n, G, C / G, S).
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
    mean: Mean  # of two (N, G, 1, 1) arrays
    std: Array  # (N, G, 1, 1)

    def __repr__(self) -> str:
        """Return a line a field."""
        return describe(self)


class RMSNormCache(NamedTuple):
    """What the backward pass needs; `x` is kept by reference, so it must not be changed."""

    x: Channels  # values (N, 1, C, S)
    gamma: Array  # (1, C, 1)
    rms: Array  # (N, 1, 1, 1)  sqrt(mean of x^2 + eps)

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
    eps = epsilon(eps, x.dtype)
    view = _in_groups(x, groups)
    gamma, beta = gamma.reshape(groups, -1, 1).copy(), beta.reshape(groups, -1, 1)
    y = np.empty(view.values.shape, x.dtype)
    near, rest, std = np.empty((3, len(x), groups, 1, 1), x.dtype)

    def block(x: Array, y: Array, near: Array, rest: Array, std: Array) -> tuple[()]:
        xc, sigma = centre(_as_channels(x), eps, _as_channels(y).values)  # y is xc now
        near[...], rest[...], std[...] = (v.reshape(std.shape) for v in (*xc.mean, sigma))
        if view.columns == 1:  # rows, for which gamma / std would be as large as x
            affine(xc, 1 / sigma, np.zeros_like(sigma))
            y *= gamma
            y += beta
            return ()
        scale = gamma / std  # (n, G, C / G, 1)
        y *= scale
        y += beta - scale * rest
        return ()

    in_halves(block, (view.values, y, near, rest, std), ())
    return y.reshape(x.shape), GroupNormCache(view, gamma, Mean(near, rest), std)


@np.errstate(all="ignore")
def group_norm_backward(dy: Array, cache: GroupNormCache) -> tuple[Array, Array, Array]:
    r"""Return the gradients of a loss with respect to x, gamma and beta, given that of y.

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
    x, gamma, mean, std = cache_of(cache, GroupNormCache, "group_norm_forward")
    dy, x = upstream(dy, x)
    dx = np.empty(dy.shape, dy.dtype)

    def block(x: Array, dy: Array, dx: Array, std: Array, *mean: Array) -> tuple[Array, Array]:
        xc = Centred(_as_channels(x), Mean(*(part.ravel() for part in mean)))
        inverse = 1 / std.ravel()  # (n * G,)
        # an array, unlike in BN: gamma differs within a group; that costs three passes over x more
        xhat = affine(xc, inverse, np.zeros_like(inverse))
        return _gradients(dy, xhat, gamma, std, dx)

    dgamma, dbeta = in_halves(block, (x.values, dy, dx, std, *mean), ())
    return dx.reshape(x.shape), dgamma, dbeta


def layer_norm_forward(
    x: Array, gamma: Array, beta: Array, *, eps: float = 1e-5
) -> tuple[Array, GroupNormCache]:
    """Normalise each sample over all its channels and pixels (Ba et al. 2016): one group.

    As group_norm_forward. gamma and beta (C,) are one number a channel, for images too, where
    PyTorch's LayerNorm has one a pixel.
    """
    return group_norm_forward(x, gamma, beta, 1, eps=eps)


def instance_norm_forward(
    x: Array, gamma: Array, beta: Array, *, eps: float = 1e-5
) -> tuple[Array, GroupNormCache]:
    """Normalise each channel of each sample (Ulyanov et al. 2016): C groups.

    As group_norm_forward. A channel must have more than one pixel: x (N, C) is a ValueError.
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
    eps = epsilon(eps, x.dtype)
    view, gamma = _in_groups(x, 1), gamma.reshape(1, -1, 1).copy()
    y = np.empty(view.values.shape, x.dtype)
    rms = np.empty((len(x), 1, 1, 1), x.dtype)

    def block(x: Array, y: Array, rms: Array) -> tuple[()]:
        xc, std = centre(_as_channels(x), eps, _as_channels(y).values)
        mean = xc.mean.rounded  # the mean of x^2 is mean^2 + var; np.hypot does not overflow
        root = np.sqrt(std**2 + mean**2) if is_complex(x) else np.hypot(std, mean)
        rms[...] = root.reshape(rms.shape)
        np.multiply(x, gamma / rms, y)
        return ()

    in_halves(block, (view.values, y, rms), ())
    return y.reshape(x.shape), RMSNormCache(view, gamma, rms)


@np.errstate(all="ignore")
def rms_norm_backward(dy: Array, cache: RMSNormCache) -> tuple[Array, Array]:
    """Return dx and dgamma. As group_norm_backward, but no gradient flows through a mean."""
    x, gamma, rms = cache_of(cache, RMSNormCache, "rms_norm_forward")
    dy, x = upstream(dy, x)
    dx = np.empty(dy.shape, dy.dtype)

    def block(x: Array, dy: Array, dx: Array, rms: Array) -> tuple[Array, Array]:
        return _gradients(dy, x / rms, gamma, rms, dx, with_mean=False)

    dgamma, _ = in_halves(block, (x.values, dy, dx, rms), ())
    return dx.reshape(x.shape), dgamma


def _gradients(
    dy: Array, xhat: Array, gamma: Array, std: Array, dx: Array, *, with_mean: bool = True
) -> tuple[Array, Array]:
    """Write dx of a block, and return its dgamma and dbeta, (C,); xhat is lost."""
    along, total = _over_pixels(dy, xhat)  # of dy * xhat, and of dy: (n, G, C / G, 1)
    m = dy[0, 0].size
    through_std, through_mean = (  # the means of dxhat * xhat, and of dxhat: (n, G, 1, 1)
        np.einsum("ngcs,gcs->ng", a, gamma)[..., None, None] / m for a in (along, total)
    )
    # (dxhat - mean(dxhat) - xhat * mean(dxhat * xhat)) / std
    np.multiply(dy, gamma, dx)
    xhat *= through_std
    dx -= xhat
    if with_mean:
        dx -= through_mean
    dx *= 1 / std
    return channel_sum(along.reshape(len(dy), -1)), channel_sum(total.reshape(len(dy), -1))


def _over_pixels(a: Array, b: Array) -> tuple[Array, ...]:
    """Return the sums over the pixels of a * b, and of a: (n, G, C / G, 1)."""
    *channels, pixels = a.shape
    if pixels == 1:
        return a * b, a
    a, b = a.reshape(1, -1, pixels), b.reshape(1, -1, pixels)
    return tuple(v.reshape(*channels, 1) for v in (channel_dot(a, b), channel_sum(a)))


def _in_groups(x: Array, groups: int) -> Channels:
    """View x as (N, G, C / G, S)."""
    n, c = x.shape[:2]
    values = x.reshape(n, groups, c // groups, -1)
    return Channels(values, c, values.shape[3], np.array(x.size // c, x.real.dtype), x.shape)


def _as_channels(x: Array) -> Channels:
    """View a block (n, G, C / G, S) as one sample of n * G channels."""
    m = x[0, 0].size
    values = x.reshape(1, -1, m)
    return Channels(values, values.shape[1], m, np.array(m, x.real.dtype), x.shape)
