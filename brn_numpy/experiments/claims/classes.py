"""Claim 3: BN fails on minibatches of few classes.

The running std averages stds that lack the spread between classes; and with two classes, the
network learns to read its companions.
"""

from __future__ import annotations

import math

from ..experiment import Claim, Experiment, Table, accuracy
from ..spec import Result, Spec
from .common import BASE, beats, few_classes, methods

SPEC = BASE.but(measures=("batches", "anew"))
ROWS = {f"{k} classes x {32 // k}": methods(few_classes(SPEC, k)) for k in (10, 5, 4, 3, 2)}
FOUR, TWO = ROWS["4 classes x 8"], ROWS["2 classes x 16"]
HALVES = {
    f"{k} classes x {32 // k}, in groups of one image a class": {
        **methods(few_classes(SPEC, k), ("none",)),
        **methods(few_classes(SPEC, k).but(microbatch_size=k), ("bn", "brn")),
    }
    for k in (4, 2)
}
SPLIT = HALVES["4 classes x 8, in groups of one image a class"]["BN"]
LONG = methods(few_classes(Spec(hidden=(128,) * 3, steps=3000, measures=("curve", "anew")), 4))


def in_training_mode(result: Result) -> float:
    """Return the accuracy in percent with the statistics of test minibatches of the same kind."""
    return 100 * float(result.get("batch_accuracy", math.nan))


def measured_anew(result: Result) -> float:
    """Return the accuracy in percent with running statistics measured anew on i.i.d. images."""
    return 100 * float(result.get("anew", math.nan))


def gain_anew(result: Result) -> float:
    """Return by how many points the statistics measured anew are better."""
    return measured_anew(result) - accuracy(result)


def fall(result: Result) -> float:
    """Return by how many points the accuracy at the end is below its best."""
    return 100 * max(result["curve"]) - accuracy(result) if "curve" in result else math.nan


def loss_since_best(result: Result) -> float:
    """Return by how much the training loss fell after the best accuracy."""
    if "curve" not in result:
        return math.nan
    best = result["curve"].index(max(result["curve"]))
    return float(result["loss"][best] - result["loss"][-1])


EXPERIMENT = Experiment(
    name="classes",
    question="minibatches of few classes: what becomes of BN, and why?",
    tables=(
        Table("accuracy with the running statistics, %", {**ROWS, **HALVES}),
        Table(
            "accuracy with the statistics of test minibatches drawn in the same way, %",
            {**ROWS, **HALVES},
            in_training_mode,
        ),
        Table(
            "accuracy with running statistics re-estimated on i.i.d. images, %",
            {**ROWS, **HALVES},
            measured_anew,
        ),
        Table("3 x 128 units, {steps} steps, 4 classes x 8: accuracy, %", {"at the end": LONG}),
        Table("... points below the best on the way", {"fall": LONG}, fall),
        Table("... training loss, fall since then", {"fall": LONG}, loss_since_best, digits=3),
        Table("... accuracy with re-estimated statistics, %", {"anew": LONG}, measured_anew),
    ),
    claims=(
        *(
            beats(label, row)
            for label, row in ROWS.items()
            if label not in ("10 classes x 3", "5 classes x 6")
        ),
        beats("4 classes x 8", FOUR, worse="no normalisation"),
        Claim(
            "in a long training, BN falls from its best by more than a point", LONG["BN"], 1.0, fall
        ),
        Claim(
            "... while its training loss goes on falling",
            LONG["BN"],
            0.0,
            loss_since_best,
            digits=3,
        ),
        Claim(
            "... but with re-estimated running statistics, BN is over 10 better again",
            LONG["BN"],
            10.0,
            gain_anew,
        ),
        Claim(
            "4 classes x 8: re-estimated statistics give BN over 5 points",
            FOUR["BN"],
            5.0,
            gain_anew,
        ),
        Claim(
            "2 classes x 16: even so, BN is over 20 points worse than with its companions",
            TWO["BN"],
            20.0,
            lambda result: in_training_mode(result) - measured_anew(result),
        ),
        Claim(
            "2 classes x 16: BN is over 30 points better with the companions it trained with",
            TWO["BN"],
            30.0,
            lambda result: in_training_mode(result) - accuracy(result),
        ),
        Claim("4 classes x 8: groups of one image a class mend BN", SPLIT, FOUR["BN"]),
    ),
)
