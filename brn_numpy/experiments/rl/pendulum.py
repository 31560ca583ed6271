"""The pendulum that must be swung up: the equations of Gym's `Pendulum-v1`, many at once."""

from __future__ import annotations

import math

import numpy as np

from ..._checks import Array

GRAVITY, TORQUE, MAX_SPEED = 10.0, 2.0, 8.0  # mass 1 kg and length 1 m
EPISODE = 200  # steps, ten seconds
WORST_REWARD = -(math.pi**2 + 0.1 * MAX_SPEED**2 + 0.001 * TORQUE**2)


class Pendulum:
    """Rods on hinges; `angle` is 0 where they stand upright. After an episode all begin anew."""

    dt = 0.05  # seconds a step

    def __init__(self, copies: int, rng: np.random.Generator) -> None:
        self.copies, self.rng = copies, rng
        self.begin()

    def begin(self) -> None:
        """Begin an episode, anywhere."""
        self.steps = 0
        self.angle = self.rng.uniform(-math.pi, math.pi, self.copies)
        self.speed = self.rng.uniform(-1.0, 1.0, self.copies)

    def observe(self) -> Array:
        """Return what an actor sees: cosine and sine of the angle, and the speed, (copies, 3)."""
        columns = (np.cos(self.angle), np.sin(self.angle), self.speed)
        return np.stack(columns, axis=1).astype(np.float32)

    def step(self, action: Array) -> tuple[Array, Array]:
        """Turn the motors on for one step.

        Parameters
        ----------
        action : (copies, 1)
            The torque as a share of the motor's, from -1 to 1.

        Returns
        -------
        observation (copies, 3), reward (copies,)
            The observation is the one at the end of the step, also at the end of an episode. The
            reward is at most 0: it is 0 where a rod stands upright, at rest, without the motor.
        """
        torque = TORQUE * np.clip(action[:, 0], -1.0, 1.0)
        from_top = (self.angle + math.pi) % (2 * math.pi) - math.pi
        reward = -(from_top**2 + 0.1 * self.speed**2 + 0.001 * torque**2)
        acceleration = 1.5 * GRAVITY * np.sin(self.angle) + 3.0 * torque
        self.speed = np.clip(self.speed + self.dt * acceleration, -MAX_SPEED, MAX_SPEED)
        self.angle = self.angle + self.dt * self.speed
        observation = self.observe()
        self.steps += 1
        if self.steps == EPISODE:
            self.begin()
        return observation, reward.astype(np.float32)
