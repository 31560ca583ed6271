"""Right backward passes pass, wrong ones fail."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from gradcheck_variants import (
    BRN,
    EQUAL_BN,
    WRONG_BN,
    bn_backward,
    bn_forward,
    bn_inputs,
    cross_entropy,
    cross_entropy_backward,
    inference_backward,
    inference_forward,
    linear_backward,
    linear_forward,
    net_backward,
    net_forward,
    pool_backward,
    pool_forward,
)

from brn_numpy.gradcheck import PrecisionWarning, check_gradients


@pytest.mark.parametrize("name", WRONG_BN)
def test_wrong_batch_norm_fails(name):
    """Each wrong BN backward fails, for two eps and two layouts."""
    for seed, shape, eps in [(1, (7, 3), 1e-5), (2, (3, 2, 4, 2), 0.2)]:
        report = check_gradients(
            lambda x, gamma, beta, eps=eps: bn_forward(x, gamma, beta, eps),
            WRONG_BN[name],
            bn_inputs(seed, shape),
            seed=seed,
        )
        assert not report.ok, (seed, str(report))


@pytest.mark.parametrize("name", [None, *EQUAL_BN])
def test_right_batch_norm_passes(name):
    """The textbook backward, and two odd but equal ones, pass with every method."""
    backward = EQUAL_BN.get(name, bn_backward)
    for seed, shape in enumerate([(7, 6), (3, 2, 4, 2)]):
        for method in ("richardson", "central", "complex"):
            check_gradients(
                bn_forward, backward, bn_inputs(seed, shape), method=method, seed=seed
            ).assert_ok()


def test_no_false_alarm(deep):
    """Right backward passes of seven functions pass for all of 56 seeds, or 200."""
    for seed in range(200 if deep else 56):
        rng = np.random.default_rng(seed)
        normal = rng.standard_normal
        method = ("richardson", "central")[seed % 2]
        inference = {**bn_inputs(seed, (3, 1)), "mu": normal(1), "sigma": rng.uniform(1, 2, 1)}
        x, labels = normal((3, 2)), rng.integers(0, 2, 3)
        cases = [
            (bn_forward, bn_backward, bn_inputs(seed, (4, 1)), None),
            (bn_forward, bn_backward, bn_inputs(seed, (2, 1, 1, 2)), None),
            (linear_forward, linear_backward, (x, normal((2, 1)), normal(1)), None),
            (net_forward, net_backward, (x, normal((2, 2)), normal((2, 1))), None),
            (pool_forward, pool_backward, [normal((1, 6))], None),
            (cross_entropy, cross_entropy_backward, {"z": x, "labels": labels}, None),
            (inference_forward, inference_backward, inference, BRN),
        ]
        forward, backward, inputs, wrt = cases[seed % 7]
        check_gradients(forward, backward, inputs, wrt=wrt, seed=seed, method=method).assert_ok()


@pytest.mark.parametrize(
    ("scale", "mean"), [([1e-3, 1, 1e3, 1e6], 0), ([1, 1, 1, 1], 1e4), ([1, 2, 3, 4], 1e6)]
)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("n", [2, 7])
def test_badly_conditioned_batch_norm(scale, mean, dtype, n):
    """Large means and mixed scales hide no mistake and give no false alarm."""
    if dtype == np.float32 and mean == 1e6:
        pytest.skip("float32 leaves one digit of it")
    inputs = bn_inputs(n, (n, 4))
    inputs["x"] = inputs["x"] * scale + mean
    inputs = {name: value.astype(dtype) for name, value in inputs.items()}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PrecisionWarning)
        check_gradients(bn_forward, bn_backward, inputs).assert_ok()
        if n > 2:  # with two samples dx is nearly 0, and so is the dx of several mistakes
            for name, wrong in list(WRONG_BN.items())[::3]:
                if name != "eps outside":  # a change of 1e-5 is not to be seen in float32
                    assert not check_gradients(bn_forward, wrong, inputs).ok, name


def test_a_saturated_softmax():
    """Entries far below the rounding of the largest one give no false alarm."""

    def forward(z):
        p = np.exp(z - z.max()) / np.exp(z - z.max()).sum()
        return p, p

    def backward(dy, p):
        return p * (dy - (dy * p).sum())

    for seed in (0, 1, 2, 3, 148):  # some entries of the gradient are below 1e-16
        z = np.random.default_rng(seed).standard_normal(6) * 10
        check_gradients(forward, backward, {"z": z}, seed=seed).assert_ok()


@pytest.mark.parametrize("features", [(2, 3), (3, 2)])
def test_a_wrong_linear_layer(features):
    """Whether y has more entries than x or fewer: the report names what is wrong, and no more."""
    rng = np.random.default_rng(0)
    x, w, b = rng.standard_normal((4, features[0])), rng.standard_normal(features), np.ones(1)
    report = check_gradients(
        linear_forward, lambda dy, cache: (2 * dy @ w.T, cache[0].T @ dy, dy.sum()[None]), (x, w, b)
    )
    assert [a.ok for a in report.arguments] == [False, True, True] and report.notes == ()


@pytest.mark.parametrize(("method", "speed"), [("central", 3e3), ("richardson", 30.0)])
def test_a_fast_wave(method, speed):
    """Where f bends too sharply for the first step, shorter ones are taken."""
    x = np.array([[0.0], [1.0], [-1.0]])

    def backward(dy, x):
        return dy * speed * np.cos(speed * x)

    check_gradients(lambda x: (np.sin(speed * x), x), backward, {"x": x}, method=method).assert_ok()


def test_two_samples_zero_gradient_is_told_from_nearly_zero():
    """dx of two samples nearly cancels; what is left is still checked."""
    inputs = bn_inputs(0, (2, 3))
    check_gradients(bn_forward, bn_backward, inputs).assert_ok()
    for name in ("dx = 0", "no variance term", "sign of dx"):
        assert not check_gradients(bn_forward, WRONG_BN[name], inputs).ok, name


def test_float32_is_compared_in_float64():
    """float32 results are compared with a float64 gradient, within float32's rounding."""
    inputs = bn_inputs(0, dtype=np.float32)
    with pytest.warns(PrecisionWarning, match="float32"):
        report = check_gradients(bn_forward, bn_backward, inputs)
    report.assert_ok()
    assert 1e-6 < report.arguments[0].tolerance < 1e-3
    assert "float64" in " ".join(report.notes) and "float32" in report.arguments[0].tolerance_from
    with pytest.warns(PrecisionWarning):
        report = check_gradients(bn_forward, WRONG_BN["n - 1"], inputs)
    assert not report.ok


