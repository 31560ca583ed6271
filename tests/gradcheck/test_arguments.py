"""What may be given: arguments left out, constants of every kind, numbers as arrays."""

from __future__ import annotations

import numpy as np
from gradcheck_variants import bn_backward, bn_forward, bn_inputs

from brn_numpy.gradcheck import check_gradients


def test_arguments_with_defaults_may_be_left_out_of_a_sequence():
    """A sequence of inputs is shorter than the signature where the rest has defaults."""
    report = check_gradients(bn_forward, bn_backward, list(bn_inputs(0).values()))  # without eps
    report.assert_ok()
    assert [a.name for a in report.arguments] == ["x", "gamma", "beta"]


def test_constants_of_any_kind():
    """A mask of bools, a string, None, an object, a dict: all are constants, and none changes."""

    def forward(x, keep, mode, nothing, thing, stats, sizes):
        assert mode == "train" and nothing is None
        return x * keep, keep

    values = [np.ones((2, 3)), np.array([True, False, True]), "train", None, object()]
    values += [{"mean": np.zeros(3), "steps": 0}, ([1, 2], 3)]
    report = check_gradients(forward, lambda dy, keep: dy * keep, values)
    report.assert_ok()
    assert [a.name for a in report.arguments] == ["x"]


def test_a_constant_keeps_its_dtype():
    """A float16 constant is not made a float64 one, as the float32 arrays that are checked are."""

    def forward(x, half):
        assert half.dtype == np.float16
        return x * half.astype(np.float64), half

    values = [np.ones(3), np.full(3, 0.5, np.float16)]
    check_gradients(forward, lambda dy, half: [dy * half], values, wrt="x").assert_ok()


def test_a_number_as_an_array():
    """An argument of shape () has a gradient of shape ()."""

    def backward(dy, cache):
        x, scale = cache
        return scale * dy, np.sum(dy * x)

    values = [np.arange(1.0, 7).reshape(2, 3), np.array(-2.0)]
    report = check_gradients(lambda x, scale: (scale * x, (x, scale)), backward, values)
    report.assert_ok()
    assert report.arguments[1].worst == () and report.arguments[1].checked == 1
    wrong = check_gradients(
        lambda x, scale: (scale * x, (x, scale)),
        lambda dy, cache: [-gradient for gradient in backward(dy, cache)],
        values,
    )
    assert [a.remark[:17] for a in wrong.arguments] == ["dx is -1 x the nu", "dscale is -1 x th"]
