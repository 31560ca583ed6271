"""Minibatches that are i.i.d. in their labels, but each of one domain: one transform of images."""

from ..experiment import Experiment, Table
from ..images import SHIFTS
from ..spec import Spec
from .classes import measured_anew
from .common import beats, methods

ROWS = {}
for _shift in SHIFTS:
    _spec = Spec(steps=1000, shift=_shift, measures=("anew",))
    ROWS[f"{_shift}, mixed"] = methods(_spec)
    ROWS[f"{_shift}, one a minibatch"] = methods(_spec.but(mixed=False))
EXPERIMENT = Experiment(
    name="domains",
    question="every minibatch under one transform of the images, of several: who can use both?",
    tables=(
        Table("accuracy on test images under all transforms, %", ROWS),
        Table("... with running statistics re-estimated on all transforms", ROWS, measured_anew),
    ),
    claims=tuple(
        claim
        for shift in SHIFTS
        for row in [ROWS[f"{shift}, one a minibatch"]]
        for claim in (
            beats(shift, row),
            beats(shift, row, worse="no normalisation"),
        )
    ),
)
