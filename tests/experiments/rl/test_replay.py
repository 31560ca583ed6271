"""The replay buffer: rows stay together."""

import numpy as np

from brn_numpy.experiments.rl.replay import Replay, Steps


def test_rows_stay_together():
    """A sampled step is one that was added; all are found, and nothing that was not added yet."""
    replay, kept = Replay(12, 3, 1), {}
    for first in (0, 4):
        numbers = np.arange(first, first + 4, dtype=np.float32)
        rows = np.repeat(numbers[:, None], 3, axis=1)
        replay.add(Steps(rows, rows[:, :1] + 100, numbers + 200, rows + 300))
        kept = replay.sample(400, np.random.default_rng(0))
    assert set(kept.reward) == set(range(200, 208))
    assert np.array_equal(kept.state, kept.next_state - 300)
    assert np.array_equal(kept.state[:, :1], kept.action - 100)
    assert np.array_equal(kept.state[:, 0], kept.reward - 200)
