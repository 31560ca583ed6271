"""--inputs: the arguments of a reader's forward pass, as text."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Callable
from typing import Any

import numpy as np

from .. import selfcheck
from .common import UserError

# Names of whole numbers; another name with one number is a vector of that length.
COUNTS = re.compile(
    r"(num_|n_).*|.*(groups?|stride|pad|padding|axis|size|steps?|seed|ndim|ddof)|[A-Z]"
)


def read_inputs(text: str, forward: Callable[..., Any], seed: int) -> dict[str, Any]:
    """Read NAME=SHAPE and NAME=VALUE, with blanks between them."""
    rng = np.random.default_rng([seed, 1])  # another stream than that of dy
    whole = _whole_numbers(forward)
    inputs: dict[str, Any] = {}
    for part in re.split(r"\s+(?=[A-Za-z_]\w*=)", text.strip()):
        name, _, value = part.partition("=")
        if name in inputs:
            raise UserError(f"--inputs names {name} twice")
        inputs[name] = _read(name, value, part, name in whole, rng)
    return inputs


def _whole_numbers(forward: Callable[..., Any]) -> set[str]:
    """Return the arguments of forward that are whole numbers by their default or annotation."""
    try:
        parameters = inspect.signature(forward).parameters.values()
    except (TypeError, ValueError):
        return set()
    return {p.name for p in parameters if type(p.default) is int or p.annotation in (int, "int")}


def _read(name: str, value: str, part: str, is_whole: bool, rng: np.random.Generator) -> Any:
    """Return the value of one argument: an array for a shape, anything else as it stands."""
    try:
        parsed = ast.literal_eval(value)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        name = ""
    shape = parsed if name and isinstance(parsed, tuple) else (parsed,) if name else ()
    numbers = all(type(n) is int for n in shape)
    if not name.isidentifier() or (len(shape) != 1 and numbers and min(shape, default=0) < 1):
        raise UserError(
            "--inputs: expected NAME=SHAPE such as x=7,6 or NAME=VALUE such as eps=0.1, "
            f"mode='train' or p={{'stride':1}}, got {part!r}"
        )
    single = type(parsed) is int and (is_whole or parsed < 1 or COUNTS.fullmatch(name) is not None)
    if single or not numbers:
        return parsed
    positive = any(word in name for word in ("std", "sigma", "var"))
    kind = "std" if positive else "scale" if len(shape) == 1 else ""
    return selfcheck.odd_values(rng, shape, kind)


def described(inputs: dict[str, Any]) -> str:
    """Return what the inputs are, so that a reader sees how they were understood."""
    return ", ".join(
        f"{name} {value.shape}" if isinstance(value, np.ndarray) else f"{name} = {value!r}"
        for name, value in inputs.items()
    )
