"""Three ways for a critic with normalisation to judge both (s, a) and (s', a').

`now` is a minibatch of (s, a), from the replay buffer; `then` is (s', a'), where a' is what the
actor would do in s'. Each way returns what the critic makes of `now`, in training mode, and what
`target` makes of `then`. `target` is a slower copy of the critic or, without a target network, the
critic itself. The critic's own forward comes last: its backward is wanted.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ... import nn
from ..._checks import Array


def joint(critic: nn.Layer, target: nn.Layer, now: Array, then: Array) -> tuple[Array, Array]:
    """One minibatch of both, (2n, ...): its moments are those of the mixture.

    The Q that are returned are 2n and n; the loss is one of the first n.
    """
    both, n = np.concatenate((now, then)), len(now)
    if target is critic:
        q = critic.train().forward(both)
        return q, q[n:]
    next_q = target.train().forward(both)[n:]
    return critic.train().forward(both), next_q


def separate(critic: nn.Layer, target: nn.Layer, now: Array, then: Array) -> tuple[Array, Array]:
    """Two minibatches in training mode: each has moments of its own."""
    next_q = target.train().forward(then)
    return critic.train().forward(now), next_q


def inference(critic: nn.Layer, target: nn.Layer, now: Array, then: Array) -> tuple[Array, Array]:
    """(s', a') in inference mode: with the running statistics, which are those of (s, a)."""
    next_q = target.eval().forward(then)
    return critic.train().forward(now), next_q


Way = Callable[[nn.Layer, nn.Layer, Array, Array], tuple[Array, Array]]
WAYS: dict[str, Way] = {"joint": joint, "separate": separate, "eval": inference}
