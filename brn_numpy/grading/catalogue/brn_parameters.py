"""Mistakes in dgamma and dbeta of batch_renorm_backward."""

# mypy: disable-error-code="no-any-return"
from __future__ import annotations

from ..._checks import Array
from .entry import Shelf
from .lines import RENORM_DBETA, RENORM_DGAMMA, RENORM_SHAPE4
from .textbook import Cache, batch_renorm_backward, mean, total

SHELF = Shelf("batch_renorm_backward", "renorm dgamma")


@SHELF.wrong(
    "dgamma is computed from z, without r and d.",
    "gamma multiplies the corrected value, z * r + d.",
    RENORM_DGAMMA,
    "gamma_factor",
)
def renorm_dgamma_without_r_and_d(c: Cache) -> Array:
    return c.z


@SHELF.wrong(
    "dgamma is computed from z * r, without d.",
    "gamma multiplies the corrected value, z * r + d.",
    RENORM_DGAMMA,
    "gamma_factor",
)
def renorm_dgamma_without_d(c: Cache) -> Array:
    return c.z * c.r


@SHELF.wrong(
    "dgamma is computed from z + d, without r.",
    "gamma multiplies the corrected value, z * r + d.",
    RENORM_DGAMMA,
    "gamma_factor",
)
def renorm_dgamma_without_r(c: Cache) -> Array:
    return c.z + c.d


@SHELF.wrong(
    "dgamma is computed from z * r - d: d has the wrong sign.",
    "gamma multiplies the corrected value, z * r + d.",
    RENORM_DGAMMA,
    "gamma_factor",
)
def renorm_dgamma_d_sign(c: Cache) -> Array:
    return c.z * c.r - c.d


@SHELF.wrong(
    "dgamma is computed from z / r + d.",
    "gamma multiplies the corrected value, z * r + d.",
    RENORM_DGAMMA,
    "gamma_factor",
)
def renorm_dgamma_divides_by_r(c: Cache) -> Array:
    return c.z / c.r + c.d


@SHELF.wrong(
    "dgamma is computed from (z + d) * r.",
    "gamma multiplies the corrected value, z * r + d.",
    RENORM_DGAMMA,
    "gamma_factor",
)
def renorm_dgamma_r_scales_d(c: Cache) -> Array:
    return (c.z + c.d) * c.r


@SHELF.wrong(
    "dgamma and dbeta are means over the minibatch and not sums.",
    "gamma and beta act on every value of their channel, and the contributions add up.",
    RENORM_DBETA,
    "gamma_sum beta_sum",
)
def renorm_dgamma_averaged(values: Array) -> Array:
    return mean(values).ravel()


@SHELF.wrong(
    "dbeta is multiplied by r.",
    "beta is added after the correction: its derivative is 1.",
    RENORM_DBETA,
    "beta_factor",
)
def renorm_dbeta_times_r(c: Cache) -> Array:
    return c.r


@SHELF.wrong(
    "For images, dgamma and dbeta are summed over the samples only.",
    "All pixels of a channel share one gamma and one beta: sum over H and W too.",
    RENORM_SHAPE4,
    "gamma_sum beta_sum",
    topic="conv",
)
def renorm_dgamma_sum_over_samples_only(values: Array) -> Array:
    return values.sum(axis=0)


@SHELF.equal(
    "dgamma is r * (BN's dgamma) + d * dbeta.",
    "Correct: r and d are constants of their channel, and come out of the sum.",
    RENORM_DGAMMA,
)
def renorm_dgamma_from_batch_norm(dy: Array, cache: Cache) -> tuple[Array, Array, Array]:
    dgamma = cache.r.ravel() * total(dy * cache.z) + cache.d.ravel() * total(dy)
    return batch_renorm_backward(dy, cache)[0], dgamma, total(dy)
