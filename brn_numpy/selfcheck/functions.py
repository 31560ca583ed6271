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
    for layout, (shape, axis) in LAYOUTS.items():
        other = tuple(i for i in range(len(shape)) if i != axis % len(shape))
        x = odd_values(rng, shape)
        x = 0.3 + (x - x.mean(axis=other, keepdims=True)) / x.std(axis=other, keepdims=True)
        for dtype in (np.float64, np.float32):
            inputs = {
                "x": x.astype(dtype),
                "gamma": odd_values(rng, (C,), "scale").astype(dtype),
                "beta": odd_values(rng, (C,)).astype(dtype),
            }
            running = Moments(RUNNING.mean.astype(dtype), RUNNING.std.astype(dtype))

            def case(
                operation: str,
                mode: str,
                forward: Any,
                backward: Any,
                options: dict[str, Any],
                inputs: dict[str, Any] = inputs,
                layout: str = layout,
                dtype: Any = dtype,
            ) -> Case:
                return Case(
                    operation,
                    mode,
                    layout,
                    np.dtype(dtype).name,
                    forward,
                    backward,
                    {**inputs, **options},
                    wrt=("x", "gamma", "beta"),
                    frozen=True if operation == "batch_renorm" else None,
                )

            for eps in (1e-5, 0.2):
                options = {"eps": eps, "axis": axis}
                yield case(
                    "batch_norm", f"eps={eps:g}", batch_norm_forward, batch_norm_backward, options
                )
            yield case(
                "inference",
                "",
                inference_forward,
                inference_backward,
                {"running": running, "axis": axis},
            )
            for mode, r_max, d_max in (
                ("r=1 d=0", 1.0, 0.0),
                ("clipped", 1.5, 0.5),
                ("free", 99, 99),
            ):
                yield case(
                    "batch_renorm",
                    mode,
                    batch_renorm_forward,
                    batch_renorm_backward,
                    {"running": running, "r_max": r_max, "d_max": d_max, "eps": 0.2, "axis": axis},
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
