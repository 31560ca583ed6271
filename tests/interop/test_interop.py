"""States of other frameworks: what comes in and goes out leaves the outputs as they are."""

import numpy as np
import pytest
from core_cases import make_case
from hypothesis import given
from hypothesis import strategies as st

import brn_numpy as bn
from brn_numpy import interop

FRAMEWORKS = [row.framework for row in interop.CONVENTIONS]
ROWS = {row.framework: row for row in interop.CONVENTIONS}
TF = ("keras", "tf1")
CASE = make_case((6, 4, 3), seed=3, eps=0.1)
ULPS = {np.float32: 4e-7, np.float64: 8e-16}


def moments(seed, eps, dtype=np.float64, c=5):
    """Draw a running pair that training with this eps can reach."""
    rng = np.random.default_rng(seed)
    std = np.sqrt(eps + rng.uniform(0, 4, c) ** 2)
    return bn.Moments(rng.uniform(-3, 3, c).astype(dtype), std.astype(dtype))


def theirs(framework, state, x, gamma, beta, eps):
    """Compute a framework's inference from its state, written out (channels on the last axis)."""
    mean, spread = (np.asarray(state[key]).reshape(-1) for key in ROWS[framework].keys)
    if framework in ("paper", "avalanche"):
        return gamma * (x - mean) / spread + beta
    return gamma * (x - mean) / np.sqrt(spread + eps) + beta


def options(framework, momentum=0.25, renorm=0.125):
    """Say how fast the averages move, in the framework's words; both numbers weigh the new."""
    if framework in TF:
        return {"momentum": 1 - momentum, "renorm_momentum": 1 - renorm}
    return {"momentum": 1 - momentum if framework in ("chainer", "keras_bn") else momentum}


@given(
    framework=st.sampled_from(FRAMEWORKS),
    eps=st.sampled_from([1e-5, 1e-3, 0.5]),
    seed=st.integers(0, 2**32 - 1),
    dtype=st.sampled_from([np.float32, np.float64]),
)
def test_a_state_brings_the_output_along(framework, eps, seed, dtype):
    """The framework's inference, by its formula, is ours; and so it is on the way back."""
    running, rng = moments(seed, eps, dtype), np.random.default_rng(seed)
    x = rng.standard_normal((7, 5)).astype(dtype)
    gamma, beta = rng.uniform(-2, 2, (2, 5)).astype(dtype)
    ours, _ = bn.inference_forward(x, gamma, beta, running, axis=-1)
    state = interop.state_from_moments(framework, running, eps=eps)
    size = np.abs(gamma) * np.abs(x - running.mean) / running.std + np.abs(beta)
    error = np.abs(theirs(framework, state, x, gamma, beta, dtype(eps)) - ours)
    assert (error <= 4 * ULPS[dtype] * size).all()
    back = interop.inference_moments(framework, state, eps=eps)
    np.testing.assert_array_equal(back.mean, running.mean)
    np.testing.assert_allclose(back.std, running.std, rtol=ULPS[dtype])
    assert {a.dtype for a in back} == {np.dtype(dtype)}


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_a_state_brings_r_and_d_along(framework):
    """Training goes on from the same pair: with it r and d, so that y and dx are ours."""
    running = moments(1, 1e-3, c=4)
    state = interop.state_from_moments(framework, running, eps=1e-3)
    batch = bn.batch_moments(CASE.x)
    pair = interop.training_moments(framework, state, eps=1e-3, batch=batch)
    np.testing.assert_allclose(pair, running, rtol=1e-14)


def reference_step(framework, x, eps, a, b):
    """Compute the averages after one step from mean 0 and spread 1, written out per framework."""
    mean, var = x.mean(axis=(0, 2)), x.var(axis=(0, 2))
    std, m, n = np.sqrt(var + eps), x.shape[0] * x.shape[2], x.shape[0]
    old = 1 - a
    if framework in ("paper", "avalanche"):
        return {"mean": a * mean, "spread": old + a * std}
    if framework == "keras":
        moving = old + a * std
        renorm = {"renorm_mean": b * mean, "renorm_stddev": (1 - b) + b * std}
        return {"mean": a * mean, "spread": moving**2 - eps, "moving_stddev": moving, **renorm}
    if framework == "tf1":  # from weights of 0.5
        weight = 0.5 * (1 - b) + b
        renorm_mean, renorm_std = b * mean, (1 - b) + b * std
        return {
            "mean": a * renorm_mean / weight,
            "spread": old + a * ((renorm_std / weight) ** 2 - eps),
            "renorm_mean_weight": weight,
            "renorm_stddev": renorm_std,
        }
    factor = {"keras_bn": 1, "torchrl": n / (n - 1)}.get(framework, m / (m - 1))
    return {"mean": a * mean, "spread": old + a * var * factor}


