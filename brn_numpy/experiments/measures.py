"""What is observed in a training, besides the accuracy at its end.

curve         accuracy on the test images, and the mean training loss, 40 times; `curve_every` is
              the number of steps between two of them
companions    how much an image's outputs move when the rest of its minibatch changes; how far its
              outputs in training and in inference mode are apart; 5 times
batches       at the end, the accuracy in training mode, on test minibatches drawn as in training
anew          at the end, the accuracy after the running pairs were measured anew, on i.i.d. images
corrections   means of r and d, and how often they are clipped, by layer, in 20 parts
statistics    at the end, the running std of the first layer over the std of all training images
drift         how far the means of a unit's inputs move from one twentieth to the next
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from .. import nn
from .._checks import Array
from ..data import Dataset, iid_batches
from .images import draw
from .networks import norms_of
from .spec import Spec
from .training import accuracy

POINTS = {"curve": 40, "companions": 5, "corrections": 20, "drift": 20}
PROBES, COMPANY = 40, 16  # images that are watched, and how many minibatches each is put in
ANEW_SIZE = 500  # images in a minibatch when the running pairs are measured anew


class Observer:
    """Collects what `spec.measures` asks for; `after_step` is called after every step."""

    def __init__(self, spec: Spec, net: nn.Sequential, data: Dataset) -> None:
        self.spec, self.net, self.data = spec, net, data
        self.losses: list[float] = []
        self.sums: list[Array] = []
        self.means: Array | None = None
        self.found: dict[str, Any] = {}

    def after_step(self, step: int, loss: float) -> None:
        """Observe what is due after this step, counted from 0."""
        measures = self.spec.measures
        if "curve" in measures:
            self.losses.append(loss)
        if "corrections" in measures:  # first: what follows overwrites the caches
            self.sums.append(corrections(self.net))
        for name in measures:
            if self._is_due(name, step):
                getattr(self, f"_{name}")()

    def _is_due(self, name: str, step: int) -> bool:
        points, steps = POINTS.get(name, 0), self.spec.steps
        return points > 0 and (step + 1) * points // steps > step * points // steps

    def _add(self, **values: float) -> None:
        for key, value in values.items():
            if not math.isfinite(value):
                raise FloatingPointError(f"{key} is {value}: the training has diverged")
            self.found.setdefault(key, []).append(round(value, 5))

    def _curve(self) -> None:
        right = accuracy(self.net, self.data.x_test, self.data.y_test)
        self._add(curve=right, loss=float(np.mean(self.losses)))
        self.losses = []

    def _companions(self) -> None:
        share, gap, flips = companions(self.net, self.spec, self.data)
        self._add(share=share, gap=gap, flips=flips)

    def _corrections(self) -> None:
        part = np.mean(self.sums, axis=0)  # (4, layers)
        self.found.setdefault("corrections", []).append(part.round(5).tolist())
        self.sums = []

    def _drift(self) -> None:
        means, stds = inputs_of_relus(self.net, self.data.x_test[:500])
        if self.means is not None:
            self._add(drift=float(np.mean(np.abs(means - self.means) / stds)))
        self.means = means

    def result(self) -> dict[str, Any]:
        """Return all that was found, and what is measured at the end."""
        if "curve" in self.spec.measures:
            self.found["curve_every"] = self.spec.steps / POINTS["curve"]
        if "batches" in self.spec.measures:
            self.found["batch_accuracy"] = batch_accuracy(self.net, self.spec, self.data)
        if "statistics" in self.spec.measures:
            self.found["std_ratio"] = std_ratio(self.net, self.data.x_train)
        if "anew" in self.spec.measures:  # last: it changes the running pairs
            self.found["anew"] = accuracy_measured_anew(self.net, self.spec, self.data)
        return self.found


def corrections(net: nn.Sequential) -> Array:
    """Return mean r, mean d, and the shares of clipped r and d, for each layer: (4, layers)."""
    columns = []
    for layer in norms_of(net):
        assert isinstance(layer, nn.BatchRenorm)
        r_max, d_max = layer.schedule(max(layer.num_batches_tracked - 1, 0))
        r, d = layer.r, layer.d
        clipped_r = (r >= np.float32(r_max)) | (r <= np.float32(1 / r_max))
        clipped_d = np.abs(d) >= np.float32(d_max)
        columns.append([r.mean(), d.mean(), clipped_r.mean(), clipped_d.mean()])
    return np.array(columns, dtype=np.float64).T


@contextmanager
def in_training_mode(net: nn.Sequential) -> Iterator[Any]:
    """Give a function that runs a minibatch in training mode and leaves the running pairs alone."""
    saved = [(layer, layer.running, layer.num_batches_tracked) for layer in norms_of(net)]
    was = net.training
    net.train()

    def forward(x: Array) -> Array:
        y = net.forward(x)
        for layer, running, steps in saved:
            layer.running, layer.num_batches_tracked = running, steps
        return y

    try:
        yield forward
    finally:
        net.train(was)


def companions(net: nn.Sequential, spec: Spec, data: Dataset) -> tuple[float, float, float]:
    """Put test images into many minibatches, and see what becomes of their outputs.

    Returns
    -------
    share : float
        The variance of a logit over minibatches, over its variance over everything.
    gap : float
        The mean square distance of training and inference outputs, over the variance of the latter.
    flips : float
        How often training and inference mode disagree about the class.
    """
    rng = np.random.default_rng([spec.seed, 3])
    labels = data.y_test
    probes = rng.choice(len(labels), size=PROBES, replace=False)
    batches = draw(spec.but(shift=None), labels, rng)
    with in_training_mode(net) as forward:
        trained = np.array(
            [
                [forward(data.x_test[b])[at] for b, at in _with(p, batches, spec, labels)]
                for p in probes
            ]
        )  # (probes, company, classes)
    net.eval()
    inferred = net.forward(data.x_test[probes])  # (probes, classes)
    net.train()
    within = trained.var(axis=1).mean()
    total = trained.reshape(-1, trained.shape[-1]).var(axis=0).mean()
    apart = np.square(trained - inferred[:, None]).mean()
    flips = trained.argmax(axis=2) != inferred.argmax(axis=1)[:, None]
    return (
        float(within / total),
        float(apart / inferred.var(axis=0).mean()),
        float(flips.mean()),
    )


def _with(
    probe: int, batches: Iterator[Array], spec: Spec, labels: Array
) -> Iterator[tuple[Array, int]]:
    """Return minibatches that hold the probe in the place of an image of its class, and where."""
    count = 0
    for batch in batches:
        places: Array = np.zeros(1, np.int64)
        if spec.classes_per_batch is not None:
            places = np.flatnonzero(labels[batch] == labels[probe])[:1]
        for place in places:
            batch[place] = probe
            yield batch, place
            count += 1
        if count == COMPANY:
            return


def check_test_images(spec: Spec, data: Dataset) -> None:
    """Raise ValueError if what is to be measured needs more test images than there are."""
    if {"batches", "companions"} & set(spec.measures):
        draw(spec, data.y_test, np.random.default_rng(0))
    if "companions" in spec.measures and len(data.y_test) < PROBES:
        raise ValueError(f"it needs at least {PROBES} test images, got {len(data.y_test)}")


def batch_accuracy(net: nn.Sequential, spec: Spec, data: Dataset) -> float:
    """Return the accuracy in training mode on 100 minibatches of test images."""
    batches = draw(spec, data.y_test, np.random.default_rng([spec.seed, 4]))
    right = []
    with in_training_mode(net) as forward:
        for batch, _ in zip(batches, range(100), strict=False):
            right.append(forward(data.x_test[batch]).argmax(axis=1) == data.y_test[batch])
    return float(np.mean(right))


def accuracy_measured_anew(net: nn.Sequential, spec: Spec, data: Dataset) -> float:
    """Measure the running pairs on large i.i.d. minibatches, all weights kept; return the accuracy.

    What a network gains by it was wrong with its running statistics and not with what it learnt.
    """
    for layer in norms_of(net):
        layer.momentum, layer.microbatch_size = 0.1, None
    net.train()
    size = min(ANEW_SIZE, len(data.x_train))
    batches = iid_batches(len(data.x_train), size, rng=np.random.default_rng([spec.seed, 5]))
    for batch, _ in zip(batches, range(50), strict=False):
        net.forward(data.x_train[batch])
    return accuracy(net, data.x_test, data.y_test)


def std_ratio(net: nn.Sequential, x: Array) -> float:
    """Return the running std of the first normalisation over the std of its input on all of x."""
    h = x
    for layer in net:
        if isinstance(layer, nn.BatchNorm):
            axes = (0, *range(2, h.ndim))
            return float(np.mean(layer.running.std / np.sqrt(h.var(axis=axes) + layer.eps)))
        h = layer.forward(h)
    return math.nan


def inputs_of_relus(net: nn.Sequential, x: Array) -> tuple[Array, Array]:
    """Return the means and stds over images of what goes into each ReLU, in inference mode."""
    net.eval()
    means, stds = [], []
    for layer in net:
        if isinstance(layer, nn.ReLU):
            flat = x.reshape(len(x), -1)
            means.append(flat.mean(axis=0))
            stds.append(flat.std(axis=0) + 1e-3)  # a unit that is constant does not divide by 0
        x = layer.forward(x)
    net.train()
    return np.concatenate(means), np.concatenate(stds)
