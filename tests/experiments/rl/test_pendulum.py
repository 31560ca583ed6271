"""The pendulum: the published equations, the energy, and episodes."""

import math

import numpy as np
import pytest

from brn_numpy.experiments.rl.pendulum import EPISODE, WORST_REWARD, Pendulum


def start(angle, speed):
    """Return pendulums with these angles and speeds."""
    world = Pendulum(len(angle), np.random.default_rng(0))
    world.angle, world.speed = np.array(angle, float), np.array(speed, float)
    return world


@pytest.mark.parametrize("angle", [0.0, 0.3, 3.0, -3.0, 9.0])
@pytest.mark.parametrize("speed", [0.0, -2.0, 7.9])
@pytest.mark.parametrize("action", [0.0, 0.4, -3.0])
def test_a_step_is_gyms(angle, speed, action):
    """Gym's Pendulum-v1, written down once more, for a single pendulum among others."""
    world = start([1.0, angle], [0.0, speed])
    observation, reward = world.step(np.array([[0.5], [action]]))
    u = max(-2.0, min(2.0, 2.0 * action))
    upright = math.remainder(angle, 2 * math.pi)
    cost = upright**2 + 0.1 * speed**2 + 0.001 * u**2
    g, m, length, dt = 10.0, 1.0, 1.0, 0.05
    faster = speed + (3 * g / (2 * length) * math.sin(angle) + 3.0 / (m * length**2) * u) * dt
    faster = max(-8.0, min(8.0, faster))
    turned = angle + faster * dt
    np.testing.assert_allclose(reward[1], -cost, rtol=1e-6)
    expected = [math.cos(turned), math.sin(turned), faster]
    np.testing.assert_allclose(observation[1], expected, rtol=1e-6, atol=1e-6)
    assert WORST_REWARD <= reward.min() and reward.max() <= 0


def energy(world):
    """Return the energy of a rod of 1 kg and 1 m: its turning, and the height of its middle."""
    return world.speed**2 / 6 + 5 * np.cos(world.angle)


def test_energy_is_kept_without_the_motor():
    """But for the length of a step: half the step, half the error."""
    errors = []
    for dt in (0.02, 0.01, 0.005):
        world = start([0.5, 1.0, 2.0, 3.0], [1.0, -0.5, 2.0, 0.0])
        world.dt, before, apart = dt, energy(world), 0.0
        for _ in range(150):  # less than an episode, which would begin anew
            world.step(np.zeros((4, 1)))
            apart = max(apart, np.abs(energy(world) - before).max())
        errors.append(apart)
    assert errors[0] < 0.5  # of energies from -5 to 5
    assert errors[1] < 0.6 * errors[0] and errors[2] < 0.6 * errors[1]


def test_the_motor_does_work():
    """Torque times angle is what the energy gains."""
    world = start([math.pi], [0.0])
    world.dt, work, before = 0.001, 0.0, energy(world)
    for _ in range(EPISODE - 1):
        angle = world.angle
        world.step(np.ones((1, 1)))
        work += 2.0 * (world.angle - angle)
    assert work > 0.05
    np.testing.assert_allclose(energy(world) - before, work, rtol=0.02)


def test_an_episode_ends():
    """After 200 steps all begin anew, somewhere else; what is returned is the end."""
    world = Pendulum(3, np.random.default_rng(0))
    for _ in range(EPISODE):
        observation, _ = world.step(np.ones((3, 1)))
    assert world.steps == 0
    assert not np.allclose(world.observe(), observation, atol=0.05)
    assert np.abs(world.angle).max() <= math.pi and np.abs(world.speed).max() <= 1
    assert len(set(world.angle)) == 3
