"""What is looked at while an actor and a critic learn."""

from __future__ import annotations

import math

import numpy as np

from ..._checks import Array
from ..measures import in_training_mode
from .learner import SCALE, Learner
from .pendulum import EPISODE, Pendulum

STARTS = 10  # of the episodes in which an actor is tried out: always the same


def trial(learner: Learner) -> tuple[float, float]:
    """Let the actor act for an episode from fixed starts, without noise.

    Returns
    -------
    mean return : float
    bias : float
        By how much Q at the start was above the discounted rewards of the episode that followed.
    """
    world = Pendulum(STARTS, np.random.default_rng(123))
    state = first = world.observe()
    returns, discounted = np.zeros(STARTS), np.zeros(STARTS)
    for step in range(EPISODE):
        state, reward = world.step(learner.act(state))
        returns += reward
        discounted += learner.spec.discount**step * reward
    expected = judged(learner, np.concatenate((first, learner.act(first)), axis=1))
    return float(returns.mean()), float((expected - discounted).mean())


def judged(learner: Learner, pairs: Array) -> Array:
    """Return Q of (s, a) in inference mode, in the unit of returns, (n,)."""
    return learner.critic.eval().forward(pairs)[:, 0] / SCALE


def gap(learner: Learner, now: Array, then: Array) -> float:
    """Return how far the Q of training and of inference mode are apart, on one minibatch.

    The root of the mean square difference, over the standard deviation of Q in inference mode. The
    minibatch is the one that the critic is trained on: of both halves if its way is "joint".
    """
    n, batch = len(now), now
    if learner.spec.way == "joint":
        batch = np.concatenate((now, then))
    trained = in_training_mode(learner.critic, batch)[:n, 0] / SCALE
    inferred = judged(learner, now)
    return float(np.sqrt(np.square(trained - inferred).mean()) / inferred.std())


def swing(learner: Learner) -> list[float]:
    """Return the angle at every second step of an episode that starts hanging, at rest."""
    world = Pendulum(1, np.random.default_rng(0))
    world.angle[:], world.speed[:] = math.pi, 0.0
    angles = [math.pi]
    for step in range(1, EPISODE):
        world.step(learner.act(world.observe()))
        if step % 2 == 0:
            angles.append(float(world.angle[0]))
    return [round(angle, 2) for angle in angles]
