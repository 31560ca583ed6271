"""The pure functions: over layouts and dtypes, and the inference backward once more."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from .._checks import Array
from ..batch_norm import (
    batch_norm_backward,
    batch_norm_forward,
    inference_backward,
    inference_forward,
)
from ..batch_renorm import batch_renorm_backward, batch_renorm_forward
from ..moments import Moments
from .case import LAYOUTS, RUNNING, C, Case, odd_values


def function_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Yield the pure functions, over layouts and dtypes."""
    pairs: dict[str, tuple[Any, Any]] = {
        "batch_norm": (batch_norm_forward, batch_norm_backward),
        "inference": (inference_forward, inference_backward),
        "batch_renorm": (batch_renorm_forward, batch_renorm_backward),
    }
    modes: list[tuple[str, str, dict[str, float]]] = [
        ("batch_norm", "eps=1e-05", {"eps": 1e-5}),
        ("batch_norm", "eps=0.2", {"eps": 0.2}),
        ("inference", "", {}),
        ("batch_renorm", "r=1 d=0", {"r_max": 1, "d_max": 0, "eps": 0.2}),
        ("batch_renorm", "clipped", {"r_max": 1.5, "d_max": 0.5, "eps": 0.2}),
        ("batch_renorm", "free", {"r_max": 99, "d_max": 99, "eps": 0.2}),
    ]
    for layout, (shape, axis) in LAYOUTS.items():
        other = tuple(i for i in range(len(shape)) if i != axis % len(shape))
        x = odd_values(rng, shape)
        x = 0.3 + (x - x.mean(axis=other, keepdims=True)) / x.std(axis=other, keepdims=True)
        for dtype in ("float64", "float32"):
            arrays = {
                "x": x,
                "gamma": odd_values(rng, (C,), "scale"),
                "beta": odd_values(rng, (C,)),
            }
            running = Moments(*(part.astype(dtype) for part in RUNNING))
            for operation, mode, options in modes:
                inputs = {name: a.astype(dtype) for name, a in arrays.items()} | options
                if operation != "batch_norm":
                    inputs["running"] = running
                yield Case(
                    operation,
                    mode,
                    layout,
                    dtype,
                    *pairs[operation],
                    {**inputs, "axis": axis},
                    frozen=True if operation == "batch_renorm" else None,
                )


def second_order_case(rng: np.random.Generator) -> Case:
    """Return the gradient of the inference backward: it is a function of dy, x and gamma, too.

    With upstream gradients u, v, w of dx, dgamma, dbeta, and z = (x - mean) / std:
    by dy: u * gamma / std + v * z + w;  by x: v * dy / std;  by gamma: sum of u * dy / std.
    """
    shape, mean, std = (7, C), RUNNING.mean, RUNNING.std
    inputs = {
        "dy": odd_values(rng, shape),
        "x": odd_values(rng, shape),
        "gamma": odd_values(rng, (C,), "scale"),
    }

    def forward(dy: Array, x: Array, gamma: Array) -> tuple[Array, Any]:
        _, cache = inference_forward(x, gamma, np.zeros(C), RUNNING)
        return np.vstack(inference_backward(dy, cache)), (dy, x, gamma)  # (7 + 1 + 1, C)

    def backward(upstream: Array, cache: Any) -> tuple[Array, ...]:
        (dy, x, gamma), (u, v, w) = cache, (upstream[:7], upstream[7], upstream[8])
        return u * gamma / std + v * (x - mean) / std + w, v * dy / std, (u * dy / std).sum(axis=0)

    return Case("inference", "2nd order", "(N, C)", "float64", forward, backward, inputs)
