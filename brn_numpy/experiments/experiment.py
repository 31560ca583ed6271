"""An experiment: tables of trainings, and claims about them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import numpy as np

from .._checks import Array
from .spec import Spec
from .verdicts import Verdict, is_equal, is_more

Result = dict[str, Any]
Value = Callable[[Result], float]


def accuracy(result: Result) -> float:
    """Return the accuracy on test images in percent."""
    return 100 * float(result["accuracy"])


@dataclass(frozen=True)
class Best:
    """Of several trainings, each under its label, the one with the most of a value.

    The value is the mean over seeds, and should be measured on other images than those of the
    final comparison.
    """

    choices: Mapping[str, Spec]
    by: Value

    def label(self, results: Mapping[Spec, Result], seeds: int) -> str:
        """Return the label of the best one."""
        return max(
            self.choices,
            key=lambda label: float(values(results, self.choices[label], seeds, self.by).mean()),
        )

    def spec(self, results: Mapping[Spec, Result], seeds: int) -> Spec:
        """Return the best one."""
        return self.choices[self.label(results, seeds)]


@dataclass(frozen=True)
class Gap:
    """By how much one training has more of a value than another, seed by seed."""

    more: Spec
    less: Spec


Training: TypeAlias = Spec | Best | Gap


@dataclass(frozen=True)
class Table:
    """Trainings in rows and columns, and the value of a result that a cell shows the mean of.

    `paper` holds, by row, what the paper found there: a column of its own.
    """

    title: str
    rows: Mapping[str, Mapping[str, Training]]
    value: Value = accuracy
    digits: int = 1
    paper: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Claim:
    """`left` has more of a value than `right`; or, with `within`, they are equal to that.

    `right` may be a number. A difference is printed with so many `digits`.
    """

    text: str
    left: Training
    right: Training | float
    value: Value = accuracy
    within: float | None = None
    digits: int = 1

    def verdict(self, results: Mapping[Spec, Result], seeds: int) -> Verdict:
        """Judge the claim by the trainings of all seeds, paired by seed."""
        differences = values(results, self.left, seeds, self.value)
        if isinstance(self.right, float):
            differences = differences - self.right
        else:
            differences = differences - values(results, self.right, seeds, self.value)
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
        trainings: list[Training | float] = [
            cell for table in self.tables for row in table.rows.values() for cell in row.values()
        ]
        trainings += [side for claim in self.claims for side in (claim.left, claim.right)]
        found: dict[Spec, None] = {}
        for training in trainings:
            if isinstance(training, Best):
                found |= dict.fromkeys(training.choices.values())
            elif isinstance(training, Gap):
                found |= dict.fromkeys((training.more, training.less))
            elif isinstance(training, Spec):
                found[training] = None
        return list(found)

    def shorter(self, divisor: int) -> Experiment:
        """Return the same with trainings of fewer steps, for a quick look."""
        tables = tuple(
            replace(
                table,
                rows={
                    label: {column: _shorter(cell, divisor) for column, cell in row.items()}
                    for label, row in table.rows.items()
                },
            )
            for table in self.tables
        )
        claims = tuple(
            replace(
                claim,
                left=_shorter(claim.left, divisor),
                right=claim.right
                if isinstance(claim.right, float)
                else _shorter(claim.right, divisor),
            )
            for claim in self.claims
        )
        return replace(self, tables=tables, claims=claims)


def _shorter(training: Training, divisor: int) -> Training:
    if isinstance(training, Best):
        choices = {label: _cut(spec, divisor) for label, spec in training.choices.items()}
        return replace(training, choices=choices)
    if isinstance(training, Gap):
        return Gap(_cut(training.more, divisor), _cut(training.less, divisor))
    return _cut(training, divisor)


def _cut(spec: Spec, divisor: int) -> Spec:
    return spec.but(steps=max(40, spec.steps // divisor))


def values(results: Mapping[Spec, Result], training: Training, seeds: int, value: Value) -> Array:
    """Return a value of the results of one kind of training, (seeds,)."""
    if isinstance(training, Gap):
        more = values(results, training.more, seeds, value)
        return more - values(results, training.less, seeds, value)
    spec = training.spec(results, seeds) if isinstance(training, Best) else training
    return np.array([value(results[spec.but(seed=seed)]) for seed in range(seeds)])
