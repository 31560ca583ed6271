"""An actor and a critic learn from steps in a replay buffer: TD3 with a single critic.

Fujimoto et al. (2018), arXiv:1802.09477: noise on a', and an actor that learns half as often.
"""

from __future__ import annotations

import copy

import numpy as np

from ... import nn
from ..._checks import Array
from .networks import build, follow
from .replay import Steps
from .spec import CriticSpec
from .ways import WAYS

STATES, ACTIONS = 3, 1
SCALE = 0.1  # of rewards, so that Q is not in the hundreds
EXPLORATION, SMOOTHING = 0.1, 0.2  # standard deviations of the noise on a and on a'
ACTOR_EVERY = 2  # updates


class Learner:
    """An actor, which maps s to a, and a critic, which maps (s, a) to Q.

    Q is the sum of all rewards from there on, each discounted, times SCALE.
    """

    def __init__(self, spec: CriticSpec) -> None:
        self.spec, self.updates = spec, 0
        weights = np.random.default_rng([spec.seed, 0])
        self.actor = build(spec, spec.actor or spec.method, STATES, weights)
        self.critic = build(spec, spec.method, STATES + ACTIONS, weights)
        self.target = self.critic if spec.tau is None else copy.deepcopy(self.critic)
        betas = (spec.beta1, 0.999)
        self.actor_adam = nn.Adam(self.actor.parameters(), spec.learning_rate, betas=betas)
        self.critic_adam = nn.Adam(self.critic.parameters(), spec.learning_rate, betas=betas)

    def act(self, state: Array) -> Array:
        """Return what the actor does, (n, 1) between -1 and 1, in inference mode."""
        return np.tanh(self.actor.eval().forward(state))

    def explore(self, state: Array, rng: np.random.Generator) -> Array:
        """Return what the actor does, with noise: it must try to find out."""
        return noisy(self.act(state), EXPLORATION, rng)

    def update(self, steps: Steps, rng: np.random.Generator) -> Array:
        """Learn from a minibatch once; return the Q that the critic gave it, (n, 1)."""
        now, then = self.pairs(steps, rng)
        q, next_q = WAYS[self.spec.way](self.critic, self.target, now, then)
        wanted = SCALE * steps.reward[:, None] + self.spec.discount * next_q  # held constant
        self.critic.parameter_gradients(loss_gradient(q, wanted))
        self.critic_adam.step()
        self.updates += 1
        if self.updates % ACTOR_EVERY == 0:
            self.update_actor(steps.state)
        if self.spec.tau is not None:
            follow(self.target, self.critic, self.spec.tau)
        return q[: len(now)]

    def pairs(self, steps: Steps, rng: np.random.Generator) -> tuple[Array, Array]:
        """Return the minibatches (s, a) and (s', a'), each (n, 4); a' is the actor's."""
        next_action = noisy(self.act(steps.next_state), SMOOTHING, rng, limit=0.5)
        now = np.concatenate((steps.state, steps.action), axis=1)
        then = np.concatenate((steps.next_state, next_action), axis=1)
        return now, then

    def update_actor(self, state: Array) -> None:
        """Change the actor so that the critic, in inference mode, gives its actions more."""
        n = len(state)
        action = np.tanh(self.actor.train().forward(state))
        self.critic.eval().forward(np.concatenate((state, action), axis=1))
        dq = np.full((n, 1), -1 / n, np.float32)  # the loss is -mean(Q)
        daction = self.critic.backward(dq)[:, STATES:]
        self.actor.parameter_gradients(daction * (1 - action**2))
        self.actor_adam.step()


def noisy(action: Array, std: float, rng: np.random.Generator, limit: float = np.inf) -> Array:
    """Return actions with noise of at most `limit`, between -1 and 1."""
    noise = np.clip(std * rng.standard_normal(action.shape, np.float32), -limit, limit)
    clipped: Array = np.clip(action + noise, -1.0, 1.0)
    return clipped


def loss_gradient(q: Array, wanted: Array) -> Array:
    """Return the gradient of mean((q - wanted)**2) / 2 over the first n of q, wanted being (n, 1).

    The others, the second half of a joint minibatch, have no loss: their gradient is 0.
    """
    n = len(wanted)
    dq = np.zeros_like(q)
    dq[:n] = (q[:n] - wanted) / n
    return dq
