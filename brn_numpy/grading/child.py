"""The process that runs a student's file: started by `sandbox`, as a script and on its own.

It imports nothing of the package, so that there is nothing here to find: it never learns what a
function should return. Requests come in and replies go out as lines of JSON, arrays as their bytes
in base64; each reply carries the token of its request. What the student's code prints goes
elsewhere.
"""

from __future__ import annotations

import base64
import importlib.util
import json
import os
import sys
import traceback
import types
import warnings
from collections import OrderedDict
from typing import Any

import numpy as np

KINDS = "biufc"  # of dtypes: bool, integers, floats, complex
LARGEST = 1_000_000  # bytes of one array in a reply
CACHES = 256  # how many are kept
NOT_ALLOWED = {  # what Python tells its audit hooks, and the words for it
    "os.fork": "starting processes",
    "os.forkpty": "starting processes",
    "os.posix_spawn": "starting processes",
    "os.spawn": "starting processes",
    "os.startfile": "starting processes",
    "os.exec": "starting processes",
    "os.system": "starting processes",
    "subprocess.Popen": "starting processes",
    "os.kill": "signals to other processes",
    "os.killpg": "signals to other processes",
    "socket.__new__": "the network",
    "ctypes.dlopen": "ctypes",
    "os.remove": "removing files",
    "os.rename": "renaming files",
    "os.rmdir": "removing folders",
    "shutil.rmtree": "removing folders",
}
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND

caches: OrderedDict[int, Any] = OrderedDict()
as_array, to_bytes, decode = np.asarray, np.ndarray.tobytes, base64.b64decode
encode, dumps, loads = base64.b64encode, json.dumps, json.loads  # as they were before the student


def limit(memory: int, seconds: int) -> None:
    """Limit memory, processor time and the size of files, where the system can."""
    try:
        import resource
    except ImportError:  # Windows
        return
    for name, value in (
        ("RLIMIT_AS", memory),
        ("RLIMIT_CPU", seconds),
        ("RLIMIT_CORE", 0),
        ("RLIMIT_FSIZE", 10_000_000),
    ):
        try:
            resource.setrlimit(getattr(resource, name), (value, value))
        except (AttributeError, ValueError, OSError):  # not on this system, or lower already
            pass


def guard(forbidden: list[str]) -> None:
    """Refuse forbidden imports, processes, the network, and writing outside this folder.

    An audit hook cannot be taken out again by the code that it watches.
    """
    folders = [os.sep + "proc" + os.sep]
    for name in forbidden:
        spec = importlib.util.find_spec(name)
        folders += [
            os.path.realpath(f) + os.sep for f in (spec and spec.submodule_search_locations) or ()
        ]
    here, real, join = os.path.realpath(os.getcwd()) + os.sep, os.path.realpath, os.path.abspath

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "import":
            root = str(arguments[0]).partition(".")[0]
            if root in forbidden:
                raise ImportError(f"importing {root} is not allowed in an exercise")
        elif event == "open" and isinstance(arguments[0], (str, bytes)):
            path = os.fsdecode(arguments[0])
            if path == os.devnull:
                return
            if any(place.startswith(f) for f in folders for place in (join(path), real(path))):
                raise PermissionError(f"reading {path} is not allowed in an exercise")
            if arguments[2] & WRITING and not real(path).startswith(here):
                raise PermissionError(f"writing {path} is not allowed in an exercise")
        elif event in NOT_ALLOWED:
            raise PermissionError(f"{NOT_ALLOWED[event]}: not allowed in an exercise ({event})")

    sys.addaudithook(hook)


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
    content = encode(to_bytes(a)).decode()
    return {"dtype": a.dtype.str, "shape": list(a.shape), "bytes": content, "array": plain}


def unpacked(item: dict[str, Any]) -> Any:
    """Return the argument that a request describes."""
    if "cache" in item:
        return caches[item["cache"]]
    if "number" in item:
        return item["number"]
    data = bytearray(decode(item["bytes"]))  # so that the student may write into it
    return np.frombuffer(data, dtype=item["dtype"]).reshape(item["shape"])


def call(function: Any, request: dict[str, Any]) -> dict[str, Any]:
    """Call a student's function; return its results, and its arguments if they were changed."""
    arguments = [unpacked(item) for item in request["arguments"]]
    before = [to_bytes(a) if isinstance(a, np.ndarray) else None for a in arguments]
    found = function(*arguments)
    several = isinstance(found, (tuple, list)) and request["results"] > 1
    values = list(found[:9]) if several else [found]
    replies = [packed(v) for v in values]
    if isinstance(found, tuple) and not several:
        replies = [{"odd": f"a tuple of {len(found)} values"}]
    at = request["cache"]
    if at is not None and len(values) > at:
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
    return {"results": replies, "after": after}


def load(request: dict[str, Any]) -> types.ModuleType:
    """Run a student's file; return it as a module."""
    module = types.ModuleType("submission")
    module.__file__ = request["file"]
    sys.modules["submission"] = module
    sys.path.append(request["folder"])
    exec(compile(request["source"], request["file"], "exec"), module.__dict__)
    return module


def failure(error: BaseException, file: str) -> dict[str, Any]:
    """Return what is said of an exception: its type, its text, its line in the student's file."""
    lines = [f.lineno for f in traceback.extract_tb(error.__traceback__) if f.filename == file]
    if isinstance(error, SyntaxError) and error.filename == file:
        lines = [error.lineno]
    try:
        text = " ".join(str(error).split())[:200]
    except Exception:  # a __str__ of the student's
        text = ""
    return {"error": type(error).__name__[:60], "text": text, "line": lines[-1] if lines else None}


def main() -> None:
    """Answer requests until there are no more."""
    requests, replies = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    warnings.simplefilter("ignore")
    module, file, before = None, "", dict(vars(np))
    for line in requests:
        request = loads(line)
        try:
            if module is None:
                file = request["file"]
                guard(request["forbidden"])
                limit(request["memory"], request["seconds"])
                module = load(request)
                names = [n for n in request["functions"] if callable(getattr(module, n, None))]
                patched = [n for n, v in before.items() if getattr(np, n, None) is not v]
                reply = {"functions": names, "patched": patched[:5]}
            else:
                reply = call(getattr(module, request["function"]), request)
        except BaseException as error:  # sys.exit too
            reply = failure(error, file)
        replies.write(dumps({"token": request["token"], **reply}).encode() + b"\n")
        replies.flush()
        if module is None:
            return


if __name__ == "__main__":
    main()
