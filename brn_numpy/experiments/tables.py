"""Tables of an experiment as text, for a terminal and for a page, and how they are shown."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import zip_longest
from textwrap import wrap

import numpy as np

from .._checks import Array
from .experiment import Best, Gap, Table, Training, accuracy, chosen, specs_of, values
from .spec import AnySpec, Results
from .verdicts import mean_and_error


@dataclass(frozen=True)
class View:
    """How an experiment was run and is shown."""

    seeds: int = 5
    trained: Callable[[AnySpec], AnySpec] = lambda spec: spec  # or a shorter one, for a quick look
    chance: float = 0.0  # an accuracy that guessing reaches, a share of 1
    width: int = 80  # of the terminal

    def title(self, table: Table) -> str:
        """Return the title of a table, with the steps that were run."""
        first, *_ = table.cells().values()
        return self.with_steps(table.title, specs_of(first)[0])

    def with_steps(self, text: str, spec: AnySpec) -> str:
        """Return a text with the steps of a training that were run in the place of {steps}."""
        return text.replace("{steps}", str(self.trained(spec).steps))


def paragraph(text: str, width: int, indent: str = "") -> str:
    """Return a text in lines of `width`; those after the first are indented. Words stay whole."""
    lines = wrap(
        text, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )
    return "\n".join(lines)


def _widths(table: Table, view: View) -> tuple[int, list[int]]:
    """Return the widths of the labels, which may be wrapped, and of the columns."""
    number = 10 + 2 * max(table.value.digits, 1)  # "-10.0 +- 1.0"
    columns = [max(len(column), number) for column in table.columns()]
    room = view.width - sum(columns) - 2 * len(columns)
    return min(max(map(len, table.rows)), room), columns


def _line(first: str, cells: Iterable[str], widths: tuple[int, list[int]]) -> str:
    padded = (f"  {cell:>{width}}" for cell, width in zip(cells, widths[1], strict=True))
    return f"{first:<{widths[0]}}{''.join(padded)}".rstrip()


def head_of(table: Table, view: View, _: Results) -> str:
    """Return the title and the names of the columns."""
    widths = _widths(table, view)
    title = paragraph(view.title(table), view.width)
    names = _line("", table.columns(), widths)
    return f"\n{title}\n{names}\n{'-' * len(names)}"


def row_of(table: Table, label: str, view: View, results: Results) -> str:
    """Return a row of a table; labels are wrapped, and notes stand below their numbers."""
    widths = _widths(table, view)
    cells = _cells(table, label, results, view, "+-")
    labels = wrap(label, widths[0], subsequent_indent="  ")
    lines = [
        _line(parts[0], parts[1:], widths) for parts in zip_longest(labels, *cells, fillvalue="")
    ]
    if label in table.paper:
        lines.append(f"  the paper: {table.paper[label]}")
    return "\n".join(lines)


def _cells(table: Table, label: str, results: Results, view: View, sign: str) -> list[list[str]]:
    """Return a row: for each column "mean sign error" and what is to be noted, or nothing."""
    row = table.rows[label]
    return [
        _cell(table, row[column], results, view, sign) if column in row else []
        for column in table.columns()
    ]


def _cell(table: Table, training: Training, results: Results, view: View, sign: str) -> list[str]:
    found = _finite(table, training, results, view)
    kinds = specs_of(chosen(training, results, view.seeds))  # of a gap, two
    lost = [any(results[k.but(seed=s)].get("diverged") for k in kinds) for s in range(view.seeds)]
    notes = [f"({sum(lost)} diverged)"] if any(lost) else []
    if len(found) == 0:
        return notes or ["-"]
    mean, error = mean_and_error(found)
    if isinstance(training, Best):
        notes.insert(0, f"({training.label(results, view.seeds)})")
    if table.value is accuracy and not isinstance(training, Gap) and mean <= 100 * view.chance:
        notes.append("(at chance)")
    text = f"{mean:.{table.value.digits}f}"
    if not math.isnan(error):
        text += f" {sign} {error:.{table.value.digits}f}"
    return [text, *notes]


def _finite(table: Table, training: Training, results: Results, view: View) -> Array:
    """Return the values of a cell that are finite, at most one a seed."""
    found = values(results, training, view.seeds, table.value)
    return found[np.isfinite(found)]


def markdown_of(table: Table, results: Results, view: View) -> str:
    """Return a table for a Markdown page."""
    columns = [*table.columns(), *(["the paper"] if table.paper else [])]
    lines = ["| | " + " | ".join(columns) + " |", "| --- |" + " --- |" * len(columns)]
    for label in table.rows:
        cells = [" ".join(cell) for cell in _cells(table, label, results, view, "±")]
        paper = [table.paper.get(label, "")] if table.paper else []
        lines.append(f"| {label} | " + " | ".join(cells + paper) + " |")
    return "\n".join(lines)


def bars_of(table: Table, view: View, results: Results) -> str:
    """Return a table as bars, the longest 40 signs; a value that is not > 0 has none.

    Of returns, which are all negative, there are no bars at all.
    """
    bars = {}
    for name, training in table.cells().items():
        found = _finite(table, training, results, view)
        bars[name] = float(found.mean()) if len(found) else 0.0
    first, most = max(map(len, bars)), max(bars.values())
    if most < 0:
        return ""
    longest = min(40, view.width - first - 2)
    signs = [round(longest * max(value, 0) / most) if most > 0 else 0 for value in bars.values()]
    lines = (f"{name:<{first}}  {'#' * n}" for name, n in zip(bars, signs, strict=True))
    return "\n" + "\n".join(line.rstrip() for line in lines)
