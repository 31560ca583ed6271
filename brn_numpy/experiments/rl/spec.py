"""One training of an actor and a critic, described completely."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from ..spec import AnySpec
from .pendulum import EPISODE, WORST_REWARD


@dataclass(frozen=True, kw_only=True)
class CriticSpec(AnySpec):
    """How an actor and a critic learn to swing a pendulum up.

    Attributes
    ----------
    method : str
        The normalisation of critic and actor: "bn", "brn", "ln" (LayerNorm) or "none".
    actor : str or None
        That of the actor, if it is another.
    way : str
        How the critic judges (s', a'), see `ways.py`: "joint", "separate" or "eval".
    tau : float or None
        How fast the target network follows the critic; None: there is no target network.
    seed : int
        Of the initial weights, the pendulums and the noise.
    steps : int
        Of the pendulums, all copies together; after the first ones, each has one update.
    random_steps : int
        First steps, made at random.
    batch_size : int
    hidden : tuple of int
    learning_rate, beta1 : float
        Of Adam.
    discount : float
        How much a reward counts that comes a step later.
    momentum : float
        Of the running pair; the paper's alpha.
    r_max, d_max : float
    warmup : int
        BRN is plain BN for so many minibatches; then both bounds open at once.
    """

    data: ClassVar[str | None] = "a pendulum"
    score: ClassVar[str] = "final"
    bounds: ClassVar[tuple[float, float]] = (EPISODE * WORST_REWARD, 0.0)
    method: str = "none"
    actor: str | None = None
    way: str = "joint"
    tau: float | None = None
    seed: int = 0
    steps: int = 6000
    random_steps: int = 500
    batch_size: int = 128
    hidden: tuple[int, ...] = (64, 64)
    learning_rate: float = 1e-3
    beta1: float = 0.5
    discount: float = 0.99
    momentum: float = 0.01
    r_max: float = 3.0
    d_max: float = 5.0
    warmup: int = 1000

    def shorter(self, divisor: int) -> CriticSpec:
        """Return a copy with a part of the steps, and of what happens first."""
        return replace(
            self,
            steps=self.steps // divisor,
            random_steps=self.random_steps // divisor,
            warmup=self.warmup // divisor,
        )
