"""Forward and backward of BN and BRN: time, growth with size, memory."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np

from ..batch_norm import batch_norm_backward, batch_norm_forward
from ..batch_renorm import batch_renorm_backward, batch_renorm_forward
from ..moments import Moments
from . import textbook
from .frameworks import torch

EPS = 1e-5
SHAPES = (
    (4, 32, 28, 28),
    (128, 16, 8, 8),
    (32, 64, 28, 28),
    (32, 64, 56, 56),
    (64, 256),
    (256, 1000),
    (4, 64),
    (4096, 512),
)
QUICK_SHAPES = ((128, 16, 8, 8), (32, 64, 28, 28), (64, 256), (4, 64))
GROWTH = tuple((n, 64, 28, 28) for n in (2, 4, 8, 20, 40, 80, 200))  # 1e5 to 1e7 values


def inputs(shape: tuple[int, ...], dtype: Any) -> dict[str, Any]:
    """Return random x, dy, gamma, beta and a running pair."""
    rng, channels = np.random.default_rng(0), shape[1]
    values = {
        name: rng.standard_normal(size).astype(dtype)
        for name, size in (("x", shape), ("dy", shape), ("gamma", channels), ("beta", channels))
    }
    return {**values, "running": Moments(np.zeros(channels, dtype), np.ones(channels, dtype))}


def passes(shape: tuple[int, ...], dtype: Any) -> dict[str, Callable[[], object]]:
    """Return forward and backward in one call: BN, BRN, textbook NumPy and, if there, torch."""
    given = inputs(shape, dtype)
    x, dy, gamma, beta, running = given.values()

    def bn() -> object:
        return batch_norm_backward(dy, batch_norm_forward(x, gamma, beta, eps=EPS)[1])

    def brn() -> object:
        cache = batch_renorm_forward(x, gamma, beta, running, r_max=3.0, d_max=5.0, eps=EPS)[1]
        return batch_renorm_backward(dy, cache)

    def plain() -> object:
        return textbook.backward(dy, textbook.forward(x, gamma, beta, EPS)[1])

    functions: dict[str, Callable[[], object]] = {"bn": bn, "brn": brn, "textbook": plain}
    if torch is not None:
        tensors = [torch.tensor(a, requires_grad=True) for a in (x, gamma, beta)]
        upstream = torch.tensor(dy)

        def autograd() -> object:
            y = torch.nn.functional.batch_norm(
                tensors[0], None, None, tensors[1], tensors[2], training=True, eps=EPS
            )
            return torch.autograd.grad(y, tensors, upstream)

        functions["torch"] = autograd
    return functions


def memory(shape: tuple[int, ...], dtype: Any) -> dict[str, float]:
    """Return peak and kept bytes of forward and of backward, in units of the bytes of x."""
    given = inputs(shape, dtype)
    x, dy, gamma, beta, _ = given.values()

    def forward() -> Any:
        return batch_norm_forward(x, gamma, beta, eps=EPS)

    def plain() -> Any:
        return textbook.forward(x, gamma, beta, EPS)

    ours, texts = forward()[1], plain()[1]
    found = {}
    for name, function in (
        ("forward", forward),
        ("backward", lambda: batch_norm_backward(dy, ours)),
        ("textbook forward", plain),
        ("textbook backward", lambda: textbook.backward(dy, texts)),
    ):
        tracemalloc.start()
        result = function()
        kept, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        del result
        found[f"{name} peak"], found[f"{name} kept"] = peak / x.nbytes, kept / x.nbytes
    return found
