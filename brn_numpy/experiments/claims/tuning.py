"""A fair comparison: each method at its own best learning rate, and sweeps of what BRN adds."""

from __future__ import annotations

from collections.abc import Mapping

from ..experiment import Best, Claim, Experiment, Table, Value
from ..spec import Spec
from .common import at_rates, beats, by_rate, equals, kinds, methods

SPEC = Spec(steps=1000, validation=True)
KINDS = kinds(SPEC, few=(4,))
RATES = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2)
on_validation = Value(lambda result: 100 * result["validation"])  # images kept out, in percent
BY_RATE = {kind: by_rate(methods(spec), RATES) for kind, spec in KINDS.items()}


def at_its_best(row: Mapping[str, Spec]) -> dict[str, Best]:
    """Return a row with each training at the rate that is best on the validation images."""
    return {name: Best(at_rates(spec, RATES), on_validation) for name, spec in row.items()}


def sweep(name: str, settings: dict[str, dict[str, object]]) -> dict[str, dict[str, Spec]]:
    """Return a row for each setting of BRN, and one without normalisation, by kind of minibatch."""
    rows: dict[str, dict[str, object]] = {
        "no normalisation": {"method": "none", "microbatch_size": None},
        **{f"{name} {label}": {"method": "brn", **change} for label, change in settings.items()},
    }
    return {
        label: {kind: spec.but(**change) for kind, spec in KINDS.items()}
        for label, change in rows.items()
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
        "none, open from the start": {"warmup": (0.0, 0.0, 0.0)},
        "none, bounds open at 30 and 20 %": {"warmup": (0.0, 0.3, 0.2)},
        "2.5 %, bounds open at 20 and 12.5 % (paper)": {"warmup": (0.025, 0.2, 0.125)},
        "5 %, bounds open at 30 and 20 %": {"warmup": (0.05, 0.3, 0.2)},
        "20 %, bounds open at 50 and 40 %": {"warmup": (0.2, 0.5, 0.4)},
    },
)
HIGH = SPEC.but(learning_rate=0.2, hidden=(64,) * 8)
LOSES = {
    f"alpha {alpha:g}": {
        **methods(HIGH, momentum=alpha),
        "BRN, opened later": HIGH.but(method="brn", momentum=alpha, warmup=(0.0, 0.6, 0.5)),
    }
    for alpha in (0.003, 0.01, 0.1)
}
SLOW = LOSES["alpha 0.003"]
CHOSEN = {kind: at_its_best(methods(spec)) for kind, spec in KINDS.items()}
EXPERIMENT = Experiment(
    name="tuning",
    question="each method at its own best learning rate, chosen on images kept out of training: "
    "who is better then?",
    tables=(
        Table("accuracy on test images, %, at the rate that is best on validation images", CHOSEN),
        *(
            Table(f"{kind}, accuracy on validation images, %", rows, on_validation)
            for kind, rows in BY_RATE.items()
        ),
        *(Table(f"{kind}, accuracy on test images, %", rows) for kind, rows in BY_RATE.items()),
        Table("BRN by alpha, the momentum of the running pair: accuracy, %", ALPHA),
        Table("BRN by its bounds: accuracy, %", BOUNDS),
        Table("BRN by its warm-up: accuracy, %", WARMUP),
        Table("8 hidden layers at a rate of 0.2: where BRN loses, accuracy, %", LOSES),
    ),
    claims=(
        equals("i.i.d. 32, each at its best rate:", CHOSEN["i.i.d. 32"]),
        *(
            beats(f"{kind}, each at its best rate:", CHOSEN[kind], worse=worse)
            for worse in ("BN", "no normalisation")
            for kind in ("groups of 4", "4 classes x 8")
        ),
        Claim(
            "8 hidden layers, a rate of 0.2 and averages of 0.003: BRN loses to BN",
            SLOW["BN"],
            SLOW["BRN"],
        ),
        Claim(
            "... unless its bounds open later, without any warm-up",
            SLOW["BRN, opened later"],
            SLOW["BRN"],
        ),
    ),
)
