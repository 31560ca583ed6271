"""compare: BN against BRN in the paper's three regimes, on real images, in a minute."""

from __future__ import annotations

from typing import Any

from .claims.common import beats, equals, methods
from .experiment import Experiment, Gap, Table
from .spec import AnySpec, Result, Spec

STEPS = 1500
PAPER = {  # top-1 accuracies of Inception-v3 on ImageNet, in percent (Ioffe 2017, section 4)
    "iid32": "BN 78.3, BRN 78.5",
    "micro4": "BN 74.2, BRN 76.5",
    "noniid": "BN 67.0, BRN 78.5",
}


def few(classes: int) -> int:
    """Return how many classes a minibatch of few classes has: 4, 2 or 1, but not all."""
    return next(k for k in (4, 2, 1) if k < classes)


def regimes(classes: int) -> dict[str, Spec]:
    """Return how minibatches are drawn and normalised, for images of so many classes."""
    base = Spec(hidden=(128, 128, 128), learning_rate=0.1, steps=STEPS)
    return {
        "iid32": base,
        "micro4": base.but(microbatch_size=4),
        "noniid": base.but(classes_per_batch=few(classes)),
    }


def titles(classes: int) -> dict[str, str]:
    """Return the regimes in words."""
    k = few(classes)
    return {
        "iid32": "i.i.d. minibatches of 32",
        "micro4": "i.i.d., normalised in groups of 4",
        "noniid": f"not i.i.d.: {k} class{'es' if k > 1 else ''} x {32 // k} images",
    }


def experiment(classes: int) -> Experiment:
    """Return the six trainings, and what is claimed of them, for images of so many classes."""
    names = titles(classes)
    rows = {names[key]: methods(spec, ("bn", "brn")) for key, spec in regimes(classes).items()}
    iid, micro, uneven = rows.values()
    return Experiment(
        name="compare",
        question="where is BRN as good as BN, and where is it better?",
        tables=(
            Table(
                "accuracy on test images, %, after {steps} steps",
                {k: {**row, "BRN - BN": Gap(row["BRN"], row["BN"])} for k, row in rows.items()},
                paper={names[key]: text for key, text in PAPER.items()},
            ),
        ),
        claims=(
            equals("i.i.d. minibatches:", iid),
            beats("groups of 4:", micro),
            beats("few classes a minibatch:", uneven),
        ),
    )


def for_json(spec: AnySpec, result: Result, classes: int) -> dict[str, Any]:
    """Return a training and its result; the accuracy is None where it diverged."""
    assert isinstance(spec, Spec)
    alike = spec.but(method="bn", seed=0, steps=STEPS)
    regime = next(key for key, base in regimes(classes).items() if base == alike)
    return {
        "regime": regime,
        "method": spec.method,
        "seed": spec.seed,
        "accuracy": None if result.get("diverged") else result["accuracy"],
        "seconds": result["seconds"],
        "steps": spec.steps,
        "microbatch_size": spec.microbatch_size,
        "classes_per_batch": spec.classes_per_batch or classes,
    }
