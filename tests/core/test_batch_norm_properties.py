"""What Batch Normalization does to any minibatch: shifts, scales, sums, samples."""

import numpy as np
import pytest
from core_cases import (
    DTYPES,
    assert_close,
    bn_forward,
    bn_gradients,
    cases,
    columns,
    count,
    make_case,
    sizes,
)
from hypothesis import given
from hypothesis import strategies as st

import brn_numpy as bn


@given(cases())
def test_the_gradient_of_a_channel_sums_to_zero(case):
    """Adding a constant to a channel changes nothing, so dx sums to 0."""
    dx = bn_gradients(case)[0]
    total = columns(dx, case.axis).sum(axis=0, keepdims=True)
    assert_close(total.astype(dx.dtype), np.zeros_like(total), sizes(case).dx * count(case))


@given(cases())
def test_the_gradient_along_xhat_is_what_eps_leaves(case):
    """The sum of xhat * dx is (gamma / s) (eps / s^2) dgamma: 0 up to eps."""
    dx, dgamma, _ = bn_gradients(case)
    x = columns(case.x, case.axis)
    s = np.sqrt(x.var(axis=0) + case.eps)
    along = ((x - x.mean(axis=0)) / s * columns(dx, case.axis)).sum(axis=0)
    expected = case.gamma / s * (case.eps / s**2) * dgamma
    size = sizes(case)
    assert_close(along.astype(dx.dtype), expected, size.dx * size.xhat * count(case))


@pytest.mark.parametrize(("dtype", "shift"), [(np.float32, 2.0**15), (np.float64, -(2.0**40))])
@given(case=cases())
def test_a_shift_of_the_input_changes_nothing(dtype, shift, case):
    """BN(x + c) = BN(x) with the same gradients, however large c is: x is on a grid, x + c exact.

    The tolerance knows nothing of c. A variance from mean(x^2) - mean(x)^2 would be noise here.
    """
    grid = (np.round(case.x * 64) / 64).astype(dtype)
    case = case._replace(x=grid)
    shifted = case._replace(x=grid + dtype(shift))
    assert np.array_equal(shifted.x - dtype(shift), grid)
    size, (y, y_shifted) = sizes(case), (bn_forward(c)[0] for c in (case, shifted))
    assert_close(y_shifted, y, size.y, case.axis)
    for a, b, s in zip(bn_gradients(shifted), bn_gradients(case), size[2:], strict=True):
        assert_close(a, b, s, case.axis)


@given(cases(), st.sampled_from([-5.0, -0.5, 0.1, 3.0, 40.0]))
def test_a_scaled_input_with_scaled_eps_gives_the_same_output(case, a):
    """BN(a x; a^2 eps) = BN(x; eps) for a > 0, its mirror image for a < 0; dx shrinks by a."""
    sign = np.sign(a).astype(case.x.dtype)
    dtype = case.x.dtype.type
    scaled = case._replace(x=case.x * dtype(a), eps=a * a * case.eps, gamma=case.gamma * sign)
    size = sizes(case)
    assert_close(bn_forward(scaled)[0], bn_forward(case)[0], size.y, case.axis)
    dx, dgamma, dbeta = bn_gradients(scaled)
    expected = bn_gradients(case)
    assert_close(dx * dtype(a), expected[0], size.dx, case.axis)
    assert_close(dgamma * sign, expected[1], size.dgamma)
    assert_close(dbeta, expected[2], size.dbeta)


@given(cases(), st.integers(0, 99))
def test_permuted_samples_give_permuted_results(case, seed):
    """The order of the samples does not matter: y and dx are permuted like x and dy."""
    samples = 0 if case.axis % case.x.ndim else 1
    order = np.random.default_rng(seed).permutation(case.x.shape[samples])
    permuted = case._replace(x=case.x.take(order, samples), dy=case.dy.take(order, samples))
    size = sizes(case)
    assert_close(
        bn_forward(permuted)[0], bn_forward(case)[0].take(order, samples), size.y, case.axis
    )
    dx, dgamma, dbeta = bn_gradients(permuted)
    expected = bn_gradients(case)
    assert_close(dx, expected[0].take(order, samples), size.dx, case.axis)
    assert_close(dgamma, expected[1], size.dgamma)
    assert_close(dbeta, expected[2], size.dbeta)


