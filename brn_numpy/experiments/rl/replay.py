"""The replay buffer: every step that was made, to learn from again and again."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..._checks import Array


class Steps(NamedTuple):
    """Steps in an environment: n of them, each a row."""

    state: Array  # (n, 3), what was seen
    action: Array  # (n, 1), what was done
    reward: Array  # (n,), what that was worth
    next_state: Array  # (n, 3), what was seen then


class Replay:
    """Holds up to `capacity` steps."""

    def __init__(self, capacity: int, states: int, actions: int) -> None:
        shapes = ((capacity, states), (capacity, actions), (capacity,), (capacity, states))
        self.steps = Steps(*(np.zeros(shape, np.float32) for shape in shapes))
        self.size = 0

    def add(self, steps: Steps) -> None:
        """Add some steps."""
        end = self.size + len(steps.reward)
        for kept, new in zip(self.steps, steps, strict=True):
            kept[self.size : end] = new
        self.size = end

    def sample(self, n: int, rng: np.random.Generator) -> Steps:
        """Return n of the steps, drawn at random."""
        rows = rng.integers(self.size, size=n)
        return Steps(*(part[rows] for part in self.steps))
