"""What is observed in a training, besides the accuracy at its end, and when.

curve         accuracy on the test images, and the mean training loss, 40 times; `curve_every` is
              the number of steps between two of them
companions    how much an image's outputs move when the rest of its minibatch changes; how far its
              outputs in training and in inference mode are apart; 5 times
batches       at the end, the accuracy in training mode, on test minibatches drawn as in training
anew          at the end, the accuracy after the running pairs were re-estimated, on i.i.d. images
corrections   means of r and d, and how often they are clipped, by layer, in 20 parts
statistics    at the end, the running std of the first layer over the std of all training images
drift         how far the means of a unit's inputs move from one twentieth to the next
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import nn
from .._checks import Array
from ..data import Dataset
from . import measures
from .spec import Spec
from .training import accuracy

POINTS = {"curve": 40, "companions": 5, "corrections": 20, "drift": 20}


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
        self.losses.append(loss)
        if "corrections" in self.spec.measures:  # first: what follows overwrites the caches
            self.sums.append(measures.corrections(self.net))
        for name in POINTS:
            if name in self.spec.measures and self._is_due(name, step):
                getattr(self, f"_{name}")()

    def _is_due(self, name: str, step: int) -> bool:
        points, steps = POINTS[name], self.spec.steps
        return (step + 1) * points // steps > step * points // steps

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
        share, gap, flips = measures.companions(self.net, self.spec, self.data)
        self._add(share=share, gap=gap, flips=flips)

    def _corrections(self) -> None:
        part = np.mean(self.sums, axis=0)  # (4, layers)
        self.found.setdefault("corrections", []).append(part.round(5).tolist())
        self.sums = []

    def _drift(self) -> None:
        means, stds = measures.inputs_of_relus(self.net, self.data.x_test[:500])
        if self.means is not None:
            self._add(drift=float(np.mean(np.abs(means - self.means) / stds)))
        self.means = means

    def result(self) -> dict[str, Any]:
        """Return all that was found, and what is measured at the end."""
        net, spec, data = self.net, self.spec, self.data
        if "curve" in spec.measures:
            self.found["curve_every"] = spec.steps / POINTS["curve"]
        if "batches" in spec.measures:
            self.found["batch_accuracy"] = measures.batch_accuracy(net, spec, data)
        if "statistics" in spec.measures:
            self.found["std_ratio"] = measures.std_ratio(net, data.x_train)
        if "anew" in spec.measures:  # last: it changes the running pairs
            self.found["anew"] = measures.accuracy_measured_anew(net, spec, data)
        return self.found
