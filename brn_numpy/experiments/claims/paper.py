"""The figures of Ioffe (2017) beside ours: ImageNet and Inception-v3 there, a small MLP here."""

from __future__ import annotations

from ..experiment import Claim, Experiment, Table
from . import classes, iid, microbatches
from .common import beats, equals

FEW = classes.FOUR
ROWS = {
    "i.i.d. minibatches of 32": iid.ROW,
    "normalised in groups of 4": microbatches.FOUR,
    "few classes a minibatch": FEW,
    "... in groups of one image a class": classes.FOUR_APART,
}
PAPER = {  # section 4: top-1 accuracy in percent
    "i.i.d. minibatches of 32": "BN 78.3, BRN 78.5",
    "normalised in groups of 4": "BN 74.2, BRN 76.5",
    "few classes a minibatch": "BN 67.0 at its best, BRN 78.5",
    "... in groups of one image a class": "BN 77.4",
}
EXPERIMENT = Experiment(
    name="paper",
    question="the table of the paper, on a network that trains in two seconds: is it the same?",
    tables=(
        Table("accuracy, %", ROWS, paper=PAPER),
        Table(
            "accuracy with the statistics of test minibatches drawn in the same way, %",
            {"few classes a minibatch": {"BN": FEW["BN"], "BRN": FEW["BRN"]}},
            classes.in_training_mode,
            paper={"few classes a minibatch": "BN 76.5"},
        ),
    ),
    claims=(
        equals("1. i.i.d. minibatches of 32:", iid.ROW),
        beats("2. normalised in groups of 4:", microbatches.FOUR),
        beats("3. few classes a minibatch:", FEW),
        Claim("... where groups of one image a class mend BN", classes.FOUR_APART["BN"], FEW["BN"]),
    ),
    note="The paper: ImageNet and Inception-v3, 32 images on each of 50 workers; few classes are "
    "16 of 1000, two images of each. Ours: Fashion-MNIST at 14 x 14 pixels, four hidden "
    "layers of 64 units, {steps} steps; 4 of the 10 classes, eight images of each.",
)
