"""What a wrong gradient gives away, and that nothing is said that does not fit."""

from __future__ import annotations

import numpy as np
import pytest
from gradcheck_variants import WRONG_BN, bn_backward, bn_forward, bn_inputs

from brn_numpy.gradcheck import check_gradients
from brn_numpy.textbook import mean

VARIANCE = "xhat * mean(dy * xhat)"


def remark_of(dx, inputs, **options):
    """Return what is said of a BN's wrong dx."""
    backward = lambda dy, c: (dx(dy, c), *bn_backward(dy, c)[1:])  # noqa: E731
    report = check_gradients(bn_forward, backward, inputs, **options)
    assert [a.ok for a in report.arguments] == [False, True, True]
    return report.arguments[0].remark


def terms(a, b, c):
    """Make a dx of BN whose terms have factors too much."""

    def dx(dy, k):
        second, third = mean(dy), k.xhat * mean(dy * k.xhat)
        return k.gamma / k.std * (a * dy - b * second - c * third)

    return dx


@pytest.mark.parametrize(
    ("factors", "said"),
    [
        ((1, 0, 1), "the term mean(dy) is missing"),
        ((1, 1, 0), f"the term {VARIANCE} is missing"),
        ((1, 1, -1), f"the term {VARIANCE} is -1 x what it should be"),
        ((1, 2, 1), "the term mean(dy) is 2 x what it should be"),
        ((1, 1, 0.3), f"the term {VARIANCE} is 0.3 x what it should be"),
        ((1 / 40, 1, 1), "the term dy is 1/40 x what it should be"),  # N * missing
        ((1, 10, 1), "the term mean(dy) is 10 x what it should be"),  # 1/N for 1/(N H W)
        ((1, 1, 40 / 39), f"the term {VARIANCE} is 40/39 x what it should be"),
        (
            (1, 0, 0),
            f"the term mean(dy) is missing and the term {VARIANCE} is missing",
        ),
    ],
)
def test_a_term_that_is_off(factors, said):
    """The term of a normalisation that is off is named, with its factor."""
    inputs = bn_inputs(0, (4, 3, 2, 5))
    assert remark_of(terms(*factors), inputs) == f"dx is that of a normalisation, but {said}"


@pytest.mark.parametrize("shape", [(7, 6), (5, 2, 3)])
def test_terms_for_other_shapes(shape):
    """Matrices and sequences, too; at 1e4 from 0 as well."""
    inputs = bn_inputs(1, shape)
    for _ in range(2):
        remark = remark_of(terms(1, 0, 1), inputs)
        assert remark == "dx is that of a normalisation, but the term mean(dy) is missing"
        inputs["x"] = inputs["x"] + 1e4


def test_layer_norm_has_these_terms():
    """A layer norm takes its means over channels, of dy * gamma."""

    def forward(x, gamma, beta):
        xc = x - x.mean(axis=1, keepdims=True)
        std = np.sqrt((xc * xc).mean(axis=1, keepdims=True) + 1e-3)
        return gamma * xc / std + beta, (xc / std, std, gamma)

    def backward(dy, cache):
        z, std, gamma = cache
        d = dy * gamma
        dx = (d - z * (d * z).mean(axis=1, keepdims=True)) / std
        return dx, (dy * z).sum(axis=0), dy.sum(axis=0)

    report = check_gradients(forward, backward, bn_inputs(0, (5, 8)))
    text = "dx is that of a normalisation, but the term mean(dy) is missing"
    assert report.arguments[0].remark == text


def test_channels_last():
    """Channels on the last axis are found."""

    def forward(x, gamma, beta):
        y, cache = bn_forward(np.moveaxis(x, -1, 1), gamma, beta)
        return np.moveaxis(y, 1, -1), cache

    def backward(dy, c):
        dy = np.moveaxis(dy, -1, 1)
        dx = np.moveaxis(terms(1, 1, 0)(dy, c), 1, -1)
        return dx, *bn_backward(dy, c)[1:]

    inputs = bn_inputs(0, (4, 3, 2, 5))
    inputs["x"] = np.moveaxis(inputs["x"], 1, -1)
    report = check_gradients(forward, backward, inputs)
    assert report.arguments[0].remark.endswith(f"but the term {VARIANCE} is missing")


@pytest.mark.parametrize("name", ["dx = dy", "diagonal", "eps outside", "variance for std"])
def test_nothing_is_said_of_other_mistakes(name):
    """What is no sum of the three terms, or has all of them off, gets no hint at a term."""
    remark = check_gradients(bn_forward, WRONG_BN[name], bn_inputs(0)).arguments[0].remark
    assert "term" not in remark


def test_nothing_is_said_of_what_is_no_normalisation():
    """Where the numeric gradient has no such terms, none can be off."""
    x = np.random.default_rng(0).standard_normal((7, 4))
    wrong = lambda dy, x: dy - dy.mean(axis=0)  # noqa: E731
    assert check_gradients(lambda x: (x * x, x), wrong, [x]).arguments[0].remark == ""


def test_of_few_values_three_terms_explain_anything():
    """With four values in a channel the fit proves nothing, and nothing is said."""
    noise = np.random.default_rng(5).standard_normal((4, 3))
    inputs = bn_inputs(0, (4, 3))
    assert remark_of(lambda dy, c: bn_backward(dy, c)[0] + noise * dy.mean(), inputs) == ""


@pytest.mark.parametrize(
    ("factor", "said"),
    [
        (1 / 4, "1/4 x the numeric one: averaged?"),  # N
        (10.0, "10 x the numeric one: summed?"),  # H * W
        (1 / 40, "1/40 x the numeric one: averaged?"),
        (40 / 39, "40/39 x the numeric one: N or N - 1?"),
        (39 / 40, "39/40 x the numeric one: N or N - 1?"),
        (2.0, "2 x the numeric one: counted twice?"),
        (0.5, "1/2 x the numeric one: the derivative of a square?"),
    ],
)
def test_numbers_that_people_average_over(factor, said):
    """A constant factor with a known number is named."""
    inputs = bn_inputs(0, (4, 3, 2, 5))
    remark = remark_of(lambda dy, c: factor * bn_backward(dy, c)[0], inputs)
    assert remark == f"dx is {said}"


def test_the_ratio_of_two_inputs():
    """Two vectors that were exchanged, or both left out, are named."""

    def check(factor):
        def forward(x, a, b):
            return x * a / b, (x, a, b)

        def backward(dy, cache):
            x, a, b = cache
            sums = (dy * x / b).sum(axis=0), -(dy * x * a / b**2).sum(axis=0)
            return dy * factor(a, b), *sums

        rng = np.random.default_rng(0)
        inputs = [rng.standard_normal((5, 3)), rng.uniform(1, 2, 3), rng.uniform(3, 4, 3)]
        return check_gradients(forward, backward, inputs).arguments[0].remark

    assert check(lambda a, b: (a / b) ** 2) == "dx is the numeric one x a / b"
    assert check(lambda a, b: 1 / b**2) == "dx is the numeric one / (a * b): are both missing?"
    assert check(lambda a, b: a) == "dx is the numeric one x b: is b one too many?"


def test_dy_squared_is_said_to_be_that():
    """A dx that is not linear in dy gets no other hint: that is the best there is."""
    report = check_gradients(bn_forward, lambda dy, c: bn_backward(dy * dy, c), bn_inputs(0))
    assert "dx is not linear in dy" in report.problems
    assert [a.remark for a in report.arguments] == ["", "", ""]
