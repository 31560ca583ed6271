"""r is near 1 and d near 0 on average; how often they are clipped; and what the average is of."""

from __future__ import annotations

import numpy as np

from ..._checks import Array
from ..experiment import Claim, Experiment, Table, Value
from ..spec import Result
from .common import BASE, kinds, methods

SPEC = BASE.but(steps=1000)
KINDS = kinds(SPEC.but(method="brn", measures=("corrections",)))
ROWS = {label: {"BRN": spec} for label, spec in KINDS.items()}
IID = KINDS["i.i.d. 32"]
LAST = len(SPEC.hidden) - 1


def late(result: Result) -> Array:
    """Return means over the second half of the training: r, d, the shares of clipped r and d."""
    means: Array = np.mean(result["corrections"][10:], axis=0)  # 20 parts of (4, layers)
    return means


mean_r = Value(lambda result: late(result)[0].mean(), digits=3)
mean_d = Value(lambda result: late(result)[1].mean(), digits=3)


def clipped(row: int, layer: int) -> Value:
    """Return the share of values of a layer that are clipped, in percent; row 2 is r, 3 is d."""
    return Value(lambda result: 100 * late(result)[row, layer], digits=2)


AVERAGE = SPEC.but(measures=("statistics",))
SIZES = {
    f"groups of {size}" if size < 32 else "all 32": {
        "average of the std": AVERAGE.but(microbatch_size=size),
        "average of the variance": AVERAGE.but(microbatch_size=size, average="var"),
    }
    for size in (2, 4, 8, 32)
}
NONE = methods(SPEC, ("none",))
STD_2, VARIANCE_2 = SIZES["groups of 2"].values()
STD_4, VARIANCE_4 = SIZES["groups of 4"].values()
std_ratio = Value(lambda result: result["std_ratio"], digits=3)  # running over true, first layer

EXPERIMENT = Experiment(
    name="corrections",
    question="what are r and d in a training, and what should the running pair average?",
    tables=(
        Table("mean of r, second half of the training", ROWS, mean_r),
        Table("mean of d", ROWS, mean_d),
        *(
            Table(
                f"{name} that are clipped in hidden layer {layer + 1}, %", ROWS, clipped(row, layer)
            )
            for row, name in ((2, "r"), (3, "d"))
            for layer in (0, LAST)
        ),
        Table("running std over the std of all training images, first layer", SIZES, std_ratio),
        Table(
            "BN with these running statistics: accuracy, %",
            {label: {**NONE, **row} for label, row in SIZES.items()},
        ),
    ),
    claims=(
        Claim(
            "i.i.d. 32: r is 1 within 0.05 on average",
            IID,
            0.0,
            Value(lambda result: mean_r(result) - 1, digits=3),
            within=0.05,
        ),
        Claim("i.i.d. 32: d is 0 within 0.05 on average", IID, 0.0, mean_d, within=0.05),
        Claim(
            "groups of 2: the average of the std is below that of the variance",
            VARIANCE_2,
            STD_2,
            std_ratio,
        ),
        Claim("groups of 2: BN is better with the average of the variance", VARIANCE_2, STD_2),
        Claim("groups of 4: it does not matter, within one point", VARIANCE_4, STD_4, within=1.0),
    ),
)
