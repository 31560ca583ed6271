"""The layers, the loss, and a whole network through its loss."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from .. import nn
from .._checks import Array
from ..moments import Moments
from .case import LAYOUTS, RUNNING, C, Case, odd_values


def layer_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Yield the layers, in both modes where these differ."""

    def spoil(layer: nn.Layer) -> None:
        """Give a layer odd parameters, and a normalisation odd running statistics."""
        for name, param in layer.named_parameters().items():
            kind = "scale" if name == "weight" else ""
            param.data = odd_values(rng, param.data.shape, kind).astype(param.data.dtype)
        if isinstance(layer, nn.BatchNorm):
            layer.running = Moments(*(part.astype(param.data.dtype) for part in RUNNING))

    def bounds(step: int) -> tuple[float, float]:
        return 1.5, 0.5

    def norm_case(layer: nn.BatchNorm, mode: str, layout: str, shape: tuple[int, ...]) -> Case:
        pinned = isinstance(layer, nn.BatchRenorm) and layer.training and not layer.frozen
        spoil(layer)
        dtype = layer.weight.data.dtype
        x = odd_values(rng, shape).astype(dtype)
        operation = type(layer).__name__
        return Case(operation, mode, layout, dtype.name, layer, None, {"x": x}, pinned or None)

    image = "(N, C, H, W)"
    kinds: tuple[tuple[type[nn.BatchNorm], dict[str, Any]], ...] = (
        (nn.BatchNorm, {"eps": 0.2}),
        (nn.BatchRenorm, {"eps": 0.2, "schedule": bounds}),
    )
    for kind, options in kinds:
        for layout, (shape, axis) in LAYOUTS.items():
            yield norm_case(kind(C, axis=axis, **options), "training", layout, shape)
        for layout, shape in (("(N, C)", (6, C)), (image, (4, C, 1, 2))):
            grouped = kind(C, microbatch_size=2, **options)
            yield norm_case(grouped, "microbatches of 2", layout, shape)
            inference = kind(C, **options)
            inference.eval()
            yield norm_case(inference, "inference", layout, shape)
        frozen = kind(C, **options).freeze_running_stats()
        yield norm_case(frozen, "frozen", "(N, C)", (6, C))
        single = kind(C, dtype=np.float32, **options)
        yield norm_case(single, "training", "(N, C)", (6, C))
    plain: list[tuple[str, str, tuple[int, ...], nn.Layer]] = [
        ("", "(N, C)", (5, 4), nn.Linear(4, 3, rng=rng)),
        ("no bias", "(N, C)", (5, 4), nn.Linear(4, 3, bias=False, rng=rng)),
        ("", "(N, C)", (5, 4), nn.ReLU()),
        ("", image, (3, 2, 3, 2), nn.Flatten()),
        ("padding 1", image, (2, 2, 4, 3), nn.Conv2d(2, 3, 3, padding=1, rng=rng)),
        ("stride 2", image, (2, 2, 5, 6), nn.Conv2d(2, 3, 3, stride=2, rng=rng)),
        ("", image, (2, 2, 4, 5), nn.MaxPool2d(2)),
        ("stride 1", image, (2, 2, 4, 3), nn.MaxPool2d(2, stride=1)),
        ("padding 1", image, (2, 2, 4, 3), nn.MaxPool2d(3, padding=1)),
        ("", image, (2, 2, 4, 5), nn.AvgPool2d(2)),
        ("padding 1", image, (2, 2, 4, 3), nn.AvgPool2d(3, padding=1)),
        ("", image, (2, 2, 4, 5), nn.GlobalAvgPool2d()),
    ]
    for mode, layout, image_shape, layer in plain:
        x = odd_values(rng, image_shape)
        spoil(layer)
        yield Case(type(layer).__name__, mode, layout, "float64", layer, None, {"x": x})
    labels = rng.integers(0, 4, 5)

    def loss(logits: Array) -> tuple[Array, Array]:
        return nn.softmax_cross_entropy(logits, labels)

    def backward(dy: Array, dlogits: Array) -> Array:
        return dy * dlogits

    logits = {"logits": odd_values(rng, (5, 4))}
    yield Case("softmax_cross_entropy", "", "(N, K)", "float64", loss, backward, logits)


class _Loss(nn.Layer):
    """The loss as the last layer of a network: logits go in, a number comes out."""

    def __init__(self, labels: Array) -> None:
        self.labels = labels

    def forward(self, x: Array) -> Array:
        loss, self.cache = nn.softmax_cross_entropy(x, self.labels)
        return loss

    def backward(self, dy: Array) -> Array:
        return np.asarray(dy * self.cache)


def network_case(rng: np.random.Generator) -> Case:
    """Return a whole small network, checked through its loss."""
    layers = [
        nn.Conv2d(1, 3, 3, padding=1, bias=False, rng=rng),
        nn.BatchNorm(3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(3, 4, 2, bias=False, rng=rng),
        nn.BatchRenorm(4, schedule=lambda step: (1.5, 0.5)),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(4, 3, rng=rng),
        _Loss(rng.integers(0, 3, 5)),
    ]
    x = odd_values(rng, (5, 1, 4, 4))
    net = nn.Sequential(*layers)
    return Case("network", "loss", "(N, C, H, W)", "float64", net, None, {"x": x}, frozen=True)
