"""The numeric gradient: how accurate it is, what it refuses, what it leaves alone."""

from __future__ import annotations

import numpy as np
import pytest
from gradcheck_variants import bn_backward, bn_forward

from brn_numpy.gradcheck import PrecisionWarning, check_gradients, numerical_gradient
from brn_numpy.gradcheck.numeric import central_differences, complex_steps


def column_error(got, true):
    return float((np.abs(got - true).max(axis=0) / np.abs(true).max(axis=0)).max())


@pytest.mark.parametrize(("plain", "bound"), [(central_differences, 1e-8), (complex_steps, 1e-14)])
def test_the_first_screen(plain, bound):
    """The idea in ten lines gives the dx of a batch norm, and takes the h that it is given."""
    rng = np.random.default_rng(0)
    x, dy, gamma, beta = (rng.standard_normal(s) for s in ((7, 4), (7, 4), 4, 4))
    got = plain(lambda x: bn_forward(x, gamma, beta)[0], x, dy)
    assert column_error(got, bn_backward(dy, bn_forward(x, gamma, beta)[1])[0]) <= bound
    cube = plain(lambda x: x**3, np.ones(2), np.array([1.0, 2.0]), h=0.1)
    sign = 1 if plain is central_differences else -1  # of the error h^2
    np.testing.assert_allclose(cube, [3 + sign * 0.01, 6 + sign * 0.02])


@pytest.mark.parametrize(
    ("scale", "mean", "method", "bound"),
    [
        ([1e-3, 1, 1e3, 1e6], 0, "central", 1e-9),
        ([1e-3, 1, 1e3, 1e6], 0, "richardson", 1e-11),
        ([1e-3, 1, 1e3, 1e6], 0, "complex", 1e-13),
        ([1, 1, 1, 1], 1e4, "complex", 1e-10),
        ([1, 1, 1, 1], 1e4, "richardson", 1e-7),
        ([1, 1, 1, 1], 0, "central", 1e-9),
    ],
)
@pytest.mark.parametrize("n", [7, 50])
def test_accuracy(scale, mean, method, bound, n):
    """Every method keeps its digits for columns of any scale, and beside a large mean."""
    rng = np.random.default_rng(n)
    x = rng.standard_normal((n, 4)) * scale + mean
    dy = rng.standard_normal((n, 4)) + 0.5
    gamma, beta = np.array([1.0, -2.0, 0.5, 1.5]), rng.standard_normal(4)
    _, cache = bn_forward((x - x.mean(axis=0)), gamma, beta)  # the same dx, better conditioned
    true = bn_backward(dy, cache)[0]
    numeric = numerical_gradient(lambda x: bn_forward(x, gamma, beta)[0], x, dy, method=method)
    assert column_error(numeric, true) <= bound


