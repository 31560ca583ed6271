"""What functions take and return: the seven of the exercises, read off the textbook, and cs231n's.

`x` is (N, C) or (N, C, H, W), a vector of one value per channel is (C,), `running_std` and
`batch_std` contain eps, `momentum` weighs the new value, and `cache` is whatever the student's
forward pass hands to the student's backward pass.

cs231n's functions are not judged as they are: `adapter` makes of them two of the textbook's, and
the two that are in `cs231n`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from .. import textbook
from . import cs231n

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
    "running_statistics": "running_mean running_var",
    "test_mode": "y",
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


CORRECT: dict[str, Callable[..., Any]] = {
    name: getattr(textbook, name, None) or getattr(cs231n, name) for name in RESULTS
}
"""The right functions: the textbook's, and the two of `cs231n`."""


def _contract(name: str, arguments: str, results: str) -> ContractFunction:
    return ContractFunction(name, tuple(arguments.split()), tuple(results.split()))


CONTRACT: dict[str, ContractFunction] = {
    name: _contract(name, " ".join(inspect.signature(f).parameters), RESULTS[name])
    for name, f in CORRECT.items()
}
"""Whatever is judged."""
EXERCISES = {name: about for name, about in CONTRACT.items() if hasattr(textbook, name)}
_FORWARD, _BACKWARD = ("x gamma beta bn_param", "out cache"), ("dout cache", "dx dgamma dbeta")
CS231N: dict[str, ContractFunction] = {
    name: _contract(name, *about)
    for name, about in {
        "batchnorm_forward": _FORWARD,
        "batchnorm_backward": _BACKWARD,
        "batchnorm_backward_alt": _BACKWARD,
        "spatial_batchnorm_forward": _FORWARD,
        "spatial_batchnorm_backward": _BACKWARD,
    }.items()
}
WRITTEN = CONTRACT | CS231N
"""Whatever a student may write."""
