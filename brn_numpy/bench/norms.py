"""Forward and backward of BN, BRN and their relatives: time, growth with size, memory."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np

from .. import textbook
from ..batch_norm import batch_norm_backward, batch_norm_forward
from ..batch_renorm import batch_renorm_backward, batch_renorm_forward
from ..family import group_norm_backward, group_norm_forward
from ..moments import Moments, update_running
from .frameworks import autograd, torch
from .timing import Calls

EPS, MOMENTUM = 1e-5, 0.01
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
RELATIVES = ((8, (32, 64, 28, 28)), (1, (32, 64, 28, 28)), (1, (64, 256)), (1, (4096, 512)))
"""Numbers of groups of channels, and shapes; with one group it is LayerNorm."""
RATIOS = {
    "/ torch": ("updating", "torch"),
    "/ textbook": ("bn", "textbook"),
    "BRN / BN": ("brn", "bn"),
}
"""By column: which of `passes` is divided by which. PyTorch updates too, the textbook does not."""


def inputs(shape: tuple[int, ...], dtype: Any) -> dict[str, Any]:
    """Return random x, dy, gamma, beta and a running pair."""
    rng, channels = np.random.default_rng(0), shape[1]
    values = {
        name: rng.standard_normal(size).astype(dtype)
        for name, size in (("x", shape), ("dy", shape), ("gamma", channels), ("beta", channels))
    }
    return {**values, "running": Moments(np.zeros(channels, dtype), np.ones(channels, dtype))}


def passes(shape: tuple[int, ...], dtype: Any) -> Calls:
    """Return forward and backward in one call, by name.

    bn, brn and the textbook's BN; updating, which is bn and the update of the running pair between;
    and torch, if it is there, which updates as well.
    """
    given = inputs(shape, dtype)
    x, dy, gamma, beta, running = given.values()

    def bn() -> object:
        return batch_norm_backward(dy, batch_norm_forward(x, gamma, beta, eps=EPS)[1])

    def updating() -> object:
        cache = batch_norm_forward(x, gamma, beta, eps=EPS)[1]
        update_running(running, cache.batch, MOMENTUM)
        return batch_norm_backward(dy, cache)

    def brn() -> object:
        cache = batch_renorm_forward(x, gamma, beta, running, r_max=3.0, d_max=5.0, eps=EPS)[1]
        return batch_renorm_backward(dy, cache)

    def plain() -> object:
        cache = textbook.batch_norm_forward(x, gamma, beta, EPS)[1]
        return textbook.batch_norm_backward(dy, cache)

    functions: Calls = {"bn": bn, "brn": brn, "textbook": plain, "updating": updating}
    if torch is not None:
        mean, var = map(torch.tensor, running)  # std 1 is var 1
        functions["torch"] = _torch(
            given,
            lambda x, gamma, beta: torch.nn.functional.batch_norm(
                x, mean, var, gamma, beta, training=True, momentum=MOMENTUM, eps=EPS
            ),
        )
    return functions


def _torch(given: dict[str, Any], function: Callable[..., Any]) -> Any:
    tensors = [torch.tensor(given[name], requires_grad=True) for name in ("x", "gamma", "beta")]
    return autograd(function, tensors, torch.tensor(given["dy"]))


def group_norm(groups: int, shape: tuple[int, ...], dtype: Any) -> Calls:
    """Return forward and backward of GroupNorm: ours, the textbook's BN over a reshape, torch's."""
    given = inputs(shape, dtype)
    x, dy, gamma, beta, _ = given.values()

    def ours() -> object:
        return group_norm_backward(dy, group_norm_forward(x, gamma, beta, groups, eps=EPS)[1])

    def plain() -> object:
        many = len(x) * groups  # every group of every sample is a channel
        one, zero = np.ones(many, dtype), np.zeros(many, dtype)
        z, cache = textbook.batch_norm_forward(x.reshape(1, many, -1), one, zero, EPS)
        xhat, scale = z.reshape(shape), textbook.wide(gamma, x)
        scale * xhat + textbook.wide(beta, x)  # y
        dx, _, _ = textbook.batch_norm_backward((scale * dy).reshape(1, many, -1), cache)
        return dx.reshape(shape), textbook.total(dy * xhat), textbook.total(dy)

    functions: Calls = {"ours": ours, "textbook": plain}
    if torch is not None:
        norm = torch.nn.functional.group_norm
        functions["torch"] = _torch(given, lambda x, *vectors: norm(x, groups, *vectors, eps=EPS))
    return functions


def update(shape: tuple[int, ...]) -> Calls:
    """Return the update of the running pair, and the forward pass before it."""
    x, _, gamma, beta, running = inputs(shape, np.float32).values()

    def forward() -> Any:
        return batch_norm_forward(x, gamma, beta, eps=EPS)

    batch = forward()[1].batch
    return {"update": lambda: update_running(running, batch, MOMENTUM), "forward": forward}


def memory(shape: tuple[int, ...], dtype: Any) -> dict[str, float]:
    """Return peak and kept bytes of forward and of backward, in units of the bytes of x."""
    given = inputs(shape, dtype)
    x, dy, gamma, beta, _ = given.values()

    def forward() -> Any:
        return batch_norm_forward(x, gamma, beta, eps=EPS)

    def plain() -> Any:
        return textbook.batch_norm_forward(x, gamma, beta, EPS)

    ours, texts = forward()[1], plain()[1]
    found = {}
    for name, function in (
        ("forward", forward),
        ("backward", lambda: batch_norm_backward(dy, ours)),
        ("textbook forward", plain),
        ("textbook backward", lambda: textbook.batch_norm_backward(dy, texts)),
    ):
        tracemalloc.start()
        result = function()
        kept, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        del result
        found[f"{name} peak"], found[f"{name} kept"] = peak / x.nbytes, kept / x.nbytes
    return found
