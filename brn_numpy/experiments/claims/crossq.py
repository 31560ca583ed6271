"""BRN today: a critic without a target network, as in CrossQ, on a pendulum."""

from __future__ import annotations

import numpy as np

from ..experiment import Claim, Experiment, Gap, Table, Value
from ..rl.run import possible
from ..rl.spec import CriticSpec

BASE = CriticSpec()
TUNED = BASE.but(learning_rate=3e-3, beta1=0.9)  # the best that was found for the plain critic
WITH, WITHOUT = "with a target network", "without"


def pair(spec: CriticSpec, tau: float = 0.005) -> dict[str, CriticSpec]:
    """Return a row: with a target network and without."""
    return {WITH: spec.but(tau=tau), WITHOUT: spec}


final = Value(lambda result: result["final"], digits=0)  # mean return in the last quarter
whole = Value(lambda result: float(np.mean(result["curve"])), digits=0)  # who learns early has more
impossible = Value(  # 100 if a Q was beyond every return that there can be, else 0
    lambda result: 100 * (result["largest"][-1] > possible(BASE)), digits=0
)
# At the end: by how much Q was above the rewards that followed; how far it was apart in training
# and inference mode, in percent of its spread.
bias = Value(lambda result: np.mean(result["bias"][-4:]), digits=0)
apart = Value(lambda result: np.mean(result["gap"][-4:]))


def learns(text: str, better: CriticSpec, worse: CriticSpec) -> Claim:
    """Claim that one has a higher return than another, over the whole training."""
    return Claim(text, better, worse, whole)


BN, BRN = BASE.but(method="bn"), BASE.but(method="brn")  # joint, without a target network
SEPARATE_BN, SEPARATE_BRN = BN.but(way="separate"), BRN.but(way="separate")
PLAIN, EVAL_BN, EVAL_BRN = pair(BASE), pair(BN.but(way="eval")), pair(BRN.but(way="eval"))
TUNED_PLAIN, LAYER_NORM = pair(TUNED, tau=0.05), BASE.but(method="ln")
ROWS = {
    "no normalisation": PLAIN,
    "BN, eval": EVAL_BN,
    "BRN, eval": EVAL_BRN,
    "BN, separate": {WITHOUT: SEPARATE_BN},
    "BRN, separate": {WITHOUT: SEPARATE_BRN},
    "BN, joint": {WITHOUT: BN},
    "BRN, joint": {WITHOUT: BRN},
    "LayerNorm": {WITHOUT: LAYER_NORM},
    "no normalisation, tuned": TUNED_PLAIN,
}
POSSIBLE = {label: {WITH: row[WITH]} if WITH in row else row for label, row in ROWS.items()}
NORMALISED = {label: row for label, row in ROWS.items() if label.startswith("B")}
SMALL_BN, SMALL_BRN = EVAL_BN[WITH].but(batch_size=16), EVAL_BRN[WITH].but(batch_size=16)
SMALL = {"BN, eval": {WITH: SMALL_BN}, "BRN, eval": {WITH: SMALL_BRN}}
USUAL_BETA, CRITIC_ALONE = BN.but(beta1=0.9), BN.but(actor="none")
TUNED_BRN = TUNED.but(method="brn", way="eval", tau=0.05)
LIMITS = {
    "BN, joint, as above": {WITHOUT: BN},
    "... with Adam's usual beta1, 0.9": {WITHOUT: USUAL_BETA},
    "... in the critic alone": {WITHOUT: CRITIC_ALONE},
    "BRN, eval, as above": {WITH: EVAL_BRN[WITH]},
    "... as the plain critic was tuned": {WITH: TUNED_BRN},
}
EXPERIMENT = Experiment(
    name="crossq",
    question="reinforcement learning: does a critic with BN or BRN need a target network?",
    tables=(
        Table("return of an episode, at the end of {steps} steps", ROWS, final),
        Table("... and over the whole training", ROWS, whole),
        Table("trainings with a Q beyond every possible return, %", ROWS, impossible),
        Table("Q minus the discounted rewards that followed", POSSIBLE, bias),
        Table("Q in training and in inference mode: apart by % of its spread", NORMALISED, apart),
        Table("minibatches of 16: return at the end", SMALL, final),
        Table("where it fails: return at the end", LIMITS, final),
    ),
    claims=(
        learns("without normalisation, a critic needs its target network", *PLAIN.values()),
        learns("BN, eval, hurts a critic with a target network", PLAIN[WITH], EVAL_BN[WITH]),
        learns("BN, joint, without one beats no normalisation with one", BN, PLAIN[WITH]),
        learns("BRN, joint, without one beats no normalisation with one", BRN, PLAIN[WITH]),
        learns("without one, BN, separate, is worse than joint", BN, SEPARATE_BN),
        learns("with one, BRN, eval, beats BN, eval", EVAL_BRN[WITH], EVAL_BN[WITH]),
        learns("... in minibatches of 16, too", SMALL_BRN, SMALL_BN),
        Claim(
            "... and there by more",
            Gap(SMALL_BRN, SMALL_BN),
            Gap(EVAL_BRN[WITH], EVAL_BN[WITH]),
            whole,
        ),
        Claim("the two modes of BN, eval, are apart at the end", EVAL_BN[WITH], 1.0, apart),
        Claim("those of BRN, eval, are one", EVAL_BRN[WITH], 0.0, apart, within=1.0),
        Claim(
            "with BN, eval, Q is higher above what follows than with BRN, eval",
            EVAL_BN[WITH],
            EVAL_BRN[WITH],
            bias,
        ),
        Claim(
            "without one, with BN, separate, Q is lower than with BN, joint", BN, SEPARATE_BN, bias
        ),
        learns("without one, BRN, eval, is worse than joint", BRN, EVAL_BRN[WITHOUT]),
        Claim("without one, BRN, joint, equals BN, joint", BRN, BN, whole, within=100),
        learns("LayerNorm without one beats no normalisation with one", LAYER_NORM, PLAIN[WITH]),
        learns("... and no normalisation without one", LAYER_NORM, PLAIN[WITHOUT]),
        learns("without one, BN, joint, beats LayerNorm", BN, LAYER_NORM),
        learns(
            "against BN: tuned, no normalisation with one beats BN, joint", TUNED_PLAIN[WITH], BN
        ),
        learns("... but it needs that network", *TUNED_PLAIN.values()),
        learns("BN, joint, is worse with beta1 = 0.9", BN, USUAL_BETA),
        learns("BN, joint, is worse in the critic alone", BN, CRITIC_ALONE),
        learns("BRN, eval, is worse where the plain critic is tuned", EVAL_BRN[WITH], TUNED_BRN),
    ),
    note="Without one, with one: a target network. A claim is about the return over the whole "
    "training, a mean of 16 looks, if it names no other value. In a fifth of 6,000 steps, as with "
    "--quick, most critics have learnt nothing yet.",
)
