"""A fair comparison: each method at its own best learning rate, and sweeps of what BRN adds."""

from __future__ import annotations

import math

from ..experiment import Experiment, Result, Table
from ..spec import Spec
from .common import few_classes, methods

SPEC = Spec(steps=1000, validation=True)
KINDS = {
    "i.i.d. 32": SPEC,
    "groups of 4": SPEC.but(microbatch_size=4),
    "4 classes x 8": few_classes(SPEC, 4),
}
RATES = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2)


def on_validation(result: Result) -> float:
    """Return the accuracy on the images kept out of the training, in percent."""
    return 100 * float(result.get("validation", math.nan))


def by_rate(spec: Spec) -> dict[str, dict[str, Spec]]:
    """Return a row for each learning rate."""
    return {f"rate {rate:g}": methods(spec.but(learning_rate=rate)) for rate in RATES}


def sweep(name: str, settings: dict[str, dict[str, object]]) -> dict[str, dict[str, Spec]]:
    """Return a row for each setting of BRN, with a column for each kind of minibatch."""
    return {
        f"{name} {label}": {kind: spec.but(method="brn", **change) for kind, spec in KINDS.items()}
        for label, change in settings.items()
    }


ALPHA = sweep("alpha", {f"{a:g}": {"momentum": a} for a in (0.003, 0.01, 0.03, 0.1, 0.3)})
BOUNDS = sweep(
    "r_max, d_max",
    {
        f"{r:g}, {d:g}": {"r_max": r, "d_max": d}
        for r, d in ((1.5, 0.5), (2.0, 2.0), (3.0, 5.0), (10.0, 10.0), (100.0, 100.0))
    },
)
WARMUP = sweep(
    "warm-up",
    {
        "none": {"warmup": (0.0, 0.0, 0.0)},
        "2.5 %, bounds open at 20 and 12.5 % (paper)": {"warmup": (0.025, 0.2, 0.125)},
        "5 %, bounds open at 30 and 20 %": {"warmup": (0.05, 0.3, 0.2)},
        "20 %, bounds open at 50 and 40 %": {"warmup": (0.2, 0.5, 0.4)},
    },
)
HIGH = SPEC.but(learning_rate=0.2, hidden=(64,) * 8)
LOSES = {
    f"alpha {alpha:g}": {
        "BN": HIGH.but(momentum=alpha),
        "BRN": HIGH.but(method="brn", momentum=alpha),
    }
    for alpha in (0.003, 0.01, 0.1)
}
EXPERIMENT = Experiment(
    name="tuning",
    question="each method at its own best learning rate, chosen on images kept out of training: "
    "who is better then?",
    tables=(
        *(
            Table(f"{kind}, accuracy on validation images, %", by_rate(spec), on_validation)
            for kind, spec in KINDS.items()
        ),
        *(
            Table(f"{kind}, accuracy on test images, %", by_rate(spec))
            for kind, spec in KINDS.items()
        ),
        Table("BRN by alpha, the momentum of the running pair: accuracy, %", ALPHA),
        Table("BRN by its bounds: accuracy, %", BOUNDS),
        Table("BRN by its warm-up: accuracy, %", WARMUP),
        Table("8 hidden layers at a rate of 0.2: where BRN loses, accuracy, %", LOSES),
    ),
    claims=(),
)
