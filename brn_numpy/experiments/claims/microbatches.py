"""Claim 2: BN suffers where it normalises over few images, and BRN suffers less."""

from __future__ import annotations

from functools import partial

from ..experiment import Claim, Experiment, Table, Value
from ..spec import Result
from .common import beats, methods
from .iid import SPEC

TARGET = 0.78
GROUPS = {f"groups of {size}": methods(SPEC, microbatch_size=size) for size in (8, 4, 2)}
ALL, FOUR = methods(SPEC), GROUPS["groups of 4"]
ROWS = {"all 32": ALL, **GROUPS}


@partial(Value, digits=0)
def steps_to_target(result: Result) -> float:
    """Return after how many steps the accuracy is at the target first; all, if it never is."""
    curve = result["curve"]
    reached = [point for point, right in enumerate(curve, start=1) if right >= TARGET]
    return float(result["curve_every"]) * (reached[0] if reached else len(curve))


EXPERIMENT = Experiment(
    name="microbatches",
    question="minibatches of 32, normalised in groups of 32, 8, 4 or 2: who loses how much?",
    tables=(
        Table("accuracy, %", ROWS),
        Table(
            f"steps until {100 * TARGET:.0f} % are right ({{steps}}: not before the end)",
            ROWS,
            steps_to_target,
        ),
    ),
    claims=(
        *(beats(f"with {label},", row) for label, row in GROUPS.items()),
        Claim("BN gets worse from 32 to groups of 4", ALL["BN"], FOUR["BN"]),
        Claim(
            "BRN with groups of 4 stays below BRN with all 32 (so it does in the paper)",
            ALL["BRN"],
            FOUR["BRN"],
        ),
        Claim(
            f"with groups of 4, BN needs more steps to {100 * TARGET:.0f} % than BRN",
            FOUR["BN"],
            FOUR["BRN"],
            steps_to_target,
        ),
        Claim(
            "with groups of 4, no normalisation is better still than BRN",
            FOUR["no normalisation"],
            FOUR["BRN"],
        ),
    ),
)
