"""Mistakes in dx of batch_renorm_backward."""

# mypy: disable-error-code="no-any-return"
from __future__ import annotations

from ..._checks import Array
from .entry import Function, See, Shelf
from .textbook import RenormCache, mean, total, values_per_channel


def with_right_parameters(dx: Function) -> Function:
    """Add the right dgamma and dbeta to a function that computes dx only."""

    def backward(dy: Array, cache: RenormCache) -> tuple[Array, Array, Array]:
        dgamma, dbeta = total(dy * cache.xhat), total(dy)
        return dx(dy, cache), dgamma, dbeta

    return backward


SHELF = Shelf("batch_renorm_backward", "renorm dx", with_right_parameters)
CALL = "batch_renorm_backward(dy, renorm_cache)"
SUM = See(f"{CALL}[0].sum(axis=0)", "0 * gamma")
ALONG = See(
    f"(xhat * {CALL}[0]).sum(axis=0)",
    "r * gamma / batch_std * (eps / batch_std**2) * (dy * xhat).sum(axis=0)",
)


def bracket(dy: Array, z: Array) -> Array:
    """Return dy - mean(dy) - z * mean(dy * z), the projection that BN and BRN share."""
    return dy - mean(dy) - z * mean(dy * z)


@SHELF.wrong(
    "dx lacks the factor r: this is BN's dx.",
    "y is gamma * (z * r + d) + beta, so everything that reaches z comes through r.",
    ALONG,
)
def renorm_dx_r_missing(dy: Array, cache: RenormCache) -> Array:
    return cache.gamma / cache.std * bracket(dy, cache.z)


@SHELF.wrong("dx is multiplied by r twice.", "r enters once, with gamma: gamma * r / std.", ALONG)
def renorm_dx_r_twice(dy: Array, cache: RenormCache) -> Array:
    return cache.gamma * cache.r**2 / cache.std * bracket(dy, cache.z)


@SHELF.wrong("dx is divided by r.", "z is multiplied by r, so its gradient is too.", ALONG)
def renorm_dx_divided_by_r(dy: Array, cache: RenormCache) -> Array:
    return cache.gamma / (cache.r * cache.std) * bracket(dy, cache.z)


@SHELF.wrong(
    "r is in the first term of dx only.",
    "All three paths, the direct one and those through mean and deviation, come through r.",
    SUM,
)
def renorm_dx_r_in_first_term_only(dy: Array, cache: RenormCache) -> Array:
    return cache.gamma / cache.std * (bracket(dy, cache.z) + (cache.r - 1) * dy)


@SHELF.wrong(
    "dx has the corrected xhat = z * r + d where z = (x - mean) / std belongs.",
    "The term of the variance is about the value before the correction.",
    SUM,
)
def renorm_dx_from_corrected_xhat(dy: Array, cache: RenormCache) -> Array:
    return cache.gamma * cache.r / cache.std * bracket(dy, cache.xhat)


@SHELF.wrong(
    "The term of the variance reuses dgamma, as z * dgamma / m.",
    "In BN that is right; here dgamma contains r and d, and mean(dy * z) does not.",
    ALONG,
)
def renorm_dx_reuses_dgamma(dy: Array, cache: RenormCache) -> Array:
    inner = dy - mean(dy) - cache.z * mean(dy * cache.xhat)
    return cache.gamma * cache.r / cache.std * inner


@SHELF.wrong(
    "For images, the sums in dx are divided by N and not by N * H * W.",
    "Mean and variance of a channel run over N * H * W values.",
    See("batch_renorm_backward(dy4, renorm_cache4)[0].sum(axis=(0, 2, 3))", "0 * gamma"),
    topic="conv",
)
def renorm_dx_conv_divides_by_n(dy: Array, cache: RenormCache) -> Array:
    pixels = values_per_channel(dy) // len(dy)
    inner = dy - pixels * mean(dy) - pixels * cache.z * mean(dy * cache.z)
    return cache.gamma * cache.r / cache.std * inner


