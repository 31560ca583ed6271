"""Convolution, pooling and a training step against PyTorch; BN and BRN against their functions."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

from .. import nn
from .frameworks import autograd, torch
from .norms import MOMENTUM, inputs, passes
from .timing import Calls

CONVOLUTIONS = (((32, 16, 28, 28), 32), ((64, 8, 8, 8), 16), ((64, 1, 8, 8), 16))
POOLING = (32, 16, 28, 28)
BATCHES = (32, 4)
NORMS = ((4, 64), (4, 16, 8, 8))  # so small that what a layer adds to its functions shows


def convolution(shape: tuple[int, int, int, int], filters: int) -> Calls:
    """Return forward and backward of a 3 x 3 convolution with padding 1, ours and torch's."""
    ours = nn.Conv2d(shape[1], filters, 3, padding=1, rng=0, dtype=np.float32)
    return _pair(shape, ours, lambda: torch.nn.Conv2d(shape[1], filters, 3, padding=1))


def pooling() -> Calls:
    """Return forward and backward of 2 x 2 pooling, ours and torch's."""
    return _pair(POOLING, nn.MaxPool2d(2), lambda: torch.nn.MaxPool2d(2))


def _pair(shape: tuple[int, ...], ours: nn.Layer, theirs: Callable[[], Any]) -> Calls:
    x = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    dy = np.ones_like(ours(x))
    pair: Calls = {"ours": _pass(ours, x, dy)}
    if torch is not None:
        layer = theirs()
        tensors = [torch.tensor(x, requires_grad=True), *layer.parameters()]
        pair["torch"] = autograd(lambda x, *_: layer(x), tensors, torch.tensor(dy))
    return pair


def training_step(batch: int) -> Calls:
    """Return a step of SGD on 3 x (conv, BN, ReLU) and a linear layer, 8 x 8 images, 10 classes."""
    rng = np.random.default_rng(0)
    widths = (1, 16, 16, 16)
    x, labels = rng.standard_normal((batch, 1, 8, 8)).astype(np.float32), rng.integers(0, 10, batch)
    layers: list[nn.Layer] = []
    for before, after in pairwise(widths):
        conv = nn.Conv2d(before, after, 3, padding=1, bias=False, rng=rng, dtype=np.float32)
        layers += [conv, nn.BatchNorm(after, dtype=np.float32), nn.ReLU()]
    features = widths[-1] * 64
    net = nn.Sequential(*layers, nn.Flatten(), nn.Linear(features, 10, rng=rng, dtype=np.float32))
    optimizer = nn.SGD(net.parameters(), 0.01, momentum=0.9)

    def ours() -> object:
        loss, dlogits = nn.softmax_cross_entropy(net.forward(x), labels)
        net.parameter_gradients(dlogits)
        optimizer.step()
        return loss

    pair: Calls = {"ours": ours}
    if torch is not None:
        parts: list[Any] = []
        for before, after in pairwise(widths):
            parts += [torch.nn.Conv2d(before, after, 3, padding=1, bias=False)]
            parts += [torch.nn.BatchNorm2d(after), torch.nn.ReLU()]
        other = torch.nn.Sequential(*parts, torch.nn.Flatten(), torch.nn.Linear(features, 10))
        descent = torch.optim.SGD(other.parameters(), 0.01, momentum=0.9)
        images, targets = torch.tensor(x), torch.tensor(labels)

        def theirs() -> object:
            descent.zero_grad()
            loss = torch.nn.functional.cross_entropy(other(images), targets)
            loss.backward()
            descent.step()
            return loss

        pair["torch"] = theirs
    return pair


def norms(shape: tuple[int, ...]) -> Calls:
    """Return forward and backward in training: BN's functions, updating; nn.BatchNorm; BRN."""
    x, dy, gamma, beta, _ = inputs(shape, np.float32).values()
    layer = nn.BatchNorm(shape[1], momentum=MOMENTUM, dtype=np.float32)
    renorm = nn.BatchRenorm(shape[1], schedule=lambda step: (3.0, 5.0), dtype=np.float32)
    for each in (layer, renorm):
        each.weight.data, each.bias.data = gamma, beta
    return {
        "functions": passes(shape, np.float32)["updating"],
        "BatchNorm": _pass(layer, x, dy),
        "BatchRenorm": _pass(renorm, x, dy),
    }


def _pass(layer: nn.Layer, x: Any, dy: Any) -> Callable[[], object]:
    def ours() -> object:
        layer.forward(x)
        return layer.backward(dy)

    return ours
