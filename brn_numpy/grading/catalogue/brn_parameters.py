"""Mistakes in dgamma and dbeta of batch_renorm_backward."""

from __future__ import annotations

from ..._checks import Array
from .entry import Function, See, Shelf
from .textbook import RenormCache, batch_renorm_backward, mean, total


def with_right_dx(parameters: Function) -> Function:
    """Add the right dx to a function that computes (dgamma, dbeta) only."""

    def backward(dy: Array, cache: RenormCache) -> tuple[Array, Array, Array]:
        return (batch_renorm_backward(dy, cache)[0], *parameters(dy, cache))

    return backward


SHELF = Shelf("batch_renorm_backward", "renorm dgamma", with_right_dx)
DGAMMA = See("batch_renorm_backward(dy, renorm_cache)[1]", "(dy * (xhat * r + d)).sum(axis=0)")
DBETA = See("batch_renorm_backward(dy, renorm_cache)[2]", "dy.sum(axis=0)")


@SHELF.wrong(
    "dgamma is computed from z, without r and d.",
    "gamma multiplies the corrected value, z * r + d.",
    DGAMMA,
)
def renorm_dgamma_without_r_and_d(dy: Array, cache: RenormCache) -> tuple[Array, Array]:
    return total(dy * cache.z), total(dy)


@SHELF.wrong(
    "dgamma is computed from z * r, without d.",
    "gamma multiplies the corrected value, z * r + d.",
    DGAMMA,
)
def renorm_dgamma_without_d(dy: Array, cache: RenormCache) -> tuple[Array, Array]:
    return total(dy * cache.z * cache.r), total(dy)


@SHELF.wrong(
    "dgamma is computed from z + d, without r.",
    "gamma multiplies the corrected value, z * r + d.",
    DGAMMA,
)
def renorm_dgamma_without_r(dy: Array, cache: RenormCache) -> tuple[Array, Array]:
    return total(dy * (cache.z + cache.d)), total(dy)


@SHELF.wrong(
    "dgamma and dbeta are means over the minibatch and not sums.",
    "gamma and beta act on every value of their channel, and the contributions add up.",
    DBETA,
)
def renorm_dgamma_averaged(dy: Array, cache: RenormCache) -> tuple[Array, Array]:
    return mean(dy * cache.xhat).ravel(), mean(dy).ravel()


@SHELF.wrong(
    "dbeta is multiplied by r.",
    "beta is added after the correction: its derivative is 1.",
    DBETA,
)
def renorm_dbeta_times_r(dy: Array, cache: RenormCache) -> tuple[Array, Array]:
    return total(dy * cache.xhat), total(dy * cache.r)


@SHELF.wrong(
    "For images, dgamma and dbeta are summed over the samples only.",
    "All pixels of a channel share one gamma and one beta: sum over H and W too.",
    See("batch_renorm_backward(dy4, renorm_cache4)[1].shape", "gamma.shape"),
    topic="conv",
)
def renorm_dgamma_sum_over_samples_only(dy: Array, cache: RenormCache) -> tuple[Array, Array]:
    return (dy * cache.xhat).sum(axis=0), dy.sum(axis=0)


@SHELF.equal(
    "dgamma is r * (BN's dgamma) + d * dbeta.",
    "Correct: the sum of dy * (z * r + d), with r and d taken out of the sum.",
    DGAMMA,
)
def renorm_dgamma_from_batch_norm(dy: Array, cache: RenormCache) -> tuple[Array, Array]:
    return cache.r.ravel() * total(dy * cache.z) + cache.d.ravel() * total(dy), total(dy)
