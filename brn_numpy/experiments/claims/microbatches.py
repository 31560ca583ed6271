"""Claim 2: BN suffers where it normalises over few images, and BRN suffers less."""

from __future__ import annotations

import math

from ..experiment import Claim, Experiment, Table
from ..spec import Result
from .common import methods
from .iid import SPEC

TARGET = 0.78
ROWS = {
    f"groups of {size}": methods(SPEC.but(microbatch_size=size), ("bn", "brn"))
    for size in (8, 4, 2)
}
ROWS = {
    "all 32": methods(SPEC),
    **{label: {**methods(SPEC, ("none",)), **row} for label, row in ROWS.items()},
}


def steps_to_target(result: Result) -> float:
    """Return after how many steps the accuracy is at the target first; all, if it never is."""
    curve = result.get("curve")
    if curve is None:
        return math.nan
    reached = [point for point, right in enumerate(curve, start=1) if right >= TARGET]
    return float(result["curve_every"]) * (reached[0] if reached else len(curve))


FOUR = ROWS["groups of 4"]
EXPERIMENT = Experiment(
    name="microbatches",
    question="minibatches of 32, normalised in groups of 32, 8, 4 or 2: who loses how much?",
    tables=(
        Table("accuracy, %", ROWS),
        Table(
            f"steps until {100 * TARGET:.0f} % are right ({{steps}}: not before the end)",
            ROWS,
            steps_to_target,
            digits=0,
        ),
    ),
    claims=(
        *(
            Claim(f"with {label}, BRN beats BN", row["BRN"], row["BN"])
            for label, row in ROWS.items()
            if label != "all 32"
        ),
        Claim("BN gets worse from 32 to groups of 4", ROWS["all 32"]["BN"], FOUR["BN"]),
        Claim(
            "BRN with groups of 4 stays below BRN with all 32 (so it does in the paper)",
            ROWS["all 32"]["BRN"],
            FOUR["BRN"],
        ),
        Claim(
            f"with groups of 4, BN needs more steps to {100 * TARGET:.0f} % than BRN",
            FOUR["BN"],
            FOUR["BRN"],
            steps_to_target,
            digits=0,
        ),
        Claim(
            "with groups of 4, no normalisation is better still than BRN",
            FOUR["no normalisation"],
            FOUR["BRN"],
        ),
    ),
)
