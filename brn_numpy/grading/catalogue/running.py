"""Mistakes in update_running."""

# mypy: disable-error-code="no-any-return"
from __future__ import annotations

import numpy as np

from ..._checks import Array
from . import textbook
from .entry import Shelf
from .lines import RUNNING_MEAN, RUNNING_STD

SHELF = Shelf("update_running", "momentum")
BOTH = "mean_weights std_weights"
Weights = tuple[float, float]  # of the old value, and of the new one
Pair = tuple[Array, Array]
# a: the momentum; m, s: the running pair; mb, sb: the minibatch's


@SHELF.wrong(
    "momentum weighs the old value and not the new one.",
    "In this contract momentum is the weight of the new value; other libraries reverse it.",
    RUNNING_MEAN,
    "mean_weight std_weight",
)
def momentum_reversed(a: float) -> float:
    return 1 - a


@SHELF.wrong(
    "The running statistics are replaced by those of the minibatch.",
    "They are an average over many minibatches; one minibatch alone is noisy.",
    RUNNING_MEAN,
    BOTH,
)
def running_replaced(a: float) -> Weights:
    return 0.0, 1.0


@SHELF.wrong(
    "The running statistics are returned as they were.",
    "Inference would use the initial values, which know nothing of the data.",
    RUNNING_MEAN,
    BOTH,
)
def running_never_updated(a: float) -> Weights:
    return 1.0, 0.0


@SHELF.wrong(
    "Only the running mean is updated, the running std stays.",
    "Both are needed in inference.",
    RUNNING_STD,
    "std_weights",
)
def running_std_never_updated(a: float) -> Weights:
    return 1.0, 0.0


@SHELF.wrong(
    "Only the running std is updated, the running mean stays.",
    "Both are needed in inference.",
    RUNNING_MEAN,
    "mean_weights",
)
def running_mean_never_updated(a: float) -> Weights:
    return 1.0, 0.0


@SHELF.wrong(
    "momentum is applied to the mean only, the running std is replaced.",
    "Both are averaged in the same way.",
    RUNNING_STD,
    "std_weights",
)
def running_std_replaced(a: float) -> Weights:
    return 0.0, 1.0


@SHELF.wrong(
    "The variances are averaged: the new std is the root of the averaged squares.",
    "This paper averages the standard deviation itself, which gives another number.",
    RUNNING_STD,
    "std_blend",
    topic="std",
)
def running_variances_averaged(old: Array, new: Array, keep: float, gain: float) -> Array:
    return np.sqrt(keep * old**2 + gain * new**2)


@SHELF.wrong(
    "The running std is moved towards the variance of the minibatch.",
    "A standard deviation is averaged with standard deviations.",
    RUNNING_STD,
    "target",
    topic="std",
)
def running_std_towards_variance(sb: Array) -> Array:
    return sb**2


@SHELF.wrong(
    "The new value is added without taking anything off the old one.",
    "The weights must add up to 1: otherwise the average grows with every minibatch.",
    RUNNING_MEAN,
    BOTH,
)
def running_without_decay(a: float) -> Weights:
    return 1.0, a


@SHELF.wrong(
    "The new value is added with weight 1, the old one has weight 1 - momentum.",
    "The weights must add up to 1: otherwise the average grows with every minibatch.",
    RUNNING_MEAN,
    BOTH,
)
def running_new_value_unweighted(a: float) -> Weights:
    return 1 - a, 1.0


@SHELF.wrong(
    "The running statistics move away from those of the minibatch.",
    "The difference is new - old: the update goes towards the minibatch.",
    RUNNING_MEAN,
    "mean_weight std_weight",
)
def running_moves_away(a: float) -> float:
    return -a


@SHELF.wrong(
    "momentum is ignored: the weight of the new value is always {}.",
    "momentum is the weight of the new value.",
    RUNNING_MEAN,
    "mean_weight std_weight",
    constants=(0.5, 0.1, 0.9, 0.01, 0.99, 0.05, 0.95, 0.001, 0.999),
)
def running_momentum_ignored(a: float, constant: float) -> float:
    return constant


@SHELF.wrong(
    "Mean and std are returned in the wrong order.",
    "The contract returns (running_mean, running_std); both have shape (C,).",
    RUNNING_MEAN,
    "updated",
)
def running_results_swapped(m: Array, s: Array) -> Pair:
    return s, m


@SHELF.equal(
    "The update is written (1 - momentum) * old + momentum * new.",
    "Correct: it is old + momentum * (new - old), multiplied out.",
    RUNNING_MEAN,
)
def running_as_weighted_sum(m: Array, s: Array, mb: Array, sb: Array, a: float) -> Pair:
    return m + a * (mb - m), s + a * (sb - s)


@SHELF.equal(
    "The update goes back from the new value: new + (1 - momentum) * (old - new).",
    "Correct: the same point, reached from the other end.",
    RUNNING_STD,
)
def running_from_the_new_value(m: Array, s: Array, mb: Array, sb: Array, a: float) -> Pair:
    return textbook.update_running(mb, sb, m, s, 1 - a)
