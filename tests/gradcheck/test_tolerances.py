"""How exact a gradient must be: sizes, errors, and the tolerance that a report names."""

from __future__ import annotations

import warnings
from functools import cache

import numpy as np
import pytest
from gradcheck_variants import WRONG_BN, bn_backward, bn_forward, bn_inputs

from brn_numpy.gradcheck import PrecisionWarning, check_gradients, numerical_gradient


def first_report(forward, backward, x, **options):
    return check_gradients(forward, backward, [x], **options).arguments[0]


@pytest.mark.parametrize("method", ["central", "richardson", "complex"])
def test_gradient_and_error_scale_with_the_upstream_gradient(method):
    """Twice the dy has twice the gradient and twice the estimated error, to the last bit."""
    inputs = bn_inputs(0)
    dy = np.random.default_rng(1).standard_normal((7, 6))

    def both(dy):
        return np.array(
            numerical_gradient(
                lambda x: bn_forward(x, inputs["gamma"], inputs["beta"])[0],
                inputs["x"],
                dy,
                method=method,
                return_error=True,
            )
        )

    for factor in (2.0**-40, 2.0**40):
        assert np.array_equal(both(factor * dy), factor * both(dy))


X = np.random.default_rng(0).standard_normal((30, 4))


@pytest.mark.parametrize(
    ("f", "x", "true"),
    [
        (lambda x: x + 1e6, X, lambda x, dy: dy),
        (lambda x: x - x.mean(axis=0), X + 1e6, lambda x, dy: dy - dy.mean(axis=0)),
        (np.sin, X, lambda x, dy: dy * np.cos(x)),
    ],
    ids=["large outputs", "large inputs", "sine"],
)
def test_the_estimated_error_is_near_the_true_one(f, x, true):
    """It is larger than every one of 120 errors, and less than 300 times the largest of them."""
    dy, estimates = np.random.default_rng(1).standard_normal(x.shape), {}
    for method in ("central", "richardson", "complex"):
        got, estimates[method] = numerical_gradient(f, x, dy, method=method, return_error=True)
        error = np.abs(got - true(x, dy))
        assert (error <= estimates[method]).all(), method
        if method != "complex":  # whose errors are 0 here
            assert estimates[method].max() <= 300 * error.max(), method
    assert estimates["complex"].max() <= 1e-4 * estimates["central"].max()


def outer(c):
    """Make a forward pass y = x * c, with more outputs than inputs, and its backward pass."""
    return lambda x: (x[:, None] * c, None), lambda dy, _: (dy * c).sum(axis=1)


def test_the_size_of_the_terms():
    """The relative error is relative to the norm of the terms dy * dy/dx; the tolerance, too."""
    c, seen = np.array([3.0, 1e-3, -3.0]), []
    forward, right = outer(c)

    def backward(dy, cache):
        seen.append(dy)
        return right(dy, cache) * [1, 1.001]

    report = first_report(forward, backward, np.array([1.0, 2.0]))
    size = np.linalg.norm(seen[0][1] * c)
    assert report.worst == (1,) and not report.ok
    assert report.relative_error == pytest.approx(report.absolute_error / size)
    assert report.tolerance_from.endswith(f"x {size:.2g}, the size of the terms")
    assert report.tolerance == pytest.approx(1e-7 * size, rel=1e-3)
    report = first_report(forward, backward, np.array([1.0, 2.0]), rtol=1e-4, atol=1e-5)
    assert report.tolerance_from.startswith("1e-05 (given) + 0.0001 (given) x ")
    assert report.tolerance == pytest.approx(1e-5 + 1e-4 * size)


@pytest.mark.parametrize("sign", [1, -1])
def test_an_output_that_does_not_depend_on_x_lends_it_no_size(sign):
    """Beside an output of 1e9, an error of a thousandth in the gradient of another is seen."""
    forward = lambda x: (np.array([1e9, sign * x[0]]), None)  # noqa: E731
    assert not first_report(forward, lambda dy, _: sign * dy[1:] * 1.001, np.ones(1)).ok


