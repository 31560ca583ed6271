"""Claim 1: on i.i.d. minibatches of 32, BRN is as good as BN."""

from ..experiment import Claim, Experiment, Table
from .common import BASE, methods

SPEC = BASE.but(measures=("curve",))
ROW = methods(SPEC)
EXPERIMENT = Experiment(
    name="iid",
    question="on i.i.d. minibatches of 32, is BRN as good as BN?",
    tables=(Table("accuracy, %", {"minibatches of 32": ROW}),),
    claims=(
        Claim("BRN equals BN within one point", ROW["BRN"], ROW["BN"], within=1.0),
        Claim("BN beats no normalisation", ROW["BN"], ROW["no normalisation"]),
    ),
)
