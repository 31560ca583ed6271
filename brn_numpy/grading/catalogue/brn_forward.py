"""Mistakes in batch_renorm_forward: what is done with r, d, gamma and beta."""

# mypy: disable-error-code="no-any-return"
from __future__ import annotations

import numpy as np

from ..._checks import Array
from .entry import Shelf
from .lines import RENORM_MEAN, RENORM_SPREAD, RENORM_SPREAD4
from .textbook import Cache

SHELF = Shelf("batch_renorm_forward", "renorm forward")


@SHELF.wrong(
    "d is not multiplied by gamma: y = gamma * z * r + d + beta.",
    "d corrects the normalised value, before gamma is applied.",
    RENORM_MEAN,
    "affine",
)
def renorm_d_without_gamma(xhat: Array, gamma: Array, beta: Array, c: Cache) -> Array:
    return gamma * (xhat - c.d) + c.d + beta


@SHELF.wrong("beta is not added.", "d does not replace beta.", RENORM_MEAN, "affine")
def renorm_beta_missing(xhat: Array, gamma: Array, beta: Array, c: Cache) -> Array:
    return gamma * xhat


@SHELF.wrong("gamma is not applied.", "r does not replace gamma.", RENORM_SPREAD, "affine")
def renorm_gamma_missing(xhat: Array, gamma: Array, beta: Array, c: Cache) -> Array:
    return xhat + beta


@SHELF.wrong(
    "gamma is applied twice to z * r.",
    "gamma multiplies once, after the correction.",
    RENORM_SPREAD,
    "affine",
)
def renorm_gamma_twice(xhat: Array, gamma: Array, beta: Array, c: Cache) -> Array:
    return gamma * (gamma * (xhat - c.d) + c.d) + beta


@SHELF.wrong(
    "The correction is applied to y, after gamma and beta: (gamma * z + beta) * r + d.",
    "r and d correct the normalised value; gamma and beta come after them.",
    RENORM_MEAN,
    "affine",
)
def renorm_corrects_y(xhat: Array, gamma: Array, beta: Array, c: Cache) -> Array:
    return (gamma * c.z + beta) * c.r + c.d


@SHELF.wrong(
    "The correction is left out: this is BN.",
    "BRN corrects the normalised value: z * r + d.",
    RENORM_MEAN,
    "correct",
)
def renorm_is_batch_norm(z: Array, r: Array, d: Array, c: Cache) -> Array:
    return z


@SHELF.wrong(
    "Only r is applied, d is left out.", "The corrected value is z * r + d.", RENORM_MEAN, "correct"
)
def renorm_d_missing(z: Array, r: Array, d: Array, c: Cache) -> Array:
    return z * r


@SHELF.wrong(
    "Only d is applied, r is left out.",
    "The corrected value is z * r + d.",
    RENORM_SPREAD,
    "correct",
)
def renorm_r_missing(z: Array, r: Array, d: Array, c: Cache) -> Array:
    return z + d


@SHELF.wrong(
    "r is applied to d as well: (z + d) * r.",
    "d is in units of the running std already; r changes the unit of z only.",
    RENORM_MEAN,
    "correct",
)
def renorm_r_scales_d(z: Array, r: Array, d: Array, c: Cache) -> Array:
    return (z + d) * r


@SHELF.wrong("z is divided by r.", "The corrected value is z * r + d.", RENORM_SPREAD, "correct")
def renorm_divides_by_r(z: Array, r: Array, d: Array, c: Cache) -> Array:
    return z / r + d


@SHELF.wrong("d is subtracted.", "The corrected value is z * r + d.", RENORM_MEAN, "correct")
def renorm_d_subtracted(z: Array, r: Array, d: Array, c: Cache) -> Array:
    return z * r - d


@SHELF.wrong(
    "y is inference's: the running statistics normalise, and the bounds are ignored.",
    "Only where r and d are not clipped are the two the same.",
    RENORM_MEAN,
    "correct",
)
def renorm_is_inference(z: Array, r: Array, d: Array, c: Cache) -> Array:
    return (c.x - c.running_mean) / c.running_std


@SHELF.wrong(
    "x - mean is divided by running_std, and then multiplied by r.",
    "r leads from the minibatch's std to the running one; here the way is gone twice.",
    RENORM_SPREAD,
    "normal",
)
def renorm_divides_by_running_std(c: Cache) -> Array:
    return c.xc / c.running_std


@SHELF.wrong(
    "For images, z is taken for every pixel position by itself: axis 0 only.",
    "All positions of a channel share a mean and a deviation: axes 0, 2 and 3.",
    RENORM_SPREAD4,
    "normal",
    topic="conv",
)
def renorm_per_position(c: Cache) -> Array:
    return (c.x - c.x.mean(axis=0)) / np.sqrt(c.x.var(axis=0) + c.eps)


@SHELF.equal(
    "BRN is written as BN with gamma * r for gamma and beta + gamma * d for beta.",
    "Correct: gamma * (z * r + d) + beta, multiplied out.",
    RENORM_MEAN,
    "affine",
)
def renorm_as_batch_norm(xhat: Array, gamma: Array, beta: Array, c: Cache) -> Array:
    return (gamma * c.r) * c.z + (beta + gamma * c.d)
