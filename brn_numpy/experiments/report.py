"""An experiment as text, piece by piece: a row of a table is ready when its trainings are."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import NamedTuple

from .experiment import Claim, Experiment, Table, Training, accuracy, specs_of, values
from .spec import AnySpec, Results
from .tables import View, bars_of, head_of, markdown_of, paragraph, row_of
from .verdicts import NOT_JUDGED, SEEDS, Verdict


class Piece(NamedTuple):
    """A part of a report: the trainings that it needs, and its text once they are there."""

    needs: frozenset[AnySpec]
    text: Callable[[Results], str]


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
        yield piece((), partial(head_of, table, view))
        for label, row in table.rows.items():
            yield piece(row.values(), partial(row_of, table, label, view))
        if bars:
            yield piece(table.cells().values(), partial(bars_of, table, view))
    for number, claim in enumerate(experiment.claims):
        text = partial(_judged, claim, view, "\n" if number == 0 else "")
        yield piece((claim.left, claim.right), text)
    if not all(is_judged(claim, view) for claim in experiment.claims):
        yield piece((), lambda _: f"({NOT_JUDGED}: that takes {SEEDS} seeds and full length)")
    if experiment.note:
        note = view.with_steps(experiment.note, experiment.specs(1)[0])
        yield piece((), lambda _: "\n" + paragraph(note, view.width))


def pages(experiment: Experiment, view: View) -> Iterator[Piece]:
    """Return the tables alone, for a Markdown page, once all trainings are there."""

    def page(table: Table, results: Results) -> str:
        return f"{view.title(table)}\n\n{markdown_of(table, results, view)}\n"

    for table in experiment.tables:
        yield Piece(frozenset(experiment.specs(view.seeds)), partial(page, table))


def is_judged(claim: Claim, view: View) -> bool:
    """Return whether there are enough seeds, of full length."""
    whole = all(view.trained(spec).steps >= spec.steps for spec in specs_of(claim.left))
    return whole and view.seeds >= SEEDS


def judge(claim: Claim, results: Results, view: View) -> Verdict:
    """Return the verdict on a claim, if there can be one."""
    found = claim.verdict(results, view.seeds)
    if not is_judged(claim, view):
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
