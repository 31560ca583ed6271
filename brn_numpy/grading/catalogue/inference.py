"""Mistakes in batch_norm_inference."""

# mypy: disable-error-code="no-any-return"
from __future__ import annotations

from typing import Any

import numpy as np

from ..._checks import Array
from . import textbook
from .bn_deviation import EPS
from .entry import Shelf
from .lines import AT_MEAN, ONE_SAMPLE, ONE_STD, PIXEL, SMALL
from .textbook import deviation, mean, wide

SHELF = Shelf("batch_norm_inference", "inference")
ROOTS = (1e-5, 0.0, 1e-8, 1e-3, 1e-7)  # an eps under a root, or none
# m, s: running_mean and running_std


@SHELF.wrong(
    "Inference normalises with the statistics of the minibatch.",
    "A sample's output must not depend on which other samples are in its minibatch.",
    ONE_SAMPLE,
    "kept",
    constants=ROOTS,
)
def inference_batch_statistics(xhat: Array, x: Array, m: Array, s: Array, constant: float) -> Array:
    return (x - mean(x)) / deviation(x, constant)


@SHELF.wrong(
    "Inference subtracts the mean of the minibatch.",
    "A sample's output must not depend on which other samples are in its minibatch.",
    ONE_SAMPLE,
    "middle",
)
def inference_batch_mean(m: Array, x: Array) -> Array:
    return mean(x).ravel()


@SHELF.wrong(
    "Inference divides by the deviation of the minibatch.",
    "A sample's output must not depend on which other samples are in its minibatch.",
    ONE_STD,
    "spread",
    constants=ROOTS,
)
def inference_batch_std(s: Array, x: Array, constant: float) -> Array:
    return deviation(x, constant).ravel()


@SHELF.wrong(
    "Inference leaves out gamma and beta.",
    "They are learnt in training, and the layers after it rely on them.",
    AT_MEAN,
    "affine",
)
def inference_affine_missing(xhat: Array, gamma: Array, beta: Array, c: Any) -> Array:
    return xhat.copy()


@SHELF.wrong(
    "Inference leaves out gamma.",
    "It is learnt in training, and the layers after it rely on it.",
    ONE_STD,
    "affine",
)
def inference_gamma_missing(xhat: Array, gamma: Array, beta: Array, c: Any) -> Array:
    return xhat + beta


@SHELF.wrong(
    "Inference leaves out beta.",
    "It is learnt in training, and the layers after it rely on it.",
    AT_MEAN,
    "affine",
)
def inference_beta_missing(xhat: Array, gamma: Array, beta: Array, c: Any) -> Array:
    return gamma * xhat


@SHELF.wrong(
    "Inference computes gamma * (xhat + beta).",
    "beta is added last, and is not scaled.",
    AT_MEAN,
    "affine",
)
def inference_gamma_scales_beta(xhat: Array, gamma: Array, beta: Array, c: Any) -> Array:
    return gamma * (xhat + beta)


@SHELF.wrong(
    "Inference adds an eps to the running variance again: sqrt(running_std**2 + {}).",
    "running_std contains eps already; where it is small, a second one is felt.",
    SMALL,
    "spread",
    topic="eps",
    constants=EPS,
)
def inference_eps_again(s: Array, x: Array, constant: float) -> Array:
    return np.sqrt(s**2 + constant)


@SHELF.wrong(
    "Inference adds an eps to the running std: running_std + {}.",
    "running_std contains eps already; where it is small, a second one is felt.",
    SMALL,
    "spread",
    topic="eps",
    constants=EPS,
)
def inference_eps_added_to_std(s: Array, x: Array, constant: float) -> Array:
    return s + constant


@SHELF.wrong(
    "Inference takes running_std for a variance: it divides by the root of it.",
    "In this contract the running pair is (mean, standard deviation).",
    ONE_STD,
    "spread",
    constants=ROOTS,
)
def inference_std_as_variance(s: Array, x: Array, constant: float) -> Array:
    return np.sqrt(s + constant)


@SHELF.wrong(
    "Inference divides by running_std**2.",
    "The unit of x must cancel: x - running_mean has it once.",
    ONE_STD,
    "spread",
)
def inference_divides_by_variance(s: Array, x: Array) -> Array:
    return s**2


@SHELF.wrong(
    "Inference divides by nothing.",
    "The running statistics are two: the mean is subtracted, the deviation divides.",
    ONE_STD,
    "spread",
)
def inference_not_divided(s: Array, x: Array) -> Array:
    return np.ones_like(s)


@SHELF.wrong(
    "Inference does not subtract the running mean.",
    "At the running mean, the normalised value is 0.",
    AT_MEAN,
    "middle",
)
def inference_not_centred(m: Array, x: Array) -> Array:
    return 0 * m


@SHELF.wrong(
    "Inference keeps the correction: xhat * r + d on top of the running statistics.",
    "r and d lead from the minibatch to the running statistics, and here we start from those.",
    ONE_SAMPLE,
    "kept",
    topic="correction",
)
def inference_keeps_r_and_d(xhat: Array, x: Array, m: Array, s: Array) -> Array:
    batch = mean(x).ravel(), deviation(x, 1e-5).ravel()
    r, d = textbook.renorm_correction(*batch, m, s, 3.0, 5.0)
    return xhat * wide(r, x) + wide(d, x)


@SHELF.wrong(
    "For images, the array is reshaped to (N * H * W, C) without moving the channels last.",
    "A reshape does not move axes: pixels then meet the statistics of other channels.",
    PIXEL,
    "shape",
    topic="conv",
)
def inference_rows_without_transpose(x: Array) -> Array:
    return x.reshape(-1, x.shape[1])


@SHELF.equal(
    "Inference is folded into y = x * scale + shift.",
    "Correct: scale and shift are two numbers a channel, which can be computed in advance.",
    AT_MEAN,
)
def inference_folded(x: Array, gamma: Array, b: Array, m: Array, s: Array) -> Array:
    scale = gamma / s
    return x * wide(scale, x) + wide(b - m * scale, x)
