"""Train an actor and a critic, and look at them on the way."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from ..spec import Result
from .learner import ACTIONS, SCALE, STATES, Learner
from .looks import gap, swing, trial
from .pendulum import WORST_REWARD, Pendulum
from .replay import Replay, Steps
from .spec import CriticSpec

COPIES = 4  # pendulums at a time
LOOKS = 16  # in a training
DIVERGED = 1e6  # a |Q| beyond which a training is given up


def possible(spec: CriticSpec) -> float:
    """Return the largest |Q| that there can be: the worst reward, for ever."""
    return -WORST_REWARD / (1 - spec.discount)


def run_one(spec: CriticSpec, after_step: Callable[[int], None] | None = None) -> Result:
    """Train once and return what was measured: plain numbers and lists, for JSON.

    Returns
    -------
    dict
        16 times each: `curve`, the mean return of an episode from fixed starts; `bias`, by how much
        Q was above what followed (see `looks.py`); `largest`, the largest |Q| so far; `gap`,
        between training and inference mode. At the end: `final`, the mean of the last quarter of
        the curve; `swing`, the angles of an episode; `seconds` of computing. A training whose Q
        grew beyond all bounds has `diverged`, and stays as it was then.
    """
    started = time.process_time()
    rng = np.random.default_rng([spec.seed, 1])
    learner, world = Learner(spec), Pendulum(COPIES, rng)
    replay = Replay(spec.steps + COPIES, STATES, ACTIONS)
    curves: dict[str, list[float]] = {"curve": [], "bias": [], "largest": [], "gap": []}
    largest = 0.0
    for step in range(0, spec.steps, COPIES):
        state = world.observe()
        if step < spec.random_steps:
            action = rng.uniform(-1.0, 1.0, (COPIES, ACTIONS)).astype(np.float32)
        else:
            action = learner.explore(state, rng)
        next_state, reward = world.step(action)
        replay.add(Steps(state, action, reward, next_state))
        for _ in range(COPIES if step >= spec.random_steps and largest < DIVERGED else 0):
            q = learner.update(replay.sample(spec.batch_size, rng), rng)
            largest = bounded(np.maximum(largest, np.abs(q).max() / SCALE))
        done = step + COPIES
        if done * LOOKS // spec.steps > step * LOOKS // spec.steps:
            now, then = learner.pairs(replay.sample(spec.batch_size, rng), rng)
            values = (*trial(learner), largest, 100 * gap(learner, now, then))
            for column, value in zip(curves.values(), values, strict=True):
                column.append(round(bounded(value), 1))
        if after_step is not None:
            after_step(min(done, spec.steps) - 1)
    final = float(np.mean(curves["curve"][-(LOOKS // 4) :]))
    result: Result = {"final": round(final, 2), **curves}
    if largest >= DIVERGED:
        result["diverged"] = True
    result |= {"swing": swing(learner), "seconds": round(time.process_time() - started, 3)}
    return result


def bounded(value: float) -> float:
    """Return a value that JSON can hold, also where a training diverges."""
    return float(np.clip(np.nan_to_num(value, nan=DIVERGED), -DIVERGED, DIVERGED))
