"""Convolution, pooling and a training step against PyTorch; BN and BRN against their functions."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

from .. import nn
from ..batch_norm import batch_norm_backward, batch_norm_forward
from ..moments import update_running
from .frameworks import torch
from .norms import MOMENTUM

CONVOLUTIONS = (((32, 16, 28, 28), 32), ((64, 8, 8, 8), 16), ((64, 1, 8, 8), 16))
POOLING = (32, 16, 28, 28)
BATCHES = (32, 4)
NORMS = ((4, 64), (4, 16, 8, 8))  # so small that what a layer adds to its functions shows
Pair = dict[str, Callable[[], object]]


def convolution(shape: tuple[int, int, int, int], filters: int) -> Pair:
    """Return forward and backward of a 3 x 3 convolution with padding 1, ours and torch's."""
    rng = np.random.default_rng(0)
    layer = nn.Conv2d(shape[1], filters, 3, padding=1, rng=rng, dtype=np.float32)
    dy = np.ones((shape[0], filters, *shape[2:]), np.float32)
    pair: Pair = {"ours": _pass(layer, rng.standard_normal(shape).astype(np.float32), dy)}
    if torch is not None:
        other = torch.nn.Conv2d(shape[1], filters, 3, padding=1)
        pair["torch"] = _torch_pass(other, shape)
    return pair


def pooling() -> Pair:
    """Return forward and backward of 2 x 2 pooling, ours and torch's."""
    rng = np.random.default_rng(0)
    n, channels, height, width = POOLING
    dy = np.ones((n, channels, height // 2, width // 2), np.float32)
    x = rng.standard_normal(POOLING).astype(np.float32)
    pair: Pair = {"ours": _pass(nn.MaxPool2d(2), x, dy)}
    if torch is not None:
        pair["torch"] = _torch_pass(torch.nn.MaxPool2d(2), POOLING)
    return pair


def training_step(batch: int) -> Pair:
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

    pair: Pair = {"ours": ours}
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


def norms(shape: tuple[int, ...]) -> Pair:
    """Return forward and backward in training: BN's functions, updating; nn.BatchNorm; BRN."""
    rng, channels = np.random.default_rng(0), shape[1]
    x, dy = (rng.standard_normal(shape).astype(np.float32) for _ in range(2))
    layer = nn.BatchNorm(channels, momentum=MOMENTUM, dtype=np.float32)
    renorm = nn.BatchRenorm(channels, schedule=lambda step: (3.0, 5.0), dtype=np.float32)
    gamma, beta, running = layer.weight.data, layer.bias.data, layer.running

    def functions() -> object:
        cache = batch_norm_forward(x, gamma, beta, eps=layer.eps)[1]
        update_running(running, cache.batch, MOMENTUM)
        return batch_norm_backward(dy, cache)

    return {
        "functions": functions,
        "BatchNorm": _pass(layer, x, dy),
        "BatchRenorm": _pass(renorm, x, dy),
    }


def _pass(layer: nn.Layer, x: Any, dy: Any) -> Callable[[], object]:
    def ours() -> object:
        layer.forward(x)
        return layer.backward(dy)

    return ours


def _torch_pass(layer: Any, shape: tuple[int, ...]) -> Callable[[], object]:
    x = torch.randn(*shape, requires_grad=True)
    wanted = [x, *layer.parameters()]
    upstream = torch.ones_like(layer(x))
    return lambda: torch.autograd.grad(layer(x), wanted, upstream)
