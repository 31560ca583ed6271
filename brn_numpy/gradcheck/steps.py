"""How long a step must be: as long as fits the numbers around an entry."""

from __future__ import annotations

import math
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]

# The first step of each method, in units of the scale on which x varies; 2**-17 is near cbrt(eps),
# which balances the two errors of a central difference. Complex steps are compared with such.
UNITS = {"central": 2.0**-17, "richardson": 2.0**-8, "complex": 2.0**-17}


def first_steps(x: Array, method: str, step: Any = None, axis: int | None = None) -> Array:
    """Return h (shape of x), the first step for every entry."""
    if step is None or isinstance(step, str):
        if step not in (None, "column", "entry") or (axis is not None and step != "column"):
            expected = 'None, numbers, "entry", or "column" (with axis)'
            raise ValueError(f"step must be {expected}, got {step!r} and axis {axis!r}")
        axis = 1 if step == "column" and axis is None else axis
        if axis is not None and not -x.ndim <= axis < x.ndim:
            raise ValueError(f"axis must be an axis of x, which has shape {x.shape}, got {axis!r}")
        return UNITS[method] * scale(x, np.abs(x) if step == "entry" else spread(x, axis))
    try:
        h = np.broadcast_to(np.asarray(step, np.float64), x.shape)
    except (TypeError, ValueError):
        expected = f"a number or an array for x of shape {x.shape}"
        raise ValueError(f"step must be {expected}, got {step!r}") from None
    h = np.where(np.isfinite(x), (x + h) - x, h)  # the step that x + h really makes
    if not (np.isfinite(h) & (h > 0)).all():
        raise ValueError(f"step must be > 0, finite and not lost beside x, got {step!r}")
    return h


def scale(x: Array, size: Array) -> Array:
    """Return the power of two near `size` (x + h is then mostly exact), 1 where there is no size.

    Not so small that x + h is x, or that sqrt(var + eps) has a bend within h; and finite.
    """
    size = np.where((size > 0) & (size < np.inf), size, 1.0)
    size = np.fmax(np.maximum(size, 1e-4), np.minimum(1e-9 * np.abs(x), 1e290))
    return np.asarray(2.0 ** np.round(np.log2(size)))


def spread(a: Array, axis: int | None = None) -> Array:
    """Return for each entry on what scale the numbers around it vary.

    That is the standard deviation of its slice of `axis`: without `axis`, of axis 1, where channels
    usually are, unless the numbers in another axis' slices lie much closer together. In a vector,
    and where nothing varies, it is the size of the entry itself.
    """
    best, lowest = np.abs(a), math.inf
    if a.ndim < 2:
        return best
    for keep in range(a.ndim) if axis is None else [axis % a.ndim]:
        others = tuple(i for i in range(a.ndim) if i != keep)
        top = np.max(np.abs(a), axis=others, keepdims=True)  # no square overflows or vanishes
        std = top * np.std(a / top, axis=others, keepdims=True)
        varies = np.isfinite(std) & (std > 0)
        # Another axis must do e^1.4, about 4 times, better before it is preferred to axis 1.
        score = np.log(std[varies]).mean() + 1.4 * (keep != 1) if varies.any() else math.inf
        if score < lowest:
            best, lowest = np.where(varies, std, np.abs(a)), score
    return best


def digits_lost(a: Array) -> float:
    """Return 1 + |x| / spread at most: so much larger rounding may become."""
    return 1 + float(np.fmax.reduce(np.abs(a) / scale(a, spread(a)), axis=None))


def only(v: Array, place: Any) -> Array:
    """Return v with zeros everywhere but at `place`, an index or a tuple of arrays of them."""
    one = np.zeros(v.shape)
    one[place] = v[place]
    return one


def norm(a: Array) -> float:
    """Return the root of the sum of squares, none of which overflows or vanishes."""
    top = float(np.max(np.abs(a), initial=0.0))
    return top * float(np.linalg.norm(a / top)) if 0 < top < math.inf else top
