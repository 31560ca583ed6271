"""A reader's own functions, from a Python file or from the code cells of a notebook."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from .._notebook import code_cells
from .common import UserError


def load(text: str) -> list[Callable[..., Any]]:
    """Return the functions that FILE:FORWARD,BACKWARD,... names, two at least."""
    name, _, functions = text.rpartition(":")
    names = functions.split(",")
    if not name or len(names) < 2 or not all(names):
        raise UserError(f"expected FILE.py:FORWARD,BACKWARD, got {text!r}")
    path = Path(name)
    if not path.is_file():
        raise UserError(f"there is no file {path}")
    if path.suffix not in (".py", ".ipynb"):
        raise UserError(f"{path} is no Python file; its name must end in .py or .ipynb")
    module = ModuleType(path.stem)
    module.__file__ = str(path)
    sys.modules[path.stem] = module  # dataclasses look their module up there
    sys.path.insert(0, str(path.parent))  # as when the file itself is run
    try:
        for where, source in _sources(path).items():
            exec(compile(source, where, "exec"), vars(module))
    except UserError:
        raise
    except SyntaxError as error:
        where = Path(str(error.filename)).name
        raise UserError(f"SyntaxError: {error.msg} ({where}, line {error.lineno})") from None
    except (Exception, SystemExit) as error:
        text = f"{type(error).__name__}: {error}{place(error, path)}"
        raise UserError(f"{text}, while it was loaded") from None
    for wanted in names:
        if not callable(getattr(module, wanted, None)):
            own = [k for k, v in vars(module).items() if _is_own(v, module)]
            raise UserError(f"{path} has no function {wanted!r}; it has {', '.join(own) or 'none'}")
    return [getattr(module, wanted) for wanted in names]


def _is_own(value: Any, module: ModuleType) -> bool:
    """Return whether a function or class was defined in this module, and not imported."""
    return callable(value) and getattr(value, "__module__", None) == module.__name__


def _sources(path: Path) -> Mapping[str, str | bytes]:
    """Return the text of a Python file, or the code cells of a notebook, by names for errors."""
    if path.suffix == ".py":
        return {str(path): path.read_bytes()}
    try:
        cells = code_cells(path.read_text(encoding="utf-8"))
    except ValueError:
        raise UserError(f"{path} is no notebook (of format 4), or is damaged") from None
    return {f"{path}, code cell {number}": source for number, source in enumerate(cells, 1)}


def place(error: BaseException, path: Path) -> str:
    """Say in which line of the reader's file an exception arose, if it did there."""
    whole = str(path)
    found = ""
    for frame in traceback.extract_tb(error.__traceback__):
        if frame.filename.startswith(f"{whole}, code cell"):
            found = f" ({frame.filename.replace(whole, path.name)}, line {frame.lineno})"
        elif Path(frame.filename).resolve() == path.resolve():
            found = f" ({path.name}, line {frame.lineno})"
    return found
