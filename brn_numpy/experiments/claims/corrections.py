"""r is near 1 and d near 0 on average; how often they are clipped; and what the average is of."""

from __future__ import annotations

import math

import numpy as np

from ..experiment import Claim, Experiment, Table, Value
from ..spec import Result, Spec
from .common import BASE, few_classes, methods

SPEC = BASE.but(method="brn", steps=1000, measures=("corrections",))
KINDS = {
    "i.i.d. 32": SPEC,
    "groups of 4": SPEC.but(microbatch_size=4),
    "4 classes x 8": few_classes(SPEC, 4),
    "2 classes x 16": few_classes(SPEC, 2),
}
LAYERS = range(len(SPEC.hidden))


def correction(row: int, layer: int | None = None, scale: float = 1.0) -> Value:
    """Return the function that reads a mean of the second half of the training.

    `row` is 0 for r, 1 for d, 2 and 3 for the shares of clipped r and d.
    """

    def value(result: Result) -> float:
        parts = result.get("corrections")  # 20 parts of (4, layers)
        if parts is None:
            return math.nan
        late = np.mean(parts[10:], axis=0)[row]  # (layers,)
        return scale * float(late.mean() if layer is None else late[layer])

    return value


def distance_of_r_from_1(result: Result) -> float:
    """Return the mean of r less 1."""
    return correction(0)(result) - 1


AVERAGE = BASE.but(steps=1000, measures=("statistics",))
SIZES = {
    f"groups of {size}" if size < 32 else "all 32": {
        "average of the std": AVERAGE.but(microbatch_size=size),
        "average of the variance": AVERAGE.but(microbatch_size=size, average="var"),
    }
    for size in (2, 4, 8, 32)
}


def std_ratio(result: Result) -> float:
    """Return the running std of the first layer over that of all training images."""
    return float(result.get("std_ratio", math.nan))


def _row(spec: Spec) -> dict[str, Spec]:
    return {"BRN": spec}


TWO = SIZES["groups of 2"]
EXPERIMENT = Experiment(
    name="corrections",
    question="what are r and d in a training, and what should the running pair average?",
    tables=(
        Table(
            "mean of r, second half of the training",
            {label: _row(spec) for label, spec in KINDS.items()},
            correction(0),
            digits=3,
        ),
        Table(
            "mean of d",
            {label: _row(spec) for label, spec in KINDS.items()},
            correction(1),
            digits=3,
        ),
        *(
            Table(
                f"{name} that are clipped in hidden layer {layer + 1}, %",
                {label: _row(spec) for label, spec in KINDS.items()},
                correction(row, layer, 100.0),
                digits=2,
            )
            for row, name in ((2, "r"), (3, "d"))
            for layer in (LAYERS[0], LAYERS[-1])
        ),
        Table(
            "running std over the std of all training images, first layer",
            SIZES,
            std_ratio,
            digits=3,
        ),
        Table(
            "BN with these running statistics: accuracy, %",
            {
                label: {**methods(BASE.but(steps=1000), ("none",)), **r}
                for label, r in SIZES.items()
            },
        ),
    ),
    claims=(
        Claim(
            "i.i.d. 32: r is 1 within 0.05 on average",
            KINDS["i.i.d. 32"],
            0.0,
            distance_of_r_from_1,
            within=0.05,
            digits=3,
        ),
        Claim(
            "i.i.d. 32: d is 0 within 0.05 on average",
            KINDS["i.i.d. 32"],
            0.0,
            correction(1),
            within=0.05,
            digits=3,
        ),
        Claim(
            "groups of 2: the average of the std is below that of the variance",
            TWO["average of the variance"],
            TWO["average of the std"],
            std_ratio,
            digits=3,
        ),
        Claim(
            "groups of 2: BN is better with the average of the variance",
            TWO["average of the variance"],
            TWO["average of the std"],
        ),
        Claim(
            "groups of 4: it does not matter, within one point",
            SIZES["groups of 4"]["average of the variance"],
            SIZES["groups of 4"]["average of the std"],
            within=1.0,
        ),
    ),
)
