"""What `load_state_dict` of layers and of optimizers share: does a state fit?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .._checks import Array
from .parameter import cast


def fitting(own: Mapping[str, Array], state: object) -> tuple[dict[str, Array], list[str]]:
    """Return the entries of a state that fit those of `own`, in its dtypes; and what does not."""
    state = mapping(state)
    problems = [f"missing key {key!r}" for key in own if key not in state]
    problems += [f"unexpected key {key!r}" for key in state if key not in own]
    values = {}
    for key in own:
        if key not in state:
            continue
        try:
            value, dtype = as_array(repr(key), state[key]), own[key].dtype
        except TypeError as error:
            problems.append(str(error))
            continue
        half = value.dtype == np.float16  # the layers take none either
        if value.shape != own[key].shape:
            problems.append(f"{key!r} must have shape {own[key].shape}, got {value.shape}")
        elif value.dtype.kind != dtype.kind or half:
            problems.append(f"{key!r} must be like {dtype}, got {value.dtype}")
        elif not np.isfinite(value).all():
            problems.append(f"{key!r} must be finite, got {value[~np.isfinite(value)][0]}")
        else:
            values[key] = cast(value, dtype).copy()
            if not np.isfinite(values[key]).all():
                problems.append(f"{key!r} has values that {dtype} cannot hold")
    return values, problems


def refuse(problems: list[str], whose: object) -> None:
    """Raise ValueError with all problems of a state, if there are any."""
    if problems:
        raise ValueError(
            f"this state does not fit {type(whose).__name__}; nothing was loaded:\n  "
            + "\n  ".join(problems)
        )


def mapping(state: object) -> Mapping[str, Any]:
    """Return a state, if it is one."""
    if not isinstance(state, Mapping):
        what = type(state).__name__
        what += "; pass its state_dict()" if hasattr(state, "state_dict") else f" {state!r:.60}"
        raise TypeError(f"state must be a mapping of names to arrays, got {what}")
    return state


def as_array(name: str, value: object) -> Array:
    """Return an entry of a state as an array; TypeError with its name for what is none.

    A ragged list is none, and no tensor that is on a graphics card or of bfloat16; a masked array
    would lose its mask.
    """
    if isinstance(value, np.ma.MaskedArray):
        raise TypeError(f"{name} must be a plain array, got a masked one; fill it: .filled(...)")
    try:
        return np.asarray(value)
    except Exception as error:  # each library raises what it likes
        what, hint = type(value).__name__, ""
        if hasattr(value, "dtype"):
            what, hint = f"{what} of {value.dtype}", "; convert it first: t.detach().cpu().float()"
        raise TypeError(f"{name} must be an array, got a {what}: {error}{hint}") from error
