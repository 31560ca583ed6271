"""The network of a training, and its normalisation layers."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as np

from .. import nn
from .._checks import Array
from ..schedule import RenormSchedule
from .spec import Spec
from .training import MakeNorm, mlp
from .wrong_norms import MovingNorm, StoppedNorm, ThroughRenorm, VarianceAverage

CHANNELS, STRIDES = (8, 16, 32), (1, 2, 2)
GROUPS = {"ln": 1, "gn": 4}


def build(spec: Spec, x: Array, classes: int) -> nn.Sequential:
    """Return the untrained network for images like x (n, ...); it depends on the spec alone."""
    rng = np.random.default_rng([spec.seed, 0])
    norm = None if spec.method == "none" else partial(make_norm, spec)
    if spec.conv:
        net = convnet(x, classes, norm=norm, rng=rng)
    else:
        net = mlp(math.prod(x.shape[1:]), spec.hidden, classes, norm=norm, rng=rng)
    if spec.weight_scale != 1:
        for layer in net:
            if isinstance(layer, nn.Linear | nn.Conv2d):
                layer.weight.data *= np.float32(spec.weight_scale)
    return net


def convnet(x: Array, classes: int, *, norm: MakeNorm, rng: np.random.Generator) -> nn.Sequential:
    """Build three times (Conv 3x3, norm, ReLU), the mean over the image, and Linear."""
    channels, side = x.shape[1], x.shape[2]
    options: dict[str, Any] = {"rng": rng, "dtype": np.float32}
    layers: list[nn.Layer] = []
    for width, stride in zip(CHANNELS, STRIDES, strict=True):
        bias = norm is None
        layers.append(nn.Conv2d(channels, width, 3, stride=stride, padding=1, bias=bias, **options))
        if norm is not None:
            layers.append(norm(width))
        layers.append(nn.ReLU())
        channels, side = width, (side - 1) // stride + 1
    layers += [nn.AvgPool2d(side), nn.Flatten()]
    layers.append(nn.Linear(channels, classes, **options))
    return nn.Sequential(*layers)


def make_norm(spec: Spec, width: int) -> nn.Layer:
    """Return the normalisation layer that `spec` asks for."""
    options: dict[str, Any] = {"eps": 1e-3, "dtype": np.float32}
    if spec.method in GROUPS:
        return nn.GroupNorm(GROUPS[spec.method], width, **options)
    options |= {"momentum": spec.momentum, "microbatch_size": spec.microbatch_size}
    if spec.method in ("brn", "through"):
        start, r_end, d_end = (round(share * spec.steps) for share in spec.warmup)
        schedule = RenormSchedule(
            r_max=spec.r_max, d_max=spec.d_max, warmup=start, r_end=r_end, d_end=d_end
        )
        kind = nn.BatchRenorm if spec.method == "brn" else ThroughRenorm
        return kind(width, schedule=schedule, **options)
    if spec.method == "bn" and spec.average == "var":
        return VarianceAverage(width, **options)
    plain = {"bn": nn.BatchNorm, "moving": MovingNorm, "stopped": StoppedNorm}
    return plain[spec.method](width, **options)


def norms_of(net: nn.Sequential) -> list[nn.BatchNorm]:
    """Return the normalisation layers of a network, in their order."""
    return [layer for layer in net if isinstance(layer, nn.BatchNorm)]


def weight_norm(net: nn.Sequential) -> float:
    """Return the Euclidean norm of all weights of Linear and Conv2d layers together."""
    squares = [
        np.square(layer.weight.data, dtype=np.float64).sum()
        for layer in net
        if isinstance(layer, nn.Linear | nn.Conv2d)
    ]
    return math.sqrt(sum(squares))
