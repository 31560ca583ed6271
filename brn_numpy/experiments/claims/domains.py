"""Minibatches that are i.i.d. in their labels, but each of one domain: one transform of images."""

from ..experiment import Experiment, Table
from ..images import SHIFTS
from ..spec import Spec
from .classes import measured_anew
from .common import beats, methods

ROWS = {
    f"{shift}, {'mixed' if mixed else 'one a minibatch'}": methods(
        Spec(steps=1000, shift=shift, mixed=mixed, measures=("anew",))
    )
    for shift in SHIFTS
    for mixed in (True, False)
}
EXPERIMENT = Experiment(
    name="domains",
    question="every minibatch under one transform of the images, of several: who can use both?",
    tables=(
        Table("accuracy on test images under all transforms, %", ROWS),
        Table("... with running statistics re-estimated on all transforms", ROWS, measured_anew),
    ),
    claims=tuple(
        beats(f"{shift}:", ROWS[f"{shift}, one a minibatch"], worse=worse)
        for shift in SHIFTS
        for worse in ("BN", "no normalisation")
    ),
)
