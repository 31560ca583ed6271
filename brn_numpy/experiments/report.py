"""An experiment as text, piece by piece: a row of a table is ready when its trainings are."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import zip_longest
from textwrap import wrap
from typing import NamedTuple, TypeAlias

import numpy as np

from .experiment import Best, Claim, Experiment, Gap, Table, Training, accuracy, specs_of, values
from .spec import AnySpec, Result
from .verdicts import NOT_JUDGED, SEEDS, Verdict, mean_and_error

Results: TypeAlias = Mapping[AnySpec, Result]


@dataclass(frozen=True)
class View:
    """How an experiment was run and is shown.

    Attributes
    ----------
    seeds : int
    trained : callable
        Gives the training that stands for another: the same, or a shorter one for a quick look.
    chance : float
        An accuracy that guessing reaches, a share of 1.
    width : int
        Of the terminal.
    """

    seeds: int = 5
    trained: Callable[[AnySpec], AnySpec] = lambda spec: spec
    chance: float = 0.0
    width: int = 80

    def judges(self, claim: Claim) -> bool:
        """Return whether there are enough seeds, of full length."""
        whole = all(self.trained(spec).steps >= spec.steps for spec in specs_of(claim.left))
        return whole and self.seeds >= SEEDS

    def title(self, table: Table) -> str:
        """Return the title of a table, with the steps that were run."""
        return self.with_steps(table.title, table.specs()[0])

    def with_steps(self, text: str, spec: AnySpec) -> str:
        """Return a text with the steps of a training that were run in the place of {steps}."""
        return text.replace("{steps}", str(self.trained(spec).steps))


class Piece(NamedTuple):
    """A part of a report: the trainings that it needs, and its text once they are there."""

    needs: frozenset[AnySpec]
    text: Callable[[Results], str]


def paragraph(text: str, width: int, indent: str = "") -> str:
    """Return a text in lines of `width`; those after the first are indented. Words stay whole."""
    lines = wrap(
        text, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )
    return "\n".join(lines)


def report(experiment: Experiment, results: Results, view: View, bars: bool = False) -> str:
    """Return all of an experiment."""
    return "\n".join(piece.text(results) for piece in pieces(experiment, view, bars))


def pieces(experiment: Experiment, view: View, bars: bool = False) -> Iterator[Piece]:
    """Return the parts of a report: the question, tables row by row, claims and the note."""

    def piece(trainings: Iterable[Training | float], text: Callable[[Results], str]) -> Piece:
        kinds = [spec for training in trainings for spec in specs_of(training)]
        return Piece(frozenset(s.but(seed=k) for s in kinds for k in range(view.seeds)), text)

    yield piece((), lambda _: paragraph(f"{experiment.name}: {experiment.question}", view.width))
    for table in experiment.tables:
        yield piece((), partial(_head, table, view))
        for label, row in table.rows.items():
            yield piece(row.values(), partial(_row, table, label, view))
        if bars:
            cells = [cell for row in table.rows.values() for cell in row.values()]
            yield piece(cells, partial(bars_of, table, view))
    for number, claim in enumerate(experiment.claims):
        text = partial(_judged, claim, view, "\n" if number == 0 else "")
        yield piece((claim.left, claim.right), text)
    if not all(view.judges(claim) for claim in experiment.claims):
        yield piece((), lambda _: f"({NOT_JUDGED}: that takes {SEEDS} seeds and full length)")
    if experiment.note:
        note = view.with_steps(experiment.note, experiment.specs(1)[0])
        yield piece((), lambda _: "\n" + paragraph(note, view.width))


def _widths(table: Table, view: View) -> tuple[int, list[int]]:
    """Return the widths of the labels, which may be wrapped, and of the columns."""
    number = 10 + 2 * max(table.value.digits, 1)  # "-10.0 +- 1.0"
    columns = [max(len(column), number) for column in table.columns()]
    room = view.width - sum(columns) - 2 * len(columns)
    return min(max(map(len, table.rows)), room), columns


def _line(first: str, cells: Iterable[str], widths: tuple[int, list[int]]) -> str:
    padded = (f"  {cell:>{width}}" for cell, width in zip(cells, widths[1], strict=True))
    return f"{first:<{widths[0]}}{''.join(padded)}".rstrip()


def _head(table: Table, view: View, _: Results) -> str:
    """Return the title and the names of the columns."""
    widths = _widths(table, view)
    title = paragraph(view.title(table), view.width)
    names = _line("", table.columns(), widths)
    return f"\n{title}\n{names}\n{'-' * len(names)}"


def _row(table: Table, label: str, view: View, results: Results) -> str:
    """Return a row of a table; labels are wrapped, and notes stand below their numbers."""
    widths, row = _widths(table, view), table.rows[label]
    cells = [
        _cell(table, row[column], results, view, "+-") if column in row else []
        for column in table.columns()
    ]
    labels = wrap(label, widths[0], subsequent_indent="  ")
    lines = [
        _line(parts[0], parts[1:], widths) for parts in zip_longest(labels, *cells, fillvalue="")
    ]
    if label in table.paper:
        lines.append(f"  the paper: {table.paper[label]}")
    return "\n".join(lines)


def _cell(table: Table, training: Training, results: Results, view: View, sign: str) -> list[str]:
    """Return "mean sign error", and what is to be noted of it."""
    found = values(results, training, view.seeds, table.value)
    lost = _lost(training, results, view.seeds)
    found = found[np.isfinite(found)]
    notes = [f"({lost} diverged)"] if lost else []
    if len(found) == 0:
        return notes or ["-"]
    mean, error = mean_and_error(found)
    text = f"{mean:.{table.value.digits}f}"
    if not math.isnan(error):
        text += f" {sign} {error:.{table.value.digits}f}"
    if isinstance(training, Best):
        notes.insert(0, f"({training.label(results, view.seeds)})")
    if table.value is accuracy and not isinstance(training, Gap) and mean <= 100 * view.chance:
        notes.append("(at chance)")
    return [text, *notes]


def _lost(training: Training, results: Results, seeds: int) -> int:
    """Return for how many seeds a training diverged; of a gap, one of the two."""
    chosen = training.spec(results, seeds) if isinstance(training, Best) else training
    return sum(
        any(results[spec.but(seed=seed)].get("diverged") for spec in specs_of(chosen))
        for seed in range(seeds)
    )


def markdown_of(table: Table, results: Results, view: View) -> str:
    """Return a table for a Markdown page."""
    columns = [*table.columns(), *(["the paper"] if table.paper else [])]
    lines = ["| | " + " | ".join(columns) + " |", "| --- |" + " --- |" * len(columns)]
    for label, row in table.rows.items():
        cells = [
            " ".join(_cell(table, row[column], results, view, "±")) if column in row else ""
            for column in table.columns()
        ]
        paper = [table.paper.get(label, "")] if table.paper else []
        lines.append(f"| {label} | " + " | ".join(cells + paper) + " |")
    return "\n".join(lines)


def judge(claim: Claim, results: Results, view: View) -> Verdict:
    """Return the verdict on a claim, if there can be one."""
    found = claim.verdict(results, view.seeds)
    if not view.judges(claim):
        return found._replace(word=NOT_JUDGED)
    if claim.within is not None and claim.value is accuracy:
        left = values(results, claim.left, view.seeds, accuracy)
        if left.mean() <= 100 * view.chance:  # equal, for neither has learnt anything
            return found._replace(word=f"{NOT_JUDGED}, no better than chance")
    return found


def sentence(claim: Claim, verdict: Verdict) -> str:
    """Return a claim with its verdict, what that rests on, and what was asked."""
    mean = verdict.mean + (claim.right if isinstance(claim.right, float) else 0.0)
    text = f"{mean:+.{claim.value.digits}f}"
    if not math.isnan(verdict.error):
        text += f" +- {verdict.error:.{claim.value.digits}f}"
    return f"{verdict.word}: {claim.text} ({text}, asked: {claim.asked()})"


def _judged(claim: Claim, view: View, before: str, results: Results) -> str:
    text, bracket, numbers = sentence(claim, judge(claim, results, view)).rpartition(" (")
    text += bracket + numbers.replace(" ", "\0")  # so that they stay on one line
    return before + paragraph(text, view.width, indent="    ").replace("\0", " ")


def bars_of(table: Table, view: View, results: Results) -> str:
    """Return a table as bars, the longest 40 signs; a value that is not > 0 has none.

    Of returns, which are all negative, there are no bars at all.
    """
    bars = []
    for label, row in table.rows.items():
        for column, training in row.items():
            found = values(results, training, view.seeds, table.value)
            found = found[np.isfinite(found)]
            bars.append((f"{label}, {column}", float(found.mean()) if len(found) else 0.0))
    first, most = max(len(label) for label, _ in bars), max(value for _, value in bars)
    if most < 0:
        return ""
    longest = min(40, view.width - first - 2)
    signs = [round(longest * max(value, 0) / most) if most > 0 else 0 for _, value in bars]
    lines = (f"{label:<{first}}  {'#' * n}" for (label, _), n in zip(bars, signs, strict=True))
    return "\n" + "\n".join(line.rstrip() for line in lines)
