"""Mistakes in update_running."""

from __future__ import annotations

import numpy as np

from ..._checks import Array
from . import textbook
from .entry import See, Shelf

SHELF = Shelf("update_running", "running statistics")
Pair = tuple[Array, Array]
CALL = "update_running(running_mean, running_std, batch_mean, batch_std, momentum)"
MEAN = See(f"{CALL}[0]", "0.7 * running_mean + 0.3 * batch_mean")
STD = See(f"{CALL}[1]", "0.7 * running_std + 0.3 * batch_std")
# m, s: the running pair; mb, sb: the minibatch's; a: the momentum


@SHELF.wrong(
    "momentum weighs the old value and not the new one.",
    "In this contract momentum is the weight of the new value; other libraries reverse it.",
    MEAN,
)
def momentum_reversed(m: Array, s: Array, mb: Array, sb: Array, a: float) -> Pair:
    return a * m + (1 - a) * mb, a * s + (1 - a) * sb


@SHELF.wrong(
    "The running statistics are replaced by those of the minibatch.",
    "They are an average over many minibatches; one minibatch alone is noisy.",
    MEAN,
)
def running_replaced(m: Array, s: Array, mb: Array, sb: Array, a: float) -> Pair:
    return mb.copy(), sb.copy()


@SHELF.wrong(
    "The running statistics are returned as they were.",
    "Inference would use the initial values, which know nothing of the data.",
    MEAN,
)
def running_never_updated(m: Array, s: Array, mb: Array, sb: Array, a: float) -> Pair:
    return m.copy(), s.copy()


@SHELF.wrong(
    "Only the running mean is updated, the running std stays.",
    "Both are needed in inference: y = gamma * (x - mean) / std + beta.",
    STD,
)
def running_std_never_updated(m: Array, s: Array, mb: Array, sb: Array, a: float) -> Pair:
    return m + a * (mb - m), s.copy()


@SHELF.wrong(
    "Only the running std is updated, the running mean stays.",
    "Both are needed in inference: y = gamma * (x - mean) / std + beta.",
    MEAN,
)
def running_mean_never_updated(m: Array, s: Array, mb: Array, sb: Array, a: float) -> Pair:
    return m.copy(), s + a * (sb - s)


@SHELF.wrong(
    "momentum is applied to the mean only, the running std is replaced.",
    "Both are averaged in the same way.",
    STD,
)
def running_std_replaced(m: Array, s: Array, mb: Array, sb: Array, a: float) -> Pair:
    return m + a * (mb - m), sb.copy()


@SHELF.wrong(
    "The variances are averaged: the new std is the root of the averaged squares.",
    "This paper averages the standard deviation itself, which gives another number.",
    STD,
)
def running_variances_averaged(m: Array, s: Array, mb: Array, sb: Array, a: float) -> Pair:
    return m + a * (mb - m), np.sqrt(s**2 + a * (sb**2 - s**2))


@SHELF.wrong(
    "The running std is moved towards the variance of the minibatch.",
    "A standard deviation is averaged with standard deviations.",
    STD,
)
def running_std_towards_variance(m: Array, s: Array, mb: Array, sb: Array, a: float) -> Pair:
    return m + a * (mb - m), s + a * (sb**2 - s)


@SHELF.wrong(
    "The new value is added without taking anything off the old one.",
    "The weights must add up to 1: otherwise the average grows with every minibatch.",
    MEAN,
)
def running_without_decay(m: Array, s: Array, mb: Array, sb: Array, a: float) -> Pair:
    return m + a * mb, s + a * sb


@SHELF.wrong(
    "The new value is added with weight 1, the old one has weight 1 - momentum.",
    "The weights must add up to 1: momentum for the new value, 1 - momentum for the old one.",
    MEAN,
)
def running_new_value_unweighted(m: Array, s: Array, mb: Array, sb: Array, a: float) -> Pair:
    return (1 - a) * m + mb, (1 - a) * s + sb


@SHELF.wrong(
    "The running statistics move away from those of the minibatch.",
    "The difference is new - old: the update goes towards the minibatch.",
    MEAN,
)
def running_moves_away(m: Array, s: Array, mb: Array, sb: Array, a: float) -> Pair:
    return m - a * (mb - m), s - a * (sb - s)


@SHELF.wrong(
    "momentum is ignored: the running value is the middle of old and new.",
    "momentum is the weight of the new value.",
    MEAN,
)
def running_momentum_ignored(m: Array, s: Array, mb: Array, sb: Array, a: float) -> Pair:
    return (m + mb) / 2, (s + sb) / 2


@SHELF.wrong(
    "Mean and std are returned in the wrong order.",
    "The contract returns (running_mean, running_std); both have shape (C,).",
    MEAN,
)
def running_results_swapped(m: Array, s: Array, mb: Array, sb: Array, a: float) -> Pair:
    return s + a * (sb - s), m + a * (mb - m)


@SHELF.wrong(
    "The running arrays are changed in place.",
    "The caller may still need the old ones: BRN's r and d are taken from them.",
    See(
        "(k := running_mean.copy(), "
        "update_running(k, running_std.copy(), batch_mean, batch_std, momentum))[0]",
        "running_mean",
    ),
    topic="arrays",
)
def running_changed_in_place(m: Array, s: Array, mb: Array, sb: Array, a: float) -> Pair:
    m += a * (mb - m)
    s += a * (sb - s)
    return m, s


@SHELF.equal(
    "The update is written (1 - momentum) * old + momentum * new.",
    "Correct: it is old + momentum * (new - old), multiplied out.",
    MEAN,
)
def running_as_weighted_sum(m: Array, s: Array, mb: Array, sb: Array, a: float) -> Pair:
    return (1 - a) * m + a * mb, (1 - a) * s + a * sb


@SHELF.equal(
    "The update goes back from the new value: new + (1 - momentum) * (old - new).",
    "Correct: the same point, reached from the other end.",
    STD,
)
def running_from_the_new_value(m: Array, s: Array, mb: Array, sb: Array, a: float) -> Pair:
    return textbook.update_running(mb, sb, m, s, 1 - a)
