"""The mean and the standard deviation of a minibatch, and their running averages."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from ._checks import Array, channel_axis, each_channel, epsilon, float_array, pair, real_number
from ._kernels import by_channel
from ._passes import Mean, centre


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
    x = float_array("x", x, complex_ok=True)
    xc, std = centre(by_channel(x, channel_axis(x, axis)), epsilon(eps, x.dtype))
    return Moments(xc.mean.rounded, std)


def check_moments(name: str, moments: object) -> tuple[Array, Array]:
    """Return `moments` as a pair of real vectors of one length, whatever their values."""
    mean, std = pair(name, moments, "Moments(mean, std)")
    mean, std = float_array(f"{name}.mean", mean), float_array(f"{name}.std", std)
    if mean.ndim != 1 or mean.shape != std.shape or mean.size == 0:
        raise ValueError(
            f"{name}.mean and {name}.std must both have shape (C,), "
            f"got {mean.shape} and {std.shape}"
        )
    return mean, std


def _in_order(mean: Array, std: Array) -> bool:
    """Say quickly, if it is so, that every mean is finite, and every std is finite and > 0.

    log(std) is finite just if std is finite and > 0, and one term that is inf or NaN makes the dot
    product inf or NaN. The caller ignores NumPy's warnings.
    """
    return math.isfinite(np.log(std).dot(mean))


def check_running(
    running: object, dtype: Any = None, channels: int | None = None
) -> tuple[Array, Array]:
    """Return the running mean and std, checked.

    With a `dtype`, that of x, the std is returned in it. The mean keeps its own, since what is left
    when it has been subtracted may be smaller than the rounding of x; see `in_two_parts`.
    """
    mean, std = check_moments("running", running)
    rounded = mean
    if dtype is not None:
        if len(mean) != channels:
            raise ValueError(
                f"running.mean and running.std must have shape ({channels},), "
                f"one value per channel of x, got {mean.shape}"
            )
        real = np.finfo(dtype).dtype
        rounded, std = mean.astype(real, copy=False), std.astype(real, copy=False)
    if not _in_order(rounded, std):
        trail = "(a minibatch with NaN or inf leaves such values behind)"
        dtype = rounded.dtype
        each_channel("running.mean", rounded, np.isfinite(rounded), f"finite in {dtype} {trail}")
        each_channel("running.std", std, np.isfinite(std), f"finite in {std.dtype} {trail}")
        each_channel("running.std", std, std > 0, f"> 0 in {std.dtype} (it contains eps)")
    return mean, std


def in_two_parts(mean: Array, dtype: Any) -> Mean:
    """Return a mean rounded to the dtype, and what the rounding has taken off."""
    near = mean.astype(dtype)
    return Mean(near, (mean - near).astype(dtype, copy=False))


def check_batch(batch: object) -> tuple[Array, Array]:
    """Return a minibatch's mean and std, checked; NaN is let through, it stays in its channel."""
    mean, std = check_moments("batch", batch)
    if not _in_order(mean, std):
        each_channel("batch.std", std, ~(std <= 0), "> 0 (it contains eps)")
    return mean, std


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
    old_mean, old_std = check_running(running)
    new_mean, new_std = check_batch(batch)
    alpha = real_number("momentum", momentum, low=0.0, high=1.0)
    if new_mean.shape != old_mean.shape:
        raise ValueError(
            f"batch and running must have the same number of channels, "
            f"got {new_mean.shape} and {old_mean.shape}"
        )
    return Moments(_move(old_mean, new_mean, alpha), _move(old_std, new_std, alpha))


def _move(old: Array, new: Array, alpha: float) -> Array:
    """Go the part `alpha` of the way from `old` to `new`, exactly at alpha = 0 and alpha = 1."""
    start, end, part = (old, new, alpha) if alpha <= 0.5 else (new, old, 1 - alpha)
    moved = end - start  # from the nearer end: old + 1 * (new - old) can miss `new`
    moved *= part
    moved += start
    return moved.astype(old.dtype, copy=False)
