"""What the tests of brn_numpy.nn share: a table of layers, random values, numeric gradients."""

import numpy as np

from brn_numpy import PAPER_SCHEDULE, Moments, nn

# name: (a function that makes the layer, the shape of its x)
LAYERS = {
    "Linear": (lambda rng, dtype: nn.Linear(4, 3, rng=rng, dtype=dtype), (5, 4)),
    "Linear without bias": (
        lambda rng, dtype: nn.Linear(4, 3, bias=False, rng=rng, dtype=dtype),
        (5, 4),
    ),
    "ReLU": (lambda rng, dtype: nn.ReLU(), (5, 2, 3)),
    "Flatten": (lambda rng, dtype: nn.Flatten(), (5, 2, 3, 2)),
    "Conv2d": (
        lambda rng, dtype: nn.Conv2d(2, 3, 3, stride=2, padding=1, rng=rng, dtype=dtype),
        (2, 2, 6, 5),
    ),
    "Conv2d 1 x 1": (
        lambda rng, dtype: nn.Conv2d(2, 3, 1, bias=False, rng=rng, dtype=dtype),
        (2, 2, 3, 4),
    ),
    "MaxPool2d": (lambda rng, dtype: nn.MaxPool2d(3, 2), (2, 2, 6, 5)),
    "MaxPool2d, padded": (lambda rng, dtype: nn.MaxPool2d(3, 2, padding=1), (2, 2, 4, 5)),
    "MaxPool2d 1 x 1": (lambda rng, dtype: nn.MaxPool2d(1), (2, 2, 3, 4)),
    "AvgPool2d": (lambda rng, dtype: nn.AvgPool2d(2, 1), (2, 2, 4, 5)),
    "AvgPool2d, padded": (lambda rng, dtype: nn.AvgPool2d(4, 3, padding=2), (2, 2, 5, 4)),
    "GlobalAvgPool2d": (lambda rng, dtype: nn.GlobalAvgPool2d(), (3, 2, 2, 3)),
    "AvgPool2d 1 x 1": (lambda rng, dtype: nn.AvgPool2d(1), (2, 2, 3, 4)),
    "BatchNorm": (lambda rng, dtype: nn.BatchNorm(3, eps=0.2, dtype=dtype), (7, 3)),
    "BatchNorm in microbatches": (
        lambda rng, dtype: nn.BatchNorm(3, microbatch_size=2, eps=0.2, dtype=dtype),
        (4, 3, 2, 3),
    ),
    "BatchNorm, frozen": (
        lambda rng, dtype: nn.BatchNorm(3, dtype=dtype).freeze_running_stats(),
        (4, 3, 2),
    ),
    "BatchNorm, averaging": (
        lambda rng, dtype: nn.BatchNorm(3, momentum=None, axis=-1, dtype=dtype),
        (4, 2, 3),
    ),
    "BatchRenorm": (
        lambda rng, dtype: nn.BatchRenorm(3, schedule=bounds, eps=0.2, dtype=dtype),
        (4, 3, 2),
    ),
    "BatchRenorm, channels last": (
        lambda rng, dtype: nn.BatchRenorm(
            3, schedule=bounds, microbatch_size=1, axis=-1, dtype=dtype
        ),
        (4, 2, 3),
    ),
    "LayerNorm": (lambda rng, dtype: nn.LayerNorm(3, eps=0.2, dtype=dtype), (4, 3)),
    "GroupNorm": (lambda rng, dtype: nn.GroupNorm(2, 4, eps=0.2, dtype=dtype), (3, 4, 2)),
    "InstanceNorm": (lambda rng, dtype: nn.InstanceNorm(3, eps=0.2, dtype=dtype), (2, 3, 2, 3)),
    "RMSNorm": (lambda rng, dtype: nn.RMSNorm(3, eps=0.2, dtype=dtype), (4, 3)),
}


def norm(kind, channels, **options):
    """Make a normalisation layer; a BatchRenorm begins as BN, unless it is given a schedule."""
    if issubclass(kind, nn.BatchRenorm):
        options = {"schedule": PAPER_SCHEDULE, **options}
    return kind(channels, **options)


