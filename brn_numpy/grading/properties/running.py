"""What update_running and batch_norm_inference do."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..probe import Probe
from .base import Faults, Group, far, rows, samples, wide

UPDATE = Group(("update_running",))
INFERENCE = Group(("batch_norm_inference",))


@UPDATE()
def equal_minibatches_are_approached_geometrically(f: Any, p: Probe) -> Faults:
    """After T equal minibatches the distance is (1 - momentum)^T of the first one."""
    mean, std = p.running_mean, p.running_std
    for t in range(1, 6):
        mean, std = f.update_running(mean, std, p.batch_mean, p.batch_std, p.momentum)
        left = (1 - p.momentum) ** t
        expected = p.batch_mean + left * (p.running_mean - p.batch_mean)
        yield far(f"the running mean after {t} equal minibatches", mean, expected)
        expected = p.batch_std + left * (p.running_std - p.batch_std)
        yield far(f"the running std after {t} equal minibatches", std, expected)


@UPDATE()
def momentum_0_keeps_and_1_replaces(f: Any, p: Probe) -> Faults:
    """At momentum 0 the running pair stays, at 1 it is the minibatch's."""
    old, new = (p.running_mean, p.running_std), (p.batch_mean, p.batch_std)
    for momentum, expected in ((0.0, old), (1.0, new)):
        found = f.update_running(*old, *new, momentum)
        for name, a, b in zip(("mean", "std"), found, expected, strict=True):
            yield far(f"the running {name} at momentum {momentum:g}", a, b)


@UPDATE()
def running_averages_by_hand(f: Any, p: Probe) -> Faults:
    """A quarter of the way from 0 to 10 is 2.5, and from 1 to 3 it is 1.5."""
    mean, std = f.update_running(*(np.array([v]) for v in (0.0, 1.0, 10.0, 3.0)), 0.25)
    yield far("the running mean, a quarter of the way from 0 to 10,", mean, [2.5])
    yield far("the running std, a quarter of the way from 1 to 3,", std, [1.5])


@UPDATE()
def running_averages_lie_between(f: Any, p: Probe) -> Faults:
    """The new running pair lies between the old one and the minibatch's."""
    old, new = (p.running_mean, p.running_std), (p.batch_mean, p.batch_std)
    found = f.update_running(*old, *new, p.momentum)
    for name, a, one, two in zip(("mean", "std"), found, old, new, strict=True):
        inside = np.clip(a, np.minimum(one, two), np.maximum(one, two))
        yield far(f"the running {name}", a, inside)


@INFERENCE()
def in_inference_a_sample_is_alone(f: Any, p: Probe) -> Faults:
    """y of the first sample is the same without the others."""
    for layout, x, _ in p.layouts():
        statistics = p.gamma, p.beta, p.running_mean, p.running_std
        y = f.batch_norm_inference(x, *statistics)
        alone = f.batch_norm_inference(x[:1], *statistics)
        yield far(f"y of the first sample alone, {layout},", alone, y[:1])


@INFERENCE()
def inference_at_the_running_mean_is_beta(f: Any, p: Probe) -> Faults:
    """x = running_mean gives beta."""
    for layout, x, _ in p.layouts():
        x = 0 * x + wide(p.running_mean, x)
        y = f.batch_norm_inference(x, p.gamma, p.beta, p.running_mean, p.running_std)
        yield far(f"y at the running mean, {layout},", y, 0 * x + wide(p.beta, x))


@INFERENCE()
def inference_rises_by_gamma_per_running_std(f: Any, p: Probe) -> Faults:
    """Two running_std more in x are two gamma more in y."""
    for layout, x, _ in p.layouts():
        statistics = p.gamma, p.beta, p.running_mean, p.running_std
        y = f.batch_norm_inference(x, *statistics)
        up = f.batch_norm_inference(x + 2 * wide(p.running_std, x), *statistics)
        expected = 0 * x + wide(2 * p.gamma, x)
        yield far(f"what y gains with x + 2 * running_std, {layout},", up - y, expected, 10)


@INFERENCE()
def inference_has_no_unit(f: Any, p: Probe) -> Faults:
    """x, running_mean and running_std in another unit give the same y: no eps is added."""
    for layout, x, _ in p.layouts():
        y = f.batch_norm_inference(x, p.gamma, p.beta, p.running_mean, p.running_std)
        small = [1e-3 * v for v in (x, p.running_mean, p.running_std)]
        scaled = f.batch_norm_inference(small[0], p.gamma, p.beta, *small[1:])
        yield far(f"y in a unit 1000 times as large, {layout},", scaled, y)


@INFERENCE()
def inference_treats_pixels_as_samples(f: Any, p: Probe) -> Faults:
    """For images, y is that of the (N * H * W, C) rows."""
    statistics = p.gamma, p.beta, p.running_mean, p.running_std
    y = f.batch_norm_inference(p.x4, *statistics)
    flat = f.batch_norm_inference(rows(p.x4), *statistics)
    yield far("y of images, as rows,", rows(y), flat)


@INFERENCE("batch_norm_forward")
def inference_is_training_where_the_statistics_agree(f: Any, p: Probe) -> Faults:
    """With the minibatch's own mean and std, inference gives what training gives."""
    for layout, x, _ in p.layouts():
        own = x.mean(axis=samples(x)), np.sqrt(x.var(axis=samples(x)) + p.eps)
        y = f.batch_norm_forward(x, p.gamma, p.beta, p.eps)[0]
        yield far(f"y, {layout},", f.batch_norm_inference(x, p.gamma, p.beta, *own), y)
