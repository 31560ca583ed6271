"""Inaccuracies of the statistics compound with depth."""

from __future__ import annotations

from ..experiment import Claim, Experiment, Gap, Table
from ..spec import Spec
from .common import beats, methods

DEPTHS = (1, 2, 3, 5, 8)


def rows(**changes: int) -> dict[str, dict[str, Spec]]:
    """Return a row for each depth."""
    table = {}
    for depth in DEPTHS:
        spec = Spec(hidden=(64,) * depth, steps=1000).but(**changes)
        slower = spec.but(method="none", microbatch_size=None, learning_rate=0.01)
        table[f"{depth} hidden"] = {**methods(spec), "none, rate 0.01": slower}
    return table


IID, MICRO, FEW = rows(), rows(microbatch_size=4), rows(classes_per_batch=4)
COST = {
    depth: {name: Gap(IID[depth][name], MICRO[depth][name]) for name in ("BN", "BRN")}
    for depth in IID
}
SHALLOW, DEEP = COST["1 hidden"], COST["8 hidden"]
EXPERIMENT = Experiment(
    name="depth",
    question="does what small and uneven minibatches cost grow with the depth of the network?",
    tables=(
        Table("i.i.d. minibatches of 32: accuracy, %", IID),
        Table("normalised in groups of 4: accuracy, %", MICRO),
        Table("4 classes x 8: accuracy, %", FEW),
        Table("what groups of 4 cost, against minibatches of 32, points", COST),
    ),
    claims=(
        Claim(
            "what groups of 4 cost BN grows from 1 to 8 hidden layers", DEEP["BN"], SHALLOW["BN"]
        ),
        Claim("with 8 hidden layers, they cost BN more than BRN", DEEP["BN"], DEEP["BRN"]),
        beats("groups of 4, 1 hidden layer:", MICRO["1 hidden"]),
        beats("groups of 4, 8 hidden layers:", MICRO["8 hidden"]),
        beats("4 classes x 8, 8 hidden layers:", FEW["8 hidden"]),
    ),
)
