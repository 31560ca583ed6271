"""Right backward formulas with some right and some wrong numbers from a wrong forward pass.

A student's cache is unknown, but the wrong normalised value can be read off the wrong y. A backward
pass that would be right with another cache has that value, or the right one, in each place where
the formula has one; and the wrong deviation, or the right one, wherever it has that.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import NamedTuple

import numpy as np

from .._checks import Array
from .catalogue.parts import mean, total, wide
from .contract import FORWARD_OF, Solution
from .linear import line
from .observe import IMAGES, ROWS, arguments_of
from .properties.base import samples
from .seen import Values, close, probe_of, probes


class Stored(NamedTuple):
    """What may be in a cache, right or wrong; for one call."""

    zs: list[Array]  # x normalised
    stds: list[Array]
    gain: Array  # gamma * r
    r: Array
    d: Array


def own_outputs(solution: Solution, function: str, seed: int) -> Values:
    """Return y of the student's own forward pass in all situations of its backward pass."""
    forward, found = FORWARD_OF[function], {}
    for i, probe in enumerate(probes(seed)):
        for situation in (ROWS, IMAGES):
            given = arguments_of(forward, probe, images=situation == IMAGES)
            found[f"{i} y {situation}"] = np.asarray(solution[forward](*given)[0])
    return found


def right_with_some_of_it(
    function: str, result: str, seen: Values, outputs: Values, seed: int
) -> bool:
    """Return whether a result is that of the right formula, with some wrong numbers in it."""
    keys = {key: key.replace(f" {result} ", " y ") for key in seen}
    stored = {key: _stored(function, key, outputs[y], seed) for key, y in keys.items()}
    for case in range(min(len(s) for s in stored.values())):
        cases = {key: s[case] for key, s in stored.items()}
        zs = range(min(len(s.zs) for s in cases.values()))
        stds = range(min(len(s.stds) for s in cases.values()))
        if result == "dgamma":
            choices: Iterator[tuple[int, ...]] = product(zs)
        elif result == "dx":
            choices = product(zs, zs, stds, stds, (0, 1))
        else:
            return False
        for choice in choices:
            if all(
                close(seen[key], _formula(result, cases[key], probe_of(key, seed)[2], choice))
                for key in seen
            ):
                return True
    return False


def _stored(function: str, key: str, y: Array, seed: int) -> list[Stored]:
    """Return what a cache may hold, if y is wrong by its statistics, or by its correction."""
    probe, x, _ = probe_of(key, seed)
    if y.shape != x.shape or not np.isfinite(y).all():
        return []
    gamma, mu = wide(probe.gamma, x), mean(x)
    std = np.sqrt(x.var(axis=samples(x), keepdims=True) + probe.eps)
    z = (x - mu) / std
    xhat = (y - wide(probe.beta, x)) / gamma
    cases = []
    renorm = function == "batch_renorm_backward"
    r, d = np.ones_like(std), np.zeros_like(std)
    if renorm:
        ratio, offset = std / wide(probe.running_std, x), mu - wide(probe.running_mean, x)
        r = np.clip(ratio, 1 / probe.r_max, probe.r_max)
        d = np.clip(offset / wide(probe.running_std, x), -probe.d_max, probe.d_max)
        slope, _ = line(z, xhat)
        if np.abs(slope).min() > 1e-6:
            cases.append(Stored([z], [std], gamma * slope, slope, mean(xhat)))
    own = (xhat - d) / r
    slope, shift = line(x, own)
    if np.abs(slope).min() < 1e-6:  # y hardly depends on x: with that, anything could be right
        return cases
    zs, stds = [z, own], [std]
    if close(slope * x + shift, own):
        zs += [own / (slope * std), (x - mu) * slope]  # the wrong centre or the wrong deviation
        stds.append(1 / slope)
    return [Stored(zs, stds, gamma * r, r, d), *cases]


def _formula(result: str, stored: Stored, dy: Array, choice: tuple[int, ...]) -> Array:
    """Return dgamma or dx with the chosen numbers; the last choice is when dx is centred."""
    if result == "dgamma":
        return total(dy * (stored.zs[choice[0]] * stored.r + stored.d))
    outer, inner, one, two, last = choice
    through = stored.zs[outer] * mean(dy * stored.zs[inner]) / stored.stds[two]
    if last:
        through = through - mean(through)
    dx: Array = stored.gain * ((dy - mean(dy)) / stored.stds[one] - through)
    return dx