def bounds(step):
    """Allow a correction that clips some channels and leaves others free."""
    return 1.5, 1.0


def make(name, rng, dtype=np.float64):
    """Make a layer of the table, with random parameters, and the shape of its x."""
    factory, shape = LAYERS[name]
    layer = factory(rng, dtype)
    randomise(layer, rng)
    return layer, shape


def mixed(rng, shape, dtype=np.float64):
    """Draw values of mixed sign, none of them near 0."""
    return (rng.choice([-1.0, 1.0], shape) * rng.uniform(0.5, 1.5, shape)).astype(dtype)


def upstream(rng, shape, dtype=np.float64):
    """Draw a dy whose mean is not 0."""
    return (rng.standard_normal(shape) + 0.7).astype(dtype)


def spaced(rng, shape):
    """Draw x whose values are at least 0.1 apart, and 0.05 from 0: no kink is near."""
    size = int(np.prod(shape))
    return (0.1 * (rng.permutation(size) - size // 2) + 0.05).reshape(shape)


def randomise(layer, rng):
    """Replace all parameters and running pairs by random values."""
    for part in layer if isinstance(layer, nn.Sequential) else [layer]:
        if isinstance(part, nn.Sequential):
            randomise(part, rng)
            continue
        for param in part.parameters():
            param.data = mixed(rng, param.data.shape, param.data.dtype)
        if isinstance(part, nn.BatchNorm):
            c, dtype = part.num_features, part.running.mean.dtype
            part.running = Moments(
                mixed(rng, c, dtype), rng.uniform(0.3, 3.0, c).astype(dtype, copy=False)
            )


def gradients(layer, x, dy):
    """Return what backward says, by name: "x" and the names of the parameters."""
    layer.forward(x)
    dx = layer.backward(dy)
    return {"x": dx, **{name: param.grad for name, param in layer.named_parameters().items()}}


def numeric_gradients(layer, x, dy, method):
    """Return the same, from forwards alone."""
    found = {"x": numeric_gradient(layer.forward, x, dy, method)}
    for name, param in layer.named_parameters().items():
        found[name] = by_parameter(layer, param, x, dy, method)
    return found


def by_parameter(layer, param, x, dy, method):
    """Return the numeric gradient of sum(dy * y) by one parameter."""
    data = param.data

    def forward(moved):
        param.data = moved
        return layer.forward(x)

    try:
        return numeric_gradient(forward, data, dy, method)
    finally:
        param.data = data


def numeric_gradient(f, at, dy, method):
    """Return the gradient of sum(dy * f(a)) by a at `at`, entry by entry."""
    grad = np.empty(at.shape)
    for place in np.ndindex(at.shape):
        if method == "complex":
            moved = at.astype(np.complex128)
            moved[place] += 1e-100j
            grad[place] = (dy * f(moved)).sum().imag / 1e-100
        else:
            up, down = at.copy(), at.copy()
            up[place] += 1e-5
            down[place] -= 1e-5
            grad[place] = (dy * (f(up) - f(down))).sum() / (up[place] - down[place])
    return grad


TOLERANCE = {"complex": 1e-12, "central": 1e-7}


def assert_gradients_agree(ours, numeric, method, sizes=None):
    """Compare the arrays, relative to the largest entry, or to the given size of the terms."""
    assert ours.keys() == numeric.keys()
    for name, expected in numeric.items():
        assert ours[name].shape == expected.shape, name
        size = np.abs(expected).max() if sizes is None else sizes[name]
        assert size > 0, f"the gradient with respect to {name} is 0, which tests nothing"
        error = np.abs(ours[name] - expected).max() / size
        assert error <= TOLERANCE[method], f"gradient of {name}: relative error {error:.1e}"


def same_bits(a, b):
    """Say whether two arrays, or two dicts of arrays, are the same in every bit."""
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same_bits(a[key], b[key]) for key in a)
    a, b = np.asarray(a), np.asarray(b)
    return (a.dtype, a.shape, a.tobytes()) == (b.dtype, b.shape, b.tobytes())
