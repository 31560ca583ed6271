"""How much the output for one image depends on the other images of its minibatch."""

from __future__ import annotations

from ..experiment import Claim, Experiment, Table, Value
from ..spec import Spec
from .common import BASE, kinds, methods

SPEC = BASE.but(steps=1000, measures=("companions",))
ROWS = {label: methods(spec, ("bn", "brn")) for label, spec in kinds(SPEC).items()}


def at_the_end(key: str) -> Value:
    """Return the last value of a measure, in percent."""
    return Value(lambda result: 100 * result[key][-1])


share, gap, flips = (at_the_end(key) for key in ("share", "gap", "flips"))


def claims(label: str, bn: Spec, brn: Spec) -> tuple[Claim, Claim]:
    """Return what is claimed of a row."""
    return (
        Claim(f"{label}: BN depends more on the companions than BRN", bn, brn, share),
        Claim(f"{label}: BN's training and inference outputs are further apart", bn, brn, gap),
    )


EXPERIMENT = Experiment(
    name="companions",
    question="how much does an image's output depend on its minibatch?",
    tables=(
        Table("variance of a logit that is due to the companions, %", ROWS, share),
        Table("distance of training and inference outputs, % of their variance", ROWS, gap),
        Table("images whose class differs between training and inference mode, %", ROWS, flips),
    ),
    claims=tuple(claim for label, row in ROWS.items() for claim in claims(label, *row.values())),
)
