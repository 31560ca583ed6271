"""Claim 3: BN fails on minibatches of few classes.

The running std averages stds that lack the spread between classes; and with two classes, the
network learns to read its companions.
"""

from __future__ import annotations

from functools import partial

from ..experiment import Claim, Experiment, Table, Value, accuracy
from ..spec import Result, Spec
from .common import BASE, beats, few_classes, methods

SPEC = BASE.but(measures=("batches", "anew"))
ROWS = {f"{k} classes x {32 // k}": methods(few_classes(SPEC, k)) for k in (10, 5, 4, 3, 2)}
HALVES = {
    f"{k} classes x {32 // k}, in groups of one image a class": methods(
        few_classes(SPEC, k), microbatch_size=k
    )
    for k in (4, 2)
}
BOTH = {**ROWS, **HALVES}
FOUR, TWO = ROWS["4 classes x 8"], ROWS["2 classes x 16"]
FOUR_APART = HALVES["4 classes x 8, in groups of one image a class"]
LONG = methods(few_classes(Spec(hidden=(128,) * 3, steps=3000, measures=("curve", "anew")), 4))

# accuracies in percent: with the statistics of test minibatches of the same kind, and with running
# statistics re-estimated on i.i.d. images
in_training_mode = Value(lambda result: 100 * result["batch_accuracy"])
measured_anew = Value(lambda result: 100 * result["anew"])
gain_anew = Value(lambda result: measured_anew(result) - accuracy(result))
fall = Value(lambda result: 100 * max(result["curve"]) - accuracy(result))  # since the best


@partial(Value, digits=3)
def loss_since_best(result: Result) -> float:
    """Return by how much the training loss fell after the best accuracy."""
    best = result["curve"].index(max(result["curve"]))
    return float(result["loss"][best] - result["loss"][-1])


EXPERIMENT = Experiment(
    name="classes",
    question="minibatches of few classes: what becomes of BN, and why?",
    tables=(
        Table("accuracy with the running statistics, %", BOTH),
        Table(
            "accuracy with the statistics of test minibatches drawn in the same way, %",
            BOTH,
            in_training_mode,
        ),
        Table(
            "accuracy with running statistics re-estimated on i.i.d. images, %", BOTH, measured_anew
        ),
        Table("3 x 128 units, {steps} steps, 4 classes x 8: accuracy, %", {"at the end": LONG}),
        Table("... points below the best on the way", {"fall": LONG}, fall),
        Table("... training loss, fall since then", {"fall": LONG}, loss_since_best),
        Table("... accuracy with re-estimated statistics, %", {"anew": LONG}, measured_anew),
    ),
    claims=(
        *(
            beats(f"{label}:", ROWS[label])
            for label in ("4 classes x 8", "3 classes x 10", "2 classes x 16")
        ),
        beats("4 classes x 8:", FOUR, worse="no normalisation"),
        Claim(
            "in a long training, BN falls from its best by more than a point", LONG["BN"], 1.0, fall
        ),
        Claim("... while its training loss goes on falling", LONG["BN"], 0.0, loss_since_best),
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
            Value(lambda result: in_training_mode(result) - measured_anew(result)),
        ),
        Claim(
            "2 classes x 16: BN is over 30 points better with the companions it trained with",
            TWO["BN"],
            30.0,
            Value(lambda result: in_training_mode(result) - accuracy(result)),
        ),
        Claim("4 classes x 8: groups of one image a class mend BN", FOUR_APART["BN"], FOUR["BN"]),
    ),
)
