"""The formulas of the two papers, written plainly, line by line, against the library.

Everything here is (N, C) in float64; other layouts and dtypes have tests of their own.
"""

import numpy as np
from core_cases import (
    EPS,
    assert_close,
    bn_forward,
    bn_gradients,
    brn_forward,
    make_case,
    sizes,
)
from hypothesis import given
from hypothesis import strategies as st

import brn_numpy as bn

draws = {
    "shape": st.tuples(st.integers(2, 40), st.integers(1, 7)),
    "eps": st.sampled_from(EPS),
    "seed": st.integers(0, 2**32 - 1),
}


@given(**draws)
def test_batch_norm_is_algorithm_1_of_ioffe_and_szegedy(shape, eps, seed):
    """The mean, the biased variance, the normalised value, scale and shift: one line each."""
    case = make_case(shape, seed=seed, eps=eps)
    x, m = case.x, len(case.x)
    mu = x.sum(axis=0) / m
    var = ((x - mu) ** 2).sum(axis=0) / m
    xhat = (x - mu) / np.sqrt(var + eps)
    y = case.gamma * xhat + case.beta

    found, cache = bn_forward(case)
    assert_close(found, y, sizes(case).y)
    assert_close(cache.batch.mean, mu, np.abs(x).max(axis=0))
    assert_close(cache.batch.std, np.sqrt(var + eps), np.sqrt(var + eps))


@given(**draws)
def test_batch_norm_backward_is_the_chain_rule_of_ioffe_and_szegedy(shape, eps, seed):
    """The six gradients of their section 3, through xhat, the variance and the mean."""
    case = make_case(shape, seed=seed, eps=eps)
    x, dy, m = case.x, case.dy, len(case.x)
    mu, var = x.mean(axis=0), x.var(axis=0)
    dxhat = dy * case.gamma
    dvar = (dxhat * (x - mu) * -0.5 * (var + eps) ** -1.5).sum(axis=0)
    dmu = (-dxhat / np.sqrt(var + eps)).sum(axis=0) + dvar * (-2 * (x - mu)).sum(axis=0) / m
    dx = dxhat / np.sqrt(var + eps) + dvar * 2 * (x - mu) / m + dmu / m
    dgamma = (dy * (x - mu) / np.sqrt(var + eps)).sum(axis=0)
    dbeta = dy.sum(axis=0)

    for a, b, size in zip(bn_gradients(case), (dx, dgamma, dbeta), sizes(case)[2:], strict=True):
        assert_close(a, b, size)


@given(**draws, r_max=st.sampled_from([1.0, 1.2, 2.0, 9.0]), d_max=st.sampled_from([0.0, 0.5, 4.0]))
def test_batch_renorm_is_algorithm_1_of_ioffe(shape, eps, seed, r_max, d_max):
    """Eight lines forward and five gradients backward, as they stand in the paper."""
    case = make_case(shape, seed=seed, eps=eps, r_max=r_max, d_max=d_max)
    x, dy, m, alpha = case.x, case.dy, len(case.x), case.momentum
    mu, sigma = case.running
    mu_b = x.mean(axis=0)
    sigma_b = np.sqrt(eps + ((x - mu_b) ** 2).mean(axis=0))
    r = np.clip(sigma_b / sigma, 1 / r_max, r_max)
    d = np.clip((mu_b - mu) / sigma, -d_max, d_max)
    xhat = (x - mu_b) / sigma_b * r + d
    y = case.gamma * xhat + case.beta
    mu_new = mu + alpha * (mu_b - mu)
    sigma_new = sigma + alpha * (sigma_b - sigma)

    dxhat = dy * case.gamma
    dsigma_b = (dxhat * (x - mu_b) * -r / sigma_b**2).sum(axis=0)
    dmu_b = (dxhat * -r / sigma_b).sum(axis=0)
    dx = dxhat * r / sigma_b + dsigma_b * (x - mu_b) / (m * sigma_b) + dmu_b / m
    dgamma = (dy * xhat).sum(axis=0)
    dbeta = dy.sum(axis=0)

    size, far = sizes(case), sizes(case, mu, sigma).xhat
    found, cache = brn_forward(case)
    assert_close(found, y, size.y * r + np.abs(case.gamma) * far)
    assert_close(cache.r, r, r)
    assert_close(cache.d, d, far)
    new = bn.update_running(case.running, cache.batch, alpha)
    assert_close(new.mean, mu_new, np.abs(mu) + np.abs(x).max(axis=0))
    assert_close(new.std, sigma_new, sigma + sigma_b)
    gradients = bn.batch_renorm_backward(dy, cache)
    assert_close(gradients[0], dx, size.dx * r)
    assert_close(gradients[1], dgamma, size.dgamma * r + size.dbeta * far)
    assert_close(gradients[2], dbeta, size.dbeta)
