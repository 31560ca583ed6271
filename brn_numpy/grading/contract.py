"""The contract of the exercises: seven functions of plain arrays, read off the textbook.

`x` is (N, C) or (N, C, H, W), a vector of one value per channel is (C,), `running_std` and
`batch_std` contain eps, `momentum` weighs the new value, and `cache` is whatever the student's
forward pass hands to the student's backward pass.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from .. import textbook

Solution: TypeAlias = Mapping[str, Callable[..., Any]]
"""The functions of one solution by their contract names; some may be missing."""

RESULTS = {  # what comes out, in order
    "batch_norm_forward": "y cache",
    "batch_norm_backward": "dx dgamma dbeta",
    "update_running": "running_mean running_std",
    "batch_norm_inference": "y",
    "renorm_correction": "r d",
    "batch_renorm_forward": "y cache",
    "batch_renorm_backward": "dx dgamma dbeta",
}
FORWARD_OF = {  # the function that makes the cache
    "batch_norm_backward": "batch_norm_forward",
    "batch_renorm_backward": "batch_renorm_forward",
}


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


CORRECT: dict[str, Callable[..., Any]] = {name: getattr(textbook, name) for name in RESULTS}
"""The textbook's functions."""

CONTRACT: dict[str, ContractFunction] = {
    name: ContractFunction(
        name, tuple(inspect.signature(f).parameters), tuple(RESULTS[name].split())
    )
    for name, f in CORRECT.items()
}