@pytest.mark.parametrize(
    ("dtype", "mean", "rtol"),
    [
        (np.float64, 0.0, "1e-07 (float64, |x|/spread 2)"),
        (np.float64, 28113732.0, "1.2e-06 (float64, |x|/spread 2.8e+07)"),
        (np.float64, 2.0**30, "1e-05 (float64, |x|/spread 1.1e+09)"),
        (np.float32, 0.0, "4.8e-05 (float32, |x|/spread 2)"),
        (np.float32, 16.0, "0.00043 (float32, |x|/spread 18)"),
        (np.float32, 2.0**10, "0.01 (float32, |x|/spread 1e+03)"),
    ],
)
def test_the_default_tolerance(dtype, mean, rtol):
    """rtol is 200 roundings times |x|/spread, at least 1e-7 and at most 1e-5 (float32: 1e-2)."""
    x = 4 * np.array([[mean - 1], [mean + 1]]).astype(dtype)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PrecisionWarning)
        report = first_report(lambda x: (2 * x, None), lambda dy, _: 2 * dy, x)
    assert report.tolerance_from.startswith(f"10 x numeric error + {rtol} x ")


def test_ten_times_the_estimated_error_is_allowed():
    """With rtol = 0 the tolerance is ten times what numerical_gradient says of its error."""
    x, seen = np.random.default_rng(0).standard_normal((4, 3)), []

    def backward(dy, cache):
        seen.append(dy)
        return dy * np.cos(x)

    for method in ("central", "richardson"):
        report = first_report(lambda x: (np.sin(x), None), backward, x, method=method, rtol=0.0)
        _, error = numerical_gradient(np.sin, x, seen[-4], method=method, return_error=True)
        assert report.tolerance == pytest.approx(10 * error[report.worst])


def test_noise_hides_nothing():
    """Where f is too noisy for a numeric gradient, a wrong gradient is not right for that."""
    x = np.random.default_rng(0).standard_normal((5, 3))
    for scale in (1e-3, 1.0, 1e3):  # beside 1e12, x has three digits
        report = first_report(
            lambda x, scale=scale: (scale * (x + 1e12), None),
            lambda dy, _, scale=scale: 1.01 * scale * dy,
            x,
        )
        assert not report.ok


@cache
def report_at_scale_one(backward):
    """Check a backward pass once for all scales."""
    return check_gradients(bn_forward, backward, bn_inputs(0, (5, 3)))


@pytest.mark.parametrize("scale", [2.0**-60, 2.0**60])
def test_verdicts_do_not_depend_on_the_scale_of_the_output(scale):
    """Nothing is right because its numbers are small, and nothing wrong because they are large."""

    def scaled(backward):
        return lambda dy, cache: tuple(scale * gradient for gradient in backward(dy, cache))

    def forward(x, gamma, beta):
        y, cache = bn_forward(x, gamma, beta)
        return scale * y, cache

    inputs = bn_inputs(0, (5, 3))
    for backward in (bn_backward, *list(WRONG_BN.values())[:-1]):
        one = report_at_scale_one(backward)
        other = check_gradients(forward, scaled(backward), inputs)
        assert [(a.ok, a.worst, a.remark) for a in one.arguments] == [
            (a.ok, a.worst, a.remark) for a in other.arguments
        ]
        assert one.problems == other.problems == ()
    for backward in (lambda dy, c: bn_backward(dy * np.abs(dy), c),):
        problems = check_gradients(forward, scaled(backward), inputs).problems
        assert problems == tuple(f"d{name} is not linear in dy" for name in inputs)


def test_the_worst_entry_is_not_one_without_an_error():
    """Entries that are exact, or of which nothing is seen, come after one with an error."""

    def backward(dy, factor):
        return factor * dy * (1 + 1e-9 * (np.arange(3) == 2))

    for x in (np.zeros(3), np.array([1.0, 2.0, 4.0])):
        report = first_report(lambda x: (4 * x, 4), backward, x, method="central")
        assert report.ok and report.worst == (2,) and report.absolute_error > 0
    units = np.array([1.0, 1e3, 1e6])  # the largest error is not the largest beside its tolerance
    off = 1 + np.array([0.0, 1e-3, 1e-5])
    report = first_report(lambda x: (units * x, None), lambda dy, _: units * off * dy, np.ones(3))
    assert report.worst == (1,)
    report = first_report(lambda x: (0 * x, None), lambda dy, _: dy * (np.arange(3) == 2), x)
    assert not report.ok and report.worst == (2,) and report.failed == 1
