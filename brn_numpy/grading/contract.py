"""The contract of the exercises: seven functions of plain arrays, and their reference solutions.

Students write functions of these names. `x` is (N, C) or (N, C, H, W), a vector of one value per
channel is (C,), `running_std` and `batch_std` contain eps, `momentum` weighs the new value, and
`cache` is whatever the student's forward pass hands to the student's backward pass.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from .. import batch_norm, batch_renorm, moments
from .._checks import Array

Solution: TypeAlias = Mapping[str, Callable[..., Any]]
"""The functions of one solution by their contract names; some may be missing."""


@dataclass(frozen=True)
class ContractFunction:
    """One function of the contract: its name, what goes in and what comes out, in order."""

    name: str
    arguments: tuple[str, ...]
    results: tuple[str, ...]

    @property
    def signature(self) -> str:
        """Return the signature as text."""
        return f"{self.name}({', '.join(self.arguments)}) -> ({', '.join(self.results)})"


def _line(name: str, arguments: str, results: str) -> tuple[str, ContractFunction]:
    return name, ContractFunction(name, tuple(arguments.split()), tuple(results.split()))


CONTRACT: dict[str, ContractFunction] = dict(
    [
        _line("batch_norm_forward", "x gamma beta eps", "y cache"),
        _line("batch_norm_backward", "dy cache", "dx dgamma dbeta"),
        _line(
            "update_running",
            "running_mean running_std batch_mean batch_std momentum",
            "running_mean running_std",
        ),
        _line("batch_norm_inference", "x gamma beta running_mean running_std", "y"),
        _line(
            "renorm_correction",
            "batch_mean batch_std running_mean running_std r_max d_max",
            "r d",
        ),
        _line(
            "batch_renorm_forward",
            "x gamma beta running_mean running_std r_max d_max eps",
            "y cache",
        ),
        _line("batch_renorm_backward", "dy cache", "dx dgamma dbeta"),
    ]
)
FORWARD_OF = {  # the function that makes the cache
    "batch_norm_backward": "batch_norm_forward",
    "batch_renorm_backward": "batch_renorm_forward",
}


def _batch_norm_forward(x: Array, gamma: Array, beta: Array, eps: float) -> tuple[Array, Any]:
    return batch_norm.batch_norm_forward(x, gamma, beta, eps=eps)


def _update_running(
    running_mean: Array, running_std: Array, batch_mean: Array, batch_std: Array, momentum: float
) -> tuple[Array, Array]:
    running = moments.Moments(running_mean, running_std)
    moved = moments.update_running(running, moments.Moments(batch_mean, batch_std), momentum)
    return moved.mean, moved.std


def _batch_norm_inference(
    x: Array, gamma: Array, beta: Array, running_mean: Array, running_std: Array
) -> Array:
    running = moments.Moments(running_mean, running_std)
    return batch_norm.inference_forward(x, gamma, beta, running)[0]


def _renorm_correction(
    batch_mean: Array,
    batch_std: Array,
    running_mean: Array,
    running_std: Array,
    r_max: float,
    d_max: float,
) -> tuple[Array, Array]:
    batch = moments.Moments(batch_mean, batch_std)
    running = moments.Moments(running_mean, running_std)
    return batch_renorm.renorm_correction(batch, running, r_max, d_max)


def _batch_renorm_forward(
    x: Array,
    gamma: Array,
    beta: Array,
    running_mean: Array,
    running_std: Array,
    r_max: float,
    d_max: float,
    eps: float,
) -> tuple[Array, Any]:
    running = moments.Moments(running_mean, running_std)
    return batch_renorm.batch_renorm_forward(
        x, gamma, beta, running, r_max=r_max, d_max=d_max, eps=eps
    )


REFERENCE: dict[str, Callable[..., Any]] = {
    "batch_norm_forward": _batch_norm_forward,
    "batch_norm_backward": batch_norm.batch_norm_backward,
    "update_running": _update_running,
    "batch_norm_inference": _batch_norm_inference,
    "renorm_correction": _renorm_correction,
    "batch_renorm_forward": _batch_renorm_forward,
    "batch_renorm_backward": batch_renorm.batch_renorm_backward,
}
"""The library's functions in the contract."""
