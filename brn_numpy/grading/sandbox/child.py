"""The process that runs a student's file: started by `process`, as a script and on its own.

It imports nothing of the package, so that there is nothing here to find: it never learns what a
function should return. Requests come in and replies go out as lines of JSON; each reply carries the
token of its request. What the student's code prints goes elsewhere.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
import types
import warnings
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import numpy as np

if __name__ != "grader":  # as a script it is started with the names of `wire`
    from .missing import run, stars
    from .wire import KINDS, pack, unpack

LARGEST = 1_000_000  # bytes of one array in a reply
CACHES = 256  # how many are kept

caches: OrderedDict[int, Any] = OrderedDict()
as_array, to_bytes = np.asarray, np.ndarray.tobytes  # as they were before the student
dumps, loads = json.dumps, json.loads


def packed(value: Any) -> dict[str, Any]:
    """Return what stands for a value in a reply: its bytes if it is numbers, else a description."""
    plain = isinstance(value, np.ndarray)
    try:
        a = as_array(value)
    except Exception:  # ragged lists, or an __array__ that fails
        return {"odd": f"a {type(value).__name__}"}
    if value is None or isinstance(value, (str, bytes, tuple, dict, set)):
        return {"odd": "None" if value is None else f"a {type(value).__name__}"}
    if a.dtype.kind not in KINDS:
        return {"odd": f"an array of {a.dtype}" if plain else f"a {type(value).__name__}"}
    if a.nbytes > LARGEST:
        return {"odd": f"an array of shape {a.shape}, too large to look at"}
    return {**pack(a), "array": plain}


def unpacked(item: dict[str, Any]) -> Any:
    """Return the argument that a request describes."""
    if "cache" in item:
        return caches[item["cache"]]
    if "dict" in item:
        return {name: unpacked(value) for name, value in item["dict"].items()}
    return item["number"] if "number" in item else unpack(item)


def call(function: Any, request: dict[str, Any]) -> dict[str, Any]:
    """Call a student's function; return its results, and its arguments if they were changed."""
    arguments = [unpacked(item) for item in request["arguments"]]
    before = [to_bytes(a) if isinstance(a, np.ndarray) else None for a in arguments]
    found = function(*arguments)
    wanted = request["results"]
    values = [found]
    if wanted > 1 and isinstance(found, (tuple, list)):
        values = list(found[:9])
    elif wanted > 1 and isinstance(found, np.ndarray) and found.shape[:1] == (wanted,):
        values = list(found)  # one array can be unpacked, too
    replies = [packed(v) for v in values]
    if wanted == 1 and isinstance(found, tuple):
        replies = [{"odd": f"a tuple of {len(found)} values"}]
    at = request["cache"]
    if at is not None and len(values) > at and any(v is not None for v in values):
        number = request["number"]
        caches[number] = values[at]
        while len(caches) > CACHES:
            caches.popitem(last=False)
        replies[at] = {"cache": number}
    after = {
        str(i): packed(a)
        for i, (a, old) in enumerate(zip(arguments, before, strict=True))
        if old is not None and to_bytes(a) != old
    }
    after |= {
        str(i): {"dict": {str(name): packed(value) for name, value in a.items()}}
        for i, a in enumerate(arguments)
        if isinstance(a, dict) and "dict" in request["arguments"][i]
    }
    return {"results": replies, "after": after}


def load(request: dict[str, Any]) -> tuple[types.ModuleType, dict[str, Any]]:
    """Run a student's file; return it as a module, and what failed in it."""
    module = types.ModuleType("submission")
    module.__file__ = request["file"]
    sys.modules["submission"] = module
    sys.path.append(request["folder"])
    missing, faults = run(request["source"], request["file"], module.__dict__)
    return module, {"missing": missing, "faults": [failure(e, request["file"]) for e in faults[:5]]}


def described(module: types.ModuleType, names: list[str], before: dict[str, Any]) -> dict[str, Any]:
    """Return which functions a file has, and which functions of NumPy it has replaced."""
    there = {name: getattr(module, name) for name in names if hasattr(module, name)}
    return {
        "functions": {n: "" if callable(v) else type(v).__name__ for n, v in there.items()},
        "patched": [n for n, v in before.items() if getattr(np, n, None) is not v][:5],
    }


def failure(error: BaseException, file: str) -> dict[str, Any]:
    """Return what is said of an exception: its type, its text, its line in the student's file."""
    every = traceback.extract_tb(error.__traceback__)
    frames = [f for f in every if f.filename == file]
    stub = isinstance(error, NotImplementedError) and bool(frames) and every[-1] is frames[-1]
    lines, where = [f.lineno for f in frames], frames[-1].name if frames else ""
    if isinstance(error, SyntaxError) and error.filename == file:
        lines = [error.lineno]
    try:
        kind, text = type.__getattribute__(type(error), "__name__"), str(error)[:1000]
    except BaseException:  # a __str__ of the student's
        kind, text = "Exception", ""
    if isinstance(error, NameError) and stars:
        text += f": it may be from {' or from '.join(stars)}"
    line = lines[-1] if lines else None
    return {"error": kind[:60], "text": text, "line": line, "where": where, "stub": stub}


def main(guard: Callable[..., None], limit: Callable[..., None]) -> None:
    """Answer requests until there are no more."""
    requests, replies = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    warnings.simplefilter("ignore")
    replies.write(b"ready\n")
    replies.flush()
    module, file, before = None, "", dict(vars(np))
    for line in requests:
        request = loads(line)
        try:
            if module is None:
                file = request["file"]
                limit(request["memory"], request["seconds"])
                guard(request["forbidden"], request["closed"])
                module, failed = load(request)
                reply = described(module, request["functions"], before) | failed
            else:
                reply = call(getattr(module, request["function"]), request)
        except BaseException as error:  # sys.exit too
            reply = failure(error, file)
        replies.write(dumps({"token": request["token"], **reply}).encode() + b"\n")
        replies.flush()
        if module is None:
            return
