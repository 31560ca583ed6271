"""Mistakes in dx of batch_norm_backward: which terms there are, and what scales them."""

# mypy: disable-error-code="no-any-return"
from __future__ import annotations

from ..._checks import Array
from .entry import Function, See, Shelf
from .textbook import Cache, mean, total, values_per_channel


def with_right_parameters(dx: Function) -> Function:
    """Add the right dgamma and dbeta to a function that computes dx only."""

    def backward(dy: Array, cache: Cache) -> tuple[Array, Array, Array]:
        dgamma, dbeta = total(dy * cache.xhat), total(dy)
        return dx(dy, cache), dgamma, dbeta

    return backward


SHELF = Shelf("batch_norm_backward", "dx", with_right_parameters)
SUM = See("batch_norm_backward(dy, cache)[0].sum(axis=0)", "0 * gamma")
ALONG = See(
    "(xhat * batch_norm_backward(dy, cache)[0]).sum(axis=0)",
    "gamma / batch_std * (eps / batch_std**2) * (dy * xhat).sum(axis=0)",
)
SUM4 = See("batch_norm_backward(dy4, cache4)[0].sum(axis=(0, 2, 3))", "0 * gamma")
GAMMA = See(
    "batch_norm_backward(dy, batch_norm_forward(x, 2 * gamma, beta, eps)[1])[0]",
    "2 * batch_norm_backward(dy, cache)[0]",
)


@SHELF.wrong(
    "dx is dy itself.",
    "BN is not the identity: x moves the mean and the deviation, and gamma / std scales.",
    GAMMA,
)
def dx_is_dy(dy: Array, cache: Cache) -> Array:
    return dy.copy()


@SHELF.wrong(
    "dx is gamma * dy / std: mean and deviation are treated as constants.",
    "Both depend on x, so two more paths lead from y back to x; this is inference's gradient.",
    SUM,
)
def dx_statistics_constant(dy: Array, cache: Cache) -> Array:
    return cache.gamma / cache.std * dy


@SHELF.wrong(
    "dx lacks the factor gamma.",
    "y is gamma * xhat + beta, so everything that reaches xhat comes through gamma.",
    GAMMA,
)
def dx_gamma_missing(dy: Array, cache: Cache) -> Array:
    return (dy - mean(dy) - cache.xhat * mean(dy * cache.xhat)) / cache.std


@SHELF.wrong(
    "gamma is in the first term of dx only.",
    "All three paths, the direct one and those through mean and deviation, start at gamma * dy.",
    SUM,
)
def dx_gamma_in_first_term_only(dy: Array, cache: Cache) -> Array:
    return (cache.gamma * dy - mean(dy) - cache.xhat * mean(dy * cache.xhat)) / cache.std


@SHELF.wrong(
    "dx is multiplied by gamma twice.",
    "One of the two is already in the gradient by xhat, which is gamma * dy.",
    GAMMA,
)
def dx_gamma_twice(dy: Array, cache: Cache) -> Array:
    inner = dy - mean(dy) - cache.xhat * mean(dy * cache.xhat)
    return cache.gamma**2 / cache.std * inner


@SHELF.wrong(
    "Only the diagonal of the Jacobian is used: how x_i moves y_i, but not how it moves y_j.",
    "Every x_i moves mean and deviation, and with them every y_j of its channel.",
    SUM,
)
def dx_diagonal_only(dy: Array, cache: Cache) -> Array:
    m = values_per_channel(dy)
    return cache.gamma / cache.std * dy * (1 - (1 + cache.xhat**2) / m)


@SHELF.wrong(
    "dx lacks the term of the mean, mean(dy).",
    "The mean depends on every x; a constant added to x changes nothing, so dx must sum to 0.",
    SUM,
)
def dx_mean_term_missing(dy: Array, cache: Cache) -> Array:
    return cache.gamma / cache.std * (dy - cache.xhat * mean(dy * cache.xhat))


@SHELF.wrong(
    "dx lacks the term of the variance, xhat * mean(dy * xhat).",
    "The deviation depends on every x: but for eps, a larger spread of x changes nothing in y.",
    ALONG,
)
def dx_variance_term_missing(dy: Array, cache: Cache) -> Array:
    return cache.gamma / cache.std * (dy - mean(dy))


@SHELF.wrong(
    "Both terms subtracted in dx are sums and not means: 1 / m is missing.",
    "The mean and the variance are means, so each x_i has a share of 1 / m in them.",
    SUM,
)
def dx_sums_for_means(dy: Array, cache: Cache) -> Array:
    m = values_per_channel(dy)
    inner = dy - m * mean(dy) - m * cache.xhat * mean(dy * cache.xhat)
    return cache.gamma / cache.std * inner


@SHELF.wrong(
    "1 / m is missing in the term of the mean.",
    "The mean is a mean: each x_i has a share of 1 / m in it.",
    SUM,
)
def dx_mean_term_without_m(dy: Array, cache: Cache) -> Array:
    m = values_per_channel(dy)
    inner = dy - m * mean(dy) - cache.xhat * mean(dy * cache.xhat)
    return cache.gamma / cache.std * inner


@SHELF.wrong(
    "1 / m is missing in the term of the variance.",
    "The variance is a mean of squares: each x_i has a share of 1 / m in it.",
    ALONG,
)
def dx_variance_term_without_m(dy: Array, cache: Cache) -> Array:
    m = values_per_channel(dy)
    inner = dy - mean(dy) - m * cache.xhat * mean(dy * cache.xhat)
    return cache.gamma / cache.std * inner


@SHELF.wrong(
    "dx is m times as large: the 1 / m before m * dy - sum(dy) - xhat * sum(dy * xhat) is missing.",
    "Written with sums, the whole bracket is divided by m.",
    ALONG,
)
def dx_m_times(dy: Array, cache: Cache) -> Array:
    m = values_per_channel(dy)
    inner = dy - mean(dy) - cache.xhat * mean(dy * cache.xhat)
    return m * cache.gamma / cache.std * inner


@SHELF.wrong(
    "For images, the sums in dx are divided by N and not by N * H * W.",
    "Mean and variance of a channel run over N * H * W values.",
    SUM4,
    topic="conv",
)
def dx_conv_divides_by_n(dy: Array, cache: Cache) -> Array:
    pixels = values_per_channel(dy) // len(dy)
    inner = dy - pixels * mean(dy) - pixels * cache.xhat * mean(dy * cache.xhat)
    return cache.gamma / cache.std * inner


@SHELF.wrong(
    "For images, the means in dx run over the samples only, for each pixel by itself.",
    "All pixels of a channel share one mean and one deviation.",
    See(
        "batch_norm_backward(1.0 * (np.arange(x4.size).reshape(x4.shape) == 0), cache4)[0][0, 0, 1]"
        " != 0",
        "np.ones(4, dtype=bool)",
    ),
    topic="conv",
)
def dx_means_per_position(dy: Array, cache: Cache) -> Array:
    mean_dy, along = dy.mean(axis=0), (dy * cache.xhat).mean(axis=0)
    dx: Array = cache.gamma / cache.std * (dy - mean_dy - cache.xhat * along)
    return dx


@SHELF.wrong(
    "The means in dx run over the channels of each sample.",
    "The forward pass takes its means over the samples, axis 0; that of layer norm is axis 1.",
    SUM,
)
def dx_means_over_channels(dy: Array, cache: Cache) -> Array:
    mean_dy = dy.mean(axis=1, keepdims=True)
    along = (dy * cache.xhat).mean(axis=1, keepdims=True)
    dx: Array = cache.gamma / cache.std * (dy - mean_dy - cache.xhat * along)
    return dx
