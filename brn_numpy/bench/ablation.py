"""What each step of `_kernels.py` buys: switch it off, and see how much longer it takes."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np

from .. import _kernels, _passes, batch_norm
from .._checks import Array
from .timing import Calls


def _plain_sum(a: Array) -> Array:
    total: Array = a.sum(axis=(0, 2) if a.ndim == 3 else 0)
    return total


def _as_it_is(x: Array, axis: int) -> _kernels.Channels:
    """Lay out images as (A, C, B) and rows as (A, C), however short B and C are."""
    channels, columns = x.shape[axis], math.prod(x.shape[axis + 1 :])
    m = np.array(x.size // channels, x.real.dtype)
    values = x.reshape((-1, channels, columns) if columns > 1 else (-1, channels))
    return _kernels.Channels(values, channels, columns, m, x.shape)


STEPS: dict[str, dict[str, Any]] = {
    "BLAS sums": {"channel_sum": _plain_sum, "channel_dot": lambda a, b: _plain_sum(a * b)},
    "a small buffer": {"small_buffer": lambda x: None},
    "long rows": {"by_channel": _as_it_is},
    "halves in the cache": {"in_halves": lambda step, arrays, vectors: step(*arrays, *vectors)},
    "subtraction in place": {"subtract": np.subtract},
}
"""By name: what stands in the kernels' place when the step is switched off."""


@contextmanager
def without(step: str) -> Iterator[None]:
    """Switch a step off for a while."""
    places = (_kernels, _passes, batch_norm)
    kept = [(m, n, getattr(m, n)) for m in places for n in STEPS[step] if hasattr(m, n)]
    try:
        for module, name, _ in kept:
            setattr(module, name, STEPS[step][name])
        yield
    finally:
        for module, name, function in kept:
            setattr(module, name, function)


def variants(function: Callable[[], object]) -> Calls:
    """Return `function` as it is and with each step switched off, by name."""

    def lacking(step: str) -> object:
        with without(step):
            return function()

    return {"all steps": function, **{step: partial(lacking, step) for step in STEPS}}