@pytest.mark.parametrize("framework", FRAMEWORKS)
@pytest.mark.parametrize("axis", [1, -1])
def test_update_state_is_the_frameworks_rule(framework, axis):
    """One step from odd momenta, by each framework's formula; nothing else of the state moves."""
    start = bn.Moments(np.zeros(4), np.ones(4))
    state = interop.state_from_moments(framework, start, eps=0.1, steps=7)
    state[ROWS[framework].keys[1]] = np.ones_like(state[ROWS[framework].keys[1]])
    state |= {key: np.array(0.5) for key in state if key.endswith("_weight")}
    state["gamma"] = np.arange(4.0)
    x = np.moveaxis(CASE.x, 1, axis)
    new = interop.update_state(framework, state, x, eps=0.1, axis=axis, **options(framework))
    expected = reference_step(framework, CASE.x, 0.1, 0.25, 0.125)
    names = dict(zip(("mean", "spread"), ROWS[framework].keys, strict=True))
    for key, value in expected.items():
        key = names.get(key, key)
        np.testing.assert_allclose(np.squeeze(new[key]), value, rtol=1e-13, err_msg=key)
        assert new[key].shape == state[key].shape
    assert set(new) == set(state)
    np.testing.assert_array_equal(new["gamma"], state["gamma"])
    assert "num_batches_tracked" not in state or new["num_batches_tracked"] == 8


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_update_state_neither_changes_nor_shares_arrays(framework):
    """The state that came in is as it was, and the one that goes out has arrays of its own."""
    running = moments(2, 0.1, np.float32, c=4)
    state = interop.state_from_moments(framework, running, eps=0.1)
    before = {key: value.copy() for key, value in state.items()}
    new = interop.update_state(framework, state, CASE.x, eps=0.1, **options(framework))
    for key, value in before.items():
        np.testing.assert_array_equal(state[key], value)
        assert isinstance(new[key], np.ndarray) and new[key].dtype == value.dtype
        assert not np.shares_memory(new[key], state[key])
    pair = interop.training_moments(framework, state, eps=0.1, batch=bn.batch_moments(CASE.x))
    arrays = [*pair, *interop.inference_moments(framework, state, eps=0.1), *running]
    for a in arrays:
        assert not any(np.shares_memory(a, value) for value in state.values())


def test_the_variance_of_a_std_at_its_lowest():
    """A dead channel has std = sqrt(eps): the variance is 0 and not the rounding error below it."""
    for dtype in (np.float32, np.float64):
        for eps in (1e-5, 2e-5, 1e-3, 0.1, 0.3):
            std = bn.batch_moments(np.zeros((4, 1), dtype), eps=eps).std
            variance = interop.variance_from_std(std, eps)
            assert 0 <= variance[0] <= 1e-6 * eps and variance.dtype == dtype
            back = interop.std_from_variance(variance * 0, eps)
            np.testing.assert_allclose(back, std, rtol=ULPS[dtype])


def test_the_variance_of_a_std_is_rounded_once():
    """Squared in float64, so that float32 loses nothing more; an ulp below sqrt(eps) it is 0."""
    std = np.sqrt(1e-3 + np.geomspace(1e-9, 10, 50)).astype(np.float32)
    expected = (std.astype(np.float64) ** 2 - 1e-3).astype(np.float32)
    np.testing.assert_array_equal(interop.variance_from_std(std, 1e-3), expected)
    below = np.nextafter(np.sqrt(np.array([1e-3, 0.1])), 0) * (1 - 2e-16)
    assert interop.variance_from_std(below[:1], 1e-3)[0] == 0
    assert interop.variance_from_std(below[1:], 0.1)[0] == 0


def test_what_the_framework_would_load():
    """Avalanche's statistics have four axes; num_batches_tracked is an integer."""
    running = moments(0, 0.1)
    assert interop.state_from_moments("torch", running, eps=0.1)["num_batches_tracked"] == 0
    for framework in ("torch", "torchrl"):
        steps = interop.state_from_moments(framework, running, eps=0.1, steps=9)
        assert steps["num_batches_tracked"] == 9
        assert steps["num_batches_tracked"].dtype == np.int64
    for value in interop.state_from_moments("avalanche", running, eps=0.1).values():
        assert value.shape == (1, 5, 1, 1)


