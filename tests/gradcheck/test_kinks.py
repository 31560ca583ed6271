"""Large arguments, kinks and NaN: where they are, and that they excuse nothing."""

from __future__ import annotations

import json

import numpy as np
import pytest
from gradcheck_variants import (
    WRONG_BN,
    bn_backward,
    bn_forward,
    bn_inputs,
    net_backward,
    net_forward,
    pool_backward,
    pool_forward,
    relu,
    relu_backward,
)

from brn_numpy.gradcheck import check_gradients


def test_large_arguments_go_by_directions_and_a_wrong_entry_is_found():
    """Random directions see every mistake, and halving finds a single wrong entry."""
    inputs = bn_inputs(0, (200, 5))
    report = check_gradients(bn_forward, bn_backward, inputs)
    report.assert_ok()
    assert report.arguments[0].kind == "directions" and report.arguments[0].checked >= 3
    assert report.arguments[1].kind == "entries"

    def wrong(dy, cache):
        dx, dgamma, dbeta = bn_backward(dy, cache)
        dx[123, 4] *= 1.01
        return dx, dgamma, dbeta

    report = check_gradients(bn_forward, wrong, inputs)
    assert not report.ok and report.arguments[0].worst == (123, 4)
    assert report.arguments[0].analytic / report.arguments[0].numeric == pytest.approx(1.01)
    for name, backward in list(WRONG_BN.items())[::2]:
        assert not check_gradients(bn_forward, backward, inputs).ok, name


def test_directions_argument():
    """directions sets how many, and 0 compares every entry."""
    inputs = bn_inputs(0)
    report = check_gradients(bn_forward, bn_backward, inputs, directions=5)
    assert [a.checked for a in report.arguments] == [5, 5, 5] and report.ok
    report = check_gradients(net_forward, net_backward, [np.ones((1, 600))] + [
        np.random.default_rng(0).standard_normal(shape) for shape in ((600, 1), (1, 1))
    ], directions=0)  # fmt: skip
    assert [a.checked for a in report.arguments] == [600, 600, 1]
    with pytest.raises(ValueError, match="directions must be an integer >= 0"):
        check_gradients(bn_forward, bn_backward, inputs, directions=-1)


def test_kinks_are_named_and_left_out():
    """Kinks at the point are named; those beside it are stepped around."""
    x = np.array([[0.0, 1.0, -1.0], [2.0, 0.0, 1e-9]])
    for method in ("richardson", "central"):
        report = check_gradients(relu, relu_backward, {"x": x}, method=method)
        report.assert_ok()
        assert {(0, 0), (1, 1)} <= set(report.arguments[0].kinks)
        assert "x[0, 0]" in str(report)
    near = np.array([[1e-4, -1e-5, 1e-6, 1.0]])  # within the first step, but no kinks
    report = check_gradients(relu, relu_backward, {"x": near})
    assert report.ok and report.arguments[0].kinks == ()
    ties = np.array([[1.0, 1.0, 0.5, 3.0, 2.0, 3.0]])
    report = check_gradients(pool_forward, pool_backward, {"x": ties})
    assert report.ok and report.arguments[0].kinks == ((0, 0), (0, 1), (0, 3), (0, 5))


def test_a_flat_place_between_two_kinks():
    """A step over both kinks finds the slope at once, and still there is no kink at the point."""

    def forward(x):
        return np.abs(x - 1e-4) + np.abs(x + 1e-4), x

    def backward(dy, x):
        return dy * (np.sign(x - 1e-4) + np.sign(x + 1e-4))

    report = check_gradients(forward, backward, {"x": np.array([[0.0], [1.0], [-1.0]])})
    assert report.ok and report.arguments[0].kinks == ()


def test_kinks_of_large_arguments():
    """Kinks along random directions are looked up, and the rest is still checked."""
    x = np.random.default_rng(0).standard_normal((60, 50))
    x[3, 4] = x[50, 1] = 0
    report = check_gradients(relu, relu_backward, {"x": x})
    assert report.ok and set(report.arguments[0].kinks) == {(3, 4), (50, 1)}
    assert not check_gradients(relu, lambda dy, x: dy * (x > -0.01), {"x": x}).ok


@pytest.mark.parametrize(("kinks", "ok"), [(8, True), (9, False)])
def test_eight_kinks_are_looked_up(kinks, ok):
    """One more, and nothing can be compared."""
    x = np.random.default_rng(0).standard_normal((60, 50))
    x.flat[: 7 * kinks : 7] = 0
    report = check_gradients(relu, relu_backward, {"x": x})
    assert report.ok == ok and len(report.arguments[0].kinks) == 8


def test_more_kinks_than_can_be_looked_up():
    """With too many kinks for random directions the check says so and does not pass."""
    x = np.random.default_rng(0).standard_normal((60, 50))
    x[x < 0.5] = 0
    report = check_gradients(relu, relu_backward, {"x": x})
    assert not report.ok and "directions=0" in report.arguments[0].remark
    assert "OPEN" in str(report) and "WRONG" not in str(report)  # nothing was compared
    report = check_gradients(relu, relu_backward, {"x": x[:9]}, directions=0)
    assert report.ok and report.arguments[0].checked == 450
    assert not check_gradients(relu, lambda dy, x: dy * (x > 1), {"x": x}).ok


