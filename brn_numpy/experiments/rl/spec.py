"""One training of an actor and a critic, described completely."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ..spec import AnySpec
from .pendulum import EPISODE, WORST_REWARD


@dataclass(frozen=True, kw_only=True)
class CriticSpec(AnySpec):
    """How an actor and a critic learn to swing a pendulum up."""

    data: ClassVar[str | None] = "a pendulum"
    score: ClassVar[str] = "final"
    bounds: ClassVar[tuple[float, float]] = (EPISODE * WORST_REWARD, 0.0)
    method: str = "none"  # the normalisation of critic and actor: none, bn, brn or ln (LayerNorm)
    actor: str | None = None  # that of the actor, if it is another
    way: str = "joint"  # how the critic judges (s', a'), see ways.py: joint, separate or eval
    tau: float | None = None  # how fast the target network follows; None: there is none
    seed: int = 0  # of the initial weights, the pendulums and the noise
    steps: int = 6000  # of all pendulums together; after the first ones, each has one update
    random_steps: int = 500  # the first ones
    batch_size: int = 128
    hidden: tuple[int, ...] = (64, 64)
    learning_rate: float = 1e-3  # of Adam
    beta1: float = 0.5  # of Adam
    discount: float = 0.99  # how much a reward counts that comes a step later
    momentum: float = 0.01  # of the running pair; the paper's alpha
    r_max: float = 3.0
    d_max: float = 5.0
    warmup: int = 1000  # BRN is BN for so many minibatches; then both bounds open at once

    def shorter(self, divisor: int) -> CriticSpec:
        """Return a copy with a part of the steps, and of what happens first."""
        names = ("steps", "random_steps", "warmup")
        return self.but(**{name: getattr(self, name) // divisor for name in names})
