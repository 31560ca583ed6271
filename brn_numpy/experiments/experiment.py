"""An experiment: tables of trainings, and claims about them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

from .._checks import Array
from .spec import AnySpec, Result, Results
from .verdicts import Verdict, is_equal, is_more


@dataclass(frozen=True)
class Value:
    """A number read off a result, printed with so many `digits`.

    Of a training that diverged, and lacks what is read, it is NaN.
    """

    read: Callable[[Result], float]
    digits: int = 1

    def __call__(self, result: Result) -> float:
        """Return the number."""
        try:
            return float(self.read(result))
        except KeyError:
            if result.get("diverged"):
                return math.nan
            raise


accuracy = Value(lambda result: 100 * result["accuracy"])  # on test images, in percent


@dataclass(frozen=True)
class Best:
    """Of several trainings, each under its label, the one with the most of a value.

    The value is the mean over seeds, and should be measured on other images than those of the
    final comparison.
    """

    choices: Mapping[str, AnySpec]
    by: Value

    def label(self, results: Results, seeds: int) -> str:
        """Return the label of the best one."""

        def mean(label: str) -> float:
            return float(values(results, self.choices[label], seeds, self.by).mean())

        return max(self.choices, key=mean)


@dataclass(frozen=True)
class Gap:
    """By how much one training has more of a value than another, seed by seed."""

    more: AnySpec
    less: AnySpec


Training: TypeAlias = AnySpec | Best | Gap


@dataclass(frozen=True)
class Table:
    """Trainings in rows and columns, and the value of a result that a cell shows the mean of.

    `{steps}` in the title stands for how long they train. `paper` holds, by row, what the paper
    found there: a column of its own.
    """

    title: str
    rows: Mapping[str, Mapping[str, Training]]
    value: Value = accuracy
    paper: Mapping[str, str] = field(default_factory=dict)

    def columns(self) -> list[str]:
        """Return the columns; a row may lack some."""
        return list(dict.fromkeys(column for row in self.rows.values() for column in row))

    def cells(self) -> dict[str, Training]:
        """Return all trainings, each under its "row, column"."""
        return {
            f"{label}, {column}": training
            for label, row in self.rows.items()
            for column, training in row.items()
        }


@dataclass(frozen=True)
class Claim:
    """`left` has more of a value than `right`; or, with `within`, they are equal to that.

    `right` may be a number.
    """

    text: str
    left: Training
    right: Training | float
    value: Value = accuracy
    within: float | None = None

    def verdict(self, results: Results, seeds: int) -> Verdict:
        """Judge the claim by the trainings of all seeds, paired by seed."""
        left, right = (values(results, s, seeds, self.value) for s in (self.left, self.right))
        differences = left - right
        return is_more(differences) if self.within is None else is_equal(differences, self.within)

    def asked(self) -> str:
        """Return what the value of `left` must be; or, where `right` trains too, the difference."""
        least = self.right if isinstance(self.right, float) else 0.0
        if self.within is None:
            return f"> {least:g}"
        return f"within {self.within:g}" + (f" of {least:g}" if least else "")


@dataclass(frozen=True)
class Experiment:
    """A question, the trainings that answer it, and what is claimed."""

    name: str
    question: str
    tables: tuple[Table, ...]
    claims: tuple[Claim, ...]
    note: str = ""

    def specs(self, seeds: int) -> list[AnySpec]:
        """Return all trainings once, each for the seeds 0, 1, ..., in the order of the tables."""
        found = dict.fromkeys(self.names())
        for claim in self.claims:
            found |= dict.fromkeys(specs_of(claim.left) + specs_of(claim.right))
        return [spec.but(seed=seed) for spec in found for seed in range(seeds)]

    def names(self) -> dict[AnySpec, str]:
        """Return what the tables call each training, with seed 0: "row, column"."""
        found: dict[AnySpec, str] = {}
        for table in self.tables:
            for name, training in table.cells().items():
                for spec in specs_of(training):
                    found.setdefault(spec, name)
        return found


def chosen(training: Training, results: Results, seeds: int) -> AnySpec | Gap:
    """Return a training; of several to choose from, the best one."""
    if isinstance(training, Best):
        return training.choices[training.label(results, seeds)]
    return training


def specs_of(training: Training | float) -> tuple[AnySpec, ...]:
    """Return what must be trained for a cell of a table or a side of a claim, with one seed."""
    if isinstance(training, Best):
        return tuple(training.choices.values())
    if isinstance(training, Gap):
        return training.more, training.less
    return (training,) if isinstance(training, AnySpec) else ()


def values(results: Results, training: Training | float, seeds: int, value: Value) -> Array:
    """Return a value of the results of one kind of training, (seeds,); or a number so often."""
    if isinstance(training, float):
        return np.full(seeds, training)
    spec = chosen(training, results, seeds)
    if isinstance(spec, Gap):
        more = values(results, spec.more, seeds, value)
        return more - values(results, spec.less, seeds, value)
    return np.array([value(results[spec.but(seed=seed)]) for seed in range(seeds)])
