"""A hand-in, read and not run: a Python file, a notebook, or what Jupyter and Colab export."""

from __future__ import annotations

import ast
import re
import tokenize
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from .._notebook import code_cells, python_of
from .tidy import Failure, clean

LONGEST = 200_000  # bytes of Python
LARGEST = 50_000_000  # bytes of a notebook, whose figures count
DEFINED = re.compile(r"^def\s+(\w+)", re.M)


class LeftOut(NamedTuple):
    """A cell that Python cannot read: its number, why, and the functions that stand in it."""

    number: int
    why: str
    functions: tuple[str, ...]


@dataclass(frozen=True)
class Submission:
    """The Python of a hand-in, and how it is spoken of.

    Attributes
    ----------
    cells : tuple of int
        The lines in which the cells of a notebook begin; none of a file.
    left_out : tuple of LeftOut
        The cells that Python cannot read.
    """

    source: str
    tree: ast.Module
    cells: tuple[int, ...] = ()
    left_out: tuple[LeftOut, ...] = ()

    def place(self, line: int) -> str:
        """Return what a reader of the hand-in calls a line of its Python."""
        if not self.cells:
            return f"line {line}"
        number = sum(start <= line for start in self.cells)
        return f"line {line - self.cells[number - 1] + 1} of code cell {number}"


def read(path: Path) -> Submission:
    """Return a hand-in; raise `Failure` if it cannot be read as Python."""
    if path.stat().st_size > LARGEST:
        raise Failure(f"the file is longer than {LARGEST // 1_000_000} MB")
    try:
        with tokenize.open(path) as file:
            text = file.read()
        notebook = text.lstrip().startswith("{") and '"nbformat"' in text
        return _of_notebook(text) if notebook or path.suffix == ".ipynb" else of_text(text)
    except SyntaxError as error:
        place = f", in line {error.lineno}" if error.lineno else ""
        raise Failure(f"SyntaxError: {clean(error.msg)}{place}") from None
    except (ValueError, LookupError) as error:  # bytes, or an encoding, that are none of a text
        raise Failure(f"the file is no Python: {clean(error)}") from None
    except (RecursionError, MemoryError):
        raise Failure("the file is no Python that can be read: it is nested too deeply") from None


def of_text(text: str) -> Submission:
    """Return the hand-in with this text of a Python file; raise what `ast.parse` raises."""
    source = python_of(text)
    return Submission(source, _parsed(source))


def _of_notebook(text: str) -> Submission:
    """Return the code cells one below the other; one that is no Python is left out."""
    lines: list[str] = []
    cells, left_out = [], []
    for number, source in enumerate(code_cells(text), 1):
        cells.append(len(lines) + 1)
        why = _fault(source)
        if why:
            left_out.append(LeftOut(number, why, tuple(DEFINED.findall(source))))
            source = ""
        lines += [*source.splitlines(), ""]
    source = "\n".join(lines)
    return Submission(source, _parsed(source), tuple(cells), tuple(left_out))


def _fault(source: str) -> str:
    """Return why Python cannot read a cell, and where; empty if it can."""
    try:
        _parsed(source)
    except SyntaxError as error:
        return f"{clean(error.msg)}, in line {error.lineno}"
    except (ValueError, RecursionError, MemoryError):
        return "a null byte, or nested too deeply"
    return ""


def _parsed(source: str) -> ast.Module:
    if len(source) > LONGEST:
        raise Failure(f"it has more than {LONGEST // 1000} kB of Python")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(source)
