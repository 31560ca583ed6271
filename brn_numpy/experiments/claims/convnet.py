"""A convolutional network: a channel's mean is over all pixels, so small minibatches hurt less."""

from ..experiment import Claim, Experiment, Table
from ..spec import Spec
from .common import few_classes, methods

SPEC = Spec(conv=True, steps=800)
ROWS = {
    "i.i.d. 32": methods(SPEC),
    "groups of 4": {
        **methods(SPEC, ("none",)),
        **methods(SPEC.but(microbatch_size=4), ("bn", "brn")),
    },
    "groups of 2": {
        **methods(SPEC, ("none",)),
        **methods(SPEC.but(microbatch_size=2), ("bn", "brn")),
    },
    "groups of 1": {
        **methods(SPEC, ("none",)),
        **methods(SPEC.but(microbatch_size=1), ("bn", "brn")),
    },
    "4 classes x 8": methods(few_classes(SPEC, 4)),
    "2 classes x 16": methods(few_classes(SPEC, 2)),
}
EXPERIMENT = Experiment(
    name="convnet",
    question="do claims 1 to 3 hold in a convolutional network, whose statistics are over "
    "m x H x W values?",
    tables=(Table("accuracy, %", ROWS),),
    claims=(
        Claim(
            "i.i.d. 32: BRN equals BN within one point",
            ROWS["i.i.d. 32"]["BRN"],
            ROWS["i.i.d. 32"]["BN"],
            within=1.0,
        ),
        Claim("groups of 4: BRN beats BN", ROWS["groups of 4"]["BRN"], ROWS["groups of 4"]["BN"]),
        Claim("groups of 2: BRN beats BN", ROWS["groups of 2"]["BRN"], ROWS["groups of 2"]["BN"]),
        Claim("groups of 1: BRN beats BN", ROWS["groups of 1"]["BRN"], ROWS["groups of 1"]["BN"]),
        Claim(
            "4 classes x 8: BRN beats BN", ROWS["4 classes x 8"]["BRN"], ROWS["4 classes x 8"]["BN"]
        ),
        Claim(
            "2 classes x 16: BRN beats BN",
            ROWS["2 classes x 16"]["BRN"],
            ROWS["2 classes x 16"]["BN"],
        ),
    ),
    note="Groups of 4 leave a channel 784, 196 and 64 values in the three layers of this network "
    "(14 x 14, 7 x 7 and 4 x 4 pixels), where the MLP has 4.",
)
