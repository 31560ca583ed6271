"""Tables and claims of an experiment as text, for the terminal and for Markdown pages."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping

import numpy as np

from .experiment import Best, Claim, Experiment, Gap, Result, Table, Training, values
from .spec import Spec
from .verdicts import Verdict, mean_and_error


def cells(
    table: Table, results: Mapping[Spec, Result], seeds: int, sign: str
) -> Iterator[tuple[str, list[str]]]:
    """Go through the rows of a table: the label, and "mean sign error" for each column."""
    for label, row in table.rows.items():
        texts = [
            _cell(table, results, row[column], seeds, sign) if column in row else ""
            for column in _methods_of(table)
        ]
        yield label, texts + ([table.paper.get(label, "")] if table.paper else [])


def columns_of(table: Table) -> list[str]:
    """Return the columns of a table; a row may lack some."""
    return _methods_of(table) + (["the paper"] if table.paper else [])


def _methods_of(table: Table) -> list[str]:
    return list(dict.fromkeys(column for row in table.rows.values() for column in row))


def _cell(
    table: Table, results: Mapping[Spec, Result], training: Training, seeds: int, sign: str
) -> str:
    found = values(results, training, seeds, table.value)
    lost = _lost(training, results, seeds)
    found = found[np.isfinite(found)]
    if len(found) == 0:
        return f"({lost} lost)" if lost else "-"
    mean, error = mean_and_error(found)
    text = f"{mean:.{table.digits}f}"
    if not math.isnan(error):
        text += f" {sign} {error:.{table.digits}f}"
    if isinstance(training, Best):
        text += f" ({training.label(results, seeds)})"
    return text + (f" ({lost} lost)" if lost else "")


def _lost(training: Training, results: Mapping[Spec, Result], seeds: int) -> int:
    """Return for how many seeds a training diverged; of a gap, one of the two."""
    if isinstance(training, Gap):
        specs = [training.more, training.less]
    else:
        specs = [training.spec(results, seeds) if isinstance(training, Best) else training]
    return sum(
        any(results[spec.but(seed=seed)].get("diverged") for spec in specs) for seed in range(seeds)
    )


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
            errors = f"{abs(verdict.mean) / verdict.error:.0f}"
            text += f", {errors} standard error{'' if errors == '1' else 's'}"
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
