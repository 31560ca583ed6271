"""The textbook is the papers' algorithms, and the library is the textbook.

The first half writes the formulas of the two papers once more, line by line and in their notation,
for rows (N, C), and holds the textbook against them. No other test needs to know a formula.
"""

import numpy as np
import pytest
from core_cases import DTYPES, EPS, assert_close, cases, make_case, results, sizes
from hypothesis import given
from hypothesis import strategies as st

from brn_numpy import textbook
from brn_numpy.gradcheck import check_gradients

rows = st.builds(
    make_case,
    shape=st.tuples(st.integers(2, 40), st.integers(1, 7)),
    seed=st.integers(0, 2**32 - 1),
    eps=st.sampled_from(EPS),
    r_max=st.sampled_from([1.0, 1.2, 2.0, 9.0]),
    d_max=st.sampled_from([0.0, 0.5, 4.0]),
)


def textbook_norm(case):
    """Return the textbook's y, cache, dx, dgamma, dbeta of BN."""
    y, cache = textbook.batch_norm_forward(case.x, case.gamma, case.beta, case.eps)
    return y, cache, *textbook.batch_norm_backward(case.dy, cache)


def textbook_renorm(case):
    """Return the textbook's y, cache, dx, dgamma, dbeta of BRN."""
    bounds = case.r_max, case.d_max, case.eps
    y, cache = textbook.batch_renorm_forward(case.x, case.gamma, case.beta, *case.running, *bounds)
    return y, cache, *textbook.batch_renorm_backward(case.dy, cache)


def textbook_inference(case):
    """Return the textbook's y, dx, dgamma, dbeta in inference."""
    y = textbook.batch_norm_inference(case.x, case.gamma, case.beta, *case.running)
    return y, *textbook.batch_norm_inference_backward(case.dy, case.x, case.gamma, *case.running)


def all_close(found, expected, sizes, axis=1):
    """Compare one after the other."""
    for a, b, size in zip(found, expected, sizes, strict=True):
        assert_close(a, b, size, axis)


@given(rows)
def test_batch_norm_is_algorithm_1_of_ioffe_and_szegedy(case):
    """The mean, the biased variance, the normalised value, scale and shift: one line each."""
    x, m, epsilon = case.x, len(case.x), case.eps
    mu = x.sum(axis=0) / m
    sigma2 = ((x - mu) ** 2).sum(axis=0) / m
    xhat = (x - mu) / np.sqrt(sigma2 + epsilon)
    y = case.gamma * xhat + case.beta

    found, cache, *_ = textbook_norm(case)
    size = sizes(case)
    all_close((found, cache.xhat), (y, xhat), (size.y, size.xhat))
    all_close((cache.mu[0], cache.var[0]), (mu, sigma2), (np.abs(x).max(axis=0), sigma2 + epsilon))


@given(rows)
def test_batch_norm_backward_is_the_chain_rule_of_ioffe_and_szegedy(case):
    """The six gradients of their section 3, through xhat, the variance and the mean."""
    x, dy, m = case.x, case.dy, len(case.x)
    mu, sigma2_eps = x.mean(axis=0), x.var(axis=0) + case.eps
    dxhat = dy * case.gamma
    dsigma2 = (dxhat * (x - mu) * -1 / 2 * sigma2_eps ** (-3 / 2)).sum(axis=0)
    dmu = (dxhat * -1 / np.sqrt(sigma2_eps)).sum(axis=0) + dsigma2 * (-2 * (x - mu)).sum(axis=0) / m
    dx = dxhat / np.sqrt(sigma2_eps) + dsigma2 * 2 * (x - mu) / m + dmu / m
    dgamma = (dy * (x - mu) / np.sqrt(sigma2_eps)).sum(axis=0)
    dbeta = dy.sum(axis=0)

    all_close(textbook_norm(case)[2:], (dx, dgamma, dbeta), sizes(case)[2:])


@given(rows)
def test_batch_renorm_is_algorithm_1_of_ioffe(case):
    """The eight lines of training, and the one of inference."""
    x, m, alpha, (mu, sigma) = case.x, len(case.x), case.momentum, case.running
    mu_b = x.sum(axis=0) / m
    sigma_b = np.sqrt(case.eps + ((x - mu_b) ** 2).sum(axis=0) / m)
    r = np.minimum(np.maximum(sigma_b / sigma, 1 / case.r_max), case.r_max)
    d = np.minimum(np.maximum((mu_b - mu) / sigma, -case.d_max), case.d_max)
    xhat = (x - mu_b) / sigma_b * r + d
    y = case.gamma * xhat + case.beta
    mu_new = mu + alpha * (mu_b - mu)
    sigma_new = sigma + alpha * (sigma_b - sigma)
    inference = case.gamma * (x - mu) / sigma + case.beta

    size, far = sizes(case), sizes(case, mu, sigma)
    found, cache, *_ = textbook_renorm(case)
    assert_close(found, y, size.y * r + np.abs(case.gamma) * far.xhat)
    own = textbook.renorm_correction(mu_b, sigma_b, mu, sigma, case.r_max, case.d_max)
    all_close((cache.r[0], cache.d[0], *own), (r, d, r, d), (r, far.xhat, r, far.xhat))
    all_close(
        textbook.update_running(mu, sigma, mu_b, sigma_b, alpha),
        (mu_new, sigma_new),
        (np.abs(mu) + np.abs(mu_b), sigma + sigma_b),
    )
    assert_close(textbook_inference(case)[0], inference, far.y)


