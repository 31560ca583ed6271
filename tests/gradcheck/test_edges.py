"""The edges of float64 and of a function's domain: nothing passes, and nothing fails, for them."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from gradcheck_variants import bn_backward, bn_forward, bn_inputs

from brn_numpy import nn
from brn_numpy.gradcheck import PrecisionWarning, check_gradients, numerical_gradient

METHODS = ["central", "richardson", "complex"]
every_method = pytest.mark.parametrize("method", METHODS)


@every_method
@pytest.mark.parametrize("scale", [1e155, 1e-160, 1e250, 1e-200])
@pytest.mark.parametrize("shape", [(6,), (3, 2)])
def test_numbers_whose_squares_overflow_or_vanish(scale, shape, method):
    """A right gradient is right, a wrong one wrong, whatever the size of y."""
    x = np.linspace(0.3, 2, 6).reshape(shape)

    def check(factor):
        return check_gradients(
            lambda x: (scale * np.sin(x), x),
            lambda dy, x: factor * scale * dy * np.cos(x),
            {"x": x},
            method=method,
        )

    check(1).assert_ok()
    for wrong in (0, 1 + 1e-4, -1):
        assert not check(wrong).ok
    assert np.isfinite(check(0).arguments[0].tolerance)


@pytest.mark.parametrize("method", ["central", "richardson"])
def test_tiny_outputs(method):
    """Down to numbers that lose digits themselves (1e-310), right is right and wrong wrong."""
    for scale in (1e-300, 1e-310):
        forward = lambda x, scale=scale: (scale * np.sin(x), x)  # noqa: E731
        backward = lambda dy, x, scale=scale: scale * dy * np.cos(x)  # noqa: E731
        x = [np.array([0.4, 2.0, 1.0])]
        check_gradients(forward, backward, x, method=method).assert_ok()
        assert not check_gradients(forward, lambda dy, x: 0 * dy, x, method=method).ok


@every_method
def test_a_huge_output_hides_nothing_of_another(method):
    """Beside exp(400), a factor of 5 in the slope of exp(1) is seen."""
    x = np.array([400.0, 1.0, -1.0])
    for factor, ok in (([1, 1, 1], True), ([1, 5, 1], False), ([1, 1, 0], False)):
        report = check_gradients(
            lambda x: (np.exp(x), x), lambda dy, x, k=factor: dy * np.exp(x) * k, [x], method=method
        )
        assert report.ok == ok


def test_a_forward_that_does_not_repeat_in_small_numbers():
    """Two outputs of 1e-160 that differ by half are not the same, though both are near 0."""
    calls = []

    def forward(x):
        calls.append(1)
        return 1e-160 * x * (1 + len(calls) / 2), None

    problems = check_gradients(forward, lambda dy, _: 1e-160 * dy, [np.ones(3)]).problems
    assert "two calls of forward with the same input give different outputs" in problems


@every_method
@pytest.mark.parametrize("p", [1e-8, 1e-9, 1e-12])
@pytest.mark.parametrize("row", [[0.3, 0.5], [0.2, 0.9]])
def test_the_logarithm_near_0(p, row, method):
    """-log p is checked however near to 0 a probability is, alone or in a matrix."""
    for x in (np.array([p, *row]), np.array([[p, *row], [0.2, 0.1, 0.7]])):
        forward = lambda p: (-np.log(p), p)  # noqa: E731
        check_gradients(forward, lambda dy, p: -dy / p, {"p": x}, method=method).assert_ok()
        wrong = check_gradients(forward, lambda dy, p: -dy / p * 1.01, {"p": x}, method=method)
        assert wrong.arguments[0].failed == x.size


@every_method
def test_the_root_near_0(method):
    """The slope of a root at 1e-12, and its true gradient by numerical_gradient."""
    v = np.array([1e-12, 1.0])
    right = lambda dy, v: dy / 2 / np.sqrt(v)  # noqa: E731
    check_gradients(lambda v: (np.sqrt(v), v), right, {"v": v}, method=method).assert_ok()
    assert np.isfinite(numerical_gradient(np.sqrt, v, np.ones(2), method=method)).all()


@every_method
@pytest.mark.parametrize(
    ("f", "slope", "x"),
    [
        (np.arccosh, lambda x: 1 / np.sqrt(x * x - 1), [1 + 1e-9, 2.0, 1.5]),
        (np.arcsin, lambda x: 1 / np.sqrt(1 - x * x), [1 - 1e-9, 0.2, -1 + 1e-7]),
        (np.log1p, lambda x: 1 / (1 + x), [-1 + 1e-9, 0.2]),
        (lambda x: 1 / x, lambda x: -1 / x**2, [1e-9, 0.2]),
        (lambda x: x**2.5, lambda x: 2.5 * x**1.5, [0.0, 0.2]),
        (lambda x: -np.log(x) - np.log(1 - x), lambda x: 1 / (1 - x) - 1 / x, [1e-9, 1 - 1e-10]),
    ],
    ids=["arccosh", "arcsin", "log1p", "1/x", "x**2.5", "cross-entropy"],
)
def test_other_edges(f, slope, x, method):
    """Near an edge a right slope is right, and one that is a hundredth off is not."""
    x = np.array(x)
    right = lambda dy, x: dy * slope(x)  # noqa: E731
    check_gradients(lambda x: (f(x), x), right, [x], method=method).assert_ok()
    wrong = lambda dy, x: 1.01 * dy * slope(x)  # noqa: E731
    report = check_gradients(lambda x: (f(x), x), wrong, [x], method=method)
    assert report.arguments[0].failed == np.count_nonzero(x)


@pytest.mark.parametrize("method", ["central", "richardson"])
@pytest.mark.parametrize("end", [0.0, 1.0])
def test_at_the_very_edge(end, method):
    """At the end of a domain the difference is one-sided, and the report says so."""
    x = np.array([end, 0.5])

    def forward(x):  # defined between 0 and 1
        return x * x + 0 * np.sqrt(x) + 0 * np.sqrt(1 - x), x

    report = check_gradients(forward, lambda dy, x: 2 * dy * x, [x], method=method)
    report.assert_ok()
    assert "one-sided" in report.arguments[0].remark
    assert not check_gradients(forward, lambda dy, x: 2 * dy * x + dy, [x], method=method).ok


def test_one_sided_differences_are_less_exact():
    """x**1.2 has no second derivative at 0: a larger error is allowed there, and no wrong slope."""
    x = np.array([0.0, 0.3])
    for factor, failed in ((1, 0), (1.001, 1), (1.01, 1)):
        report = check_gradients(
            lambda x: (x**1.2, x),
            lambda dy, x, k=factor: 1.2 * k * dy * x**0.2,
            [x],
            method="central",
        )
        assert report.arguments[0].failed == failed
    wrong = check_gradients(
        lambda x: (x**1.2, x), lambda dy, x: 1.2 * dy * x**0.2 + 0.01, [x], method="central"
    )
    assert wrong.arguments[0].failed == 2


def test_bounds_are_kept():
    """With bounds, forward is not asked for values outside; without, it is."""
    seen = []

    def forward(p):
        seen.append(p)
        return p**3, p

    p = np.array([0.0, 0.5, 1.0])
    for bounds, inside in (({"p": (0, 1)}, True), (None, False)):
        seen.clear()
        check_gradients(forward, lambda dy, p: 3 * dy * p * p, [p], bounds=bounds).assert_ok()
        low, high = np.nanmin(seen), np.nanmax(seen)
        assert (low >= 0 and high <= 1) == inside


def test_steps_of_the_caller():
    """step= is the first step of all arguments, or of those that a dict names."""
    moves = {"x": set(), "w": set()}

    def forward(x, w):
        moves["x"].add(abs(x[0] - 1)), moves["w"].add(abs(w[0] - 1))
        return x * w, (x, w)

    inputs = {"x": np.ones(1), "w": np.ones(1)}
    backward = lambda dy, c: (dy * c[1], dy * c[0])  # noqa: E731
    for step, expected in ((2.0**-5, [2.0**-5] * 2), ({"w": 2.0**-6}, [2.0**-8, 2.0**-6])):
        moves = {"x": set(), "w": set()}
        check_gradients(forward, backward, inputs, step=step).assert_ok()
        assert [max(moves[k]) for k in "xw"] == expected


@pytest.mark.parametrize(
    ("options", "error", "text"),
    [
        ({"bounds": {"q": (0, 1)}}, ValueError, "bounds names q; checked are p"),
        ({"bounds": {"p": (0.6, 1)}}, ValueError, "bounds of p must have all of p inside"),
        ({"bounds": {"p": (1, 0)}}, ValueError, "bounds of p must have all of p inside"),
        ({"bounds": {"p": 3}}, TypeError, r"bounds of p must be \(low, high\), got 3"),
        ({"step": {"q": 1e-3}}, ValueError, "step names q; checked are p"),
        ({"step": -1}, ValueError, "step must be > 0"),
        (
            {"step": [1e-3, 1e-3]},
            ValueError,
            r"step must be a number or an array for x of shape \(3,\)",
        ),
    ],
)
def test_steps_and_bounds_that_are_none(options, error, text):
    """A wrong step or bound is refused by the name of its argument."""
    with pytest.raises(error, match=text):
        check_gradients(lambda p: (p, p), lambda dy, _: dy, {"p": np.full(3, 0.5)}, **options)


def test_a_point_with_nothing_around_it():
    """Where forward is defined at x alone, the report says why nothing could be compared."""
    x = np.array([0.5, 0.5])
    report = check_gradients(
        lambda x: (np.where(x == 0.5, 1.0, np.nan), x), lambda dy, x: dy, {"x": x}
    )
    assert (
        not report.ok and "forward is not defined at x + h and x - h" in report.arguments[0].remark
    )


def test_the_complex_step_stands_where_nothing_else_can_be_had():
    """A forward that is defined on either side for no h, but for complex steps, is checked."""

    def forward(x):
        return np.where(x.real == 0.5, x * x, np.nan), x

    x = np.array([0.5, 0.5])
    check_gradients(forward, lambda dy, x: 2 * dy * x, {"x": x}, method="complex").assert_ok()
    assert not check_gradients(forward, lambda dy, x: dy * x, {"x": x}, method="complex").ok


@pytest.mark.parametrize("method", ["central", "richardson"])
@pytest.mark.parametrize("power", [3, 5, 7])
def test_powers_at_0(power, method):
    """Differences of x**3 at 0 are never 0; that the true slope is, is no mistake."""
    x = np.zeros(2)
    right = lambda dy, x: power * dy * x ** (power - 1)  # noqa: E731
    check_gradients(lambda x: (x**power, x), right, [x], method=method).assert_ok()
    assert not check_gradients(lambda x: (x**power, x), lambda dy, x: dy, [x], method=method).ok


@pytest.mark.parametrize(
    "f", [np.cbrt, lambda x: np.hypot(x, 1), lambda x: np.arctan2(x, 1), np.floor, np.spacing]
)
def test_functions_that_take_no_complex_numbers(f):
    """The complex step says so, in place of an error from inside NumPy."""
    with pytest.raises(ValueError, match="method='complex': f takes no complex numbers"):
        numerical_gradient(f, np.ones(3), method="complex")


def test_a_power_that_spoils_the_imaginary_part():
    """z**150 of a negative z rounds by more than the imaginary part: that is what is said."""
    x = np.array([-0.99, 1.01])
    with pytest.raises(ValueError, match=r"drops or spoils.*n > 100"):
        numerical_gradient(lambda x: x**150, x, method="complex")
    numerical_gradient(lambda x: x**150, -x[:1], method="complex")


@pytest.mark.parametrize("scale", [1.0, 1e-3, 1e3])
def test_a_float32_bias_without_effect(scale, deep):
    """Before BN, the gradient of a bias is 0 but for float32's rounding of larger terms."""
    for seed in range(20 if deep else 2):
        x = np.random.default_rng(seed).standard_normal((8, 4)).astype("f4") * np.float32(scale)
        net = nn.Sequential(
            nn.Linear(4, 4, rng=seed, dtype=np.float32), nn.BatchNorm(4, dtype=np.float32)
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", PrecisionWarning)
            check_gradients(net, x).assert_ok()


def test_infinite_outputs_are_left_out():
    """An output that is inf is a problem; the others are compared."""
    x, shift = np.array([1.0, 2.0]), np.array([np.inf, 0.0])
    report = check_gradients(lambda x: (x * x + shift, x), lambda dy, x: dy * [0, 4], {"x": x})
    assert report.arguments[0].ok and "forward returned inf at y[0]" in report.problems[0]


def test_bn_with_a_channel_of_another_size():
    """BN over columns of 1e-150 and 1e150 is right, and a wrong half of it is found."""
    inputs = bn_inputs(0, (5, 2))
    inputs["gamma"] = np.array([1e-150, 1e150])
    check_gradients(bn_forward, bn_backward, inputs).assert_ok()
    half = lambda dy, c: (bn_backward(dy, c)[0] * [1, 0], *bn_backward(dy, c)[1:])  # noqa: E731
    assert not check_gradients(bn_forward, half, inputs).ok
