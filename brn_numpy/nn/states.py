"""What `load_state_dict` of layers and of optimizers share: does a state fit?"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from .._checks import Array


def fitting(
    own: Mapping[str, Array], state: Mapping[str, Array]
) -> tuple[dict[str, Array], list[str]]:
    """Compare a state with one that fits, `own`.

    Returns
    -------
    values : dict
        The entries whose keys, shapes and kinds are right, in the dtypes of `own`.
    problems : list of str
        Missing and unexpected keys, wrong shapes and kinds, values that the dtype cannot hold.
    """
    problems = [f"missing key {key!r}" for key in own if key not in state]
    problems += [f"unexpected key {key!r}" for key in state if key not in own]
    values = {}
    for key in own:
        if key not in state:
            continue
        value, dtype = np.asarray(state[key]), own[key].dtype
        if value.shape != own[key].shape:
            problems.append(f"{key!r} must have shape {own[key].shape}, got {value.shape}")
        elif value.dtype.kind != dtype.kind:
            problems.append(f"{key!r} must be like {dtype}, got {value.dtype}")
        else:
            with np.errstate(over="ignore"):
                values[key] = value.astype(dtype)
            if (np.isinf(values[key]) & np.isfinite(value)).any():
                problems.append(f"{key!r} has values that {dtype} cannot hold")
    return values, problems


def refuse(problems: list[str], whose: object) -> None:
    """Raise ValueError with all problems of a state, if there are any."""
    if problems:
        raise ValueError(
            f"this state does not fit {type(whose).__name__}; nothing was loaded:\n  "
            + "\n  ".join(problems)
        )
