"""What a wrong gradient gives away."""

from __future__ import annotations

from typing import Any

import numpy as np

from .steps import Array


def telltale(name: str, ours: Array, numeric: Array, size: Array, arrays: Any) -> str:
    """Say by which simple factor our gradient differs from the numeric one, if it is one."""
    factors: dict[str, Any] = {"-1 x the numeric one: the sign?": -1.0}
    for other, a in arrays.items():
        for n in {len(a), a.size // a.shape[a.ndim > 1]} - {1} if a.ndim else ():
            factors[f"1/{n} x the numeric one: averaged?"] = 1 / n
            factors[f"{n} x the numeric one: summed?"] = n
        for axis in range(ours.ndim) if a.ndim == 1 < ours.ndim else ():
            if len(a) == ours.shape[axis] and a.all():  # 0 and 1/0 would fit anything
                p = a.reshape([-1 if i == axis else 1 for i in range(ours.ndim)])
                factors[f"the numeric one / {other}: is {other} missing?"] = 1 / p
                factors[f"the numeric one x {other}: is {other} one too many?"] = p
    for text, factor in factors.items():
        off = np.abs(ours - factor * numeric) > 1e-5 * size * np.abs(factor)
        if not off.any() and (np.abs(numeric) > 1e-3 * size).any():
            return f"d{name} is {text}"
    return "" if ours.any() else f"d{name} is 0 everywhere"


def unpinned(name: str, numeric: Array, dy: Array) -> list[str]:
    """Say so if a numeric gradient is that of a normalisation with constant statistics."""
    if numeric.shape != dy.shape or dy.ndim < 2:
        return []
    for axis in (1, dy.ndim - 1):
        ratio = np.moveaxis(numeric / dy, axis, 0).reshape(dy.shape[axis], -1)
        same = (np.ptp(ratio, axis=1) <= 1e-5 * np.abs(ratio).max(axis=1)) & ratio.any(axis=1)
        if ratio.shape[1] > 2 and same.any():
            return [
                f"the numeric d{name} is a constant times dy in channel(s) "
                f"{np.flatnonzero(same).tolist()} of axis {axis}: as if the statistics were "
                "constant. So it is with batch renorm when r and d are not clipped and move with "
                "the input; a backward pass that holds them constant needs both pinned: see frozen"
            ]
    return []
