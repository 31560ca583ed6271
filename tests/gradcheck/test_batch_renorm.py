"""Batch renorm: pinned it passes, unpinned the failure is explained."""

from __future__ import annotations

import numpy as np
import pytest
from gradcheck_variants import (
    BRN,
    WRONG_BN,
    WRONG_BRN,
    bn_backward,
    bn_forward,
    bn_inputs,
    brn_backward,
    brn_forward,
    brn_inputs,
)

from brn_numpy.gradcheck import check_gradients


@pytest.mark.parametrize("name", WRONG_BRN)
def test_wrong_batch_renorm_fails(name):
    """Each wrong BRN backward fails when r and d are pinned."""
    for seed in range(3):
        report = check_gradients(
            brn_forward,
            WRONG_BRN[name],
            brn_inputs(seed),
            wrt=BRN,
            frozen=True,
            seed=seed,
        )
        assert not report.ok, (seed, str(report))


@pytest.mark.parametrize(
    "frozen", [True, lambda cache: {"correction": (cache.r, cache.d)}], ids=["True", "function"]
)
def test_batch_renorm_passes_when_pinned(frozen):
    """frozen may be True, a function of the cache, or a dict."""
    for seed in range(4):
        check_gradients(
            brn_forward, brn_backward, brn_inputs(seed), wrt=BRN, frozen=frozen, seed=seed
        ).assert_ok()
    inputs = brn_inputs(0)
    cache = brn_forward(**inputs)[1]
    given = {"correction": (cache.r, cache.d)}
    check_gradients(brn_forward, brn_backward, inputs, wrt=BRN, frozen=given).assert_ok()


def test_batch_renorm_unpinned_is_explained():
    """A right backward is called right; a wrong one is not."""
    for seed in range(4):
        report = check_gradients(brn_forward, brn_backward, brn_inputs(seed), wrt=BRN, seed=seed)
        assert not report.ok
        (note,) = report.notes
        assert "RIGHT once r and d are held constant" in note
    report = check_gradients(brn_forward, WRONG_BRN["r not in dx"], brn_inputs(0), wrt=BRN)
    assert "RIGHT once" not in str(report)


def test_batch_renorm_without_a_correction_gets_a_hint():
    """Where nothing can be pinned, the numeric dx gives batch renorm away."""

    def forward(x, gamma, beta, mu, sigma):
        y, c = brn_forward(x, gamma, beta, mu, sigma, r_max=100.0, d_max=100.0)
        return y, (c, c.r, c.d)

    inputs = brn_inputs(0)
    for n in (7, 3, 2, 1):  # of one or two samples, any numbers may look like that
        report = check_gradients(
            forward,
            lambda dy, cache: brn_backward(dy, cache[0]),
            {**inputs, "x": inputs["x"][:n]},
            wrt=BRN,
        )
        assert not report.ok
        text = " ".join(report.notes)
        hint = "constant times dy in channel(s) [0, 1, 2, 3, 4, 5] of axis 1" in text
        assert hint == ("batch renorm" in text) == (n > 2)
    wrong = check_gradients(bn_forward, WRONG_BN["dx = dy"], bn_inputs(0))
    assert "batch renorm" not in str(wrong)


@pytest.mark.parametrize("axis", [1, 3])
def test_the_hint_names_the_axis_of_the_channels(axis):
    """The channels of images lie on axis 1 or on the last axis; each is looked at."""
    x = np.random.default_rng(0).standard_normal((2, 3, 2, 4))
    scale = np.moveaxis(np.arange(2.0, 2 + x.shape[axis]).reshape(-1, 1, 1, 1), 0, axis)
    others = tuple(i for i in range(4) if i != axis)
    centred = lambda dy, _: scale * (dy - dy.mean(axis=others, keepdims=True))  # noqa: E731
    report = check_gradients(lambda x: (scale * x, None), centred, [x])
    channels = list(range(x.shape[axis]))
    text = f"constant times dy in channel(s) {channels} of axis {axis}"
    assert text in " ".join(report.notes)


def test_no_hint_at_batch_renorm_for_a_straight_line():
    """A wrong gradient of y = 2 x is not that of a normalisation: nothing is said of one."""
    x = np.random.default_rng(0).standard_normal((5, 3))
    for wrong in (lambda dy, _: 3 * dy, lambda dy, _: dy + 1, lambda dy, _: 0 * dy):
        report = check_gradients(lambda x: (2 * x, None), wrong, [x])
        assert not report.ok and report.notes == ()


def test_a_nan_is_no_change_by_frozen():
    """Where forward returns NaN with pins and without, `frozen` is not blamed for it."""
    inputs = brn_inputs(0)
    inputs["x"][0, 2] = np.nan
    report = check_gradients(brn_forward, brn_backward, inputs, wrt=BRN, frozen=True)
    assert len(report.problems) == 1 and "forward returned nan" in report.problems[0]


def test_frozen_must_not_change_the_function():
    """Pins that move the output, or pin nothing, are refused."""
    inputs = brn_inputs(0)
    frozen = {"correction": (np.ones(6), np.zeros(6))}
    report = check_gradients(brn_forward, brn_backward, inputs, wrt=BRN, frozen=frozen)
    assert any("frozen changes" in text for text in report.problems)
    with pytest.raises(ValueError, match="nothing to pin"):
        check_gradients(bn_forward, bn_backward, bn_inputs(0), frozen=True)
    with pytest.raises(TypeError, match="frozen must be True, or give a dict"):
        check_gradients(bn_forward, bn_backward, bn_inputs(0), frozen=3)
