"""The three ways to judge (s, a) and (s', a'): which statistics each uses, and the gradients."""

import copy

import numpy as np
import pytest

from brn_numpy import gradcheck, nn
from brn_numpy.experiments.networks import norms_of
from brn_numpy.experiments.rl.learner import Learner, loss_gradient
from brn_numpy.experiments.rl.networks import follow
from brn_numpy.experiments.rl.spec import CriticSpec
from brn_numpy.experiments.rl.ways import WAYS

N = 6
NOW, THEN = np.random.default_rng(0).standard_normal((2, N, 4)) * 2 + 1
WANTED = np.random.default_rng(1).standard_normal((N, 1))


def critic(method="bn", **options):
    """Return an untrained critic in float64 whose running pairs have moved."""
    learner = Learner(CriticSpec(method=method, warmup=0, hidden=(8, 8), **options))
    for param in learner.critic.parameters():
        param.data = param.data.astype(np.float64)
    for _ in range(5):
        learner.critic.train().forward(NOW - 3)
    return learner.critic


def steps(net):
    """Return how often each normalisation has seen a minibatch in training mode."""
    return [layer.num_batches_tracked for layer in norms_of(net)]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("with_target", [False, True])
def test_what_is_normalised_with_what(way, with_target):
    """Joint: with the moments of both halves; separate: with its own; eval: with the running."""
    net = critic()
    target = copy.deepcopy(net) if with_target else net
    if with_target:
        target[-1].bias.data = target[-1].bias.data + 7.0
    train, infer = copy.deepcopy(target).train(), copy.deepcopy(target).eval()
    q, next_q = WAYS[way](net, target, NOW, THEN)
    expected = {
        "joint": lambda: train.forward(np.concatenate((NOW, THEN)))[N:],
        "separate": lambda: train.forward(THEN),
        "eval": lambda: infer.forward(THEN),
    }[way]()
    np.testing.assert_allclose(next_q, expected, rtol=1e-12)
    own = critic().train()
    batch = np.concatenate((NOW, THEN)) if way == "joint" else NOW
    np.testing.assert_allclose(q, own.forward(batch), rtol=1e-12)
    assert len(q) == (2 * N if way == "joint" else N)


@pytest.mark.parametrize(
    ("way", "with_target", "critic_moves", "target_moves"),
    [
        ("joint", False, 1, 1),
        ("separate", False, 2, 2),
        ("eval", False, 1, 1),
        ("joint", True, 1, 1),
        ("separate", True, 1, 1),
        ("eval", True, 1, 0),
    ],
)
def test_whose_running_pairs_move(way, with_target, critic_moves, target_moves):
    """Without a target network, separate minibatches move the pair twice; eval never moves it."""
    net = critic()
    target = copy.deepcopy(net) if with_target else net
    before = steps(net)
    WAYS[way](net, target, NOW, THEN)
    for found, moves in ((net, critic_moves), (target, target_moves)):
        assert steps(found) == [step + moves for step in before]


@pytest.mark.parametrize("method", ["bn", "brn"])
def test_gradient_of_a_joint_minibatch(method):
    """Only the first half has a loss, and yet dx of the second is not 0: through the moments."""
    net = critic(method)
    q, _ = WAYS["joint"](net, net, NOW, THEN)
    dq = loss_gradient(q, WANTED)
    assert not dq[N:].any() and dq[:N].all()
    dx = net.backward(dq)
    if method == "brn":
        for layer in norms_of(net):
            layer.correction = (layer.r, layer.d)  # held constant, as the gradient has it

    def loss(both):
        return np.square(net.forward(both)[:N] - WANTED).mean(keepdims=True) / 2

    both = np.concatenate((NOW, THEN))
    numeric = gradcheck.numerical_gradient(loss, both, np.ones((1, 1)))
    np.testing.assert_allclose(dx, numeric, rtol=1e-5, atol=1e-9)
    assert np.abs(dx[N:]).max() > 1e-4


def test_no_second_half_without_normalisation():
    """Nothing ties one row to another: the second half has no gradient."""
    net = critic("none")
    q, _ = WAYS["joint"](net, net, NOW, THEN)
    dx = net.backward(loss_gradient(q, WANTED))
    assert dx[:N].all() and not dx[N:].any()


def test_a_target_network_follows_with_its_running_pair():
    """A share tau of the way, of parameters and running pairs; the critic stays."""
    net = critic()
    target = copy.deepcopy(net)
    net.train().forward(THEN + 5)
    for param in net.parameters():
        param.data = param.data + 1.0
    before, fixed = target.state_dict(), net.state_dict()
    follow(target, net, 0.25)
    after = target.state_dict()
    for key in before:
        if "num_batches" not in key:
            expected = before[key] + 0.25 * (fixed[key] - before[key])
            np.testing.assert_allclose(after[key], expected, rtol=1e-5, err_msg=key)
            assert not np.allclose(after[key], before[key]), key
    assert all(np.array_equal(value, fixed[key]) for key, value in net.state_dict().items())
    assert [type(layer) for layer in norms_of(net)] == [nn.BatchNorm] * 3