def test_clipping_bounds_are_kinks():
    """The bounds of a clip are kinks of the function, not mistakes."""

    def forward(x):
        return np.clip(x, -1, 1) * x, x

    def backward(dy, x):
        return dy * np.where(np.abs(x) < 1, 2 * x, np.sign(x))

    report = check_gradients(forward, backward, {"x": np.array([1.0, -1.0, 0.3, 2.0, -3.0])})
    assert report.ok and report.arguments[0].kinks == ((0,), (1,))


def test_a_wrong_gradient_is_no_kink():
    """A gradient outside the one-sided slopes is wrong at a kink, too."""
    x = np.array([[0.0, 1.0, -1.0]])
    for wrong in (lambda dy, x: 3 * dy * (x == 0) + dy * (x > 0), lambda dy, x: dy):
        assert not check_gradients(relu, wrong, {"x": x}).ok
    smooth = check_gradients(bn_forward, WRONG_BN["dx = dy"], bn_inputs(0))
    assert smooth.arguments[0].kinks == ()
    all_kinks = check_gradients(relu, relu_backward, {"x": np.zeros((2, 2))})
    assert not all_kinks.ok and "nothing could be compared" in str(all_kinks)
    assert (
        "directions=0"
        not in check_gradients(relu, relu_backward, {"x": np.zeros((2, 2))}, directions=0)
        .arguments[0]
        .remark
    )  # which is in force
    between = check_gradients(relu, lambda dy, x: 0.4 * dy, {"x": np.zeros((2, 2))}).arguments[0]
    assert between.absolute_error == 0 and between.failed == 0


def test_nan_is_reported_with_its_place():
    """NaN fails, and the report says where it is."""

    def backward(dy, cache):
        dx, dgamma, dbeta = bn_backward(dy, cache)
        dx[3, 2] = np.nan
        return dx, dgamma, dbeta

    report = check_gradients(bn_forward, backward, bn_inputs(0))
    assert not report.ok and report.arguments[0].worst == (3, 2)
    assert "nan" in str(report)
    inputs = bn_inputs(0)
    inputs["x"][4, 1] = np.nan
    report = check_gradients(bn_forward, bn_backward, inputs)
    assert not report.ok and report.arguments[0].worst == (0, 1)
    assert "forward returned nan at y[0, 1]" in str(report)
    assert json.dumps(report.to_dict(), allow_nan=False)


def test_an_output_that_is_no_number_is_left_out():
    """NaN in an output is a problem, but the other outputs are compared as if it were not there."""

    x, tolerances = np.random.default_rng(0).standard_normal((4, 2)), []
    seen = np.arange(8).reshape(4, 2) != 3
    for scale in (1.0, 2.0**-60):  # which nothing else may depend on

        def backward(dy, x, scale=scale):
            return scale * 2 * dy * x * seen

        forward = lambda x, scale=scale: (scale * np.where(seen, x * x, np.nan), x)  # noqa: E731
        report = check_gradients(forward, backward, {"x": x})
        assert len(report.problems) == 1 and "nan at y[1, 1]" in report.problems[0]
        assert report.arguments[0].ok and report.arguments[0].kinks == ()
        tolerances.append(report.arguments[0].tolerance / scale)
        wrong = lambda dy, x: backward(dy, x) * (1 + 1e-3 * (x == x[2, 0]))  # noqa: E731
        report = check_gradients(forward, wrong, {"x": x})
        assert not report.arguments[0].ok and report.arguments[0].worst == (2, 0)
    assert tolerances[0] == tolerances[1]


def test_nan_is_found_along_directions():
    """Of 600 entries the one that is NaN is named, wherever it is."""
    x = np.random.default_rng(0).standard_normal(600)
    for place in (3, 596):

        def backward(dy, x, place=place):
            return np.where(np.arange(600) == place, np.nan, 2 * dy * x)

        report = check_gradients(lambda x: (x * x, x), backward, {"x": x})
        assert not report.ok and report.arguments[0].worst == (place,)


def test_directions_have_mixed_signs():
    """Every direction goes up in some entries and down in others, and leaves none out."""
    point, moves = np.random.default_rng(0).standard_normal(600), []

    def forward(x):
        moves.append(x - point)
        return x * x, x

    check_gradients(forward, lambda dy, x: 2 * dy * x, {"x": point}).assert_ok()
    moves = [move for move in moves if move.any()]
    assert len({tuple(np.sign(move)) for move in moves}) >= 6  # three directions, forth and back
    assert all((move > 0).sum() > 200 and (move < 0).sum() > 200 for move in moves)


@pytest.mark.parametrize("seed", range(4))  # dy > 0 and dy < 0
@pytest.mark.parametrize("factor", [-0.01, 0.0, 0.4, 1.0, 1.01])
def test_what_is_right_at_a_kink(factor, seed):
    """Anything from 0 to the steeper of the one-sided slopes, of dy > 0 and of dy < 0."""
    x = np.array([[0.0, 1.0, -1.0]])
    for left in (0.0, 0.5):  # the slope for x < 0

        def backward(dy, x, left=left):
            return dy * np.where(x == 0, factor, np.where(x > 0, 1, left))

        leaky = lambda x, left=left: (np.where(x > 0, x, left * x), x)  # noqa: E731
        report = check_gradients(leaky, backward, {"x": x}, seed=seed)
        assert report.ok == (0 <= factor <= 1)
        assert report.arguments[0].kinks == ((0, 0),)
