"""What is written to a student's process, and what is read from it: values, and what it raised.

Nothing that comes back is trusted: texts are cut, and freed of what could disturb a terminal.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container
from typing import Any, NamedTuple

import numpy as np

from ..tidy import Failure, Listed, Odd, clean
from .wire import pack, unpack


class Cached(NamedTuple):
    """The cache of a student's forward pass, which stays in the child: its number."""

    number: int


def packed(value: Any) -> dict[str, Any]:
    """Return what stands for an argument."""
    if isinstance(value, Cached):
        return {"cache": value.number}
    if isinstance(value, dict):
        return {"dict": {name: packed(v) for name, v in value.items()}}
    return pack(value) if isinstance(value, np.ndarray) else {"number": value}


def unpacked(item: dict[str, Any]) -> Any:
    """Return a result of the child's; raise if it is none."""
    if "cache" in item:
        return Cached(int(item["cache"]))
    if "odd" in item:
        return Odd(clean(item["odd"], 100))
    array = unpack(item)
    return array if item["array"] else array.view(Listed)


def failure(
    reply: dict[str, Any],
    function: str,
    functions: Container[str],
    place_of: Callable[[int], str] = "line {}".format,
) -> Failure:
    """Return the line for an exception of the student's."""
    kind, line = clean(reply["error"], 60), reply.get("line")
    text = clean(reply.get("text", ""))
    place = f", in {place_of(line)}" if type(line) is int else ""
    text = re.sub(r"\(line (\d+)\)", lambda m: f"({place_of(int(m[1]))})", text)
    if kind == "SystemExit":
        return Failure(f"it calls sys.exit{place}")
    if kind == "MemoryError":
        return Failure(f"it needs more memory than it may have{place}")
    where, stub = clean(reply.get("where", "")), reply.get("stub") is True
    if stub and where in functions and where != function:
        return Failure(f"it calls {where}, which is not started", needs=where)
    said = f"{kind}: {text.rstrip('.')}" if text else kind
    return Failure(said + place, not_started=stub)
