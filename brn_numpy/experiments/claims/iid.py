"""Claim 1: on i.i.d. minibatches of 32, BRN is as good as BN."""

from ..experiment import Experiment, Table
from .common import BASE, beats, equals, methods

SPEC = BASE.but(measures=("curve",))
ROW = methods(SPEC)
EXPERIMENT = Experiment(
    name="iid",
    question="on i.i.d. minibatches of 32, is BRN as good as BN?",
    tables=(Table("accuracy, %", {"minibatches of 32": ROW}),),
    claims=(equals("", ROW), beats("", ROW, "BN", "no normalisation")),
)
