"""Arrays and numbers on which every mistake of the page shows.

Ones, zeros and everyday defaults hide mistakes: gamma = 1 hides a missing gamma, beta = 0 a missing
beta, eps = 1e-5 its place, running statistics of 0 and 1 a missing division, dy without a mean a
missing mean term, N = C a wrong axis. So nothing here is special, and the six channels are the
cases of the correction: r is clipped high, clipped low and free, d is clipped +, clipped - and
free.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from .._checks import Array

N, C = 7, 6
IMAGES = (3, C, 2, 4)  # (N, C, H, W)
EPS, MOMENTUM, R_MAX, D_MAX = 0.2, 0.3, 1.5, 1.2
RATIO = np.array([2.5, 0.4, 0.8, 2.2, 0.35, 1.2])  # of r: high, low, free, high, low, free
OFFSET = np.array([1.8, -1.7, 0.6, -0.5, 1.6, -1.8])  # of d: +, -, free, free, +, -
FREE = 2  # the channel in which neither is clipped
TIGHT_R_MAX, TIGHT_D_MAX = 1.1, 0.3  # bounds at which r and d are clipped in every channel
WIDE = 1e6  # a bound at which nothing is clipped


@dataclass(frozen=True)
class Probe:
    """The arrays of one probe, and the right values of what can be said in one line.

    The channels of `x` and of `x4` have the same mean and the same deviation, so the same running
    statistics serve both.
    """

    x: Array  # (N, C)
    dy: Array  # (N, C)
    x4: Array  # (N, C, H, W)
    dy4: Array  # (N, C, H, W)
    gamma: Array  # (C,), and so are all that follow
    beta: Array
    running_mean: Array
    running_std: Array
    running_var: Array  # without eps
    batch_mean: Array
    batch_std: Array
    r: Array
    d: Array
    eps: float = EPS
    momentum: float = MOMENTUM
    r_max: float = R_MAX
    d_max: float = D_MAX

    @property
    def xhat(self) -> Array:
        """The normalised x, (N, C)."""
        return (self.x - self.batch_mean) / self.batch_std

    def layouts(self) -> Iterator[tuple[str, Array, Array]]:
        """Go through the two layouts: a name, x and dy."""
        yield "(N, C)", self.x, self.dy
        yield "(N, C, H, W)", self.x4, self.dy4


@lru_cache(maxsize=16)
def make_probe(seed: int) -> Probe:
    """Return the probe of a seed. Its arrays are read-only: equal seeds share them."""
    rng = np.random.default_rng(seed)
    mean, deviation = rng.uniform(-3, 3, C), rng.uniform(0.6, 2, C)
    deviation[FREE] *= 0.2  # a variance below eps
    sign = rng.permutation([1.0, 1.0, 1.0, -1.0, -1.0, -1.0])
    gamma = sign * rng.uniform(0.5, 2, C)
    beta = rng.permutation(sign) * rng.uniform(0.5, 1.5, C)
    batch_std = np.sqrt(deviation**2 + EPS)
    running_std = batch_std / (RATIO * rng.uniform(0.96, 1.04, C))
    offset = OFFSET * rng.uniform(0.96, 1.04, C)  # (batch_mean - running_mean) / running_std
    probe = Probe(
        x=_values(rng, (N, C), mean, deviation),
        dy=rng.standard_normal((N, C)) + 0.8,
        x4=_values(rng, IMAGES, mean, deviation),
        dy4=rng.standard_normal(IMAGES) + 0.8,
        gamma=gamma,
        beta=beta,
        running_mean=mean - offset * running_std,
        running_std=running_std,
        running_var=running_std**2,
        batch_mean=mean,
        batch_std=batch_std,
        r=np.clip(batch_std / running_std, 1 / R_MAX, R_MAX),
        d=np.clip(offset, -D_MAX, D_MAX),
    )
    for value in vars(probe).values():
        if isinstance(value, np.ndarray):
            value.setflags(write=False)
    return probe


@lru_cache(maxsize=64)
def probes(seed: int) -> tuple[Probe, Probe, Probe]:
    """Return the probes of a seed: everyday sizes and numbers, other ones, and no bounds."""
    one, two, three = (make_probe(seed + i) for i in range(3))
    two = replace(
        two, x=two.x[:5], dy=two.dy[:5], x4=two.x4[:2, :, :, :3], dy4=two.dy4[:2, :, :, :3]
    )
    two = replace(two, eps=0.05, momentum=0.9, r_max=1.3, d_max=0.4)
    three = replace(three, eps=1e-5, momentum=0.01, r_max=WIDE, d_max=WIDE)
    return one, two, three


def _values(
    rng: np.random.Generator, shape: tuple[int, ...], mean: Array, deviation: Array
) -> Array:
    """Draw an array whose channels have these means and these (biased) deviations."""
    z = rng.standard_normal((shape[0], *shape[2:], shape[1]))  # channels last
    samples = tuple(range(z.ndim - 1))
    z = (z - z.mean(axis=samples)) / z.std(axis=samples)
    return np.ascontiguousarray(np.moveaxis(z * deviation + mean, -1, 1))
