"""What can be measured of a network, in a training or after it; `observer.py` says when."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import islice

import numpy as np

from .. import nn
from .._checks import Array
from ..data import Dataset, iid_batches
from .images import draw
from .networks import norms_of
from .spec import Spec
from .training import accuracy

PROBES, COMPANY = 40, 16  # images that are watched, and how many minibatches each is put in
ANEW_SIZE = 500  # images in a minibatch when the running pairs are measured anew


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


def in_training_mode(net: nn.Sequential, x: Array) -> Array:
    """Return what a network gives in training mode; its own mode and running pairs stay."""
    was_training = net.training
    saved = [(layer, layer.running, layer.num_batches_tracked) for layer in norms_of(net)]
    net.train()
    y = net.forward(x)
    for layer, running, steps in saved:
        layer.running, layer.num_batches_tracked = running, steps
    net.train(was_training)
    return y


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
    trained = np.array(
        [
            [
                in_training_mode(net, data.x_test[batch])[place]
                for batch, place in islice(_with(probe, batches, spec, labels), COMPANY)
            ]
            for probe in probes
        ]
    )  # (probes, company, classes)
    net.eval()
    inferred = net.forward(data.x_test[probes])  # (probes, classes)
    net.train()
    within = trained.var(axis=1).mean()
    total = trained.reshape(-1, trained.shape[-1]).var(axis=0).mean()
    apart = np.square(trained - inferred[:, None]).mean()
    gap = apart / inferred.var(axis=0).mean()
    flips = trained.argmax(axis=2) != inferred.argmax(axis=1)[:, None]
    return float(within / total), float(gap), float(flips.mean())


def _with(
    probe: int, batches: Iterator[Array], spec: Spec, labels: Array
) -> Iterator[tuple[Array, int]]:
    """Return minibatches that hold the probe in the place of an image of its class, and where."""
    for batch in batches:
        places = np.flatnonzero(labels[batch] == labels[probe])[:1]  # none if it is not of them
        for place in [0] if spec.classes_per_batch is None else places:
            batch[place] = probe
            yield batch, place


def check_test_images(spec: Spec, data: Dataset) -> None:
    """Raise ValueError if what is to be measured needs more test images than there are."""
    if {"batches", "companions"} & set(spec.measures):
        draw(spec, data.y_test, np.random.default_rng(0))
    if "companions" in spec.measures and len(data.y_test) < PROBES:
        raise ValueError(f"it needs at least {PROBES} test images, got {len(data.y_test)}")


def batch_accuracy(net: nn.Sequential, spec: Spec, data: Dataset) -> float:
    """Return the accuracy in training mode on 100 minibatches of test images."""
    batches = draw(spec, data.y_test, np.random.default_rng([spec.seed, 4]))
    right = [
        in_training_mode(net, data.x_test[batch]).argmax(axis=1) == data.y_test[batch]
        for batch in islice(batches, 100)
    ]
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
    for batch in islice(batches, 50):
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