@given(rows)
def test_batch_renorm_backward_is_section_3_of_ioffe(case):
    """The six gradients, with r and d as they came out of the forward pass."""
    x, dy, m = case.x, case.dy, len(case.x)
    _, cache, *found = textbook_renorm(case)
    mu_b, sigma_b = x.mean(axis=0), np.sqrt(case.eps + x.var(axis=0))
    r, d = cache.r[0], cache.d[0]
    dxhat = dy * case.gamma
    dsigma_b = (dxhat * (x - mu_b) * -r / sigma_b**2).sum(axis=0)
    dmu_b = (dxhat * -r / sigma_b).sum(axis=0)
    dx = dxhat * r / sigma_b + dsigma_b * (x - mu_b) / (m * sigma_b) + dmu_b / m
    dgamma = (dy * ((x - mu_b) / sigma_b * r + d)).sum(axis=0)
    dbeta = dy.sum(axis=0)

    size = sizes(case)
    terms = size.dx * r, size.dgamma * r + size.dbeta * np.abs(d), size.dbeta
    all_close(found, (dx, dgamma, dbeta), terms)


@given(rows)
def test_inference_backward_is_the_derivative_of_inference(case):
    """The papers do not write it; the complex step differentiates the forward pass."""

    def forward(x, gamma, beta):
        return textbook.batch_norm_inference(x, gamma, beta, *case.running), (x, gamma)

    def backward(dy, cache):
        return textbook.batch_norm_inference_backward(dy, *cache, *case.running)

    inputs = {"x": case.x, "gamma": case.gamma, "beta": case.beta}
    check_gradients(forward, backward, inputs, method="complex").assert_ok()


@pytest.mark.parametrize("shape", [(4, 3, 5), (2, 3, 4, 5), (1, 4, 2, 2), (2, 2, 2, 3, 2)], ids=str)
def test_the_textbook_takes_each_pixel_for_a_sample(shape):
    """Images give what their pixels give as rows (N*H*W, C), which the papers' formulas are for."""
    image = make_case(shape, seed=4)
    as_rows = lambda a: np.moveaxis(a, 1, -1).reshape(-1, shape[1])  # noqa: E731
    flat = image._replace(x=as_rows(image.x), dy=as_rows(image.dy))
    for function in (textbook_norm, textbook_renorm, textbook_inference):
        for a, b in zip(function(image), function(flat), strict=True):
            if isinstance(a, np.ndarray):
                a = as_rows(a) if a.ndim > 1 else a
                np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-12)


def expected(case):
    """Return what the textbook gives, in float64, for everything in `results`, and the sizes."""
    x, dy = (np.moveaxis(np.float64(a), case.axis, 1) for a in (case.x, case.dy))
    running = tuple(np.float64(a) for a in case.running)
    own, run, gamma = sizes(case), sizes(case, *running), np.abs(np.float64(case.gamma))
    case = case._replace(x=x, dy=dy, running=running)
    found = {}

    def add(labels, names, values, sizes):
        for label in labels.split():
            for name, *pair in zip(names.split(), values, sizes, strict=True):
                found[f"{label}.{name}"] = pair

    y, cache, *gradients = textbook_norm(case)
    batch = cache.mu.ravel(), cache.std.ravel()
    far = np.abs(x).max(axis=(0, *range(2, x.ndim)))  # what the mean adds up
    add("bn", "y dx dgamma dbeta", (y, *gradients), own[1:])
    add("bn brn moments", "mean std", batch, (far, batch[1]))
    moved = textbook.update_running(*running, *batch, case.momentum)
    add("updated", "mean std", moved, (np.abs(running[0]) + far, running[1] + batch[1]))
    y, cache, *gradients = textbook_renorm(case)
    r, d = cache.r.ravel(), cache.d.ravel()
    add("brn correction", "r d", (r, d), (r, run.xhat))
    terms = own.y * r + gamma * run.xhat, own.dx * r, own.dgamma * r + own.dbeta * run.xhat
    add("brn", "y dx dgamma dbeta", (y, *gradients), (*terms, own.dbeta))
    add("inference", "y dx dgamma dbeta", textbook_inference(case), run[1:])
    return found


@given(st.one_of(rows, cases()), st.sampled_from(DTYPES))
def test_the_library_is_the_textbook(case, dtype):
    """All eight functions, on rows and on images, in float32 and float64, to rounding."""
    arrays = {name: getattr(case, name).astype(dtype) for name in ("x", "gamma", "beta", "dy")}
    running = type(case.running)(*(a.astype(dtype) for a in case.running))
    case = case._replace(**arrays, running=running)
    found, right = results(case), expected(case)
    assert found.keys() == right.keys()
    for name, a in found.items():
        value, size = right[name]
        assert a.dtype == dtype, name
        assert_close(a, np.moveaxis(value, 1, case.axis) if a.ndim > 1 else value, size, case.axis)
