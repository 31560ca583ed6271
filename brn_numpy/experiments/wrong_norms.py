"""Normalisation layers that go wrong, to show why BN and BRN are as they are.

moving    normalises with the running pair, and holds it constant in the backward: no gradient
          flows through any statistic, and nothing keeps the weights from growing
stopped   normalises with the minibatch, and holds its moments constant in the backward
through   BRN that lets the gradient flow through r and d as well
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from .. import nn
from .._checks import Array
from ..batch_norm import inference_backward, inference_forward
from ..batch_renorm import BatchRenormCache, batch_renorm_backward
from ..moments import Moments, batch_moments
from ..nn.microbatches import repeat, sum_groups


class ConstantCache(NamedTuple):
    """The cache of a pass through constant statistics, and the moments for the running pair."""

    constant: Any
    batch: Moments


class StoppedNorm(nn.BatchNorm):
    """BN without the gradient through the moments of the minibatch."""

    def _statistics(self, batch: Moments, groups: int) -> Moments:
        return batch

    def _normalise(
        self, x: Array, gamma: Array, beta: Array, groups: int, axis: int
    ) -> tuple[Array, Any]:
        batch = batch_moments(x, eps=self.eps, axis=axis)
        y, cache = inference_forward(x, gamma, beta, self._statistics(batch, groups), axis=axis)
        return y, ConstantCache(cache, batch)

    def _backward(self, dy: Array, cache: Any) -> tuple[Array, Array, Array]:
        return inference_backward(dy, cache.constant)


class MovingNorm(StoppedNorm):
    """Normalise with the running pair in training too."""

    def _statistics(self, batch: Moments, groups: int) -> Moments:
        return Moments(repeat(self.running.mean, groups), repeat(self.running.std, groups))


class ThroughCache(NamedTuple):
    """The cache of BRN, and what the gradients through r and d need."""

    renorm: BatchRenormCache
    batch: Moments
    z: Array  # (N, C), x normalised with the minibatch
    by_r: Array  # (C,), gamma / sigma where r is not clipped, else 0
    by_d: Array  # (C,), gamma / sigma where d is not clipped, else 0


class ThroughRenorm(nn.BatchRenorm):
    """BRN whose backward differentiates r and d where they are not clipped; for x (N, C)."""

    def _normalise(
        self, x: Array, gamma: Array, beta: Array, groups: int, axis: int
    ) -> tuple[Array, Any]:
        y, cache = super()._normalise(x, gamma, beta, groups, axis)
        r_max, d_max = self.schedule(self.num_batches_tracked)
        free_r = (cache.r > 1 / r_max) & (cache.r < r_max)
        free_d = (cache.d > -d_max) & (cache.d < d_max)
        std = repeat(self.running.std, groups)
        z = (x - cache.batch.mean) / cache.batch.std  # (N, C)
        return y, ThroughCache(cache, cache.batch, z, gamma * free_r / std, gamma * free_d / std)

    def _backward(self, dy: Array, cache: Any) -> tuple[Array, Array, Array]:
        renorm, _, z, by_r, by_d = cache
        dx, dgamma, dbeta = batch_renorm_backward(dy, renorm)
        # dr = dsigma_B / sigma with dsigma_B/dx_i = z_i / m, and dd = dmu_B / sigma likewise
        m = len(dy)
        return dx + (z * (by_r * (dy * z).sum(axis=0)) + by_d * dy.sum(axis=0)) / m, dgamma, dbeta


class VarianceAverage(nn.BatchNorm):
    """BN whose running std is the root of an average of sigma_B squared."""

    def forward(self, x: Array) -> Array:
        """Return y; in training mode, also move the running pair."""
        before = self.running
        y = super().forward(x)
        if self.training:
            std = self.cache.function.batch.std
            groups = len(std) // self.num_features
            variance = before.std**2 + self.momentum * (
                sum_groups(std**2, groups) / groups - before.std**2
            )
            self.running = Moments(self.running.mean, np.sqrt(variance))
        return y