def test_keras_keeps_its_variance_from_falling_below_0():
    """A moving_stddev below sqrt(eps) has no variance; Keras stores 0 then."""
    state = interop.state_from_moments("keras", moments(0, 0.1, c=4), eps=0.1)
    state["moving_stddev"] = np.full(4, 0.1)
    x = np.zeros((3, 4))
    new = interop.update_state("keras", state, x, momentum=0.5, renorm_momentum=0.5, eps=0.1)
    np.testing.assert_array_equal(new["moving_variance"], 0)


def test_a_slightly_negative_variance_is_read_as_the_framework_reads_it():
    """TF 1.13 does not clip its variance at 0: rounding below it still has a root with eps."""
    state = {"moving_mean": np.zeros(1), "moving_variance": np.array([-1e-6])}
    std = interop.inference_moments("tf1", state, eps=1e-3).std
    assert std[0] == pytest.approx((1e-3 - 1e-6) ** 0.5, rel=1e-15)


def test_keras_divides_by_no_less_than_the_root_of_eps():
    """Keras' r and d have max(renorm_stddev, sqrt(eps)) below them."""
    state = {"renorm_mean": np.zeros(2), "renorm_stddev": np.array([0.01, 0.5])}
    np.testing.assert_allclose(interop.training_moments("keras", state, eps=0.01).std, [0.1, 0.5])


def test_tf1_begins_as_plain_bn():
    """With averages of weight 0, r and d are taken from the minibatch itself: r = 1, d = 0."""
    state = {key: np.zeros(4) for key in interop.RENORM}
    state |= {f"{key}_weight": np.zeros(()) for key in interop.RENORM}
    batch = bn.batch_moments(CASE.x)
    pair = interop.training_moments("tf1", state, eps=1e-5, batch=batch)
    np.testing.assert_array_equal(pair, batch)


def test_torchrl_spoils_its_variance_with_one_sample():
    """N/(N-1) at N = 1 is inf: so is the variance, and nothing can be normalised with it."""
    state = interop.state_from_moments("torchrl", moments(3, 0.1, c=4), eps=0.1)
    new = interop.update_state("torchrl", state, CASE.x[:1], momentum=0.25, eps=0.1)
    assert np.isposinf(new["running_var"]).all() and np.isfinite(new["running_mean"]).all()
    with pytest.raises(ValueError, match=r"state\['running_var'\] must be finite"):
        interop.inference_moments("torchrl", new, eps=0.1)


def test_one_sample_of_several_values_elsewhere():
    """N = 1 with H*W values is an ordinary minibatch to the others, which count the values."""
    for framework in set(FRAMEWORKS) - {"torchrl"}:
        state = interop.state_from_moments(framework, moments(3, 0.1, c=4), eps=0.1)
        new = interop.update_state(framework, state, CASE.x[:1], eps=0.1, **options(framework))
        assert np.isfinite(interop.inference_moments(framework, new, eps=0.1)).all()


def test_chainer_takes_one_value_per_channel():
    """max(m - 1, 1): at m = 1 the variance moves towards 0, where PyTorch refuses."""
    state = {"avg_mean": np.zeros(4), "avg_var": np.ones(4)}
    new = interop.update_state("chainer", state, CASE.x[:1, :, 0], momentum=0.75, eps=0.1)
    np.testing.assert_allclose(new["avg_var"], 0.75, rtol=1e-15)


def test_nan_stays_in_its_channel():
    """A NaN in x spoils the averages of its channel only, and nothing warns."""
    x = CASE.x.copy()
    x[0, 2, 0] = np.nan
    for framework in FRAMEWORKS:
        state = interop.state_from_moments(framework, moments(4, 0.1, c=4), eps=0.1)
        new = interop.update_state(framework, state, x, eps=0.1, **options(framework))
        for key in ROWS[framework].keys:
            assert np.isnan(new[key].reshape(-1)).tolist() == [False, False, True, False]


@pytest.mark.parametrize("value", [0.0, 0.01, 0.1, 0.9, 0.99, 1.0])
def test_momentum_and_decay_are_each_others_rest(value):
    """Weights of the new and of the old value add up to 1, and the way back is exact enough."""
    assert interop.momentum_from_decay(value) == interop.decay_from_momentum(value) == 1 - value
    back = interop.momentum_from_decay(interop.decay_from_momentum(value))
    assert back == pytest.approx(value, abs=1e-16)