@given(cases(), st.integers(0, 99))
def test_a_channel_does_not_know_its_neighbours(case, seed):
    """Other values in channel 0 leave y and all gradients of the other channels bit for bit."""
    other = case._replace(x=case.x.copy(), dy=case.dy.copy())
    rng = np.random.default_rng(seed)
    for a in (other.x, other.dy):
        first = np.moveaxis(a, case.axis, 0)[0]
        first[...] = rng.normal(size=first.shape) * 9
    before, after = ([bn_forward(c)[0], *bn_gradients(c)] for c in (case, other))
    for a, b in zip(before, after, strict=True):
        axis = case.axis if a.ndim > 1 else 0
        assert np.array_equal(np.moveaxis(a, axis, 0)[1:], np.moveaxis(b, axis, 0)[1:])


@given(cases(), st.integers(2, 5))
def test_a_repeated_minibatch_gives_the_same_per_sample(case, k):
    """The minibatch k times over has the same mean and variance: same y, and dx per sample."""
    samples = 0 if case.axis % case.x.ndim else 1
    x, dy = (np.concatenate([a] * k, axis=samples) for a in (case.x, case.dy))
    long, n, size = case._replace(x=x, dy=dy), case.x.shape[samples], sizes(case)
    (y, cache), (y_long, cache_long) = bn_forward(case), bn_forward(long)
    first = np.arange(n)
    assert_close(y_long.take(first, samples), y, size.y, case.axis)
    assert_close(cache_long.batch.std, cache.batch.std, cache.batch.std)
    dx, dgamma, dbeta = bn_gradients(long)
    expected = bn_gradients(case)
    assert_close(dx.take(first, samples), expected[0], size.dx, case.axis)
    assert_close(dgamma, k * expected[1], k * size.dgamma)
    assert_close(dbeta, k * expected[2], k * size.dbeta)


@given(cases())
def test_the_parameter_gradients_add_up_to_dy_times_y(case):
    """The sum of dy * y is gamma * dgamma + beta * dbeta."""
    y, cache = bn_forward(case)
    _, dgamma, dbeta = bn.batch_norm_backward(case.dy, cache)
    total = (columns(case.dy, case.axis) * columns(y, case.axis)).sum(axis=0)
    size = sizes(case)
    actual = case.gamma * dgamma + case.beta * dbeta
    assert_close(actual, total, size.y * size.dbeta)


@given(cases())
def test_the_output_has_mean_beta_and_the_variance_that_eps_leaves(case):
    """Of y, the mean is beta and the variance gamma^2 v / (v + eps)."""
    y, v = columns(bn_forward(case)[0], case.axis), columns(case.x, case.axis).var(axis=0)
    size, dtype = sizes(case), case.x.dtype
    assert_close(y.mean(axis=0).astype(dtype), case.beta, size.y)
    assert_close(y.var(axis=0).astype(dtype), case.gamma**2 * v / (v + case.eps), size.y**2)


@given(cases())
def test_normalising_twice_is_normalising_once(case):
    """As eps goes to 0, BN of its own output gives the output again."""
    one, zero = np.ones_like(case.gamma), np.zeros_like(case.beta)
    case = case._replace(eps=1e-30, gamma=one, beta=zero)
    y = bn_forward(case)[0]
    assert_close(bn_forward(case._replace(x=y))[0], y, sizes(case).y, case.axis)


@given(cases(), st.floats(-3, 3), st.integers(0, 99))
def test_the_backward_pass_is_linear_in_dy(case, a, seed):
    """The gradients for a * dy + other are a * (gradients for dy) + (gradients for other)."""
    dtype = case.dy.dtype.type
    other = case._replace(
        dy=np.random.default_rng(seed).normal(1, 2, case.dy.shape).astype(case.dy.dtype)
    )
    mixed = case._replace(dy=dtype(a) * case.dy + other.dy)
    for m, p, q, s, t in zip(
        bn_gradients(mixed),
        bn_gradients(case),
        bn_gradients(other),
        sizes(case)[2:],
        sizes(other)[2:],
        strict=True,
    ):
        assert_close(m, dtype(a) * p + q, abs(a) * s + t, case.axis)


@pytest.mark.parametrize("dtype", DTYPES)
def test_two_values_a_channel_have_no_gradient_but_convolutions_do(dtype):
    """As eps goes to 0, dx of N = 2 vanishes, since xhat is +-1; N = 1 with pixels is not zero."""
    case = make_case((2, 5), seed=3, dtype=dtype, eps=1e-20)
    dx = bn_gradients(case)[0]
    assert_close(dx, np.zeros((2, 5)), sizes(case).dx)
    image = make_case((1, 5, 3, 3), seed=3, dtype=dtype, eps=1e-20)
    assert np.abs(bn_gradients(image)[0]).max(axis=(0, 2, 3)).min() > 0.01
