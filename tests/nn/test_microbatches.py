"""Microbatches: the layers do at once what a loop over the groups g, g + G, g + 2G, ... does."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nn_cases import bounds, gradients, mixed, norm, randomise, same_bits, upstream

from brn_numpy import (
    Moments,
    batch_norm_backward,
    batch_norm_forward,
    batch_renorm_backward,
    batch_renorm_forward,
    nn,
)


def loop(layer, x, dy, axis):
    """Normalise group by group with the functions; return y, dx, dgamma, dbeta, the new pair."""
    gamma, beta, old = layer.weight.data, layer.bias.data, layer.running
    groups = len(x) // layer.microbatch_size
    y, dx = np.empty_like(x), np.empty_like(x)
    dgamma, dbeta, mean, std = np.zeros((4, layer.num_features))
    for g in range(groups):
        part = x[g::groups]
        if isinstance(layer, nn.BatchRenorm):
            r_max, d_max = layer.schedule(layer.num_batches_tracked)
            y[g::groups], cache = batch_renorm_forward(
                part, gamma, beta, old, r_max=r_max, d_max=d_max, eps=layer.eps, axis=axis
            )
            grads = batch_renorm_backward(dy[g::groups], cache)
        else:
            y[g::groups], cache = batch_norm_forward(part, gamma, beta, eps=layer.eps, axis=axis)
            grads = batch_norm_backward(dy[g::groups], cache)
        dx[g::groups] = grads[0]
        dgamma, dbeta = dgamma + grads[1], dbeta + grads[2]
        mean, std = mean + cache.batch.mean / groups, std + cache.batch.std / groups
    alpha = layer.momentum
    new = Moments(old.mean + alpha * (mean - old.mean), old.std + alpha * (std - old.std))
    return y, dx, dgamma, dbeta, new


@given(
    seed=st.integers(0, 2**32 - 1),
    kind=st.sampled_from([nn.BatchNorm, nn.BatchRenorm]),
    size=st.integers(1, 4),
    groups=st.integers(1, 4),
    channels=st.integers(1, 4),
    pixels=st.sampled_from([(), (3,), (2, 3), (1, 2, 2)]),
    last=st.booleans(),
    eps=st.sampled_from([1e-5, 0.2]),
    momentum=st.floats(0, 1),
)
def test_the_view_is_a_loop(seed, kind, size, groups, channels, pixels, last, eps, momentum):
    """y, dx, dgamma, dbeta and the running pair, moved once, for any layout."""
    if kind is nn.BatchNorm and size * int(np.prod(pixels)) == 1:
        size = 2
    rng = np.random.default_rng(seed)
    shape = (size * groups, *pixels, channels) if last else (size * groups, channels, *pixels)
    axis = len(shape) - 1 if last else 1
    layer = kind(
        channels,
        eps=eps,
        momentum=momentum,
        axis=-1 if last else 1,
        microbatch_size=size,
        **({"schedule": bounds} if kind is nn.BatchRenorm else {}),
    )
    randomise(layer, rng)
    x, dy = rng.standard_normal(shape) + 0.5, upstream(rng, shape)
    y, dx, dgamma, dbeta, new = loop(layer, x, dy, axis)
    ours = layer.forward(x)
    ours_dx = layer.backward(dy)
    # the smallest standard deviation is sqrt(eps) >= 3e-3, so 1/std can be some 300
    np.testing.assert_allclose(ours, y, rtol=0, atol=1e-11)
    np.testing.assert_allclose(ours_dx, dx, rtol=0, atol=1e-11)
    np.testing.assert_allclose(layer.weight.grad, dgamma, rtol=0, atol=1e-11)
    np.testing.assert_allclose(layer.bias.grad, dbeta, rtol=0, atol=1e-11)
    np.testing.assert_allclose(layer.running.mean, new.mean, rtol=0, atol=1e-13)
    np.testing.assert_allclose(layer.running.std, new.std, rtol=0, atol=1e-13)
    assert layer.num_batches_tracked == 1


def test_by_hand():
    """Samples 0 and 2 are one group, samples 1 and 3 the other."""
    layer = nn.BatchNorm(1, eps=1e-12, momentum=0.5, microbatch_size=2)
    y = layer.forward(np.array([[1.0], [100.0], [3.0], [500.0]]))
    np.testing.assert_allclose(y.ravel(), [-1, -1, 1, 1], atol=1e-9)
    # the groups have means 2 and 300, standard deviations 1 and 200
    np.testing.assert_allclose(layer.running.mean, [0.5 * 151])
    np.testing.assert_allclose(layer.running.std, [0.5 + 0.5 * 100.5])


@pytest.mark.parametrize("kind", [nn.BatchNorm, nn.BatchRenorm])
def test_one_group_is_no_grouping(kind):
    """A microbatch as large as the minibatch changes no bit."""
    rng = np.random.default_rng(0)
    x, dy = rng.standard_normal((6, 3, 2)), upstream(rng, (6, 3, 2))
    found = []
    for size in (None, 6):
        layer = norm(kind, 3, eps=0.2, microbatch_size=size)
        randomise(layer, np.random.default_rng(1))
        y = layer.forward(x)
        found.append({"y": y, "dx": layer.backward(dy), **layer.state_dict()})
        found[-1]["dgamma"], found[-1]["dbeta"] = layer.weight.grad, layer.bias.grad
    assert same_bits(*found)


def test_single_samples_in_batch_renorm():
    """With one value a group, r and d carry the value; dx is 0, and dgamma is not."""
    rng = np.random.default_rng(2)
    layer = nn.BatchRenorm(3, microbatch_size=1, schedule=lambda step: (np.inf, np.inf))
    randomise(layer, rng)
    running, (gamma, beta) = layer.running, (layer.weight.data, layer.bias.data)
    x, dy = rng.standard_normal((5, 3)), upstream(rng, (5, 3))
    expected = gamma * (x - running.mean) / running.std + beta
    np.testing.assert_allclose(layer.forward(x), expected, rtol=1e-12)
    ours = gradients(layer, x, dy)
    assert not ours["x"].any()
    assert layer.r.shape == layer.d.shape == (15,)


def test_the_groups_do_not_see_each_other():
    """Changing a sample changes the outputs of its own group only."""
    rng = np.random.default_rng(3)
    layer = nn.BatchNorm(3, microbatch_size=2)  # 4 groups of 2
    x = rng.standard_normal((8, 3, 2))
    other = x.copy()
    other[5] += mixed(rng, (3, 2))  # in the group of 1 and 5
    changed = (layer.forward(x) != layer.forward(other)).any(axis=(1, 2))
    assert np.flatnonzero(changed).tolist() == [1, 5]


def test_in_eval_mode_there_are_no_groups():
    """Inference takes any number of samples, also one that is no multiple of the group size."""
    rng = np.random.default_rng(4)
    layer = norm(nn.BatchRenorm, 3, microbatch_size=4).eval()
    plain = nn.BatchNorm(3).eval()
    randomise(layer, np.random.default_rng(5))
    plain.load_state_dict(layer.state_dict())
    x, dy = rng.standard_normal((7, 3)), upstream(rng, (7, 3))
    assert same_bits(layer.forward(x), plain.forward(x))
    assert same_bits(layer.backward(dy), plain.backward(dy))


@pytest.mark.parametrize("samples", [1, 3, 5, 6])
def test_a_minibatch_must_be_a_multiple(samples):
    """Otherwise a ValueError says both numbers, and the layer stays as it was."""
    layer = nn.BatchNorm(3, microbatch_size=4)
    before = layer.state_dict()
    with pytest.raises(ValueError, match=f"microbatch_size=4, got {samples} samples"):
        layer.forward(np.random.default_rng(6).standard_normal((samples, 3)))
    assert same_bits(layer.state_dict(), before)


def test_channels_on_axis_0_leave_no_samples_to_group():
    """With axis=0 there is no axis of samples: a ValueError names the arguments."""
    layer = nn.BatchNorm(4, axis=0, microbatch_size=2)
    with pytest.raises(ValueError, match=r"microbatch_size .* axis=0"):
        layer.forward(np.random.default_rng(7).standard_normal((4, 6)))
