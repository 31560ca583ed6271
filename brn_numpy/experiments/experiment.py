"""An experiment: tables of trainings, claims about them, and how both are printed."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .._checks import Array
from .spec import Spec
from .verdicts import Verdict, is_equal, is_more, mean_and_error

Result = dict[str, Any]
Value = Callable[[Result], float]


def accuracy(result: Result) -> float:
    """Return the accuracy on test images in percent."""
    return 100 * float(result["accuracy"])


@dataclass(frozen=True)
class Table:
    """Trainings in rows and columns, and the value of a result that a cell shows the mean of."""

    title: str
    rows: Mapping[str, Mapping[str, Spec]]
    value: Value = accuracy
    digits: int = 1


@dataclass(frozen=True)
class Claim:
    """`left` has more of a value than `right`; or, with `within`, they are equal to that.

    `right` may be a number. `by` is how a difference is printed, with digits and unit.
    """

    text: str
    left: Spec
    right: Spec | float
    value: Value = accuracy
    within: float | None = None
    digits: int = 1

    def verdict(self, results: Mapping[Spec, Result], seeds: int) -> Verdict:
        """Judge the claim by the trainings of all seeds, paired by seed."""
        differences = values(results, self.left, seeds, self.value)
        if isinstance(self.right, Spec):
            differences = differences - values(results, self.right, seeds, self.value)
        else:
            differences = differences - self.right
        return is_more(differences) if self.within is None else is_equal(differences, self.within)


@dataclass(frozen=True)
class Experiment:
    """A question, the trainings that answer it, and what is claimed."""

    name: str
    question: str
    tables: tuple[Table, ...]
    claims: tuple[Claim, ...]
    note: str = ""

    def specs(self, seeds: int) -> list[Spec]:
        """Return all trainings, each for the seeds 0, 1, ..., without repetitions."""
        return [spec.but(seed=seed) for seed in range(seeds) for spec in self._kinds()]

    def _kinds(self) -> list[Spec]:
        cells = [
            spec for table in self.tables for row in table.rows.values() for spec in row.values()
        ]
        sides = [side for claim in self.claims for side in (claim.left, claim.right)]
        return list(dict.fromkeys([*cells, *(side for side in sides if isinstance(side, Spec))]))

    def shorter(self, divisor: int) -> Experiment:
        """Return the same with trainings of fewer steps, for a quick look."""

        def cut(spec: Spec) -> Spec:
            return spec.but(steps=max(40, spec.steps // divisor))

        tables = tuple(
            replace(
                table,
                rows={
                    label: {column: cut(spec) for column, spec in row.items()}
                    for label, row in table.rows.items()
                },
            )
            for table in self.tables
        )
        claims = tuple(
            replace(
                claim,
                left=cut(claim.left),
                right=cut(claim.right) if isinstance(claim.right, Spec) else claim.right,
            )
            for claim in self.claims
        )
        return replace(self, tables=tables, claims=claims)


def values(results: Mapping[Spec, Result], spec: Spec, seeds: int, value: Value) -> Array:
    """Return a value of the results of one kind of training, (seeds,)."""
    return np.array([value(results[spec.but(seed=seed)]) for seed in range(seeds)])


def cells(
    table: Table, results: Mapping[Spec, Result], seeds: int, sign: str
) -> Iterator[tuple[str, list[str]]]:
    """Go through the rows of a table: the label, and "mean sign error" for each column."""
    for label, row in table.rows.items():
        texts = []
        for column in columns_of(table):
            texts.append(_cell(table, results, row[column], seeds, sign) if column in row else "")
        yield label, texts


def columns_of(table: Table) -> list[str]:
    """Return the columns of a table; a row may lack some."""
    return list(dict.fromkeys(column for row in table.rows.values() for column in row))


def _cell(table: Table, results: Mapping[Spec, Result], spec: Spec, seeds: int, sign: str) -> str:
    found = values(results, spec, seeds, table.value)
    lost = sum(bool(results[spec.but(seed=seed)].get("diverged")) for seed in range(seeds))
    found = found[np.isfinite(found)]
    if len(found) == 0:
        return f"({lost} lost)" if lost else "-"
    mean, error = mean_and_error(found)
    text = f"{mean:.{table.digits}f}"
    if not math.isnan(error):
        text += f" {sign} {error:.{table.digits}f}"
    return text + (f" ({lost} lost)" if lost else "")


def text_of(table: Table, results: Mapping[Spec, Result], seeds: int) -> str:
    """Return a table for the terminal."""
    rows = list(cells(table, results, seeds, "+-"))
    columns = columns_of(table)
    first = max(len(label) for label in table.rows)
    widths = [
        max(len(column), *(len(texts[i]) for _, texts in rows)) for i, column in enumerate(columns)
    ]

    def line(label: str, texts: list[str]) -> str:
        padded = (f"{text:>{width}}" for text, width in zip(texts, widths, strict=True))
        return f"{label:<{first}}  " + "  ".join(padded)

    head = line("", columns)
    return "\n".join([table.title, head, "-" * len(head), *(line(*row) for row in rows)])


def markdown_of(table: Table, results: Mapping[Spec, Result], seeds: int) -> str:
    """Return a table for a Markdown page."""
    columns = columns_of(table)
    lines = ["| | " + " | ".join(columns) + " |", "| --- |" + " --- |" * len(columns)]
    for label, texts in cells(table, results, seeds, "±"):
        lines.append(f"| {label} | " + " | ".join(texts) + " |")
    return "\n".join(lines)


def sentence(claim: Claim, verdict: Verdict) -> str:
    """Return a claim with its verdict and the difference that it rests on."""
    text = f"{verdict.mean:+.{claim.digits}f}"
    if not math.isnan(verdict.error):
        text += f" +- {verdict.error:.{claim.digits}f}"
        if verdict.error > 0 and claim.within is None:
            text += f", {abs(verdict.mean) / verdict.error:.0f} standard errors"
    return f"{verdict.word}: {claim.text} ({text})"


def bars_of(table: Table, results: Mapping[Spec, Result], seeds: int) -> str:
    """Return a table as bars, the largest 40 signs long; a value that is not > 0 has none."""
    bars = []
    for label, row in table.rows.items():
        for column, spec in row.items():
            found = values(results, spec, seeds, table.value)
            found = found[np.isfinite(found)]
            bars.append((f"{label}, {column}", float(found.mean()) if len(found) else 0.0))
    first, most = max(len(label) for label, _ in bars), max(value for _, value in bars)
    return "\n".join(
        f"{label:<{first}}  {'#' * round(40 * max(value, 0) / most) if most > 0 else ''}"
        for label, value in bars
    )


def report(
    experiment: Experiment,
    results: Mapping[Spec, Result],
    seeds: int,
    bars: Callable[[Table, Mapping[Spec, Result], int], str] | None = None,
) -> str:
    """Return all tables and verdicts of an experiment; with `bars`, what that gives as well."""
    parts = [f"{experiment.name}: {experiment.question}"]
    for table in experiment.tables:
        parts.append(text_of(table, results, seeds))
        if bars is not None:
            parts.append(bars(table, results, seeds))
    parts.append(
        "\n".join(sentence(claim, claim.verdict(results, seeds)) for claim in experiment.claims)
    )
    if experiment.note:
        parts.append(experiment.note)
    return "\n\n".join(parts)
