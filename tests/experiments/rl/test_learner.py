"""The learner: constant targets, the gradients of critic and actor, and what an update changes."""

import copy

import numpy as np
import pytest

from brn_numpy import gradcheck
from brn_numpy.experiments.rl.learner import SCALE, Learner, noisy
from brn_numpy.experiments.rl.replay import Steps
from brn_numpy.experiments.rl.spec import CriticSpec
from brn_numpy.experiments.rl.ways import WAYS

N = 8
RNG = np.random.default_rng(0)
STEPS = Steps(
    RNG.standard_normal((N, 3)),
    RNG.uniform(-1, 1, (N, 1)),
    RNG.standard_normal(N),
    RNG.standard_normal((N, 3)),
)


def learner(**options):
    """Return a learner in float64, for numeric gradients."""
    made = Learner(CriticSpec(hidden=(8,), **options))
    for net in (made.actor, made.critic, made.target):
        for param in net.parameters():
            param.data = param.data.astype(np.float64)
    return made


def weights(net):
    """Return a copy of all parameters, one after the other."""
    return np.concatenate([param.data.ravel() for param in net.parameters()])


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("tau", [None, 0.01])
def test_the_target_of_q_is_held_constant(way, tau):
    """The critic's gradient is that of (q - wanted)**2, with wanted = r + discount * Q(s', a')."""
    made = learner(method="bn", way=way, tau=tau, discount=0.5)
    now, then = made.pairs(STEPS, np.random.default_rng(1))
    critic, target = copy.deepcopy((made.critic, made.target))  # without tau, one and the same
    _, next_q = WAYS[way](critic, target, now, then)
    wanted = SCALE * STEPS.reward[:, None] + 0.5 * next_q
    made.critic_adam.step = lambda: None
    made.update(STEPS, np.random.default_rng(1))

    def loss(value):
        param.data = value
        q, _ = WAYS[way](critic, target, now, then)
        return np.square(q[:N] - wanted).mean(keepdims=True) / 2

    for param, updated in zip(critic.parameters(), made.critic.parameters(), strict=True):
        before = param.data
        numeric = gradcheck.numerical_gradient(loss, before, np.ones((1, 1)))
        param.data = before
        np.testing.assert_allclose(updated.grad, numeric, rtol=1e-5, atol=1e-8)


def test_the_actor_follows_q():
    """Its gradient is that of -mean(Q(s, actor(s))), the critic in inference mode."""
    made = learner(method="bn")
    made.critic.train().forward(RNG.standard_normal((N, 4)) + 2)  # running pairs not at 0 and 1
    made.actor_adam.step = lambda: None
    made.update_actor(STEPS.state)
    found = [param.grad for param in made.actor.parameters()]

    def loss(value):
        param.data = value
        action = np.tanh(made.actor.train().forward(STEPS.state))
        q = made.critic.eval().forward(np.concatenate((STEPS.state, action), axis=1))
        return -q.mean(keepdims=True)

    for param, grad in zip(made.actor.parameters(), found, strict=True):
        before = param.data
        numeric = gradcheck.numerical_gradient(loss, before, np.ones((1, 1)))
        param.data = before
        np.testing.assert_allclose(grad, numeric, rtol=1e-5, atol=1e-9)


@pytest.mark.parametrize("tau", [None, 0.01])
def test_what_an_update_changes(tau):
    """The critic at every update, the actor at every second; the target network by a little."""
    made = Learner(CriticSpec(method="bn", tau=tau))
    assert (made.target is made.critic) == (tau is None)
    rng, before = np.random.default_rng(0), {}
    for number in (1, 2):
        for name in ("actor", "critic", "target"):
            before[name] = weights(getattr(made, name))
        slow = made.target[0].running.mean.copy()
        q = made.update(Steps(*(part.astype(np.float32) for part in STEPS)), rng)
        assert q.shape == (N, 1) and q.dtype == np.float32
        assert np.abs(weights(made.critic) - before["critic"]).max() > 1e-4
        assert np.array_equal(weights(made.actor), before["actor"]) == (number == 1)
        moved = np.abs(weights(made.target) - before["target"]).max()
        assert moved > (1e-6 if tau else 1e-4) and (tau is None or moved < 1e-4)
        assert not np.array_equal(made.target[0].running.mean, slow)


def test_a_target_network_has_a_running_pair_of_its_own():
    """In "eval" it never sees a minibatch in training mode; its pair moves after the critic's."""
    made = Learner(CriticSpec(method="brn", way="eval", tau=0.5))
    made.update(Steps(*(part.astype(np.float32) for part in STEPS)), np.random.default_rng(0))
    critic, target = made.critic[0], made.target[0]
    assert (critic.num_batches_tracked, target.num_batches_tracked) == (1, 0)
    np.testing.assert_allclose(target.running.mean, 0.5 * critic.running.mean, rtol=1e-6)
    np.testing.assert_allclose(target.running.std, 0.5 + 0.5 * critic.running.std, rtol=1e-6)


def test_noise_stays_within_its_limits():
    """Actions stay between -1 and 1, and noise on a' below its limit."""
    action, rng = np.linspace(-1, 1, 1000, dtype=np.float32)[:, None], np.random.default_rng(0)
    found = noisy(action, 0.4, rng, limit=0.5)
    assert found.dtype == np.float32 and np.abs(found).max() == 1
    assert 0.4 < np.abs(found - action).max() <= 0.5 + 1e-6


def test_the_actions_a_prime_are_the_actors_with_noise():
    """What the actor does in s', with noise of 0.2 that is cut off at 0.5; (s, a) as it was."""
    made = learner(method="bn")
    many = Steps(*(np.repeat(part, 2000, axis=0) for part in STEPS))
    now, then = made.pairs(many, np.random.default_rng(0))
    assert np.array_equal(now, np.concatenate((many.state, many.action), axis=1))
    assert np.array_equal(then[:, :3], many.next_state)
    noise = then[:, 3:] - made.act(many.next_state)
    assert 0.19 < noise.std() < 0.21 and 0.49 < np.abs(noise).max() < 0.5 + 1e-6


def test_only_the_actor_may_be_normalised_otherwise():
    """`actor` is its method; by default that of the critic."""
    made = learner(method="bn", actor="none")
    assert len(list(made.actor)) == 3 and len(list(made.critic)) == 5
    assert len(list(learner(method="ln").actor)) == 4  # LayerNorm leaves the inputs alone
