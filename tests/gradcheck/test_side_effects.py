"""What else is verified: changed inputs, repeated calls, linearity, shapes, layers."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from gradcheck_variants import bn_backward, bn_forward, bn_inputs

from brn_numpy.gradcheck import check_gradients


def problems_of(forward, backward, **options):
    report = check_gradients(forward, backward, bn_inputs(0, (5, 3)), **options)
    assert not report.ok
    return " | ".join(report.problems)


def test_forward_that_changes_its_input():
    """A forward that writes into x is found out."""

    def forward(x, gamma, beta):
        result = bn_forward(x.copy(), gamma, beta)
        x -= x.mean(axis=0)
        return result

    assert "forward changed its argument x" in problems_of(forward, bn_backward)


def test_forward_that_changes_a_constant():
    """A forward that writes into a constant gets a note, and the caller's stays."""

    def forward(x, running):
        running["mean"] += 1.0
        return 2 * x, None

    inputs = {"x": np.ones(3), "running": {"mean": np.zeros(3)}}
    report = check_gradients(forward, lambda dy, _: 2 * dy, inputs)
    report.assert_ok()
    assert report.notes == ("forward writes into running: each call got a copy of its own",)
    assert not inputs["running"]["mean"].any()


@pytest.mark.parametrize(
    "change",
    [
        lambda stats, steps: (stats.update(std=1.0), steps.append(1)),
        lambda stats, steps: (stats.pop("mean"), steps.pop()),
    ],
)
def test_forward_that_adds_to_a_constant_or_takes_away(change):
    """Keys in a dict and values in a list that come or go are changes, too."""

    def forward(x, stats, steps):
        change(stats, steps)
        return 2 * x, None

    inputs = {"x": np.ones(3), "stats": {"mean": 0.0}, "steps": [0]}
    report = check_gradients(forward, lambda dy, _: 2 * dy, inputs)
    assert report.ok and len(report.notes) == 2
    for note, name in zip(report.notes, ("stats", "steps"), strict=True):
        assert note.startswith(f"forward writes into {name}")
    assert inputs["stats"] == {"mean": 0.0} and inputs["steps"] == [0]


def test_backward_that_writes():
    """A backward that writes into dy or the cached x is found out."""

    def changes_dy(dy, cache):
        grads = bn_backward(dy, cache)
        dy *= 2
        return grads

    def changes_x(dy, cache):
        grads = bn_backward(dy, cache)
        cache.x[0, 0] = 7
        return grads

    assert "backward changed dy" in problems_of(bn_forward, changes_dy)
    assert "backward changed its argument x" in problems_of(bn_forward, changes_x)


def test_calls_that_do_not_repeat():
    """Two calls of either pass must agree."""
    calls = []

    def forward(x, gamma, beta):
        calls.append(1)
        return bn_forward(x, gamma * (1 + 0.1 * (len(calls) == 2)), beta)

    assert "two calls of forward" in problems_of(forward, bn_backward)
    total = {}

    def accumulates(dy, cache):
        dx, dgamma, dbeta = bn_backward(dy, cache)
        total[0] = dgamma = total.get(0, 0) + dgamma
        return dx, dgamma, dbeta

    assert "two calls of backward give different dgamma" in problems_of(bn_forward, accumulates)


def test_backward_must_be_linear_in_dy():
    """A backward that ignores dy, or is not linear in it, is found out."""
    dy0 = np.random.default_rng(5).standard_normal((5, 3))
    text = problems_of(bn_forward, lambda dy, cache: bn_backward(dy0, cache))
    assert "dx is not linear in dy" in text and "dgamma is not linear in dy" in text
    text = problems_of(bn_forward, lambda dy, cache: bn_backward(dy * np.abs(dy), cache))
    assert "dx is not linear in dy" in text


@pytest.mark.parametrize("size", [1.0, 1e9])
def test_small_differences_between_calls(size):
    """A hundred-millionth that is not linear or grows with the calls is seen; rounding is none."""

    def forward(x):
        return size * x, x

    calls = []

    def adds_up(dy, x):
        calls.append(1)
        return size * dy * (1 + 1e-8 * len(calls))

    def bends(dy, x):
        return size * dy * (1 + 1e-8 * np.abs(dy))

    x = np.random.default_rng(0).standard_normal((5, 3))
    report = check_gradients(forward, adds_up, [x])
    assert report.problems == ("two calls of backward give different dx: does it add up?",)
    assert check_gradients(forward, bends, [x]).problems == ("dx is not linear in dy",)
    assert check_gradients(forward, lambda dy, x: dy / 3 * (3 * size), [x]).problems == ()


def test_shapes_dtypes_and_missing_gradients():
    """A gradient has the shape and the dtype of its argument."""

    def column(dy, cache):
        dx, dgamma, _ = bn_backward(dy, cache)
        return dx.astype(np.float32), dgamma[:, None], None

    text = problems_of(bn_forward, column)
    assert "dx must be float64 (5, 3) like x, got float32 (5, 3)" in text
    assert "dgamma must be float64 (3,) like gamma, got float64 (3, 1)" in text
    assert "dbeta is None, expected float64 (3,) like beta" in text
    text = problems_of(bn_forward, lambda dy, cache: {"x": bn_backward(dy, cache)[0]})
    assert "dgamma is missing in what backward returned, expected float64 (3,) like gamma" in text


def test_a_gradient_of_another_shape_is_not_compared():
    """It is a problem, and of the numbers in it nothing is said; the other gradients are judged."""
    kinds = (lambda g: g.astype(np.complex128), lambda g: g.astype(np.int64))
    for change in (lambda g: g[:, None], lambda g: g[:2], *kinds):

        def backward(dy, cache, change=change):
            dx, dgamma, dbeta = bn_backward(dy, cache)
            return dx, change(dgamma), dbeta

        report = check_gradients(bn_forward, backward, bn_inputs(0, (5, 3)))
        assert [(a.name, a.ok) for a in report.arguments] == [("x", True), ("beta", True)]
        assert len(report.problems) == 1 and not report.ok


def test_a_gradient_of_another_precision_is_compared():
    """Its dtype is the only problem: float32 rounds, which is not taken for a want of linearity."""
    x = np.random.default_rng(0).standard_normal((5, 3))
    report = check_gradients(lambda x: (x / 3, 0), lambda dy, _: dy.astype("f4") / 3, [x])
    assert len(report.arguments) == 1
    assert report.problems == ("dx must be float64 (5, 3) like x, got float32 (5, 3)",)


def test_inputs_and_scalars_stay_as_they_are():
    """Read-only inputs and losses that are numbers work."""
    inputs = bn_inputs(0)
    for value in inputs.values():
        value.flags.writeable = False
    check_gradients(bn_forward, bn_backward, inputs).assert_ok()
    cache = SimpleNamespace()

    def loss(x):
        cache.x = x
        return float((x**2).sum()), x

    check_gradients(loss, lambda dy, x: 2 * dy * x, [np.ones(3)]).assert_ok()
    assert cache.x is not inputs["x"]
