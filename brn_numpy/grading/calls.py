"""Grading from Python: the text of a file, or functions that are there, as in a notebook."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from .adapter import Task, written_in
from .grade import TIMEOUT, grade, judge_task
from .verdict import Graded, Verdict


def grade_source(text: str, seed: int | None = None, timeout: float = TIMEOUT) -> Graded:
    """Grade the text of a Python file, in a process of its own.

    Parameters
    ----------
    text : str
    seed : int, optional
        Of the numbers that functions are tried on; without one they are others in each call.
    timeout : float
        Seconds for each function; the whole file has twice as much.

    Returns
    -------
    Graded
        `score`, `verdicts`, `passed`; `student_text` makes the report of it.

    Raises
    ------
    TypeError
        If `text` is no str.
    """
    if not isinstance(text, str):
        raise TypeError(f"text must be a str, got {type(text).__name__}")
    with tempfile.TemporaryDirectory(prefix="brn_numpy_source_") as folder:
        path = Path(folder, "source.py")
        path.write_text(text, encoding="utf-8")
        return replace(grade(path, _seed(seed), timeout), path=path.name)


def grade_functions(names: Mapping[str, Any], seed: int | None = None) -> Graded:
    """Grade functions that are there already, in this process: your own, in a notebook.

    Parameters
    ----------
    names : mapping
        From names to functions: `globals()`. Other names are ignored.
    seed : int, optional
        As in `grade_source`.

    Returns
    -------
    Graded
        As of `grade_source`.

    Raises
    ------
    TypeError
        If `names` is no mapping.
    """
    if not isinstance(names, Mapping):
        raise TypeError(f"names must be a mapping as globals() is, got {type(names).__name__}")
    seed = _seed(seed)
    about, written = written_in(names)
    found: dict[Task, Verdict] = {}
    for task in about.tasks:
        found[task] = judge_task(task, written, seed, found)
    return Graded("your functions", tuple(found.values()), seed=seed)


def _seed(seed: int | None) -> int:
    return secrets.randbelow(10**6) if seed is None else seed
