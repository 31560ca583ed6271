"""Arrays and numbers on which every mistake of the page shows.

Ones, zeros and everyday defaults hide mistakes: gamma = 1 hides a missing gamma, beta = 0 a missing
beta, eps = 1e-5 its place, running statistics of 0 and 1 a missing division, dy without a mean a
missing mean term, N = C a wrong axis. So nothing here is special, and the channels are in turn the
cases of the correction: r is clipped high, clipped low and free, d is clipped +, clipped - and
free. The first probe of a seed has always the same shapes, those of the others are drawn.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from .._checks import Array

ROWS, IMAGES = (7, 6), (3, 6, 2, 4)  # (N, C) and (N, C, H, W)
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
    eps: float = EPS
    momentum: float = MOMENTUM
    r_max: float = R_MAX
    d_max: float = D_MAX

    @property
    def r(self) -> Array:
        """The factor of the correction."""
        return np.clip(self.batch_std / self.running_std, 1 / self.r_max, self.r_max)

    @property
    def d(self) -> Array:
        """The shift of the correction."""
        distance = (self.batch_mean - self.running_mean) / self.running_std
        return np.clip(distance, -self.d_max, self.d_max)

    @property
    def xhat(self) -> Array:
        """The normalised x, (N, C)."""
        return (self.x - self.batch_mean) / self.batch_std

    def layouts(self) -> Iterator[tuple[str, Array, Array]]:
        """Go through the two layouts: a name, x and dy."""
        yield "(N, C)", self.x, self.dy
        yield "(N, C, H, W)", self.x4, self.dy4


@lru_cache(maxsize=64)
def make_probe(
    seed: int,
    rows: tuple[int, ...] = ROWS,
    images: tuple[int, ...] = IMAGES,
    eps: float = EPS,
    **others: float,
) -> Probe:
    """Return the probe of a seed. Its arrays are read-only: equal seeds share them."""
    rng, c = np.random.default_rng(seed), rows[1]
    mean, deviation = rng.uniform(-3, 3, c), rng.uniform(0.6, 2, c)
    deviation[FREE] *= 0.2  # a variance below eps
    sign = rng.permutation(np.sort(np.resize([1.0, -1.0], c))[::-1])
    gamma = sign * rng.uniform(0.5, 2, c)
    beta = rng.permutation(sign) * rng.uniform(0.5, 1.5, c)
    batch_std = np.sqrt(deviation**2 + eps)
    running_std = batch_std / (np.resize(RATIO, c) * rng.uniform(0.96, 1.04, c))
    offset = np.resize(OFFSET, c) * rng.uniform(0.96, 1.04, c)  # of the means, in running_std
    probe = Probe(
        x=_values(rng, rows, mean, deviation),
        dy=rng.standard_normal(rows) + 0.8,
        x4=_values(rng, images, mean, deviation),
        dy4=rng.standard_normal(images) + 0.8,
        gamma=gamma,
        beta=beta,
        running_mean=mean - offset * running_std,
        running_std=running_std,
        running_var=running_std**2,
        batch_mean=mean,
        batch_std=batch_std,
        eps=eps,
        **others,
    )
    for value in vars(probe).values():
        if isinstance(value, np.ndarray):
            value.setflags(write=False)
    return probe


@lru_cache(maxsize=64)
def probes(seed: int) -> tuple[Probe, Probe, Probe]:
    """Return the probes of a seed: everyday sizes and numbers, other ones, and no bounds."""
    rng = np.random.default_rng([seed, 1])
    channels = rng.permutation([rng.choice([3, 4, 5]), rng.choice([7, 8, 9])])
    shapes = [_shapes(rng, c) for c in channels]
    eps, momentum = rng.uniform(0.03, 0.08), rng.uniform(0.8, 0.95)
    narrow = {"r_max": rng.uniform(1.35, 1.45), "d_max": rng.uniform(0.35, 0.45)}
    two = make_probe(seed + 1, *shapes[0], eps, momentum=momentum, **narrow)
    eps, momentum = rng.uniform(1.5e-5, 4e-5), rng.uniform(0.01, 0.05)
    three = make_probe(seed + 2, *shapes[1], eps, momentum=momentum, r_max=WIDE, d_max=WIDE)
    return make_probe(seed), two, three


def _shapes(rng: np.random.Generator, c: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Draw the shapes of rows and of images with this number of channels."""
    n = int(rng.choice([n for n in range(5, 10) if n != c]))
    images, (h, w) = int(rng.integers(2, 5)), (int(v) for v in rng.permutation(range(1, 6))[:2])
    return (n, int(c)), (images, int(c), h, w + 2)


def _values(
    rng: np.random.Generator, shape: tuple[int, ...], mean: Array, deviation: Array
) -> Array:
    """Draw an array whose channels have these means and these (biased) deviations."""
    z = rng.standard_normal((shape[0], *shape[2:], shape[1]))  # channels last
    samples = tuple(range(z.ndim - 1))
    z = (z - z.mean(axis=samples)) / z.std(axis=samples)
    return np.ascontiguousarray(np.moveaxis(z * deviation + mean, -1, 1))
