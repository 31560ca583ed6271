"""BRN needs its warm-up and its bounds where the learning rate is high."""

from ..experiment import Claim, Experiment, Table
from ..spec import Spec

SPEC = Spec(hidden=(64,) * 3, steps=600, falling_rate=False)
BRN = SPEC.but(method="brn")
VARIANTS = {
    "no normalisation": SPEC.but(method="none"),
    "BN": SPEC,
    "BRN": BRN,
    "BRN, no warm-up": BRN.but(warmup=(0.0, 0.0, 0.0)),
    "BRN, bounds of 100": BRN.but(r_max=100.0, d_max=100.0),
    "BRN, neither": BRN.but(r_max=100.0, d_max=100.0, warmup=(0.0, 0.0, 0.0)),
    "BRN, faster averages (0.1)": BRN.but(momentum=0.1),
}
RATES = (0.05, 0.1, 0.2, 0.3)
ROWS = {
    label: {f"rate {rate}": spec.but(learning_rate=rate) for rate in RATES}
    for label, spec in VARIANTS.items()
}
HIGH = "rate 0.3"
EXPERIMENT = Experiment(
    name="warmup",
    question="which learning rates does BRN bear with and without warm-up and bounds?",
    tables=(Table("accuracy, %", ROWS),),
    claims=(
        Claim(
            "at a low rate (0.05), the warm-up does not matter",
            ROWS["BRN"]["rate 0.05"],
            ROWS["BRN, no warm-up"]["rate 0.05"],
            within=2.0,
        ),
        Claim(
            "at a high rate (0.3), BRN without warm-up is lost",
            ROWS["BRN"][HIGH],
            ROWS["BRN, no warm-up"][HIGH],
        ),
        Claim(
            "at a high rate (0.3), BRN without bounds is lost",
            ROWS["BRN"][HIGH],
            ROWS["BRN, bounds of 100"][HIGH],
        ),
    ),
)
