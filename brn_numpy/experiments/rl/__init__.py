"""Reinforcement learning in miniature: a pendulum, an actor, and a critic that judges it."""
