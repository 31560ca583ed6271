"""Run one training."""

from __future__ import annotations

import math
import time
from typing import Any

import numpy as np

from .. import nn
from .images import SHIFTS, draw, images_of, training_part
from .measures import Observer
from .networks import build, weight_norm
from .spec import Spec
from .training import accuracy, train


def run_one(spec: Spec, path: str | None = None) -> dict[str, Any]:
    """Train once and return what was measured: plain numbers and lists, for JSON.

    Parameters
    ----------
    spec : Spec
    path : str, optional
        Of the user's images, see `load_data`; the shipped ones if there is none.

    Returns
    -------
    dict
        `accuracy` on the test images in inference mode after the last step, a share of 1;
        `validation`, the same on the images kept out, if there are any; `growth` of the norm of all
        weights; `seconds` of computing; and what `spec.measures` asks for. A training that
        diverges has `diverged`, and the accuracy of guessing.
    """
    started = time.process_time()
    data = images_of(spec, path)
    classes = len(data.class_names)
    net = build(spec, data.x_train, classes)
    optimizer = nn.SGD(net.parameters(), spec.learning_rate, momentum=spec.sgd_momentum)
    domains = 1 if spec.shift is None else len(SHIFTS[spec.shift])
    part = training_part(spec, data)
    rng = np.random.default_rng([spec.seed, 1])
    batches = draw(spec, data.y_train[: part // domains], rng, domains)
    observer = Observer(spec, net, data)
    norm_before = weight_norm(net)
    result: dict[str, Any] = {}
    try:
        with np.errstate(all="ignore"):  # a training that diverges overflows first
            train(
                net,
                optimizer,
                data.x_train,
                data.y_train,
                batches,
                steps=spec.steps,
                after_step=observer.after_step if spec.measures else None,
                falling_rate=spec.falling_rate,
            )
            result["accuracy"] = accuracy(net, data.x_test, data.y_test)
            if spec.validation:
                kept_out = slice(part, None)
                result["validation"] = accuracy(net, data.x_train[kept_out], data.y_train[kept_out])
            growth = weight_norm(net) / norm_before
            result["growth"] = round(growth, 4) if math.isfinite(growth) else None
            result |= observer.result()
    except (FloatingPointError, ValueError) as error:
        if isinstance(error, ValueError) and "finite" not in str(error):
            raise
        result = {"accuracy": 1 / classes, "diverged": True}
        if spec.validation:
            result["validation"] = 1 / classes
    result["seconds"] = round(time.process_time() - started, 3)
    return result
