"""Moments, their running averages, and the inference that uses them."""

import numpy as np
import pytest
from core_cases import assert_close, cases, inference_forward, make_case
from hypothesis import given
from hypothesis import strategies as st

import brn_numpy as bn


def test_moments_by_hand():
    """Of 1, 2, 3, 6 the mean is 3 and the biased variance 14/4; eps = 0.5 makes it 4."""
    mean, std = bn.batch_moments(np.array([[1.0], [2.0], [3.0], [6.0]]), eps=0.5)
    assert (mean.item(), std.item()) == (3.0, 2.0)
    image = np.array([[[1.0, 2.0], [0.0, 0.0]], [[3.0, 6.0], [0.0, 0.0]]])  # (N, C, L)
    mean, std = bn.batch_moments(image, eps=0.5)
    assert mean.tolist() == [3.0, 0.0]
    assert std.tolist() == [2.0, np.sqrt(0.5)]


@given(cases(), st.floats(0.01, 0.9), st.integers(1, 30))
def test_equal_minibatches_are_approached_geometrically(case, momentum, steps):
    """After T equal minibatches, mu_T - mu_B = (1 - momentum)^T (mu_0 - mu_B); sigma likewise."""
    batch = bn.batch_moments(case.x, eps=case.eps, axis=case.axis)
    moved = case.running
    for _ in range(steps):
        moved = bn.update_running(moved, batch, momentum)
    left = (1 - momentum) ** steps
    for now, start, goal in zip(moved, case.running, batch, strict=True):
        start, goal = start.astype(np.float64), goal.astype(np.float64)
        assert_close(now, goal + left * (start - goal), np.abs(start) + np.abs(goal))


@given(cases())
def test_the_default_momentum_is_that_of_the_paper(case):
    """Without `momentum` the new value weighs 0.01; at 0 and 1 one of the two is left exactly."""
    batch = bn.batch_moments(case.x, eps=case.eps, axis=case.axis)
    for new, paper in zip(
        bn.update_running(case.running, batch),
        bn.update_running(case.running, batch, 0.01),
        strict=True,
    ):
        assert np.array_equal(new, paper)
    kept, replaced = (bn.update_running(case.running, batch, m) for m in (0, 1))
    for i in range(2):
        assert np.array_equal(kept[i], case.running[i])
        assert np.array_equal(replaced[i], batch[i])


def test_running_averages_by_hand():
    """0 moves a quarter, or three, of the way to 10, and 1 to 3: of std, not of variance."""
    running = bn.Moments(np.array([0.0]), np.array([1.0]))
    for momentum, expected in ((0.25, (2.5, 1.5)), (0.75, (7.5, 2.5))):
        new = bn.update_running(running, bn.Moments(np.array([10.0]), np.array([3.0])), momentum)
        assert (new.mean.item(), new.std.item()) == expected


@pytest.mark.parametrize("momentum", [0.0, 0.2, 0.7, 1.0])
def test_the_running_pair_keeps_its_dtype(momentum):
    """A float32 pair stays float32 with a float64 minibatch, and the other way round."""
    for own, other in ((np.float32, np.float64), (np.float64, np.float32)):
        running, batch = (
            make_case((5, 3), dtype=own).running,
            make_case((5, 3), dtype=other).running,
        )
        new = bn.update_running(running, batch, momentum)
        assert type(new) is bn.Moments
        assert new.mean.dtype == new.std.dtype == own


@given(cases(), st.integers(0, 99))
def test_in_inference_a_sample_does_not_know_its_minibatch(case, seed):
    """Other samples leave y and dx of sample 0 bit for bit."""
    samples = 0 if case.axis % case.x.ndim else 1
    noise = np.random.default_rng(seed).normal(size=case.x.shape).astype(case.x.dtype)
    noise[(slice(None),) * samples + (0,)] = 0
    other = case._replace(x=case.x + noise, dy=case.dy - noise)
    found = []
    for c in (case, other):
        y, cache = inference_forward(c)
        found.append([a.take(0, samples) for a in (y, bn.inference_backward(c.dy, cache)[0])])
    assert np.array_equal(found[0][0], found[1][0])
    assert np.array_equal(found[0][1], found[1][1])


@given(cases())
def test_one_sample_alone_is_fine_in_inference(case):
    """A minibatch of one sample gives that sample's y."""
    samples = 0 if case.axis % case.x.ndim else 1
    one = case._replace(x=case.x.take([0], samples))
    assert np.array_equal(inference_forward(one)[0], inference_forward(case)[0].take([0], samples))


def test_the_average_of_std_is_lower_than_the_root_of_the_average_variance():
    """For N(0, 1) in minibatches of 2, 4, 8 and 32 it settles at 0.56, 0.80, 0.90 and 0.98."""
    rng = np.random.default_rng(0)
    for m, expected in ((2, 0.564), (4, 0.798), (8, 0.903), (32, 0.977)):
        minibatches = rng.standard_normal((m, 50_000))  # one per channel
        std = bn.batch_moments(minibatches, eps=1e-12).std
        assert std.mean() == pytest.approx(expected, abs=0.01)
