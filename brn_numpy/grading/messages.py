"""What is sent to the process of a student's file, and what comes back: numbers and lines of text.

Nothing that comes back is trusted to be more: arrays are made of bytes, of a dtype of numbers, and
texts are cut and freed of what could disturb a terminal.
"""

from __future__ import annotations

import base64
from typing import Any, NamedTuple

import numpy as np

from .contract import CONTRACT
from .results import Failure, Listed, Odd

TEXT = 200  # letters


class Cached(NamedTuple):
    """The cache of a student's forward pass, which stays in the child: its number."""

    number: int


def packed(value: Any) -> dict[str, Any]:
    """Return what stands for an argument."""
    if isinstance(value, Cached):
        return {"cache": value.number}
    if isinstance(value, np.ndarray):
        content = base64.b64encode(value.tobytes()).decode()
        return {"dtype": value.dtype.str, "shape": value.shape, "bytes": content}
    return {"number": value}


def unpacked(item: dict[str, Any]) -> Any:
    """Return a result of the child's; raise if it is none."""
    if "cache" in item:
        return Cached(int(item["cache"]))
    if "odd" in item:
        return Odd(clean(item["odd"], 100))
    dtype = np.dtype(str(item["dtype"]))
    if dtype.kind not in "biufc":
        raise ValueError("not a dtype of numbers")
    data = np.frombuffer(base64.b64decode(item["bytes"]), dtype=dtype)
    array = data.reshape([int(n) for n in item["shape"]]).copy()
    return array if item["array"] else array.view(Listed)


def clean(text: object, longest: int = TEXT) -> str:
    """Return a text on one line, cut, and without letters that cannot be printed."""
    line = " ".join(str(text)[: 10 * longest].split())
    return "".join(c if c.isprintable() else "?" for c in line)[:longest]


def failure(reply: dict[str, Any], function: str) -> Failure:
    """Return the line for an exception of the student's, in one function or in what that calls."""
    kind, text, line = clean(reply["error"], 60), clean(reply.get("text", "")), reply.get("line")
    place = f", in line {line}" if type(line) is int else ""
    if kind == "SystemExit":
        return Failure(f"it calls sys.exit{place}")
    if kind == "MemoryError":
        return Failure(f"it needs more memory than it may have{place}")
    where, stub = clean(reply.get("where", "")), reply.get("stub") is True
    if stub and where in CONTRACT and where != function:
        return Failure(f"it calls {where}, which is not started", needs=where)
    return Failure(
        f"{kind}: {text.rstrip('.')}{place}" if text else f"{kind}{place}",
        not_started=stub,
    )
