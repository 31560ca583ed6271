"""Train a small network, and measure how often it is right."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

import numpy as np

from .. import nn
from .._checks import Array

MakeNorm: TypeAlias = Callable[[int], nn.Layer] | None
"""Makes a normalisation layer for a width; None: there is none, and a layer before has a bias."""


def mlp(
    features: int,
    hidden: tuple[int, ...],
    classes: int,
    *,
    norm: MakeNorm,
    rng: np.random.Generator,
    dtype: Any = np.float32,
) -> nn.Sequential:
    """Build Flatten, then (Linear, norm, ReLU) for each hidden width, then Linear."""
    layers: list[nn.Layer] = [nn.Flatten()]
    for width in hidden:
        layers.append(nn.Linear(features, width, bias=norm is None, rng=rng, dtype=dtype))
        if norm is not None:
            layers.append(norm(width))
        layers.append(nn.ReLU())
        features = width
    layers.append(nn.Linear(features, classes, rng=rng, dtype=dtype))
    return nn.Sequential(*layers)


def train(
    net: nn.Layer,
    optimizer: nn.Optimizer,
    x: Array,
    y: Array,
    batches: Iterable[Array],
    *,
    steps: int,
    after_step: Callable[[int, float], None] | None = None,
    falling_rate: bool = True,
) -> None:
    """Train with a learning rate that falls from `optimizer.lr` to 0 along a cosine.

    Parameters
    ----------
    net : Layer
    optimizer : Optimizer
        Of the parameters of `net`.
    x, y : arrays (n, ...), (n,)
        All training images and labels.
    batches : iterable of index arrays (B,)
    steps : int
    after_step : callable, optional
        Called with the step, counted from 0, and the loss of its minibatch.
    falling_rate : bool
        If False, the rate stays as it is.

    Raises
    ------
    FloatingPointError
        If the loss is no finite number any more: the training has diverged.
    """
    net.train()
    full_rate = optimizer.lr
    for step, batch in zip(range(steps), batches, strict=False):
        if falling_rate:
            optimizer.lr = full_rate * (1 + math.cos(math.pi * step / steps)) / 2
        loss, dlogits = nn.softmax_cross_entropy(net.forward(x[batch]), y[batch])
        if not np.isfinite(loss):
            raise FloatingPointError(f"the loss is {loss} at step {step}: the training diverged")
        net.parameter_gradients(dlogits)
        optimizer.step()
        if after_step is not None:
            after_step(step, float(loss))
    optimizer.lr = full_rate


def accuracy(net: nn.Layer, x: Array, y: Array) -> float:
    """Return the share of images that `net` classifies right, in inference mode."""
    was_training = net.training
    net.eval()
    right = 0
    for start in range(0, len(x), 1000):  # a thousand at a time bounds the memory
        logits = net.forward(x[start : start + 1000])
        right += int((logits.argmax(axis=1) == y[start : start + 1000]).sum())
    net.train(was_training)
    return right / len(x)
