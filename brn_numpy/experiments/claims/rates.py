"""What BN is for: high learning rates, careless initial weights. And what drifts meanwhile."""

from __future__ import annotations

from functools import partial

from ..experiment import Claim, Experiment, Table, Value
from ..spec import Result, Spec
from .common import beats, by_rate, equals, methods

SPEC = Spec(steps=500, sgd_momentum=0.0, falling_rate=False, learning_rate=0.1)
RATES = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0)
SCALES = (0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
BY_RATE = by_rate(methods(SPEC), RATES)
BY_SCALE = {f"{scale:g} x He": methods(SPEC.but(weight_scale=scale)) for scale in SCALES}
DRIFT = methods(SPEC.but(measures=("drift",)))


@partial(Value, digits=3)
def drift(result: Result) -> float:
    """Return by how many stds the mean input of a unit moves in a twentieth of the training."""
    return float(sum(result["drift"]) / len(result["drift"]))


NONE, FASTEST, LARGE = "no normalisation", BY_RATE["rate 3"], BY_SCALE["3 x He"]
EXPERIMENT = Experiment(
    name="rates",
    question="which learning rates and which initial weights does a network tolerate?",
    tables=(
        Table("accuracy by learning rate, %", BY_RATE),
        Table("accuracy by scale of the initial weights, %", BY_SCALE),
        Table(
            "mean input of a unit: moves by so many stds in a twentieth of the training",
            {"rate 0.1": DRIFT},
            drift,
        ),
    ),
    claims=(
        beats("at a rate of 1,", BY_RATE["rate 1"], "BN", NONE),
        Claim(
            "at a rate of 3, BN beats BRN: its averages lag behind", FASTEST["BN"], FASTEST["BRN"]
        ),
        beats("with a tenth of He's weights,", BY_SCALE["0.1 x He"], "BN", NONE),
        beats("with three times He's weights,", LARGE, "BN", NONE),
        equals("with three times He's weights,", LARGE, within=2.0),
        Claim("the inputs of units drift less with BN", DRIFT[NONE], DRIFT["BN"], drift),
    ),
    note='The last table measures one thing that "internal covariate shift" may mean. That BN '
    "trains better because of it does not follow: Santurkar et al. (2018) add such shift on "
    "purpose, behind BN, and it still trains well.",
)
