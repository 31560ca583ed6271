"""BRN at a high learning rate: how the bounds must be opened, and that there must be bounds.

Two things happen to the bounds: for a while they are closed, so that BRN is BN; then they open, at
once or slowly. The variants keep them apart.
"""

from ..experiment import Claim, Experiment, Table
from ..spec import Spec
from .common import at_rates

SPEC = Spec(hidden=(64,) * 3, steps=600, falling_rate=False)
BRN = SPEC.but(method="brn")
WIDE = {"r_max": 100.0, "d_max": 100.0}
AT_ONCE = (0.0, 0.0, 0.0)
VARIANTS = {
    "no normalisation": SPEC.but(method="none"),
    "BN": SPEC,
    "BRN: BN for 5 %, then opened slowly": BRN,
    "BRN: opened slowly from the start": BRN.but(warmup=(0.0, 0.3, 0.2)),
    "BRN: BN for 5 %, then open at once": BRN.but(warmup=(0.05, 0.05, 0.05)),
    "BRN: open from the start": BRN.but(warmup=AT_ONCE),
    "BRN: as the first, to bounds of 100": BRN.but(**WIDE),
    "BRN: bounds of 100 from the start": BRN.but(warmup=AT_ONCE, **WIDE),
    "BRN: as the first, faster averages (0.1)": BRN.but(momentum=0.1),
}
RATES = (0.05, 0.1, 0.2, 0.3)
ROWS = {label: at_rates(spec, RATES) for label, spec in VARIANTS.items()}
LOW, HIGH = "rate 0.05", "rate 0.3"
FULL, SLOWLY, LATE, OPEN, FAR = list(ROWS.values())[2:7]
EXPERIMENT = Experiment(
    name="warmup",
    question="which learning rates does BRN tolerate, by how its bounds are opened, and how far?",
    tables=(Table("accuracy, %", ROWS),),
    claims=(
        Claim(
            "at a low rate (0.05), bounds may be open from the start",
            OPEN[LOW],
            FULL[LOW],
            within=2.0,
        ),
        Claim("at a high rate (0.3), they may not: BRN ends near guessing", FULL[HIGH], OPEN[HIGH]),
        Claim(
            "... and BN for 5 % before does not help, if they open at once", FULL[HIGH], LATE[HIGH]
        ),
        Claim("... what helps is to open them slowly", SLOWLY[HIGH], LATE[HIGH]),
        Claim(
            "... and then the phase of BN changes less than five points",
            FULL[HIGH],
            SLOWLY[HIGH],
            within=5.0,
        ),
        Claim("... and there must be bounds: those of 100 are too far", FULL[HIGH], FAR[HIGH]),
    ),
)
