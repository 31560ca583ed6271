"""The main job: BN against BRN in the paper's three regimes, on real images, in a minute."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from .. import nn
from .._checks import Array
from ..data import Dataset, class_batches, iid_batches
from ..schedule import RenormSchedule
from .training import accuracy, mlp, train

BATCH_SIZE = 32
HIDDEN = (128, 128, 128)
EPS = 1e-3
MOMENTUM = 0.01  # of the running pair, as in the paper
LEARNING_RATE = 0.1
SGD_MOMENTUM = 0.9
METHODS = ("bn", "brn")
DEFAULT_STEPS = 1500


@dataclass(frozen=True)
class Regime:
    """How minibatches are drawn and normalised, and what the paper measured there.

    `paper` holds top-1 accuracies in percent, of BN and of BRN, of Inception-v3 on ImageNet
    (Ioffe 2017, section 4).
    """

    key: str
    title: str
    microbatch_size: int | None
    few_classes: bool
    paper: tuple[float, float]


REGIMES = (
    Regime("iid32", "i.i.d. minibatches of 32", None, False, (78.3, 78.5)),
    Regime("micro4", "i.i.d., normalised in groups of 4", 4, False, (74.2, 76.5)),
    Regime("noniid", "not i.i.d.: few classes a minibatch", None, True, (67.0, 78.5)),
)


@dataclass(frozen=True)
class Result:
    """One training; `accuracy` is on the test images, in inference mode, after the last step."""

    regime: str
    method: str
    seed: int
    accuracy: float | None  # None where the training diverged
    seconds: float
    steps: int
    microbatch_size: int | None
    classes_per_batch: int

    def to_dict(self) -> dict[str, Any]:
        """Return a dictionary for JSON."""
        return asdict(self)


def schedule_for(steps: int) -> RenormSchedule:
    """Return the bounds for a short training: BN up to 5 %, d_max at 20 %, r_max at 30 % of it."""
    return RenormSchedule(
        warmup=round(0.05 * steps), d_end=round(0.2 * steps), r_end=round(0.3 * steps)
    )


def classes_per_batch(data: Dataset, regime: Regime) -> int:
    """Return how many classes a minibatch draws from: all, or where few are wanted, 4, 2 or 1."""
    classes = len(data.class_names)
    return next(few for few in (4, 2, 1) if few < classes) if regime.few_classes else classes


def batches(data: Dataset, regime: Regime, rng: np.random.Generator) -> Iterator[Array]:
    """Return the minibatches of a regime, as index arrays."""
    if regime.few_classes:
        return class_batches(data.y_train, BATCH_SIZE, classes_per_batch(data, regime), rng=rng)
    return iid_batches(len(data.x_train), BATCH_SIZE, rng=rng)


def network(data: Dataset, regime: Regime, method: str, steps: int, seed: int) -> nn.Sequential:
    """Build the network, with BN or BRN before every ReLU; weights depend on the seed alone."""

    def norm(width: int) -> nn.Layer:
        options: dict[str, Any] = {
            "eps": EPS,
            "momentum": MOMENTUM,
            "microbatch_size": regime.microbatch_size,
            "dtype": np.float32,
        }
        if method == "bn":
            return nn.BatchNorm(width, **options)
        return nn.BatchRenorm(width, schedule=schedule_for(steps), **options)

    features = math.prod(data.x_train.shape[1:])
    rng = np.random.default_rng([seed, 0])
    return mlp(features, HIDDEN, len(data.class_names), norm=norm, rng=rng)


def run(
    data: Dataset,
    regime: Regime,
    method: str,
    seed: int,
    steps: int,
    after_step: Callable[[int, float], None] | None = None,
) -> Result:
    """Train once. BN and BRN of one seed start from the same weights and see the same minibatches.

    Parameters
    ----------
    data : Dataset
        With standardised images.
    regime : Regime
    method : "bn" or "brn"
    seed : int
    steps : int
    after_step : callable, optional
        See `train`.
    """
    net = network(data, regime, method, steps, seed)
    optimizer = nn.SGD(net.parameters(), LEARNING_RATE, momentum=SGD_MOMENTUM)
    drawn = batches(data, regime, np.random.default_rng([seed, 1]))
    started = time.perf_counter()
    score: float | None
    try:
        train(net, optimizer, data.x_train, data.y_train, drawn, steps=steps, after_step=after_step)
        score = accuracy(net, data.x_test, data.y_test)
    except FloatingPointError:
        score = None
    return Result(
        regime=regime.key,
        method=method,
        seed=seed,
        accuracy=score,
        seconds=round(time.perf_counter() - started, 3),
        steps=steps,
        microbatch_size=regime.microbatch_size,
        classes_per_batch=classes_per_batch(data, regime),
    )


def report(results: list[Result]) -> str:
    """Return the table of all regimes, and below it a sentence on each."""
    head = f"{'regime':<38}{'BN':>8}{'BRN':>8}{'BRN-BN':>15}{'seconds':>9}"
    lines, sentences = [head, "-" * len(head)], []
    for regime in REGIMES:
        mine = [result for result in results if result.regime == regime.key]
        bn, brn = (_scores(mine, method) for method in METHODS)  # (seeds,), percent
        seconds = sum(result.seconds for result in mine)
        lines.append(
            f"{regime.title:<38}{_percent(bn.mean()):>8}{_percent(brn.mean()):>8}"
            f"{_difference(brn - bn):>15}{seconds:>9.1f}"
        )
        sentences.append(_sentence(regime, bn, brn, mine[0].classes_per_batch))
    return "\n".join([*lines, "", *sentences])


def _scores(results: list[Result], method: str) -> Array:
    """Return the accuracies of a method in percent, by seed; NaN where it diverged."""
    mine = sorted((r for r in results if r.method == method), key=lambda r: r.seed)
    return np.array([math.nan if r.accuracy is None else 100 * r.accuracy for r in mine])


def _percent(value: float) -> str:
    return "diverged" if math.isnan(value) else f"{value:.1f} %"


def _difference(differences: Array) -> str:
    """Return the mean difference, with its standard error if there are several seeds."""
    if np.isnan(differences).any():
        return "-"
    if len(differences) == 1:
        return f"{differences[0]:+.1f}"
    return f"{differences.mean():+.1f} +- {_standard_error(differences):.1f}"


def _standard_error(differences: Array) -> float:
    return float(differences.std(ddof=1) / math.sqrt(len(differences)))


def _sentence(regime: Regime, bn: Array, brn: Array, classes: int) -> str:
    """Say what a regime shows, judged by the numbers alone, and what the paper found."""
    where = regime.title
    if regime.few_classes:
        some = "1 class" if classes == 1 else f"{classes} of the classes"
        where = f"minibatches of {some}, {BATCH_SIZE // classes} images of each"
    return (
        f"{where}: {_finding(bn, brn)}.\n"
        f"    The paper, on ImageNet: BN {regime.paper[0]:.1f} %, BRN {regime.paper[1]:.1f} %."
    )


def _finding(bn: Array, brn: Array) -> str:
    """Compare accuracies of paired seeds.

    A difference counts from two standard errors on. That is a rough rule: with three seeds, a
    normal law would ask for 4.3 of them to be wrong once in twenty times.
    """
    lost = [name for name, scores in (("BN", bn), ("BRN", brn)) if np.isnan(scores).any()]
    if lost:
        return f"{' and '.join(lost)} diverged"
    mean = float((brn - bn).mean())
    points = f"{abs(mean):.1f} points {'better' if mean > 0 else 'worse'} than BN"
    if len(bn) == 1:
        found = "BN and BRN are equal" if abs(mean) < 0.05 else f"BRN is {points}"
        return f"{found}, on one seed, which has no error bar"
    error = _standard_error(brn - bn)
    if error < 1e-9:  # but for rounding, all seeds differ equally
        found = "BN and BRN are equal" if abs(mean) < 0.05 else f"BRN is {points}"
        return f"{found}, the same with every seed"
    if abs(mean) > 2 * error:
        return f"BRN is {points}, {abs(mean) / error:.0f} standard errors"
    within = abs(mean) + 2 * error <= 1
    close = "BN and BRN are equal within a point" if within else "too noisy to tell"
    return f"{close}, {mean:+.1f} with a standard error of {error:.1f}"
