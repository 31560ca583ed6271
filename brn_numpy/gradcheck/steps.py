"""How long a step must be: as long as fits the numbers around an entry."""

from __future__ import annotations

import math
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]

# The steps of each method, in units of the scale on which x varies; 2**-17 is near cbrt(eps), which
# balances the two errors of a central difference. Complex steps are compared with such. Powers of
# two: x + h is then mostly exact.
STEPS: dict[str, tuple[float, ...]] = {
    "central": (2.0**-17, 2.0**-18),
    "richardson": (2.0**-8, 2.0**-9, 2.0**-10),
    "complex": (2.0**-17, 2.0**-18),
}


def first_steps(x: Array, method: str, step: Any = None, axis: int | None = None) -> Array:
    """Return h (shape of x), the first step for every entry."""
    if step is not None and not isinstance(step, str):
        try:
            h = np.broadcast_to(np.asarray(step, np.float64), x.shape)
        except (TypeError, ValueError):
            expected = f"a number or an array for x of shape {x.shape}"
            raise ValueError(f"step must be {expected}, got {step!r}") from None
        h = np.where(np.isfinite(x), (x + h) - x, h)  # the step that x + h really makes
        if not (np.isfinite(h) & (h > 0)).all():
            raise ValueError(f"step must be > 0, finite and not lost beside x, got {step!r}")
        return h
    if step not in (None, "column", "entry") or (axis is not None and step != "column"):
        raise ValueError(f'step must be None, numbers, "entry", or "column" (with axis), {step!r}')
    axis = 1 if step == "column" and axis is None else axis
    if axis is not None and not -x.ndim <= axis < x.ndim:
        raise ValueError(f"axis must be an axis of x, which has shape {x.shape}, got {axis!r}")
    scale = np.abs(x) if step == "entry" else spread(x, axis)
    scale = np.where((scale > 0) & (scale < np.inf), scale, 1.0)
    # Not so small that x + h is x, or that sqrt(var + eps) has a bend within h; and finite.
    scale = np.fmax(np.maximum(scale, 1e-4), np.minimum(1e-9 * np.abs(x), 1e290))
    return np.asarray(STEPS[method][0] * 2.0 ** np.round(np.log2(scale)))


def spread(a: Array, axis: int | None = None) -> Array:
    """Return for each entry on what scale the numbers around it vary.

    With two axes or more: the standard deviation of its slice of `axis`; without `axis`, of axis 1,
    where channels usually are, unless the numbers in another axis' slices lie much closer together.
    Otherwise, and where nothing varies, the size of the entry itself.
    """
    best, lowest = np.abs(a), math.inf
    for keep in () if a.ndim < 2 else range(a.ndim) if axis is None else [range(a.ndim)[axis]]:
        others = tuple(i for i in range(a.ndim) if i != keep)
        # by its largest entry, so that no square overflows or vanishes
        top = np.frexp(np.max(np.abs(a), axis=others, keepdims=True))[1]
        std = np.ldexp(np.std(np.ldexp(a, -top), axis=others, keepdims=True), top)
        varies = np.isfinite(std) & (std > 0)
        # Another axis must do e^1.4, about 4 times, better before it is preferred to axis 1.
        score = np.log(std[varies]).mean() + 1.4 * (keep != 1) if varies.any() else math.inf
        if score < lowest:
            best, lowest = np.where(varies, std, np.abs(a)), score
    return best


def only(v: Array, place: Any) -> Array:
    """Return v with zeros everywhere but at `place`, an index or a tuple of arrays of them."""
    one = np.zeros(v.shape)
    one[place] = v[place]
    return one


def digits_lost(arrays: list[Array]) -> float:
    """Return 1 + |x| / spread, the largest of all arguments: so much larger rounding may become."""
    ratios = [np.abs(a) / first_steps(a, "central") * STEPS["central"][0] for a in arrays]
    return 1 + max(float(np.fmax.reduce(ratio, axis=None)) for ratio in ratios)
