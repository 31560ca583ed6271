"""What reports tell, and what is refused."""

from __future__ import annotations

import doctest
import json

import numpy as np
import pytest
from gradcheck_variants import WRONG_BN, bn_backward, bn_forward, bn_inputs

from brn_numpy import gradcheck
from brn_numpy.gradcheck import check_gradients


@pytest.mark.parametrize(
    ("change", "options", "error", "text"),
    [
        ({"x": np.arange(6).reshape(2, 3)}, {}, TypeError, "x must be an array of float64"),
        ({"gamma": np.arange(3)}, {"wrt": "gamma"}, TypeError, "gamma must be an array of float64"),
        ({"x": np.ones((2, 3), complex)}, {}, TypeError, "x must be an array of float64"),
        ({"x": np.ones((0, 3))}, {}, ValueError, "x must not be empty"),
        ({}, {"wrt": "sigma"}, ValueError, "wrt names sigma; there are x, gamma, beta"),
        ({}, {"wrt": ()}, ValueError, "wrt names nothing"),
        ({}, {"method": "forward"}, ValueError, "method must be one of"),
    ],
)
def test_check_gradients_refuses(change, options, error, text):
    """Wrong arguments are refused by name."""
    with pytest.raises(error, match=text):
        check_gradients(bn_forward, bn_backward, {**bn_inputs(0), **change}, **options)


def test_check_gradients_refuses_what_functions_return():
    """Results that make no sense are refused; exceptions come through."""
    inputs = bn_inputs(0)
    with pytest.raises(TypeError, match=r"forward must return \(y, cache\), got ndarray"):
        check_gradients(lambda x, gamma, beta: x, bn_backward, inputs)
    with pytest.raises(TypeError, match="forward must return a floating array y, got int64"):
        check_gradients(lambda x, gamma, beta: (np.int64([1]), 0), bn_backward, inputs)
    with pytest.raises(ValueError, match="backward returned 2 gradients, expected one each for x"):
        check_gradients(bn_forward, lambda dy, c: bn_backward(dy, c)[:2], inputs)
    with pytest.raises(TypeError, match="inputs must be a dict"):
        check_gradients(bn_forward, bn_backward)
    with pytest.raises(TypeError, match="inputs must be a dict or sequence of values"):
        check_gradients(bn_forward, bn_backward, inputs["x"])
    with pytest.raises(TypeError, match="first argument must be a layer"):
        check_gradients(bn_forward, inputs=inputs)
    with pytest.raises(ZeroDivisionError):
        check_gradients(bn_forward, lambda dy, c: 1 / 0, inputs)


def test_the_report_tells_what_a_student_needs():
    """A failure names the entry, both numbers, and the likely mistake."""
    report = check_gradients(bn_forward, WRONG_BN["dgamma averaged"], bn_inputs(0))
    text = str(report)
    gamma = report.arguments[1]
    assert not gamma.ok and gamma.name == "gamma" and gamma.failed == 6 == gamma.checked
    assert f"gamma[{gamma.worst[0]}]" in text
    assert f"{gamma.analytic:.9g}" in text and f"{gamma.numeric:.9g}" in text
    assert text.index("yours") < text.index("numeric  ")
    assert gamma.analytic * 7 == pytest.approx(gamma.numeric)
    assert gamma.absolute_error == pytest.approx(abs(gamma.analytic - gamma.numeric))
    assert "dgamma is 1/7 x the numeric one: averaged?" in text
    with pytest.raises(AssertionError, match="gamma"):
        report.assert_ok()
    saved = json.loads(json.dumps(report.to_dict(), allow_nan=False))
    assert saved["ok"] is False and saved["arguments"][1]["worst"] == list(gamma.worst)
    for name, hint in [
        ("no gamma", "is gamma missing?"),
        ("sign of dx", "dx is -1 x the numeric one: the sign?"),
        ("dx = 0", "dx is 0 everywhere"),
    ]:
        assert hint in str(check_gradients(bn_forward, WRONG_BN[name], bn_inputs(0)))


def test_reports_repeat_and_cannot_be_changed():
    """The same call gives the same report, and reports are constants."""
    first, second = (check_gradients(bn_forward, bn_backward, bn_inputs(0)) for _ in range(2))
    assert first == second and str(first) == str(second)
    with pytest.raises(AttributeError):
        first.problems = ()


def test_examples_in_the_docstrings():
    """The examples run."""
    assert doctest.testmod(gradcheck).failed == 0
    assert doctest.testmod(gradcheck).attempted >= 6


def test_more_inputs_than_forward_has_names_for():
    """A forward that takes *args gives its inputs no names: that is said, none is dropped."""
    with pytest.raises(TypeError, match="inputs has 2 values, but forward takes args"):
        check_gradients(lambda *args: (args[0], None), lambda dy, _: dy, [np.ones(2), np.ones(2)])


@pytest.mark.parametrize(
    "option",
    [
        {"rtol": "a"},
        {"rtol": np.inf},
        {"atol": -1.0},
        {"directions": 1.5},
        {"seed": -1},
        {"seed": 0.5},
    ],
)
def test_options_that_are_none(option):
    """A wrong option is refused by its name."""
    with pytest.raises(ValueError, match=f"{next(iter(option))} must be"):
        check_gradients(lambda x: (x, None), lambda dy, _: dy, [np.ones(2)], **option)
