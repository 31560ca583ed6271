"""Mistakes in batch_norm_inference."""

from __future__ import annotations

import numpy as np

from ..._checks import Array
from . import textbook
from .entry import See, Shelf
from .textbook import batch_norm_inference, deviation, mean, wide

SHELF = Shelf("batch_norm_inference", "inference")
CALL = "batch_norm_inference(x, gamma, beta, running_mean, running_std)"
ONE = See("batch_norm_inference(x[:1], gamma, beta, running_mean, running_std)", f"{CALL}[:1]")
AT_MEAN = See(
    "batch_norm_inference(0 * x + running_mean, gamma, beta, running_mean, running_std)[0]", "beta"
)
STEP = See(
    "batch_norm_inference(x + running_std, gamma, beta, running_mean, running_std) - " + CALL,
    "0 * x + gamma",
)
SMALL = See(
    "batch_norm_inference(1e-3 * x, gamma, beta, 1e-3 * running_mean, 1e-3 * running_std)",
    "gamma * (x - running_mean) / running_std + beta",
)
# mu, sigma: running_mean and running_std; b: beta


@SHELF.wrong(
    "Inference normalises with the statistics of the minibatch.",
    "A sample's output must not depend on which other samples are in its minibatch.",
    ONE,
)
def inference_batch_statistics(x: Array, gamma: Array, b: Array, mu: Array, sigma: Array) -> Array:
    return textbook.batch_norm_forward(x, gamma, b, 1e-5)[0]


@SHELF.wrong(
    "Inference subtracts the mean of the minibatch and divides by the running std.",
    "A sample's output must not depend on which other samples are in its minibatch.",
    ONE,
)
def inference_batch_mean(x: Array, gamma: Array, b: Array, mu: Array, sigma: Array) -> Array:
    return batch_norm_inference(x, gamma, b, mean(x).ravel(), sigma)


@SHELF.wrong(
    "Inference subtracts the running mean and divides by the deviation of the minibatch.",
    "A sample's output must not depend on which other samples are in its minibatch.",
    STEP,
)
def inference_batch_std(x: Array, gamma: Array, b: Array, mu: Array, sigma: Array) -> Array:
    return batch_norm_inference(x, gamma, b, mu, deviation(x, 1e-5).ravel())


@SHELF.wrong(
    "Inference leaves out gamma and beta.",
    "They are learnt in training, and the layers after it rely on them.",
    AT_MEAN,
)
def inference_affine_missing(x: Array, gamma: Array, b: Array, mu: Array, sigma: Array) -> Array:
    return batch_norm_inference(x, np.ones_like(gamma), 0 * b, mu, sigma)


@SHELF.wrong(
    "Inference leaves out gamma.",
    "y = gamma * (x - running_mean) / running_std + beta.",
    STEP,
)
def inference_gamma_missing(x: Array, gamma: Array, b: Array, mu: Array, sigma: Array) -> Array:
    return batch_norm_inference(x, np.ones_like(gamma), b, mu, sigma)


@SHELF.wrong(
    "Inference leaves out beta.",
    "y = gamma * (x - running_mean) / running_std + beta.",
    AT_MEAN,
)
def inference_beta_missing(x: Array, gamma: Array, b: Array, mu: Array, sigma: Array) -> Array:
    return batch_norm_inference(x, gamma, 0 * b, mu, sigma)


@SHELF.wrong(
    "Inference computes gamma * (xhat + beta).",
    "beta is added last, and is not scaled.",
    AT_MEAN,
)
def inference_gamma_scales_beta(x: Array, gamma: Array, b: Array, mu: Array, sigma: Array) -> Array:
    return batch_norm_inference(x, gamma, gamma * b, mu, sigma)


@SHELF.wrong(
    "Inference adds an eps to the running variance again: sqrt(running_std**2 + 1e-5).",
    "running_std contains eps already; where it is small, a second one is felt.",
    SMALL,
    topic="eps",
)
def inference_eps_again(x: Array, gamma: Array, b: Array, mu: Array, sigma: Array) -> Array:
    return batch_norm_inference(x, gamma, b, mu, np.sqrt(sigma**2 + 1e-5))


@SHELF.wrong(
    "Inference adds an eps to the running std: running_std + 1e-5.",
    "running_std contains eps already; where it is small, a second one is felt.",
    SMALL,
    topic="eps",
)
def inference_eps_added_to_std(x: Array, gamma: Array, b: Array, mu: Array, sigma: Array) -> Array:
    return batch_norm_inference(x, gamma, b, mu, sigma + 1e-5)


@SHELF.wrong(
    "Inference takes running_std for a variance: it divides by sqrt(running_std + 1e-5).",
    "In this contract the running pair is (mean, standard deviation).",
    STEP,
)
def inference_std_as_variance(x: Array, gamma: Array, b: Array, mu: Array, sigma: Array) -> Array:
    return batch_norm_inference(x, gamma, b, mu, np.sqrt(sigma + 1e-5))


@SHELF.wrong(
    "Inference divides by running_std**2.",
    "xhat = (x - running_mean) / running_std: the unit of x must cancel.",
    STEP,
)
def inference_divides_by_variance(
    x: Array, gamma: Array, b: Array, mu: Array, sigma: Array
) -> Array:
    return batch_norm_inference(x, gamma, b, mu, sigma**2)


@SHELF.wrong(
    "Inference does not subtract the running mean.",
    "xhat = (x - running_mean) / running_std.",
    AT_MEAN,
)
def inference_not_centred(x: Array, gamma: Array, b: Array, mu: Array, sigma: Array) -> Array:
    return batch_norm_inference(x, gamma, b, 0 * mu, sigma)


@SHELF.wrong(
    "Inference keeps the correction: xhat * r + d on top of the running statistics.",
    "r and d lead from the minibatch to the running statistics, and here we start from those.",
    ONE,
    topic="correction",
)
def inference_keeps_r_and_d(x: Array, gamma: Array, b: Array, mu: Array, sigma: Array) -> Array:
    batch = mean(x).ravel(), deviation(x, 1e-5).ravel()
    r, d = textbook.renorm_correction(*batch, mu, sigma, 3.0, 5.0)
    return batch_norm_inference(x, gamma * r, b + gamma * d, mu, sigma)


@SHELF.wrong(
    "For images, the array is reshaped to (N * H * W, C) without moving the channels last.",
    "A reshape does not move axes: pixels then meet the statistics of other channels.",
    See(
        "batch_norm_inference(x4, gamma, beta, running_mean, running_std)[:, 1, 0, 0]",
        "gamma[1] * (x4[:, 1, 0, 0] - running_mean[1]) / running_std[1] + beta[1]",
    ),
    topic="conv",
)
def inference_rows_without_transpose(
    x: Array, gamma: Array, b: Array, mu: Array, sigma: Array
) -> Array:
    return batch_norm_inference(x.reshape(-1, x.shape[1]), gamma, b, mu, sigma).reshape(x.shape)


@SHELF.equal(
    "Inference is folded into y = x * scale + shift.",
    "Correct: scale = gamma / running_std and shift = beta - running_mean * scale.",
    AT_MEAN,
)
def inference_folded(x: Array, gamma: Array, b: Array, mu: Array, sigma: Array) -> Array:
    scale = gamma / sigma
    return x * wide(scale, x) + wide(b - mu * scale, x)
