"""What the gradient must flow through: BN's statistics, yes; BRN's r and d, no."""

from __future__ import annotations

import math
from functools import partial

from ..experiment import Claim, Experiment, Table, Value
from ..spec import Result, Spec
from .common import at_rates

SPEC = Spec(hidden=(64,) * 8, steps=600, falling_rate=False)
VARIANTS = {
    "no normalisation": SPEC.but(method="none"),
    "BN": SPEC,
    "BRN": SPEC.but(method="brn"),
    "BRN, gradient through r and d": SPEC.but(method="through"),
    "moving averages, no gradient": SPEC.but(method="moving"),
    "... of the last minibatch alone": SPEC.but(method="moving", momentum=1.0),
    "minibatch, no gradient": SPEC.but(method="stopped"),
}
RATES = (0.02, 0.05, 0.1, 0.2)
ROWS = {label: at_rates(spec, RATES) for label, spec in VARIANTS.items()}


@partial(Value, digits=2)
def doublings(result: Result) -> float:
    """Return how often the norm of all weights has doubled; a seed that explodes counts mildly."""
    return math.nan if result["growth"] is None else math.log2(result["growth"])


LOW, HIGH = "rate 0.02", "rate 0.2"
MOVING, BN, BRN = ROWS["moving averages, no gradient"], ROWS["BN"], ROWS["BRN"]
THROUGH, STOPPED = ROWS["BRN, gradient through r and d"], ROWS["minibatch, no gradient"]
EXPERIMENT = Experiment(
    name="gradients",
    question="8 hidden layers, i.i.d. minibatches of 32: what happens without the gradient "
    "through the statistics, or with one through r and d?",
    tables=(
        Table("accuracy, %", ROWS),
        Table("the norm of the weights has doubled so often", ROWS, doublings),
    ),
    claims=(
        Claim(
            "without gradient through the minibatch, BN is worse (rate 0.02)", BN[LOW], STOPPED[LOW]
        ),
        Claim("... and its weights grow more", STOPPED[LOW], BN[LOW], doublings),
        Claim(
            "moving averages without gradient are worse than BRN (rate 0.02)", BRN[LOW], MOVING[LOW]
        ),
        Claim("... and worse than BN at a high rate (0.2)", BN[HIGH], MOVING[HIGH]),
        Claim("... and their weights grow more (rate 0.02)", MOVING[LOW], BN[LOW], doublings),
        Claim("a gradient through r and d makes BRN worse (rate 0.02)", BRN[LOW], THROUGH[LOW]),
        Claim("at a high rate with slow averages, BRN loses to BN (0.2)", BN[HIGH], BRN[HIGH]),
    ),
)