def test_tolerances_can_be_given():
    """rtol and atol replace the defaults."""

    def off(dy, cache):
        dx, dgamma, dbeta = bn_backward(dy, cache)
        return dx * (1 + 1e-5), dgamma, dbeta

    inputs = bn_inputs(0)
    assert not check_gradients(bn_forward, off, inputs).ok
    assert check_gradients(bn_forward, off, inputs, rtol=1e-4).ok
    assert check_gradients(bn_forward, off, inputs, atol=1e-3).ok
    assert not check_gradients(bn_forward, bn_backward, inputs, rtol=0.0, atol=0.0).ok
    assert not check_gradients(bn_forward, off, inputs, rtol=1e-9).ok
    with pytest.raises(ValueError, match="rtol must be a number >= 0"):
        check_gradients(bn_forward, off, inputs, rtol=-1)


def test_dy_differs_from_an_x_of_the_same_seed():
    """dy never equals an x that was drawn from the same seed."""
    x = np.random.default_rng(0).standard_normal((7, 6))  # dy = x would make dx nearly 0
    inputs = {**bn_inputs(1), "x": x}
    assert not check_gradients(bn_forward, WRONG_BN["eps outside"], inputs).ok


def test_a_subset_of_the_arguments():
    """wrt picks arguments, in the order of the inputs."""
    report = check_gradients(bn_forward, bn_backward, bn_inputs(0), wrt=("beta", "x"))
    report.assert_ok()
    assert [a.name for a in report.arguments] == ["x", "beta"]


def test_integer_arrays_are_constants_unless_asked_for():
    """Labels are constants; asking for their gradient is an error."""
    z, labels = np.random.default_rng(0).standard_normal((4, 3)), np.array([0, 2, 1, 1])
    check_gradients(cross_entropy, cross_entropy_backward, [z, labels]).assert_ok()
    with pytest.raises(TypeError, match="labels must be an array of float64"):
        check_gradients(cross_entropy, cross_entropy_backward, [z, labels], wrt=["z", "labels"])


def test_relative_errors_are_those_of_a_column():
    """A small entry of a gradient is no less exact than its column; the report must not say so."""
    for seed in range(9, 16):
        inputs = bn_inputs(seed, (30, 4))
        report = check_gradients(bn_forward, bn_backward, inputs, method="central", seed=seed)
        assert report.arguments[0].relative_error <= 1e-9


@pytest.mark.parametrize("directions", [0, 3])
def test_a_wrong_gradient_where_every_term_is_0(directions):
    """Where nothing moves (a dead ReLU, 0 * x), a gradient that is not 0 is wrong, and a report."""
    x = -np.abs(np.random.default_rng(0).standard_normal((3, 4))) - 0.1
    for forward in (lambda x: (np.maximum(x, 0), x), lambda x: (0 * x, x)):
        report = check_gradients(forward, lambda dy, _: dy, {"x": x}, directions=directions)
        assert not report.ok and "WRONG" in str(report)
        check_gradients(forward, lambda dy, _: 0 * dy, {"x": x}, directions=directions).assert_ok()


def test_zeros_are_no_telltale():
    """Of a beta that is 0 nothing can be said to be missing."""

    def forward(x, w, b):
        return x @ w + b, (x, w)

    def backward(dy, cache):
        return dy @ cache[1].T * 1.01, cache[0].T @ dy, dy.sum(axis=0)

    rng = np.random.default_rng(0)
    inputs = [rng.standard_normal((5, 4)), rng.standard_normal((4, 4)), np.zeros(4)]
    report = check_gradients(forward, backward, inputs)
    assert not report.ok and "missing" not in report.arguments[0].remark


@pytest.mark.parametrize("method", ["richardson", "central", "complex"])
def test_columns_of_other_scales_hide_nothing(method):
    """Half of a gradient that is 0 is found, though the other half is a million times as large."""
    scale = np.array([1e-3, 1e-3, 1e3, 1e3])
    x = np.random.default_rng(0).standard_normal((6, 4)) * scale
    for right, factor in ((True, 1), (False, scale > 1)):
        report = check_gradients(
            lambda x: (x * x, x), lambda dy, x, k=factor: dy * 2 * x * k, [x], method=method
        )
        assert report.ok == right


@pytest.mark.parametrize("method", ["richardson", "central"])
def test_the_border_of_a_domain(method):
    """A step over it gives NaN: then smaller steps are taken."""
    u = np.random.default_rng(0).uniform(0, 1, (64, 8))
    check_gradients(
        lambda x: (-np.log(x), x), lambda dy, x: -dy / x, [u], method=method
    ).assert_ok()
    wrong = check_gradients(lambda x: (-np.log(x), x), lambda dy, x: dy / x, [u], method=method)
    assert not wrong.ok
