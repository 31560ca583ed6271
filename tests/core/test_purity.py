"""The functions are pure: nothing goes in or out but through arguments and results."""

import inspect
import itertools
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from core_cases import brn_forward, cases, inference_forward, make_case, results
from hypothesis import given

import brn_numpy as bn


def inputs(case):
    """Return the arrays of a case by name."""
    mean, std = case.running
    names = ("x", "gamma", "beta", "dy", "mean", "std")
    return dict(zip(names, (case.x, case.gamma, case.beta, case.dy, mean, std), strict=True))


@given(cases())
def test_no_argument_is_changed_and_no_result_shares_memory(case):
    """All bits of the inputs stay, and results overlap neither the inputs nor each other."""
    before = {name: a.tobytes() for name, a in inputs(case).items()}
    found = results(case)
    assert {name: a.tobytes() for name, a in inputs(case).items()} == before
    for (name, a), (other, b) in itertools.product(found.items(), inputs(case).items()):
        assert not np.shares_memory(a, b), f"{name} shares memory with {other}"
    for (name, a), (other, b) in itertools.combinations(found.items(), 2):
        assert not np.shares_memory(a, b), f"{name} shares memory with {other}"


@pytest.mark.parametrize("momentum", [0.0, 1.0])
def test_updating_by_nothing_or_everything_still_makes_new_arrays(momentum):
    """At momentum 0 and 1 the new pair equals one of the old ones, but is not the same memory."""
    one, two = make_case((5, 3), seed=1).running, make_case((5, 3), seed=2).running
    new = bn.update_running(one, two, momentum)
    for a, b in itertools.product(new, (*one, *two)):
        assert not np.shares_memory(a, b)


def test_a_backward_pass_can_be_repeated():
    """The cache is only read: a second backward gives the same bits, with all results spoiled."""
    case = make_case((7, 3, 2), seed=6)
    passes = [
        (bn.batch_norm_forward(case.x, case.gamma, case.beta), bn.batch_norm_backward),
        (inference_forward(case), bn.inference_backward),
        (brn_forward(case), bn.batch_renorm_backward),
    ]
    for (y, cache), backward in passes:
        first = backward(case.dy, cache)
        copies = [a.copy() for a in first]
        for a in (y, *first, *getattr(cache, "batch", ())):
            a[...] = np.nan
        for a, b in zip(backward(case.dy, cache), copies, strict=True):
            assert np.array_equal(a, b)


def test_the_cache_does_not_move_with_the_arguments_of_one_value_per_channel():
    """Running pair, gamma, beta and correction may be overwritten between forward and backward."""
    case = make_case((7, 3), seed=6)
    correction = (np.array([0.5, 1.0, 2.0]), np.array([0.1, -0.2, 0.3]))
    found = []
    for overwrite in (False, True):
        gamma, beta, pinned = case.gamma.copy(), case.beta.copy(), [a.copy() for a in correction]
        running = bn.Moments(*(a.copy() for a in case.running))
        own = case._replace(gamma=gamma, beta=beta, running=running)
        forwards = [
            (bn.batch_norm_forward(own.x, gamma, beta)[1], bn.batch_norm_backward),
            (inference_forward(own)[1], bn.inference_backward),
            (brn_forward(own)[1], bn.batch_renorm_backward),
            (brn_forward(own, correction=tuple(pinned))[1], bn.batch_renorm_backward),
        ]
        if overwrite:
            for a in (gamma, beta, *running, *pinned):
                a[...] = 99.0
        found.append([a for cache, backward in forwards for a in backward(case.dy, cache)])
    for a, b in zip(*found, strict=True):
        assert np.array_equal(a, b)


@pytest.fixture
def unusual_settings():
    """Set a buffer size and error handling that nobody else would set, for one test."""
    old_bufsize, old_settings = np.setbufsize(3 * 4096), np.geterr()
    np.seterr(over="print", invalid="raise", divide="log", under="ignore")
    yield
    np.setbufsize(old_bufsize)
    np.seterr(**old_settings)


@pytest.mark.usefixtures("unusual_settings")
def test_numpy_settings_are_as_before_after_calls_and_after_errors():
    """np.geterr() and np.getbufsize() are the caller's; also if overflow, NaN or errors occur."""
    case = make_case((7, 3, 200), seed=6)  # large enough for another buffer
    wild = case._replace(x=case.x * 1e300)
    wild.x[0, 0] = np.nan
    before = np.geterr(), np.getbufsize()
    for each in (case, wild):
        results(each)
        assert (np.geterr(), np.getbufsize()) == before
    with pytest.raises(ValueError, match="eps"):
        bn.batch_norm_forward(case.x, case.gamma, case.beta, eps=-1)
    with pytest.raises(ValueError, match="dy"):
        bn.batch_norm_backward(case.dy[1:], bn.batch_norm_forward(*case[:3])[1])
    with pytest.raises(ValueError, match="r_max"):
        brn_forward(case, r_max=0.5)
    with pytest.raises(ValueError, match="momentum"):
        bn.update_running(case.running, case.running, 2.0)
    assert (np.geterr(), np.getbufsize()) == before


@pytest.mark.parametrize("scale", [1e-30, 1.0, 1e30, 1e36])
def test_nothing_warns_or_raises_whatever_the_settings_of_numpy(scale):
    """Sums that overflow or underflow on the way are no errors, forward nor backward."""
    case = make_case((7, 3), seed=6, dtype=np.float32)
    wild = case._replace(x=case.x * np.float32(scale), dy=case.dy / np.float32(scale))
    expected = results(wild)
    free = {"r_max": np.inf, "d_max": np.inf}
    with np.errstate(all="raise"):
        found = results(wild)
        huge = wild._replace(gamma=np.full(3, 1e38, np.float32), dy=wild.dy * 0 + 1e30)
        dgamma = bn.batch_renorm_backward(huge.dy, brn_forward(huge, **free)[1])[1]
    assert found.keys() == expected.keys() and dgamma.shape == (3,)
    for name, value in expected.items():
        np.testing.assert_array_equal(found[name], value, err_msg=name)


def test_eight_threads_get_the_results_of_one():
    """Nothing is shared between calls, so concurrent calls do not disturb each other."""
    work = [make_case((64, 5, 40), seed=seed) for seed in range(8)] * 6
    alone = [results(case) for case in work[:8]]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(results, work))
    for i, found in enumerate(together):
        for name, a in found.items():
            assert np.array_equal(a, alone[i % 8][name]), name


def test_options_are_keywords_with_the_documented_defaults():
    """eps, axis, bounds and correction cannot be passed by position; eps is 1e-5, axis 1."""
    defaults = {
        bn.batch_moments: {"eps": 1e-5, "axis": 1},
        bn.batch_norm_forward: {"eps": 1e-5, "axis": 1},
        bn.inference_forward: {"axis": 1},
        bn.batch_renorm_forward: {
            "r_max": inspect.Parameter.empty,
            "d_max": inspect.Parameter.empty,
            "eps": 1e-5,
            "axis": 1,
            "correction": None,
        },
    }
    for function, expected in defaults.items():
        parameters = inspect.signature(function).parameters.values()
        found = {p.name: p.default for p in parameters if p.kind is p.KEYWORD_ONLY}
        assert found == expected
