"""The mean and the standard deviation of a minibatch, and their running averages."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from . import _kernels
from ._checks import Array, as_channels, each_channel, epsilon, float_array, pair, real_number


class Moments(NamedTuple):
    """Mean and standard deviation of each channel.

    Attributes
    ----------
    mean : (C,) array
    std : (C,) array
        sqrt(biased variance + eps): eps is inside, once. Nothing adds it again.
    """

    mean: Array
    std: Array


@np.errstate(all="ignore")
def batch_moments(x: Array, *, eps: float = 1e-5, axis: int = 1) -> Moments:
    r"""Return the moments of each channel of a minibatch.

    .. math:: \mu_B = \frac1m \sum_i x_i, \qquad
              \sigma_B = \sqrt{\epsilon + \frac1m \sum_i (x_i - \mu_B)^2}

    Lines 1 and 2 of Algorithm 1 in Ioffe (2017); the sums run over the m values of a channel.

    Parameters
    ----------
    x : array (N, C), (N, C, L), (N, C, H, W), ...
        float32 or float64 (complex128 for the complex step).
    eps : float
        Positive; keeps std away from 0.
    axis : int
        The channel axis: 1, or -1 for channels-last.

    Returns
    -------
    Moments
        Two (C,) arrays of the dtype of `x`.

    Raises
    ------
    TypeError, ValueError
        If `x` is not floating, is empty or has fewer than two axes; if eps <= 0.

    Examples
    --------
    >>> import numpy as np
    >>> mean, std = batch_moments(np.array([[1.0, 10.0], [3.0, 10.0]]), eps=0.25)
    >>> print(mean, std)  # std[1] is sqrt(0 + 0.25)
    [ 2. 10.] [1.11803399 0.5       ]
    """
    channels = as_channels(float_array("x", x, complex_ok=True), axis)  # (A, C, B)
    _, centre = _kernels.centre(channels, epsilon(eps, channels.dtype))
    return moments_of(centre)


def moments_of(centre: _kernels.Centre) -> Moments:
    """Return the moments that a centre stands for, the mean rounded to one number."""
    return Moments(centre.shift + centre.offset, centre.std.copy())


def check_moments(name: str, moments: object) -> Moments:
    """Return `moments` as a pair of real vectors of one length, whatever their values."""
    given_mean, given_std = pair(name, moments, "Moments(mean, std)")
    mean, std = float_array(f"{name}.mean", given_mean), float_array(f"{name}.std", given_std)
    if mean.ndim != 1 or mean.shape != std.shape or mean.size == 0:
        raise ValueError(
            f"{name}.mean and {name}.std must both have shape (C,), "
            f"got {mean.shape} and {std.shape}"
        )
    return Moments(mean, std)


def check_running(running: object, like: Array | None = None) -> Moments:
    """Return the running pair, checked.

    With an (A, C, B) array `like`, the std is of its dtype. The mean keeps its own, since what is
    left when it has been subtracted may be smaller than the rounding of `like`; see `in_two_parts`.
    """
    mean, std = check_moments("running", running)
    if like is not None:
        if mean.shape != (like.shape[1],):
            raise ValueError(
                f"running.mean and running.std must have shape ({like.shape[1]},), "
                f"one value per channel of x, got {mean.shape}"
            )
        std = std.astype(like.real.dtype, copy=False)
    shift = mean if like is None else mean.astype(like.real.dtype, copy=False)
    if np.count_nonzero(np.isfinite(shift) & np.isfinite(std) & (std > 0)) < len(std):
        trail = "(a minibatch with NaN or inf leaves such values behind)"
        each_channel("running.mean", shift, np.isfinite(shift), f"finite in {shift.dtype} {trail}")
        each_channel("running.std", std, np.isfinite(std), f"finite in {std.dtype} {trail}")
        each_channel("running.std", std, std > 0, f"> 0 in {std.dtype} (it contains eps)")
    return Moments(mean, std)


def in_two_parts(mean: Array, like: Array) -> tuple[Array, Array]:
    """Return a mean rounded to the dtype of `like`, and what the rounding has taken off."""
    real = like.real.dtype
    shift = mean.astype(real, copy=False)
    return shift, (mean - shift).astype(real, copy=False)


def check_batch(batch: object) -> Moments:
    """Return the moments of a minibatch, checked; NaN is let through, it stays in its channel."""
    mean, std = check_moments("batch", batch)
    each_channel("batch.std", std, ~(std <= 0), "> 0 (it contains eps)")
    return Moments(mean, std)


@np.errstate(all="ignore")
def update_running(running: Moments, batch: Moments, momentum: float = 0.01) -> Moments:
    r"""Move the running pair towards the moments of a minibatch.

    .. math:: \mu \leftarrow \mu + \alpha (\mu_B - \mu), \qquad
              \sigma \leftarrow \sigma + \alpha (\sigma_B - \sigma)

    Lines 7 and 8 of Algorithm 1 in Ioffe (2017). The average is of the standard deviation and not
    of the variance, and `momentum` (the paper's alpha) weighs the NEW value.

    Parameters
    ----------
    running, batch : Moments
        Pairs of (C,) arrays, float32 or float64.
    momentum : float
        In [0, 1]: 0 keeps the running pair, 1 replaces it.

    Returns
    -------
    Moments
        A new pair, in the dtype of `running`; no argument is changed.

    Raises
    ------
    TypeError, ValueError
        If momentum is outside [0, 1], if the shapes differ, if the running pair is not finite or
        its std is not positive. A NaN in `batch` is taken over: it stays in its channel.

    Examples
    --------
    >>> import numpy as np
    >>> running = Moments(np.array([0.0]), np.array([1.0]))
    >>> new = update_running(running, Moments(np.array([10.0]), np.array([3.0])), momentum=0.25)
    >>> print(new.mean, new.std)
    [2.5] [1.5]
    """
    old = check_running(running)
    new = check_batch(batch)
    alpha = real_number("momentum", momentum, low=0.0, high=1.0)
    if new.mean.shape != old.mean.shape:
        raise ValueError(
            f"batch and running must have the same number of channels, "
            f"got {new.mean.shape} and {old.mean.shape}"
        )
    return Moments(_move(old.mean, new.mean, alpha), _move(old.std, new.std, alpha))


def _move(old: Array, new: Array, alpha: float) -> Array:
    """Go the part `alpha` of the way from `old` to `new`, exactly at alpha = 0 and alpha = 1."""
    if alpha <= 0.5:
        moved = old + alpha * (new - old)
    else:  # from the other end: old + 1 * (new - old) can miss `new` by a rounding error
        moved = new + (1 - alpha) * (old - new)
    return moved.astype(old.dtype, copy=False)
