"""BN, BRN and their relatives, group and layer normalisation, each at its own best learning rate.

Group and layer normalisation (GN, LN) take the statistics of each image for itself. Groups of
images mean nothing to them, nor to no normalisation: one training is the same in all rows.
"""

from ..experiment import Claim, Experiment, Table
from ..spec import Spec
from .common import few_classes, methods
from .tuning import RATES, SPEC, at_its_best, on_validation


def family(spec: Spec) -> dict[str, Spec]:
    """Return a row of all methods; the microbatches are for BN and BRN alone."""
    whole = spec.but(microbatch_size=None)
    return {
        **methods(spec, ("bn", "brn")),
        **methods(whole, ("gn", "ln")),
        "none": whole.but(method="none"),
    }


ALL, TWO, FEW = "all 32", "groups of 2", "4 classes x 8"
GROUPS = {f"groups of {size}": family(SPEC.but(microbatch_size=size)) for size in (8, 4, 2)}
ROWS = {ALL: family(SPEC), **GROUPS, FEW: family(few_classes(SPEC, 4))}
CHOSEN = {label: at_its_best(row) for label, row in ROWS.items()}


def by_rate(row: dict[str, Spec]) -> dict[str, dict[str, Spec]]:
    """Return a row for each learning rate."""
    return {
        f"rate {rate:g}": {name: spec.but(learning_rate=rate) for name, spec in row.items()}
        for rate in RATES
    }


FAST = by_rate(ROWS[ALL])["rate 0.2"]


def beats(where: str, better: str, worse: str) -> Claim:
    """Claim that one method is better than another in a row."""
    row = CHOSEN[where]
    return Claim(f"{where}: {better} beats {worse}", row[better], row[worse])


EXPERIMENT = Experiment(
    name="family",
    question="statistics of a minibatch or of each image: BN, BRN, GN, LN, each at its own best "
    "learning rate",
    tables=(
        Table("accuracy on test images, %, at the rate that is best on validation images", CHOSEN),
        *(
            Table(f"{label}, accuracy on validation images, %", by_rate(ROWS[label]), on_validation)
            for label in (ALL, FEW)
        ),
    ),
    claims=(
        *(
            Claim(
                f"{ALL}: {name} equals BN within one point",
                CHOSEN[ALL][name],
                CHOSEN[ALL]["BN"],
                within=1.0,
            )
            for name in ("BRN", "GN", "LN")
        ),
        *(beats(ALL, name, "none") for name in ("BN", "GN", "LN")),
        *(
            Claim(f"{ALL}, at a rate of 0.2: BN beats {name}", FAST["BN"], FAST[name])
            for name in ("GN", "LN")
        ),
        *(
            Claim(f"BN loses from 32 to {label}", CHOSEN[ALL]["BN"], CHOSEN[label]["BN"])
            for label in GROUPS
        ),
        Claim(f"BRN loses from 32 to {TWO}", CHOSEN[ALL]["BRN"], CHOSEN[TWO]["BRN"]),
        beats(TWO, "BRN", "BN"),
        *(beats(TWO, name, "BRN") for name in ("GN", "LN")),
        *(beats(FEW, name, "BN") for name in ("BRN", "GN", "LN")),
        *(beats(FEW, "BRN", name) for name in ("GN", "LN")),
    ),
    note="GN has 4 groups of 16 units, LN one of 64. Both normalise each image for itself, so that "
    "groups of images do not change them: their trainings, and those without normalisation, are "
    "the same in the first four rows.",
)
