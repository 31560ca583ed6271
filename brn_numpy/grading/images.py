"""Functions that are right for rows (N, C), and raise for images."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from .contract import Solution
from .mistakes import place_of
from .observe import ROWS, look, right, same, situations
from .probe import make_probe
from .verdict import Finding, Verdict

LAST = (
    "It is right for x of (N, C), and for images with the channels last, (N, H, W, C), where "
    "NumPy puts a (C,); here they are (N, C, H, W): channels are axis 1."
)


def for_rows_only(solution: Solution, verdict: Verdict, seed: int) -> Verdict:
    """Return the verdict on a function that raises; it says so if it is right for rows."""
    function, finding = verdict.function, verdict.findings[0]
    if not right_for_rows(solution, function, seed):
        why, read = _about_shapes(finding.what, make_probe(seed).x.shape)
        return replace(
            verdict, findings=(replace(finding, why=why, read=read), *verdict.findings[1:])
        )
    text = f"It is right for x of (N, C), but not for images: {finding.what}"
    if _is_right(_channels_last(solution), function, seed):
        text = LAST
    finding = Finding(text, read=place_of("batch_norm_forward", "mean of y, images"))
    findings = (finding, *verdict.findings[1:])
    return replace(verdict, findings=findings, right_for_rows=True)


def _about_shapes(text: str, rows: tuple[int, ...]) -> tuple[str, tuple[str, str]]:
    """Return what an exception on rows says of their axes, and where to read; empty if nothing."""
    if "to unpack (expected 4, got 2)" in text:
        why = "If that is a shape: here x was (N, C); images are (N, C, H, W)."
        return why, place_of("batch_norm_forward", "mean of y, images")
    if f"({rows[0]},)" in text.partition("shapes")[2]:
        why = (
            f"x had {rows[0]} samples, so ({rows[0]},) is a number for each of them; what belongs "
            f"to a channel is ({rows[1]},). Over which axis was it taken?"
        )
        return why, place_of("batch_norm_forward", "mean of y")
    return "", ("", "")


def right_for_rows(solution: Solution, function: str, seed: int) -> bool:
    """Return whether a function is right for x of (N, C)."""
    return ROWS in situations(function) and _is_right(solution, function, seed, ROWS)


def _is_right(solution: Solution, function: str, seed: int, *only: str) -> bool:
    try:
        seen = look(solution, function, seed, only)
    except Exception:  # of the student's function
        return False
    expected = right(function, seed).values
    return not seen.flaws and all(
        same(values, {key: expected[name][key] for key in values})
        for name, values in seen.values.items()
    )


def _channels_last(solution: Solution) -> dict[str, Callable[..., Any]]:
    """Return the functions as they are for images with the channels last."""

    def other(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*given: Any) -> Any:
            found = function(*(_moved(a, 1, -1) for a in given))
            several = isinstance(found, tuple)
            back = tuple(_moved(a, -1, 1) for a in (found if several else (found,)))
            return back if several else back[0]

        return call

    return {name: other(function) for name, function in solution.items()}


def _moved(a: Any, source: int, target: int) -> Any:
    images = isinstance(a, np.ndarray) and a.ndim == 4
    return np.moveaxis(a, source, target) if images else a
