"""The probe: every mistake is visible on it, and no two of a function look the same."""

from functools import cache
from itertools import combinations

import numpy as np
import pytest
from grading_cases import SAME, distance, further_apart

from brn_numpy.grading.contract import CONTRACT, CORRECT
from brn_numpy.grading.mistakes import MISTAKES
from brn_numpy.grading.observe import observe
from brn_numpy.grading.probe import TIGHT_D_MAX, TIGHT_R_MAX, make_probe

SEEDS = range(2)
VISIBLE = 1e-3  # relative to the largest value of an array


@cache
def observations(function, seed):
    """Observe all planted solutions of one function, by key."""
    return {
        m.key: observe(m.solution(), function, make_probe(seed))
        for m in MISTAKES
        if m.function == function
    }


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("function", CONTRACT)
def test_mistakes_are_visible_and_right_roads_are_not(function, seed):
    """A mistake is at least 1e-3 away from the textbook, what is equal at most 1e-9."""
    right, seen = observe(CORRECT, function, make_probe(seed)), observations(function, seed)
    for m in MISTAKES:
        if m.function == function and not m.equal:
            assert distance(seen[m.key], right) > VISIBLE, m.key
        elif m.function == function:
            assert distance(seen[m.key], right) < 1e-9, m.key


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("function", CONTRACT)
def test_no_two_mistakes_look_the_same(function, seed):
    """They are at least 1e-3 apart, but for the pairs that no input can tell apart."""
    seen = observations(function, seed)
    wrong = [m.key for m in MISTAKES if m.function == function and not m.equal]
    for one, two in combinations(wrong, 2):
        if frozenset({one, two}) in SAME:
            assert distance(seen[one], seen[two]) < 1e-9, (one, two)
        else:
            assert further_apart(seen[one], seen[two], VISIBLE), (one, two)


@pytest.mark.parametrize("seed", range(20))
def test_the_probe_has_every_case(seed):
    """r is clipped high, low and free, d is clipped +, - and free; nothing is 0, 1 or square."""
    p = make_probe(seed)
    ratio, offset = p.batch_std / p.running_std, (p.batch_mean - p.running_mean) / p.running_std
    assert (ratio > p.r_max).tolist() == [True, False, False, True, False, False]
    assert (ratio < 1 / p.r_max).tolist() == [False, True, False, False, True, False]
    assert (offset > p.d_max).tolist() == [True, False, False, False, True, False]
    assert (offset < -p.d_max).tolist() == [False, True, False, False, False, True]
    assert (np.abs(np.log(ratio)) > np.log(TIGHT_R_MAX)).all()
    assert (np.abs(offset) > TIGHT_D_MAX).all()
    assert len(set(p.x.shape)) == 2
    assert len(set(p.x4.shape)) == 4
    assert set(np.sign(p.gamma)) == {-1, 1}
    assert np.abs(p.gamma).min() >= 0.5
    assert np.abs(p.beta).min() >= 0.5
    for _, x, dy in p.layouts():
        axes = (0, *range(2, x.ndim))
        np.testing.assert_allclose(x.mean(axis=axes), p.batch_mean, atol=1e-14)
        np.testing.assert_allclose(np.sqrt(x.var(axis=axes) + p.eps), p.batch_std, rtol=1e-13)
        assert abs(dy.mean()) > 0.1


def test_a_probe_depends_on_its_seed_alone():
    """Equal seeds give equal arrays, which nobody can change; other seeds give others."""
    one = make_probe(3)
    make_probe.cache_clear()
    two, other = make_probe(3), make_probe(4)
    for name, value in vars(one).items():
        assert np.array_equal(value, vars(two)[name])
    assert not np.array_equal(one.x, other.x)
    with pytest.raises(ValueError, match="read-only"):
        one.x[0] = 0
