"""Layers and networks read as the calls that make them."""

from functools import partial

import numpy as np
import pytest
from nn_cases import bounds, norm

from brn_numpy import PAPER_SCHEDULE, RenormSchedule, nn

NAMES = {
    **{name: getattr(nn, name) for name in nn.__all__},
    "Linear": partial(nn.Linear, rng=0),
    "Conv2d": partial(nn.Conv2d, rng=0),
    "RenormSchedule": RenormSchedule,
}


@pytest.mark.parametrize(
    "layer, text",
    [
        (nn.ReLU(), "ReLU()"),
        (nn.Flatten(), "Flatten()"),
        (nn.GlobalAvgPool2d(), "GlobalAvgPool2d()"),
        (nn.Linear(4, 3, rng=np.random.default_rng(0)), "Linear(4, 3)"),
        (
            nn.Linear(4, 3, bias=False, rng=0, dtype=np.float32),
            "Linear(4, 3, bias=False, dtype='float32')",
        ),
        (nn.Conv2d(3, 8, 3, padding=1, rng=0), "Conv2d(3, 8, 3, padding=1)"),
        (
            nn.Conv2d(3, 8, 2, stride=2, bias=False, rng=0, dtype="float64"),
            "Conv2d(3, 8, 2, stride=2, bias=False)",
        ),
        (nn.MaxPool2d(3, 2, padding=1), "MaxPool2d(3, stride=2, padding=1)"),
        (nn.AvgPool2d(2), "AvgPool2d(2, stride=2)"),
        (nn.BatchNorm(8), "BatchNorm(8)"),
        (nn.GroupNorm(2, 8, dtype="float32"), "GroupNorm(2, 8, dtype='float32')"),
        (nn.LayerNorm(8), "LayerNorm(8)"),
        (nn.InstanceNorm(8, eps=0.1), "InstanceNorm(8, eps=0.1)"),
        (nn.RMSNorm(8, eps=1), "RMSNorm(8, eps=1.0)"),
        (
            nn.BatchNorm(8, eps=1e-3, momentum=None, axis=-1, microbatch_size=4),
            "BatchNorm(8, eps=0.001, momentum=None, axis=-1, microbatch_size=4)",
        ),
        (nn.BatchNorm(8).freeze_running_stats(), "BatchNorm(8).freeze_running_stats()"),
        (
            nn.BatchRenorm(8, schedule=PAPER_SCHEDULE.scaled(1000), momentum=0.1),
            "BatchRenorm(8, momentum=0.1, schedule=RenormSchedule(r_max=3.0, d_max=5.0, "
            "warmup=25, r_end=200, d_end=125))",
        ),
        (
            nn.Sequential(nn.Linear(4, 3, rng=0), nn.Sequential(nn.ReLU())),
            "Sequential(\n    Linear(4, 3),\n    Sequential(\n        ReLU(),\n    ),\n)",
        ),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, nn.Layer) else "",
)
def test_a_layer_reads_as_it_was_made(layer, text):
    """What is as by default is left out, and `rng`; what is read makes such a layer again."""
    assert repr(layer) == text
    assert repr(eval(text, NAMES)) == text


def test_what_is_changed_later_is_shown():
    """The text says what the layer is now: momentum, mode of the running pair, schedule."""
    layer = norm(nn.BatchRenorm, 2)
    layer.momentum, layer.schedule = None, bounds
    assert repr(layer) == f"BatchRenorm(2, momentum=None, schedule={bounds!r})"
    layer.freeze_running_stats()
    assert repr(layer).endswith(".freeze_running_stats()")
    layer.freeze_running_stats(False)
    assert repr(layer).endswith(")") and "freeze" not in repr(layer)


class Scaled(nn.Layer):
    """A reader's own layer, with an array and with arguments that are not kept."""

    def __init__(self, scale, shift=None, *, rng, unused=3):
        self.scale = scale
        self.shift = np.zeros(2) if shift is None else shift


def test_a_layer_of_ones_own():
    """It gets the same text, arrays among its arguments or not, as far as it keeps them."""
    assert repr(Scaled(2.0, rng=0)) == "Scaled(2.0, shift=array([0., 0.]))"
    assert repr(Scaled(nn.Parameter(np.ones((2, 3))), 1, rng=0)) == (
        "Scaled(Parameter((2, 3), float64), shift=1)"
    )
