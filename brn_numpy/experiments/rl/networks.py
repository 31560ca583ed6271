"""The networks of actor and critic, and the slow copy that a target network is."""

from __future__ import annotations

from typing import Any

import numpy as np

from ... import nn
from ...moments import update_running
from ...schedule import RenormSchedule
from ..networks import norms_of
from .spec import CriticSpec


def build(spec: CriticSpec, method: str, inputs: int, rng: np.random.Generator) -> nn.Sequential:
    """Return a network with one output, normalised before every Linear layer if at all.

    LayerNorm leaves the inputs alone: a mean over an angle and a speed means nothing.
    """
    layers: list[nn.Layer] = []
    if method in ("bn", "brn"):
        layers.append(make_norm(spec, method, inputs))
    for width in spec.hidden:
        layers += [nn.Linear(inputs, width, rng=rng, dtype=np.float32), nn.ReLU()]
        if method != "none":
            layers.append(make_norm(spec, method, width))
        inputs = width
    last = nn.Linear(inputs, 1, rng=rng, dtype=np.float32)
    last.weight.data *= np.float32(0.1)  # so that Q and the torque start near 0
    return nn.Sequential(*layers, last)


def make_norm(spec: CriticSpec, method: str, width: int) -> nn.Layer:
    """Return a normalisation layer."""
    options: dict[str, Any] = {"eps": 1e-3, "dtype": np.float32}
    if method == "ln":
        return nn.LayerNorm(width, **options)
    options["momentum"] = spec.momentum
    if method == "bn":
        return nn.BatchNorm(width, **options)
    start = spec.warmup
    schedule = RenormSchedule(
        r_max=spec.r_max, d_max=spec.d_max, warmup=start, r_end=start, d_end=start
    )
    return nn.BatchRenorm(width, schedule=schedule, **options)


def follow(target: nn.Sequential, net: nn.Sequential, tau: float) -> None:
    """Move a target network towards the network by a share tau, the running pairs included."""
    for slow, fast in zip(target.parameters(), net.parameters(), strict=True):
        slow.data += np.float32(tau) * (fast.data - slow.data)
    for mine, its in zip(norms_of(target), norms_of(net), strict=True):
        mine.running = update_running(mine.running, its.running, tau)
