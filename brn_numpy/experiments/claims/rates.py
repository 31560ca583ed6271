"""What BN is for: high learning rates, careless initial weights. And what drifts meanwhile."""

from __future__ import annotations

import math

from ..experiment import Claim, Experiment, Table
from ..spec import Result, Spec
from .common import methods

SPEC = Spec(steps=500, sgd_momentum=0.0, falling_rate=False, learning_rate=0.1)
RATES = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0)
SCALES = (0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
BY_RATE = {f"rate {rate:g}": methods(SPEC.but(learning_rate=rate)) for rate in RATES}
BY_SCALE = {f"{scale:g} x He": methods(SPEC.but(weight_scale=scale)) for scale in SCALES}
DRIFT = {"rate 0.1": methods(SPEC.but(measures=("drift",)))}


def drift(result: Result) -> float:
    """Return by how many stds the mean input of a unit moves in a twentieth of the training."""
    moved = result.get("drift")
    return math.nan if not moved else float(sum(moved) / len(moved))


NONE, BN, BRN = "no normalisation", "BN", "BRN"
EXPERIMENT = Experiment(
    name="rates",
    question="which learning rates and which initial weights does a network tolerate?",
    tables=(
        Table("accuracy by learning rate, %", BY_RATE),
        Table("accuracy by scale of the initial weights, %", BY_SCALE),
        Table(
            "mean input of a unit: moves by so many stds in a twentieth of the training",
            DRIFT,
            drift,
            digits=3,
        ),
    ),
    claims=(
        Claim(
            "at a rate of 1, BN beats no normalisation",
            BY_RATE["rate 1"][BN],
            BY_RATE["rate 1"][NONE],
        ),
        Claim(
            "at a rate of 3, BN beats BRN: its averages lag behind",
            BY_RATE["rate 3"][BN],
            BY_RATE["rate 3"][BRN],
        ),
        Claim(
            "with a tenth of He's weights, BN beats no normalisation",
            BY_SCALE["0.1 x He"][BN],
            BY_SCALE["0.1 x He"][NONE],
        ),
        Claim(
            "with three times He's weights, BN beats no normalisation",
            BY_SCALE["3 x He"][BN],
            BY_SCALE["3 x He"][NONE],
        ),
        Claim(
            "with three times He's weights, BRN equals BN within two points",
            BY_SCALE["3 x He"][BRN],
            BY_SCALE["3 x He"][BN],
            within=2.0,
        ),
        Claim(
            "the inputs of units drift less with BN",
            DRIFT["rate 0.1"][NONE],
            DRIFT["rate 0.1"][BN],
            drift,
            digits=3,
        ),
    ),
    note='The last table measures one thing that "internal covariate shift" may mean. That BN '
    "trains better because of it does not follow: Santurkar et al. (2018) add such shift on "
    "purpose, behind BN, and it still trains well.",
)
