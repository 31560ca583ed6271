"""What reports tell, and what is refused."""

from __future__ import annotations

import doctest
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from gradcheck_variants import WRONG_BN, bn_backward, bn_forward, bn_inputs

from brn_numpy.gradcheck import check, check_gradients, numeric


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
    for result in (inputs["x"], inputs["x"][:2], [1.0, 2.0], (1.0,), (1.0, 2.0, 3.0), None):
        text = rf"forward must return \(y, cache\), got {type(result).__name__}"
        with pytest.raises(TypeError, match=text):
            check_gradients(lambda x, gamma, beta, y=result: y, bn_backward, inputs)
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
    assert text.splitlines()[0] == "Gradient check, richardson, seed 0: FAILED"
    assert not gamma.ok and gamma.name == "gamma" and gamma.failed == 6 == gamma.checked
    assert f"gamma[{gamma.worst[0]}]" in text
    assert f"{gamma.analytic:.9g}" in text and f"{gamma.numeric:.9g}" in text
    assert text.index("yours") < text.index("numeric", text.index("yours"))
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
    assert str(first).startswith("Gradient check, richardson, seed 0: all gradients agree\n")
    with pytest.raises(AttributeError):
        first.problems = ()
    with pytest.raises(AttributeError):
        first.arguments[0].ok = True


def test_examples_in_the_docstrings():
    """The examples run."""
    results = [doctest.testmod(module) for module in (check, numeric)]
    assert [result.failed for result in results] == [0, 0]
    assert [result.attempted for result in results] == [4, 3]


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


def test_hints_of_an_average():
    """The number of values of a channel is a factor that is known; so is that of the samples."""
    inputs = bn_inputs(0, (3, 2, 5, 7))
    for n in (3, 105):
        backward = lambda dy, c, n=n: (*bn_backward(dy, c)[:2], bn_backward(dy, c)[2] / n)  # noqa: E731
        remark = check_gradients(bn_forward, backward, inputs).arguments[2].remark
        assert remark == f"dbeta is 1/{n} x the numeric one: averaged?"
    x = np.random.default_rng(0).standard_normal((5, 3))  # nobody averages over 3 channels
    report = check_gradients(lambda x: (x * x, x), lambda dy, x: 2 / 3 * dy * x, [x])
    assert not report.ok and report.arguments[0].remark == ""


def test_no_hint_where_nothing_is_seen():
    """0 is -1 times 0, and 5 times 0: a small gradient that is wrong there gets no hint."""
    report = check_gradients(lambda x: (1 + 0 * x, x), lambda dy, _: 3e-6 * dy, [np.ones(4)])
    assert not report.ok and report.arguments[0].remark == ""


def test_hints_are_given_only_where_they_fit():
    """A small or an unrelated error gets no hint, also where all gradients are small."""
    inputs = {"x": np.random.default_rng(0).standard_normal((5, 1)), "gamma": np.array([1e-3])}

    def check(change):
        def backward(dy, cache):
            x, gamma = cache
            return dy * gamma * change, (dy * x).sum(axis=0)

        forward = lambda x, gamma: (x * gamma, (x, gamma))  # noqa: E731
        return check_gradients(forward, backward, inputs).arguments[0]

    for change in (1 + 1e-6, np.linspace(1, 2, 5)[:, None]):
        report = check(change)
        assert not report.ok and report.remark == ""
    assert check(1 / 5).remark == "dx is 1/5 x the numeric one: averaged?"
    assert check(5).remark == "dx is 5 x the numeric one: summed?"
    assert check(1e3).remark == "dx is the numeric one / gamma: is gamma missing?"
    assert check(1e-3).remark == "dx is the numeric one x gamma: is gamma one too many?"
    vectors = {"x": np.array([1.0, 2.0]), "gamma": np.array([3.0, 5.0])}  # no channels there
    report = check_gradients(lambda x, gamma: (x * gamma, x), lambda dy, x: (dy, dy * x), vectors)
    assert not report.ok and report.arguments[0].remark == ""


def test_the_folder_can_be_copied(tmp_path):
    """It imports nothing of the package: a copy under another name works by itself."""
    shutil.copytree(Path(check.__file__).parent, tmp_path / "mine")
    code = (
        "import sys, mine; report = mine.check_gradients(lambda x: (x, 0), lambda dy, _: dy, "
        "[__import__('numpy').ones(3)]); print(report.ok, 'brn_numpy' in sys.modules)"
    )
    command = [sys.executable, "-c", code]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["True", "False"]


def test_what_is_fine_takes_a_line():
    """One line for an argument that is right, without a tolerance; more where one is wrong."""
    right = check_gradients(bn_forward, bn_backward, bn_inputs(0))
    assert len(str(right).splitlines()) == 4 and "allowed" not in str(right)
    wrong = str(check_gradients(bn_forward, WRONG_BN["dgamma averaged"], bn_inputs(0)))
    assert wrong.count("allowed") == 1


def test_reports_fit_in_80_columns():
    """Whatever they tell: long names, kinks, notes, problems."""
    long = "the_argument_with_a_very_long_name_indeed"
    x = np.zeros((40, 30))
    texts = [
        str(check_gradients(lambda **k: (np.abs(k[long]), 0), lambda dy, _: dy, {long: x + 0.0})),
        str(check_gradients(lambda **k: (k[long] * 2, 0), lambda dy, _: dy * dy, {long: x + 1})),
        *(str(check_gradients(bn_forward, wrong, bn_inputs(0))) for wrong in WRONG_BN.values()),
    ]
    assert all(len(line) <= 80 for text in texts for line in text.splitlines())