def test_channels_last_and_explicit_columns():
    """The step fits each channel, found on the last axis or named."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((3, 4, 5, 3)) * [1e-3, 1, 1e5]
    dy = rng.standard_normal(x.shape)
    gamma, beta = np.ones(3), np.zeros(3)

    def f(x):
        return np.moveaxis(bn_forward(np.moveaxis(x, -1, 1), gamma, beta)[0], 1, -1)

    true = numerical_gradient(f, x, dy, method="complex").reshape(-1, 3)
    for options in ({}, {"step": "column", "axis": -1}):
        got = numerical_gradient(f, x, dy, **options).reshape(-1, 3)
        assert column_error(got, true) <= 1e-9


def test_steps_given_by_the_caller():
    """A given step is the one that is taken."""
    x, dy = np.array([3.0, 4.0]), np.array([1.0, 2.0])
    true = dy * np.cos(x)
    for step in (1e-5, np.array([1e-5, 2e-5]), "entry"):
        np.testing.assert_allclose(numerical_gradient(np.sin, x, dy, step=step), true, rtol=1e-8)
    coarse = numerical_gradient(np.sin, x, dy, step=0.1)  # the step is really used
    np.testing.assert_allclose(coarse, dy * np.cos(x) * np.sin(0.1) / 0.1, rtol=1e-12)


def test_richardson_cancels_two_powers_of_the_step():
    """The errors of x**5 are h**2 and h**4; without them even a step of 0.5 gives 5 x**4."""
    x, dy = np.array([1.0, -2.0, 3.0]), np.array([1.0, 2.0, -1.0])
    got = numerical_gradient(lambda x: x**5, x, dy, method="richardson", step=0.5)
    np.testing.assert_allclose(got, 5 * dy * x**4, rtol=1e-12)


@pytest.mark.parametrize("method", ["central", "richardson", "complex"])
def test_error_estimate_bounds_the_error(method):
    """The estimated error is larger than the true one, and still small."""
    x, dy = np.linspace(0.3, 3, 9), np.linspace(-1, 2, 9)
    got, error = numerical_gradient(
        lambda x: np.exp(x) / x, x, dy, method=method, return_error=True
    )
    true = dy * np.exp(x) * (1 / x - 1 / x**2)
    assert (np.abs(got - true) <= error + 1e-15).all()
    assert error.max() < {"central": 1e-6, "richardson": 1e-8, "complex": 1e-13}[method]


@pytest.mark.parametrize("method", ["central", "richardson"])
def test_error_estimate_of_a_step_that_is_too_long(method):
    """Where the bend of f is to blame and not rounding, the estimate is 0.5 to 500 times right."""
    x = np.linspace(0.3, 3, 9)
    got, error = numerical_gradient(
        np.exp, x, np.ones(9), method=method, step=0.5, return_error=True
    )
    true = np.abs(got - np.exp(x))
    assert (0.5 * true <= error).all() and (error <= 500 * true).all()


def var_bn(x):
    return (x - x.mean(axis=0)) / np.sqrt(np.var(x, axis=0) + 1e-5)


def vecdot_bn(x):
    xc = x - x.mean(axis=0)
    return xc / np.sqrt(np.vecdot(xc, xc, axis=0) / len(x) + 1e-5)


@pytest.mark.parametrize(
    "f",
    [
        np.abs,
        lambda x: x.real * 2,
        lambda x: x * np.conj(x) + 0.0 * x.real if np.iscomplexobj(x) else x * x,
        lambda x: x * x + 1e-4 * x.real,  # a ten-thousandth is lost
        var_bn,
        vecdot_bn,
        lambda x: x.astype(np.float64) ** 2,
        lambda x: x * np.abs(x).max(),
    ],
)
def test_complex_step_refuses_what_drops_imaginary_parts(f):
    """Losing all or part of the imaginary part is an error, not a wrong gradient."""
    x = np.random.default_rng(1).standard_normal((6, 3)) + 2
    with pytest.raises(ValueError, match="imaginary"):
        numerical_gradient(f, x, method="complex")
    numerical_gradient(f, x)  # central differences can do it
    with pytest.raises(ValueError, match="imaginary"):
        check_gradients(lambda x: (f(x), None), lambda dy, _: dy, {"x": x}, method="complex")


def test_complex_step_accepts_kinks_and_constants():
    """A kink is analytic on either side, and a constant has gradient 0."""
    x = np.array([[-1.0, 0.5, 2.0]])
    relu = numerical_gradient(lambda x: x * (x > 0), x, np.full((1, 3), 2.0), method="complex")
    np.testing.assert_allclose(relu, [[0, 2, 2]])
    assert not numerical_gradient(lambda x: 0 * x + 1, x, method="complex").any()
    for scale in (1e-9, 1e9):  # of a straight line, whose two sides differ by rounding alone
        dy = np.full((5, 3), scale)
        x = np.random.default_rng(0).standard_normal((5, 3))
        line = numerical_gradient(lambda x: 0.3 * x + 7, x, dy, method="complex")
        np.testing.assert_allclose(line, 0.3 * scale)


@pytest.mark.parametrize("method", ["central", "richardson", "complex"])
def test_numerical_gradient_leaves_x_alone(method):
    """f gets copies: it may write into its argument, and x may be read-only."""
    x = np.array([1.0, 2.0, 3.0])
    x.flags.writeable = False

    def f(z):
        y = z * z
        z[:] = 0  # a function that writes into its argument
        return y

    got = numerical_gradient(f, x, np.ones(3), method=method)
    np.testing.assert_allclose(got, [2, 4, 6], rtol=1e-8)


def test_default_upstream_is_random_and_repeatable():
    """The default dy is random, not centred, repeatable, and not the x of the same seed."""
    x = np.random.default_rng(0).standard_normal((9, 3))
    first = numerical_gradient(lambda x: x, x)  # the upstream gradient itself
    assert np.array_equal(first, numerical_gradient(lambda x: x, x))
    assert not np.allclose(first, numerical_gradient(lambda x: x, x, seed=1))
    assert first.std() > 0.3 and abs(first.mean()) > 0.1
    assert abs(np.corrcoef(first.ravel(), x.ravel())[0, 1]) < 0.7  # not the x of the same seed


def test_float32_is_promoted_with_a_warning():
    """float32 is promoted, never differentiated in float32."""
    x = np.array([1.0, 2.0], np.float32)
    with pytest.warns(PrecisionWarning, match="x is float32 and was promoted") as caught:
        got = numerical_gradient(lambda x: x**3, x, np.ones(2))
    assert caught[0].filename == __file__
    assert got.dtype == np.float64
    np.testing.assert_allclose(got, [3, 12], rtol=1e-8)


@pytest.mark.parametrize(
    ("x", "options", "error", "text"),
    [
        (np.arange(3), {}, TypeError, "x must be an array of float64 .*, got int64"),
        (np.ones(2, complex), {}, TypeError, "x must be an array of float64 .*, got complex"),
        (np.ones((0, 2)), {}, ValueError, r"x must not be empty, got shape \(0, 2\)"),
        (
            np.ones(3),
            {"dy": np.ones(2)},
            ValueError,
            r"dy must be a real array of shape \(3,\), got float64 \(2,\)",
        ),
        (np.ones(3), {"dy": np.ones((3, 3))}, ValueError, "dy must be a real array of shape"),
        (np.ones(3), {"dy": np.ones(3, complex)}, ValueError, "dy must be a real array"),
        (np.ones(3), {"method": "forward"}, ValueError, "method must be one of central"),
        (np.ones(3), {"step": -1.0}, ValueError, "step must be > 0"),
        (np.ones(3), {"step": "row"}, ValueError, "step must be None"),
        *(
            (
                np.ones((2, 3)),
                {"step": "column", "axis": k},
                ValueError,
                "axis must be an axis of x",
            )
            for k in (2, 5, -3)
        ),
        (np.ones(3), {"axis": 0}, ValueError, '"column" \\(with axis\\)'),
    ],
)
def test_numerical_gradient_refuses(x, options, error, text):
    """Wrong arguments are refused by name."""
    if x.dtype.kind == "i":
        x = x.astype(np.int64)
    with pytest.raises(error, match=text):
        numerical_gradient(np.sin, x, **options)


@pytest.mark.parametrize(
    ("f", "error", "text"),
    [
        (lambda x: (x, 1), TypeError, r"got tuple; keep the output alone: lambda x: forward\(x\)"),
        (lambda x: None, TypeError, "got NoneType"),
        (lambda x: [1.0], TypeError, "got list"),
        (lambda x: np.arange(3), TypeError, "must return one array of float64"),
        (lambda x: x + 1j, TypeError, "must return one array of float64"),
        (
            lambda x: x.astype(np.float32),
            TypeError,
            "must return one array of float64, like x, got float32",
        ),
    ],
)
def test_numerical_gradient_refuses_what_f_returns(f, error, text):
    """What is not one float64 array is refused."""
    with pytest.raises(error, match=text):
        numerical_gradient(f, np.ones(3))


def test_exceptions_come_through():
    """An exception of f is the caller's to see."""

    def f(x):
        if x[0] != 1:
            raise KeyError("mine")
        return x

    with pytest.raises(KeyError, match="mine"):
        numerical_gradient(f, np.ones(2))


@pytest.mark.parametrize("method", ["central", "richardson", "complex"])
def test_a_nan_gives_nan(method):
    """A loss that sums over a NaN is NaN, and so is its gradient: never a silent 0."""
    got = numerical_gradient(lambda x: x**2, np.array([1.0, np.nan]), np.ones(2), method=method)
    assert np.isnan(got).all()


def test_complex_step_beside_a_kink():
    """A kink within the step of the comparison is no reason to refuse an analytic function."""
    x = np.array([2.0**-40, -(2.0**-40)])
    got = numerical_gradient(lambda x: x * (x > 0), x, np.array([2.0, 3.0]), method="complex")
    np.testing.assert_array_equal(got, [2, 0])
