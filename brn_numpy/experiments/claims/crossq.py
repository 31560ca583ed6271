"""BRN today: a critic without a target network, as in CrossQ, on a pendulum."""

from __future__ import annotations

import numpy as np

from ..experiment import Claim, Experiment, Gap, Table
from ..rl.run import possible
from ..rl.spec import CriticSpec
from ..spec import Result

BASE = CriticSpec()
TUNED = BASE.but(learning_rate=3e-3, beta1=0.9)  # the best that was found for the plain critic
WITH, WITHOUT = "with a target network", "without"


def pair(spec: CriticSpec, tau: float = 0.005) -> dict[str, CriticSpec]:
    """Return a row: with a target network and without."""
    return {WITH: spec.but(tau=tau), WITHOUT: spec}


def final(result: Result) -> float:
    """Return the mean return in the last quarter of the training."""
    return float(result["final"])


def whole(result: Result) -> float:
    """Return the mean return over the whole training: who learns early has more."""
    return float(np.mean(result["curve"]))


def impossible(result: Result) -> float:
    """Return 100 if a Q was beyond every return that there can be, else 0."""
    return 100.0 if result["largest"][-1] > possible(BASE) else 0.0


def two_modes(result: Result) -> float:
    """Return how far Q in training and inference mode are apart at the end, % of Q's spread."""
    return float(np.mean(result["gap"][-4:]))


BN, BRN = BASE.but(method="bn"), BASE.but(method="brn")
ROWS = {
    "no normalisation": pair(BASE),
    "BN, eval": pair(BN.but(way="eval")),
    "BRN, eval": pair(BRN.but(way="eval")),
    "BN, separate": {WITHOUT: BN.but(way="separate")},
    "BRN, separate": {WITHOUT: BRN.but(way="separate")},
    "BN, joint": {WITHOUT: BN},
    "BRN, joint": {WITHOUT: BRN},
    "LayerNorm": {WITHOUT: BASE.but(method="ln")},
    "no normalisation, tuned": pair(TUNED, tau=0.05),
}
NORMALISED = {label: row for label, row in ROWS.items() if label.startswith("B")}
SMALL = {label: {WITH: ROWS[label][WITH].but(batch_size=16)} for label in ("BN, eval", "BRN, eval")}
LIMITS = {
    "BN, joint, as above": {WITHOUT: BN},
    "... with Adam's usual beta1, 0.9": {WITHOUT: BN.but(beta1=0.9)},
    "... in the critic alone": {WITHOUT: BN.but(actor="none")},
    "BRN, eval, as above": {WITH: ROWS["BRN, eval"][WITH]},
    "... as the plain critic was tuned": {
        WITH: TUNED.but(method="brn", way="eval", tau=0.05),
    },
}
PLAIN, NAIVE_BN, NAIVE_BRN = (ROWS[k][WITH] for k in ("no normalisation", "BN, eval", "BRN, eval"))
SMALL_BN, SMALL_BRN = (row[WITH] for row in SMALL.values())


def learns(text: str, better: CriticSpec, worse: CriticSpec) -> Claim:
    """Claim that one critic has a higher return than another, over the whole training."""
    return Claim(text, better, worse, whole, digits=0)


EXPERIMENT = Experiment(
    name="crossq",
    question="reinforcement learning: does a critic with BN or BRN need a target network?",
    tables=(
        Table("return of an episode, at the end of {steps} steps", ROWS, final, digits=0),
        Table("... and over the whole training", ROWS, whole, digits=0),
        Table("trainings with a Q beyond every possible return, %", ROWS, impossible, digits=0),
        Table(
            "distance of Q in training and inference mode, % of its spread", NORMALISED, two_modes
        ),
        Table("minibatches of 16: return at the end", SMALL, final, digits=0),
        Table("where it fails: return at the end", LIMITS, final, digits=0),
    ),
    claims=(
        learns("without normalisation, a critic needs its target network", PLAIN, BASE),
        learns("BN the naive way (eval) hurts a critic with a target network", PLAIN, NAIVE_BN),
        learns("joint BN needs no target network: it beats the plain critic's", BN, PLAIN),
        learns("joint BRN needs none either", BRN, PLAIN),
        learns(
            "separate minibatches are worse for BN than a joint one",
            BN,
            NORMALISED["BN, separate"][WITHOUT],
        ),
        learns("BRN mends the naive way, with a target network", NAIVE_BRN, NAIVE_BN),
        learns("... in minibatches of 16, too", SMALL_BRN, SMALL_BN),
        Claim(
            "... and there by more",
            Gap(SMALL_BRN, SMALL_BN),
            Gap(NAIVE_BRN, NAIVE_BN),
            whole,
            digits=0,
        ),
        Claim("the two modes of BN, eval, are apart at the end", NAIVE_BN, 1.0, two_modes),
        Claim("those of BRN, eval, are one", NAIVE_BRN, 0.0, two_modes, within=1.0),
        learns(
            "without a target network, BRN does not mend the naive way",
            BRN,
            ROWS["BRN, eval"][WITHOUT],
        ),
        learns(
            "against us: a tuned plain critic with its target network beats joint BN",
            ROWS["no normalisation, tuned"][WITH],
            BN,
        ),
        learns("LayerNorm needs no target network", ROWS["LayerNorm"][WITHOUT], PLAIN),
        learns(
            "joint BN is worse with beta1 = 0.9",
            BN,
            LIMITS["... with Adam's usual beta1, 0.9"][WITHOUT],
        ),
        learns(
            "joint BN is worse in the critic alone", BN, LIMITS["... in the critic alone"][WITHOUT]
        ),
        learns(
            "BRN, eval, is worse where the plain critic is tuned",
            NAIVE_BRN,
            LIMITS["... as the plain critic was tuned"][WITH],
        ),
    ),
)
