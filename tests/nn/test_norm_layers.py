"""BatchNorm and BatchRenorm: the pure functions, the running pair, the modes, the schedule."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nn_cases import bounds, mixed, norm, randomise, same_bits, upstream

import brn_numpy as brn
from brn_numpy import Moments, RenormSchedule, nn


@given(
    seed=st.integers(0, 2**32 - 1),
    kind=st.sampled_from([nn.BatchNorm, nn.BatchRenorm]),
    shape=st.sampled_from([(5, 3), (4, 3, 2), (2, 3, 3, 2), (7, 1), (2, 3)]),
    last=st.booleans(),
    eps=st.sampled_from([1e-5, 0.2]),
    momentum=st.floats(0, 1),
    dtype=st.sampled_from([np.float32, np.float64]),
)
def test_training_is_the_pure_functions(seed, kind, shape, last, eps, momentum, dtype):
    """Three steps give, bit for bit, what the functions give with the pair passed by hand."""
    rng = np.random.default_rng(seed)
    axis = -1 if last else 1
    schedule = RenormSchedule(r_max=2.0, d_max=1.5, warmup=0, r_end=2, d_end=1)
    more = {"schedule": schedule} if kind is nn.BatchRenorm else {}
    layer = kind(shape[axis], eps=eps, momentum=momentum, axis=axis, dtype=dtype, **more)
    randomise(layer, rng)
    gamma, beta, running = layer.weight.data, layer.bias.data, layer.running
    for step in range(3):
        x = (2 * rng.standard_normal(shape) + step).astype(dtype)
        dy = upstream(rng, shape, dtype)
        if kind is nn.BatchNorm:
            y, cache = brn.batch_norm_forward(x, gamma, beta, eps=eps, axis=axis)
            grads = brn.batch_norm_backward(dy, cache)
        else:
            r_max, d_max = schedule(step)
            y, cache = brn.batch_renorm_forward(
                x, gamma, beta, running, r_max=r_max, d_max=d_max, eps=eps, axis=axis
            )
            grads = brn.batch_renorm_backward(dy, cache)
        running = brn.update_running(running, cache.batch, momentum)
        assert same_bits(layer.forward(x), y)
        dx = layer.backward(dy)
        for ours, expected in zip((dx, layer.weight.grad, layer.bias.grad), grads, strict=True):
            assert same_bits(ours, expected)
        assert same_bits(layer.running.mean, running.mean)
        assert same_bits(layer.running.std, running.std)
        assert layer.num_batches_tracked == step + 1
        if kind is nn.BatchRenorm:
            assert same_bits(layer.r, cache.r) and same_bits(layer.d, cache.d)


@pytest.mark.parametrize("kind", [nn.BatchNorm, nn.BatchRenorm])
@pytest.mark.parametrize("shape, axis", [((5, 3), 1), ((4, 3, 2), 1), ((1, 2, 3), -1)])
def test_inference_is_the_pure_functions(shape, axis, kind):
    """In eval mode a layer is inference_forward and inference_backward, and moves no state."""
    rng = np.random.default_rng(1)
    layer = norm(kind, 3, axis=axis).eval()
    randomise(layer, rng)
    before = layer.state_dict()
    x, dy = rng.standard_normal(shape), upstream(rng, shape)
    y, cache = brn.inference_forward(
        x, layer.weight.data, layer.bias.data, layer.running, axis=axis
    )
    dx, dgamma, dbeta = brn.inference_backward(dy, cache)
    assert same_bits(layer.forward(x), y)
    assert same_bits(layer.backward(dy), dx)
    assert same_bits(layer.weight.grad, dgamma) and same_bits(layer.bias.grad, dbeta)
    assert same_bits(layer.state_dict(), before)


def test_modes_of_a_network():
    """train and eval reach every layer, nested ones too, return the network, and take a bool."""
    net = nn.Sequential(nn.BatchNorm(3), nn.Sequential(nn.ReLU(), norm(nn.BatchRenorm, 3)))
    parts = [net, net[0], net[1], net[1][0], net[1][1]]
    assert all(part.training for part in parts)
    assert net.eval() is net and not any(part.training for part in parts)
    assert net.train() is net and all(part.training for part in parts)
    assert net.train(False) is net and not any(part.training for part in parts)


def test_new_layers():
    """gamma 1, beta 0, running mean 0 and std 1, no step yet, training mode."""
    layer = norm(nn.BatchRenorm, 2)
    assert layer.weight.data.tolist() == [1, 1] and layer.bias.data.tolist() == [0, 0]
    assert layer.running.mean.tolist() == [0, 0] and layer.running.std.tolist() == [1, 1]
    assert layer.num_batches_tracked == 0 and layer.training
    assert (layer.eps, layer.momentum, layer.axis) == (1e-5, 0.01, 1)
    assert layer.schedule is brn.PAPER_SCHEDULE and layer.correction is None


def test_the_schedule_is_asked_with_the_training_steps_so_far():
    """0, 1, 2, ...; not in eval mode, and a numeric check or a refused minibatch is no step."""
    asked = []

    def schedule(step):
        asked.append(step)
        return 2.0, 1.0

    rng = np.random.default_rng(2)
    layer = nn.BatchRenorm(3, schedule=schedule)
    x = rng.standard_normal((5, 3))
    layer.forward(x)
    layer.forward(x)
    layer.eval().forward(x)
    with pytest.raises(TypeError):
        layer.train().forward(np.ones((5, 3), int))
    layer.correction = np.ones(3), np.zeros(3)
    layer.forward(x.astype(complex))
    layer.correction = None
    del asked[2:]  # how often a numeric check asks is its own affair
    layer.forward(x)
    assert asked == [0, 1, 2]
    assert layer.num_batches_tracked == 3

    other = nn.BatchRenorm(3, schedule=schedule)
    other.load_state_dict(layer.state_dict())
    other.forward(x)
    assert asked[3:] == [3], "a loaded layer goes on with the schedule where it stopped"


def network(norm, rng):
    net = nn.Sequential(
        nn.Conv2d(1, 3, 3, bias=False, rng=rng),
        norm(3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(12, 4, rng=rng),
        norm(4),
        nn.ReLU(),
        nn.Linear(4, 3, rng=rng),
    )
    randomise(net, rng)
    return net


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("size", [None, 4])
def test_renorm_with_bounds_1_and_0_is_batch_norm(size, dtype):
    """A network trained with r_max = 1, d_max = 0 is the BatchNorm network in every bit."""
    common = {"momentum": 0.3, "microbatch_size": size, "dtype": dtype}

    def renorm(features):
        return nn.BatchRenorm(features, schedule=lambda step: (1.0, 0.0), **common)

    nets = [
        network(norm, np.random.default_rng(3))
        for norm in (renorm, lambda features: nn.BatchNorm(features, **common))
    ]
    optimizers = [nn.SGD(net.parameters(), lr=0.05, momentum=0.9) for net in nets]
    rng = np.random.default_rng(4)
    for _ in range(5):
        x = rng.standard_normal((8, 1, 6, 6)).astype(dtype)
        labels = rng.integers(0, 3, 8)
        outputs = []
        for net, optimizer in zip(nets, optimizers, strict=True):
            y = net.forward(x)
            net.backward(nn.softmax_cross_entropy(y, labels)[1])
            optimizer.step()
            outputs.append(y)
        assert same_bits(*outputs)
    assert same_bits(nets[0].state_dict(), nets[1].state_dict())


@given(seed=st.integers(0, 2**32 - 1), size=st.sampled_from([None, 1, 2, 3]), last=st.booleans())
def test_unclipped_training_output_is_the_inference_output(seed, size, last):
    """Where nothing is clipped, training mode gives what eval mode gives with the old pair."""
    rng = np.random.default_rng(seed)
    layer = nn.BatchRenorm(
        3, axis=-1 if last else 1, microbatch_size=size, schedule=lambda step: (1e9, 1e9)
    )
    randomise(layer, rng)
    x = 2 * rng.standard_normal((6, 2, 3) if last else (6, 3, 2)) + mixed(rng, 1)
    inference = layer.eval().forward(x)
    training = layer.train().forward(x)
    np.testing.assert_allclose(training, inference, rtol=0, atol=1e-12)
    assert np.abs(layer.eval().forward(x) - inference).max() > 1e-6, "now the pair has moved"


def test_a_pinned_correction_replaces_r_and_d():
    """The layer uses layer.correction as it is, until it is None again."""
    rng = np.random.default_rng(5)
    layer = nn.BatchRenorm(3, schedule=bounds, eps=0.2)
    randomise(layer, rng)
    x = rng.standard_normal((5, 3))
    r, d = np.array([2.0, 0.1, 1.0]), np.array([-3.0, 0.0, 7.0])
    layer.correction = r, d
    batch = brn.batch_moments(x, eps=0.2)
    expected = layer.weight.data * ((x - batch.mean) / batch.std * r + d) + layer.bias.data
    np.testing.assert_allclose(layer.forward(x), expected, rtol=1e-12)
    assert same_bits(layer.r, r) and same_bits(layer.d, d)
    layer.correction = None
    layer.running = Moments(batch.mean, batch.std)
    layer.forward(x)
    assert np.allclose(layer.r, 1, atol=1e-14) and np.allclose(layer.d, 0, atol=1e-14)


def test_r_and_d_before_there_are_any():
    """Before a training forward, and after one in inference mode, r and d are refused in words."""
    layer = norm(nn.BatchRenorm, 3)
    for _ in range(2):
        for name in ("r", "d"):
            with pytest.raises(RuntimeError, match="the latest forward must be one in training"):
                getattr(layer, name)
        layer.eval().forward(np.random.default_rng(0).standard_normal((4, 3)))
