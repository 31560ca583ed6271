"""Layer, group, instance and RMS normalisation: the functions over layouts, and the layers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from .. import family, nn
from .case import LAYOUTS, C, Case, odd_values


def family_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Yield the functions; for images also in float32, and the layers."""
    for layout in ("(N, C)", "(N, C, L)", "(N, C, H, W)"):
        for operation, layer in {
            "layer_norm": nn.LayerNorm(C, eps=0.2),
            "group_norm": nn.GroupNorm(3, C, eps=0.2),
            "instance_norm": nn.InstanceNorm(C, eps=0.2),
            "rms_norm": nn.RMSNorm(C, eps=0.2),
        }.items():
            if operation == "instance_norm" and layout == "(N, C)":
                continue  # one value per channel and sample has no variance
            arrays: dict[str, Any] = {
                "x": odd_values(rng, LAYOUTS[layout][0]),
                "gamma": odd_values(rng, (C,), "scale"),
                "beta": odd_values(rng, (C,)),
            }
            if operation == "rms_norm":
                del arrays["beta"]
            groups = {"num_groups": 3} if operation == "group_norm" else {}
            images = layout == "(N, C, H, W)"
            for dtype in ("float64", "float32") if images else ("float64",):
                inputs = {name: a.astype(dtype) for name, a in arrays.items()}
                forward, backward = (
                    getattr(family, f"{operation}_{name}") for name in ("forward", "backward")
                )
                inputs |= {"eps": 0.2, **groups}
                yield Case(operation, "eps=0.2", layout, dtype, forward, backward, inputs)
            if images:
                x, *vectors = arrays.values()
                for param, vector in zip(layer.parameters(), vectors, strict=True):
                    param.data = vector
                yield Case(type(layer).__name__, "", layout, "float64", layer, None, {"x": x})
