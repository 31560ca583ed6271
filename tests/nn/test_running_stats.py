"""The running pair: a plain average, begun anew, frozen."""

import numpy as np
import pytest
from nn_cases import norm, randomise, same_bits, upstream

import brn_numpy as brn
from brn_numpy import Moments, nn

KINDS = pytest.mark.parametrize("kind", [nn.BatchNorm, nn.BatchRenorm])


@KINDS
@pytest.mark.parametrize("size", [None, 2])
def test_momentum_none_is_the_plain_average(kind, size):
    """Each minibatch since the start weighs the same; the first replaces mean 0 and std 1."""
    rng = np.random.default_rng(0)
    layer = norm(kind, 3, momentum=None, microbatch_size=size)
    pairs = []
    for step in range(4):
        x = (1 + step) * rng.standard_normal((4, 3, 5)) + step
        groups = [x] if size is None else [x[0::2], x[1::2]]
        pairs.append(np.mean([brn.batch_moments(group) for group in groups], axis=0))
        layer.forward(x)
        np.testing.assert_allclose(layer.running, np.mean(pairs, axis=0), rtol=1e-14)
    layer.eval().forward(x)
    np.testing.assert_allclose(layer.running, np.mean(pairs, axis=0), rtol=1e-14)


def test_an_average_goes_on_after_loading():
    """The number of steps in the state says how much the next minibatch weighs."""
    rng = np.random.default_rng(1)
    one, other = (nn.BatchNorm(2, momentum=None) for _ in range(2))
    for _ in range(3):
        one.forward(rng.standard_normal((5, 2)))
    other.load_state_dict(one.state_dict())
    x = rng.standard_normal((5, 2))
    one.forward(x), other.forward(x)
    assert same_bits(other.state_dict(), one.state_dict())


@KINDS
def test_reset_running_stats(kind):
    """Mean 0, std 1 and step 0, in the dtype of the layer; parameters and mode stay."""
    rng = np.random.default_rng(2)
    layer = norm(kind, 3, dtype=np.float32)
    randomise(layer, rng)
    layer.forward(rng.standard_normal((5, 3)))
    before = layer.state_dict()
    layer.eval().reset_running_stats()
    after = layer.state_dict()
    fresh = norm(kind, 3, dtype=np.float32).state_dict()
    for key in ("weight", "bias"):
        assert same_bits(after[key], before[key])
    for key in ("running_mean", "running_std", "num_batches_tracked"):
        assert same_bits(after[key], fresh[key])
    assert not layer.training


def test_a_schedule_begins_anew_with_the_running_pair():
    """After a reset BatchRenorm asks for the bounds of step 0."""
    asked = []
    layer = nn.BatchRenorm(2, schedule=lambda step: asked.append(step) or (1.0, 0.0))
    x = np.random.default_rng(3).standard_normal((4, 2))
    layer.forward(x), layer.forward(x)
    layer.reset_running_stats()
    layer.forward(x)
    assert asked == [0, 1, 0]


@KINDS
@pytest.mark.parametrize("size", [None, 3])
def test_frozen_is_inference_in_training_mode(kind, size):
    """Output, gradients and state are those of inference mode, bit for bit, whatever train()."""
    rng = np.random.default_rng(4)
    frozen, inference = (norm(kind, 3, microbatch_size=size) for _ in range(2))
    randomise(frozen, rng)
    inference.load_state_dict(frozen.state_dict())
    frozen.freeze_running_stats()
    net = nn.Sequential(nn.Sequential(frozen))
    before = frozen.state_dict()
    x = rng.standard_normal((4, 3, 2))  # 4 is no multiple of 3
    dy = upstream(rng, x.shape)
    expected = inference.eval().forward(x), inference.backward(dy)
    for mode in (True, False, True):
        assert same_bits(net.train(mode).forward(x), expected[0])
        assert same_bits(net.backward(dy), expected[1])
        assert frozen.training == mode
        for ours, theirs in zip(frozen.parameters(), inference.parameters(), strict=True):
            assert same_bits(ours.grad, theirs.grad)
    assert same_bits(frozen.state_dict(), before)


def test_freezing_can_be_taken_back():
    """With False the minibatch's moments are used again, and the pair moves."""
    layer = nn.BatchNorm(2)
    assert layer.freeze_running_stats() is layer and layer.frozen is True
    assert layer.freeze_running_stats(False).frozen is False
    x = np.random.default_rng(5).standard_normal((6, 2)) + 3
    np.testing.assert_allclose(layer.forward(x).mean(axis=0), 0, atol=1e-12)
    assert layer.num_batches_tracked == 1 and (layer.running.mean > 0).all()
    assert not nn.BatchNorm(2).frozen


def test_a_frozen_layer_takes_a_single_value():
    """One value per channel has no variance of its own, and needs none."""
    layer = nn.BatchNorm(2).freeze_running_stats()
    layer.running = Moments(np.array([1.0, 2.0]), np.array([2.0, 4.0]))
    assert layer.forward(np.array([[3.0, 4.0]])).tolist() == [[1.0, 0.5]]


@KINDS
def test_a_schedule_must_be_given(kind):
    """BatchRenorm without one says what to write; the paper's would be BN for 5,000 steps."""
    if kind is nn.BatchNorm:
        kind(3)
        return
    with pytest.raises(TypeError, match=r"schedule=PAPER_SCHEDULE\.scaled\(steps\)"):
        nn.BatchRenorm(3)
