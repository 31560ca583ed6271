"""How much the output for one image depends on the other images of its minibatch."""

from __future__ import annotations

import math

from ..experiment import Claim, Experiment, Table, Value
from ..spec import Result
from .common import BASE, few_classes, methods

SPEC = BASE.but(steps=1000, measures=("companions",))
ROWS = {
    "i.i.d. 32": methods(SPEC, ("bn", "brn")),
    "groups of 4": methods(SPEC.but(microbatch_size=4), ("bn", "brn")),
    "4 classes x 8": methods(few_classes(SPEC, 4), ("bn", "brn")),
    "2 classes x 16": methods(few_classes(SPEC, 2), ("bn", "brn")),
}


def at_the_end(key: str) -> Value:
    """Return the function that reads the last value of a measure, in percent."""

    def value(result: Result) -> float:
        return 100 * float(result[key][-1]) if key in result else math.nan

    return value


share, gap, flips = (at_the_end(key) for key in ("share", "gap", "flips"))
EXPERIMENT = Experiment(
    name="companions",
    question="how much does an image's output depend on its minibatch?",
    tables=(
        Table("variance of a logit that is due to the companions, %", ROWS, share),
        Table("distance of training and inference outputs, % of their variance", ROWS, gap),
        Table("images whose class differs between training and inference mode, %", ROWS, flips),
    ),
    claims=tuple(
        claim
        for label, row in ROWS.items()
        for claim in (
            Claim(
                f"{label}: BN depends more on the companions than BRN", row["BN"], row["BRN"], share
            ),
            Claim(
                f"{label}: BN's training and inference outputs are further apart",
                row["BN"],
                row["BRN"],
                gap,
            ),
        )
    ),
)
