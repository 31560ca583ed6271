"""Batch Renormalization: its ties to BN and to inference, and its bounds."""

import numpy as np
import pytest
from core_cases import (
    assert_close,
    bn_forward,
    bn_gradients,
    brn_forward,
    cases,
    columns,
    inference_forward,
    make_case,
    sizes,
)
from hypothesis import given
from hypothesis import strategies as st

import brn_numpy as bn


def free(case):
    """Take the bounds away."""
    return case._replace(r_max=np.inf, d_max=np.inf)


@given(cases())
def test_without_room_it_is_batch_norm_bit_for_bit(case):
    """r_max = 1 and d_max = 0 give BN's y, dx, dgamma, dbeta and moments, every bit of them."""
    y, cache = brn_forward(case, r_max=1.0, d_max=0.0)
    y_bn, cache_bn = bn_forward(case)
    assert np.array_equal(y, y_bn)
    assert np.array_equal(cache.r, np.ones_like(case.gamma))
    assert np.array_equal(cache.d, np.zeros_like(case.gamma))
    gradients = bn.batch_renorm_backward(case.dy, cache)
    for a, b in zip(
        (*gradients, *cache.batch), (*bn_gradients(case), *cache_bn.batch), strict=True
    ):
        assert np.array_equal(a, b)


@given(cases())
def test_without_bounds_it_is_inference_with_the_old_statistics(case):
    """Unclipped, y is gamma (x - mu) / sigma + beta with the running pair before its update."""
    case = free(case)
    y = brn_forward(case)[0]
    size = sizes(case, *case.running).y + sizes(case).y * case.running.std  # of the terms
    ratio = sizes(case).xhat * sizes(case, *case.running).xhat
    assert_close(y, inference_forward(case)[0], size * ratio, case.axis)


@given(cases())
def test_its_gradients_are_those_of_batch_norm_corrected(case):
    """dx = r dx_BN, dgamma = r dgamma_BN + d dbeta, and dbeta is the same."""
    y, cache = brn_forward(case)
    dx, dgamma, dbeta = bn.batch_renorm_backward(case.dy, cache)
    dx_bn, dgamma_bn, dbeta_bn = bn_gradients(case)
    r, d, size = cache.r, cache.d, sizes(case)
    shape = [1] * y.ndim
    shape[case.axis] = -1
    assert_close(dx, dx_bn * r.reshape(shape), size.dx * r, case.axis)
    assert_close(dgamma, r * dgamma_bn + d * dbeta_bn, r * size.dgamma + np.abs(d) * size.dbeta)
    assert np.array_equal(dbeta, dbeta_bn)


@given(cases())
def test_it_is_batch_norm_with_other_parameters(case):
    """y is that of BN with gamma r for gamma and beta + gamma d for beta."""
    y, cache = brn_forward(case)
    gamma, beta = case.gamma * cache.r, case.beta + case.gamma * cache.d
    other = case._replace(gamma=gamma, beta=beta)
    assert_close(y, bn_forward(other)[0], sizes(other).y, case.axis)


@given(cases(), st.floats(1, 1e6), st.floats(0, 1e6))
def test_r_and_d_keep_to_their_bounds(case, r_max, d_max):
    """1 / r_max <= r <= r_max and |d| <= d_max, to the rounding of the bounds; never less free."""
    batch = bn.batch_moments(case.x, eps=case.eps, axis=case.axis)
    narrow = bn.renorm_correction(batch, case.running, r_max, d_max)
    wide = bn.renorm_correction(batch, case.running, 2 * r_max, 2 * d_max)
    number = case.x.dtype.type
    assert (narrow[0] <= number(r_max)).all()
    assert (narrow[0] >= number(1 / r_max)).all()
    assert (np.abs(narrow[1]) <= number(d_max)).all()
    assert (np.abs(np.log(wide[0])) >= np.abs(np.log(narrow[0]))).all()
    assert (np.abs(wide[1]) >= np.abs(narrow[1])).all()


def test_r_and_d_by_hand():
    """Ratios 2, 1/4, 5, 1/5 and 1 under r_max = 3, and d of 0.5, -0.5, 9, -9, 0 under d_max = 2."""
    running = bn.Moments(np.array([1.0, 2.0, 3.0, 4.0, 5.0]), np.array([2.0, 4.0, 1.0, 10.0, 3.0]))
    batch = bn.Moments(np.array([2.0, 0.0, 12.0, -86.0, 5.0]), np.array([4.0, 1.0, 5.0, 2.0, 3.0]))
    r, d = bn.renorm_correction(batch, running, r_max=3.0, d_max=2.0)
    assert r.tolist() == [2.0, 1 / 3, 3.0, 1 / 3, 1.0]
    assert d.tolist() == [0.5, -0.5, 2.0, -2.0, 0.0]


@given(cases())
def test_where_running_and_batch_statistics_agree_all_three_agree(case):
    """With the minibatch's own moments as running pair, BN, BRN and inference give one y."""
    batch = bn.batch_moments(case.x, eps=case.eps, axis=case.axis)
    case = free(case._replace(running=batch))
    y, size = bn_forward(case)[0], sizes(case).y
    assert_close(brn_forward(case)[0], y, size, case.axis)
    assert_close(inference_forward(case)[0], y, size, case.axis)


@given(cases(dtypes=(np.float64,)))
def test_differentiating_through_r_and_d_gives_another_gradient(case):
    """Unclipped, y moves by gamma / sigma * dx: no stop-gradient would be inference's gradient."""
    case = free(case)
    dx = bn.inference_backward(case.dy, inference_forward(case)[1])[0]
    direction = np.random.default_rng(0).normal(size=case.x.shape)
    step = 1e-3  # y is linear in x here, so the difference quotient has rounding errors only
    up, down = (
        columns(brn_forward(case._replace(x=case.x + h * direction))[0] * case.dy, case.axis)
        for h in (step, -step)
    )
    moved = (up - down).sum(axis=0) / (2 * step)
    size = sizes(case).y * sizes(case, *case.running).y * sizes(case).dbeta / step
    ratio = sizes(case).xhat * sizes(case, *case.running).xhat
    assert_close(moved, columns(dx * direction, case.axis).sum(axis=0), size * ratio)
    stopped = bn.batch_renorm_backward(case.dy, brn_forward(case)[1])[0]
    assert np.abs(stopped - dx).max() > 1e-3 * np.abs(dx).max()


@pytest.mark.parametrize("shape", [(1, 3), (1, 3, 1, 1)])
def test_a_single_value_a_channel_is_carried_by_the_correction(shape):
    """N = 1: BN has no variance and refuses; BRN gives inference's y within bounds, and dx = 0."""
    case = make_case(shape, seed=1, r_max=np.inf, d_max=np.inf)
    with pytest.raises(ValueError, match=r"\bx\b.*one value per channel"):
        bn_forward(case)
    y, cache = brn_forward(case)
    assert_close(y, inference_forward(case)[0], sizes(case, *case.running).y, 1)
    dx, dgamma, dbeta = bn.batch_renorm_backward(case.dy, cache)
    assert np.array_equal(dx, np.zeros(shape))
    assert_close(dgamma, cache.d * dbeta, np.abs(cache.d * dbeta))
    bounded = brn_forward(case, d_max=0.1)[0]
    d = np.clip((columns(case.x, 1)[0] - case.running.mean) / case.running.std, -0.1, 0.1)
    assert_close(columns(bounded, 1)[0], case.beta + case.gamma * d, 4.0)