@SHELF.wrong(
    "dx is divided by running_std, times r.",
    "z was divided by the minibatch's std: r / batch_std is 1 / running_std already, if unclipped.",
    ALONG,
)
def renorm_dx_running_std(dy: Array, cache: RenormCache) -> Array:
    return cache.gamma * cache.r / cache.running_std * bracket(dy, cache.z)


@SHELF.wrong(
    "The gradient flows through r and d: they are not treated as constants.",
    "Algorithm 1 stops the gradient at r and d; otherwise the normalisation has no effect on it.",
    ALONG,
    topic="stop gradient",
)
def renorm_gradient_through_r_and_d(dy: Array, cache: RenormCache) -> Array:
    stopped = cache.gamma * cache.r / cache.std * bracket(dy, cache.z)
    through_r = cache.gamma / cache.running_std * cache.z * mean(dy * cache.z) * cache.r_is_free
    through_d = cache.gamma / cache.running_std * mean(dy) * cache.d_is_free
    return stopped + through_r + through_d


@SHELF.wrong(
    "The gradient flows through r, which is not treated as a constant.",
    "Algorithm 1 stops the gradient at r and d.",
    ALONG,
    topic="stop gradient",
)
def renorm_gradient_through_r(dy: Array, cache: RenormCache) -> Array:
    stopped = cache.gamma * cache.r / cache.std * bracket(dy, cache.z)
    through_r = cache.gamma / cache.running_std * cache.z * mean(dy * cache.z) * cache.r_is_free
    return stopped + through_r


@SHELF.wrong(
    "The gradient flows through d, which is not treated as a constant.",
    "Algorithm 1 stops the gradient at r and d.",
    SUM,
    topic="stop gradient",
)
def renorm_gradient_through_d(dy: Array, cache: RenormCache) -> Array:
    stopped = cache.gamma * cache.r / cache.std * bracket(dy, cache.z)
    return stopped + cache.gamma / cache.running_std * mean(dy) * cache.d_is_free


@SHELF.wrong(
    "dx is gamma * dy / running_std, as in inference.",
    "Mean and deviation of the minibatch depend on x, also where r and d are constants.",
    SUM,
)
def renorm_dx_of_inference(dy: Array, cache: RenormCache) -> Array:
    return cache.gamma / cache.running_std * dy


@SHELF.wrong(
    "dx is gamma * r * dy / std: mean and deviation are treated as constants.",
    "The gradient stops at r and d only, and not at the minibatch's mean and deviation.",
    SUM,
)
def renorm_dx_statistics_constant(dy: Array, cache: RenormCache) -> Array:
    return cache.gamma * cache.r / cache.std * dy


@SHELF.wrong(
    "dx lacks the term of the mean, mean(dy).",
    "A constant added to x changes nothing as long as r and d are constants: dx sums to 0.",
    SUM,
)
def renorm_dx_mean_term_missing(dy: Array, cache: RenormCache) -> Array:
    return cache.gamma * cache.r / cache.std * (dy - cache.z * mean(dy * cache.z))


@SHELF.wrong(
    "dx lacks the term of the variance, z * mean(dy * z).",
    "The minibatch's deviation depends on every x, also where r is a constant.",
    ALONG,
)
def renorm_dx_variance_term_missing(dy: Array, cache: RenormCache) -> Array:
    return cache.gamma * cache.r / cache.std * (dy - mean(dy))


@SHELF.wrong(
    "dx lacks the factor gamma.",
    "y is gamma * (z * r + d) + beta, so everything that reaches z comes through gamma.",
    ALONG,
)
def renorm_dx_gamma_missing(dy: Array, cache: RenormCache) -> Array:
    return cache.r / cache.std * bracket(dy, cache.z)


@SHELF.equal(
    "dx goes back node by node, as the paper writes it: through std, through the mean, directly.",
    "Correct: the closed form is these three, added up.",
    SUM,
)
def renorm_dx_node_by_node(dy: Array, cache: RenormCache) -> Array:
    dxhat, xc = cache.gamma * dy, cache.z * cache.std
    dstd = mean(dxhat * xc * -cache.r / cache.std**2)
    dmean = mean(dxhat * -cache.r / cache.std)
    return dxhat * cache.r / cache.std + dstd * xc / cache.std + dmean
