"""BN, BRN and their relatives, group and layer normalisation, each at its own best learning rate.

Group and layer normalisation (GN, LN) take the statistics of each image for itself. Groups of
images mean nothing to them, nor to no normalisation: one training is the same in all rows.
"""

from ..experiment import Claim, Experiment, Table
from ..spec import Spec
from .common import beats, by_rate, equals, few_classes, methods
from .tuning import RATES, SPEC, at_its_best, on_validation


def family(spec: Spec, size: int | None = None) -> dict[str, Spec]:
    """Return a row of all methods; BN and BRN normalise in groups of that size."""
    row = methods(spec, ("bn", "brn", "gn", "ln"), microbatch_size=size)
    return {**row, "none": spec.but(method="none")}


ALL, TWO, FEW = "all 32", "groups of 2", "4 classes x 8"
GROUPS = {f"groups of {size}": family(SPEC, size) for size in (8, 4, 2)}
ROWS = {ALL: family(SPEC), **GROUPS, FEW: family(few_classes(SPEC, 4))}
BY_RATE = {label: by_rate(row, RATES) for label, row in ROWS.items()}
CHOSEN = {label: at_its_best(row) for label, row in ROWS.items()}
FAST = BY_RATE[ALL]["rate 0.2"]


def in_row(label: str, better: str, worse: str) -> Claim:
    """Claim that one method is better than another in a row, each at its best rate."""
    return beats(f"{label}:", CHOSEN[label], better, worse)


EXPERIMENT = Experiment(
    name="family",
    question="statistics of a minibatch or of each image: BN, BRN, GN, LN, each at its own best "
    "learning rate",
    tables=(
        Table("accuracy on test images, %, at the rate that is best on validation images", CHOSEN),
        *(
            Table(f"{label}, accuracy on validation images, %", BY_RATE[label], on_validation)
            for label in (ALL, FEW)
        ),
    ),
    claims=(
        *(equals(f"{ALL}:", CHOSEN[ALL], name) for name in ("BRN", "GN", "LN")),
        *(in_row(ALL, name, "none") for name in ("BN", "GN", "LN")),
        *(beats(f"{ALL}, at a rate of 0.2:", FAST, "BN", name) for name in ("GN", "LN")),
        *(
            Claim(f"BN loses from 32 to {label}", CHOSEN[ALL]["BN"], CHOSEN[label]["BN"])
            for label in GROUPS
        ),
        Claim(f"BRN loses from 32 to {TWO}", CHOSEN[ALL]["BRN"], CHOSEN[TWO]["BRN"]),
        in_row(TWO, "BRN", "BN"),
        *(in_row(TWO, name, "BRN") for name in ("GN", "LN")),
        *(in_row(FEW, name, "BN") for name in ("BRN", "GN", "LN")),
        *(in_row(FEW, "BRN", name) for name in ("GN", "LN")),
    ),
    note="GN has 4 groups of 16 units, LN one of 64. Both normalise each image for itself, so that "
    "groups of images do not change them: their trainings, and those without normalisation, are "
    "the same in the first four rows.",
)
