"""A convolutional network: a channel's mean is over all pixels, so small minibatches hurt less."""

from ..experiment import Experiment, Table
from ..spec import Spec
from .common import beats, equals, few_classes, methods

SPEC = Spec(conv=True, steps=800)
ROWS = {
    "i.i.d. 32": methods(SPEC),
    **{f"groups of {size}": methods(SPEC, microbatch_size=size) for size in (4, 2, 1)},
    "4 classes x 8": methods(few_classes(SPEC, 4)),
    "2 classes x 16": methods(few_classes(SPEC, 2)),
}
EXPERIMENT = Experiment(
    name="convnet",
    question="do claims 1 to 3 hold in a convolutional network, whose statistics are over "
    "m x H x W values?",
    tables=(Table("accuracy, %", ROWS),),
    claims=tuple(
        (equals if kind == "i.i.d. 32" else beats)(f"{kind}:", row) for kind, row in ROWS.items()
    ),
    note="Groups of 4 leave a channel 784, 196 and 64 values in the three layers of this network "
    "(14 x 14, 7 x 7 and 4 x 4 pixels), where the MLP has 4.",
)
