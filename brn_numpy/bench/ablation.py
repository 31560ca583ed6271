"""What each step of `_kernels.py` buys: switch it off, and see how much longer it takes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from .. import _kernels, batch_norm
from .._checks import Array


def _plain_sum(a: Array) -> Array:
    total: Array = a.sum(axis=(0, 2))
    return total


def _plain_dot(a: Array, b: Array) -> Array:
    dot: Array = np.einsum("acb,acb->c", a, b)
    return dot


STEPS: dict[str, dict[str, Any]] = {
    "sums by BLAS": {"channel_sum": _plain_sum, "channel_dot": _plain_dot},
    "a small buffer": {"small_buffer": lambda a: None},
    "repeated vectors": {"per_channel": lambda vector, like: vector[:, None]},
    "blocks in the cache": {"blocks": lambda a: [slice(None)]},
}
"""By name: what stands in the kernels' place when the step is switched off."""


@contextmanager
def without(step: str) -> Iterator[None]:
    """Switch a step off for a while."""
    places = (_kernels, batch_norm)
    kept = [(m, n, getattr(m, n)) for m in places for n in STEPS[step] if hasattr(m, n)]
    try:
        for module, name, _ in kept:
            setattr(module, name, STEPS[step][name])
        yield
    finally:
        for module, name, function in kept:
            setattr(module, name, function)


def variants(function: Callable[[], object]) -> dict[str, Callable[[], object]]:
    """Return `function` as it is and with each step switched off, by name."""

    def lacking(step: str) -> Callable[[], object]:
        def call() -> object:
            with without(step):
                return function()

        return call

    return {"all steps": function, **{step: lacking(step) for step in STEPS}}
