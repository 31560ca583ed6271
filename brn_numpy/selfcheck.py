"""Every gradient of this package, compared with two independent numeric ones."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from . import nn
from ._checks import Array
from .batch_norm import (
    batch_norm_backward,
    batch_norm_forward,
    inference_backward,
    inference_forward,
)
from .batch_renorm import batch_renorm_backward, batch_renorm_forward
from .gradcheck import ArgumentReport, PrecisionWarning, check_gradients
from .moments import Moments

METHODS = ("central", "complex")
COMPLEX_LIMIT = 1e-12  # of float64, relative to the size of the terms
C = 6  # channels

LAYOUTS: dict[str, tuple[tuple[int, ...], int]] = {  # name: shape, channel axis
    "(N, C)": ((7, C), 1),
    "(N, C, L)": ((2, C, 3), 1),
    "(N, C, H, W)": ((2, C, 1, 3), 1),
    "(N, H, W, C)": ((2, 3, 1, C), -1),
}
# For x with mean 0.3 and std 1 in every channel, this pair clips r: low, low, not, high, high, not;
# and d: high, low, low, high, low, not.
RUNNING = Moments(
    mean=np.array([-10.0, 10.0, 3.0, -3.0, 3.0, 0.4]),
    std=np.array([5.0, 5.0, 1.1, 0.3, 0.3, 1.2]),
)


@dataclass(frozen=True)
class Case:
    """Something to check: a pair of functions, or a layer with `backward` None."""

    operation: str
    mode: str
    layout: str
    dtype: str
    forward: Any
    backward: Callable[..., Any] | None
    inputs: dict[str, Any]
    wrt: tuple[str, ...] | None = None
    frozen: bool | None = None


@dataclass(frozen=True)
class Row:
    """The gradient by one argument: its largest relative error by each method."""

    operation: str
    mode: str
    layout: str
    dtype: str
    argument: str
    central: float
    complex_step: float
    ok: bool
    report: str

    def to_dict(self) -> dict[str, Any]:
        """Return a dictionary for JSON."""
        return asdict(self)


def check(case: Case, seed: int) -> list[Row]:
    """Check one case with both methods; return a row for every argument."""
    by_method: list[tuple[ArgumentReport, ...]] = []
    fine, text = True, ""
    for method in METHODS:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", PrecisionWarning)  # float32 rows are meant
            report = check_gradients(
                case.forward,
                case.backward,
                case.inputs,
                wrt=case.wrt,
                frozen=case.frozen,
                method=method,
                seed=seed,
            )
        by_method.append(report.arguments)
        fine = fine and not report.problems
        text += "" if report.ok else f"{report}\n"
    rows = []
    for central, exact in zip(*by_method, strict=True):
        ok = fine and central.ok and exact.ok
        if case.dtype == "float64":
            ok = ok and exact.relative_error <= COMPLEX_LIMIT
        rows.append(
            Row(
                operation=case.operation,
                mode=case.mode,
                layout=case.layout,
                dtype=case.dtype,
                argument=central.name,
                central=central.relative_error,
                complex_step=exact.relative_error,
                ok=ok,
                report="" if ok else text,
            )
        )
    return rows


def cases(seed: int) -> Iterator[Case]:
    """Yield all cases, on odd random values."""
    rng = np.random.default_rng(seed)
    yield from _functions(rng)
    yield from _second_order(rng)
    yield from _layers(rng)
    yield _network_with_loss(rng)


def odd_values(rng: np.random.Generator, shape: tuple[int, ...], kind: str = "") -> Array:
    """Return random numbers that hide no mistake: off centre, of both signs, none of them 1 or 0.

    With kind "scale" they are away from 0, with kind "std" positive, too.
    """
    if kind == "std":
        return rng.uniform(0.5, 2.0, shape)
    if kind == "scale":
        return rng.choice([-1.0, 1.0], shape) * rng.uniform(0.5, 2.0, shape)
    return rng.standard_normal(shape) + 0.3


def _functions(rng: np.random.Generator) -> Iterator[Case]:
    """Yield the pure functions, over layouts and dtypes."""
    for layout, (shape, axis) in LAYOUTS.items():
        other = tuple(i for i in range(len(shape)) if i != axis % len(shape))
        x = odd_values(rng, shape)
        x = 0.3 + (x - x.mean(axis=other, keepdims=True)) / x.std(axis=other, keepdims=True)
        for dtype in (np.float64, np.float32):
            inputs = {
                "x": x.astype(dtype),
                "gamma": odd_values(rng, (C,), "scale").astype(dtype),
                "beta": odd_values(rng, (C,)).astype(dtype),
            }
            running = Moments(RUNNING.mean.astype(dtype), RUNNING.std.astype(dtype))

            def case(
                operation: str,
                mode: str,
                forward: Any,
                backward: Any,
                options: dict[str, Any],
                inputs: dict[str, Any] = inputs,
                layout: str = layout,
                dtype: Any = dtype,
            ) -> Case:
                return Case(
                    operation,
                    mode,
                    layout,
                    np.dtype(dtype).name,
                    forward,
                    backward,
                    {**inputs, **options},
                    wrt=("x", "gamma", "beta"),
                    frozen=True if operation == "batch_renorm" else None,
                )

            for eps in (1e-5, 0.2):
                options = {"eps": eps, "axis": axis}
                yield case(
                    "batch_norm", f"eps={eps:g}", batch_norm_forward, batch_norm_backward, options
                )
            yield case(
                "inference",
                "",
                inference_forward,
                inference_backward,
                {"running": running, "axis": axis},
            )
            for mode, r_max, d_max in (
                ("r=1 d=0", 1.0, 0.0),
                ("clipped", 1.5, 0.5),
                ("free", 99, 99),
            ):
                yield case(
                    "batch_renorm",
                    mode,
                    batch_renorm_forward,
                    batch_renorm_backward,
                    {"running": running, "r_max": r_max, "d_max": d_max, "eps": 0.2, "axis": axis},
                )


def _second_order(rng: np.random.Generator) -> Iterator[Case]:
    """Yield the gradient of the inference backward: it is a function of dy, x and gamma, too.

    With upstream gradients u, v, w of dx, dgamma, dbeta, and z = (x - mean) / std:
    by dy: u * gamma / std + v * z + w;  by x: v * dy / std;  by gamma: sum of u * dy / std.
    """
    shape, mean, std = (7, C), RUNNING.mean, RUNNING.std
    inputs = {
        "dy": odd_values(rng, shape),
        "x": odd_values(rng, shape),
        "gamma": odd_values(rng, (C,), "scale"),
    }

    def forward(dy: Array, x: Array, gamma: Array) -> tuple[Array, Any]:
        _, cache = inference_forward(x, gamma, np.zeros(C), RUNNING)
        return np.vstack(inference_backward(dy, cache)), (dy, x, gamma)  # (7 + 1 + 1, C)

    def backward(upstream: Array, cache: Any) -> tuple[Array, ...]:
        (dy, x, gamma), (u, v, w) = cache, (upstream[:7], upstream[7], upstream[8])
        return u * gamma / std + v * (x - mean) / std + w, v * dy / std, (u * dy / std).sum(axis=0)

    yield Case("inference", "2nd order", "(N, C)", "float64", forward, backward, inputs)


def _layers(rng: np.random.Generator) -> Iterator[Case]:
    """Yield the layers, in both modes where these differ."""

    def spoilt(layer: nn.Layer) -> nn.Layer:
        """Give a layer odd parameters, and a normalisation odd running statistics."""
        for name, param in layer.named_parameters().items():
            kind = "scale" if name == "weight" else ""
            param.data = odd_values(rng, param.data.shape, kind).astype(param.data.dtype)
        if isinstance(layer, nn.BatchNorm):
            layer.running = Moments(*(part.astype(param.data.dtype) for part in RUNNING))
        return layer

    def bounds(step: int) -> tuple[float, float]:
        return 1.5, 0.5

    def norm_case(layer: nn.BatchNorm, mode: str, layout: str, shape: tuple[int, ...]) -> Case:
        pinned = isinstance(layer, nn.BatchRenorm) and layer.training
        dtype = layer.weight.data.dtype
        return Case(
            operation=type(layer).__name__,
            mode=mode,
            layout=layout,
            dtype=dtype.name,
            forward=spoilt(layer),
            backward=None,
            inputs={"x": odd_values(rng, shape).astype(dtype)},
            frozen=True if pinned else None,
        )

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
        single = kind(C, dtype=np.float32, **options)
        yield norm_case(single, "training", "(N, C)", (6, C))
    plain: list[tuple[str, str, str, tuple[int, ...], nn.Layer]] = [
        ("Linear", "", "(N, C)", (5, 4), nn.Linear(4, 3, rng=rng)),
        ("Linear", "no bias", "(N, C)", (5, 4), nn.Linear(4, 3, bias=False, rng=rng)),
        ("ReLU", "", "(N, C)", (5, 4), nn.ReLU()),
        ("Flatten", "", image, (3, 2, 3, 2), nn.Flatten()),
        ("Conv2d", "padding 1", image, (2, 2, 4, 3), nn.Conv2d(2, 3, 3, padding=1, rng=rng)),
        ("Conv2d", "stride 2", image, (2, 2, 5, 6), nn.Conv2d(2, 3, 3, stride=2, rng=rng)),
        ("MaxPool2d", "", image, (2, 2, 4, 5), nn.MaxPool2d(2)),
        ("MaxPool2d", "stride 1", image, (2, 2, 4, 3), nn.MaxPool2d(2, stride=1)),
        ("AvgPool2d", "", image, (2, 2, 4, 5), nn.AvgPool2d(2)),
    ]
    for operation, mode, layout, image_shape, layer in plain:
        x = odd_values(rng, image_shape)
        yield Case(operation, mode, layout, "float64", spoilt(layer), None, {"x": x})
    labels = rng.integers(0, 4, 5)

    def loss(logits: Array) -> tuple[Array, Array]:
        return nn.softmax_cross_entropy(logits, labels)

    yield Case(
        "softmax_cross_entropy",
        "",
        "(N, K)",
        "float64",
        loss,
        lambda dy, dlogits: dy * dlogits,
        {"logits": odd_values(rng, (5, 4))},
    )


class _WithLoss(nn.Layer):
    """A network and its loss as one layer: an image goes in, a number comes out."""

    def __init__(self, net: nn.Sequential, labels: Array) -> None:
        self.net, self.labels = net, labels

    def forward(self, x: Array) -> Array:
        loss, self.cache = nn.softmax_cross_entropy(self.net.forward(x), self.labels)
        return loss

    def backward(self, dy: Array) -> Array:
        return self.net.backward(dy * self.cache)

    def named_parameters(self) -> dict[str, nn.Parameter]:
        return self.net.named_parameters()

    def state_dict(self) -> dict[str, Array]:
        return self.net.state_dict()

    def load_state_dict(self, state: Any) -> None:
        self.net.load_state_dict(state)


def _network_with_loss(rng: np.random.Generator) -> Case:
    """Return a whole small network, checked through its loss."""
    net = nn.Sequential(
        nn.Conv2d(1, 3, 3, padding=1, bias=False, rng=rng),
        nn.BatchNorm(3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(3, 4, 2, bias=False, rng=rng),
        nn.BatchRenorm(4, schedule=lambda step: (1.5, 0.5)),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(4, 3, rng=rng),
    )
    layer = _WithLoss(net, rng.integers(0, 3, 5))
    x = odd_values(rng, (5, 1, 4, 4))
    return Case("network", "loss", "(N, C, H, W)", "float64", layer, None, {"x": x}, frozen=True)
