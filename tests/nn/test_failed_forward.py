"""A forward that raises leaves the layer, and the whole network, bit for bit as it was."""

import numpy as np
import pytest
from nn_cases import LAYERS, bounds, make, norm, randomise, same_bits, upstream

from brn_numpy import Moments, nn


class Stop(BaseException):
    """Like a KeyboardInterrupt, no Exception."""


class Fail(nn.Layer):
    """Let a forward through until it is told to raise."""

    error = None

    def forward(self, x):
        if self.error is not None:
            raise self.error
        self.cache = x.shape
        return 2 * x

    def backward(self, dy):
        return 2 * dy


def parts(layer):
    """Yield a layer and the layers in it."""
    yield layer
    for part in layer if isinstance(layer, nn.Sequential) else ():
        yield from parts(part)


def refuses(layer, x, kind):
    """Check that forward(x) raises, and that it changed neither state nor cache."""
    state = layer.state_dict()
    caches = [part.cache for part in parts(layer)]
    with pytest.raises(kind):
        layer.forward(x)
    assert same_bits(layer.state_dict(), state)
    for part, cache in zip(parts(layer), caches, strict=True):
        assert part.cache is cache, type(part).__name__


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("name", LAYERS)
def test_every_layer(name, training):
    """Integers, objects, text, nothing, a ragged list: an error, and backward still works."""
    rng = np.random.default_rng(0)
    layer, shape = make(name, rng)
    layer.train(training)
    x = rng.standard_normal(shape)
    dy = upstream(rng, layer.forward(x).shape)
    dx = layer.backward(dy)
    for bad in (np.ones(shape, int), np.ones(shape, bool), x.astype(object), None, "x", {}):
        refuses(layer, bad, TypeError)
    refuses(layer, x.astype(np.float16), TypeError)
    refuses(layer, [[1.0, 2.0], [3.0]], ValueError)
    assert same_bits(layer.backward(dy), dx)


@pytest.mark.parametrize(
    "name, shape",
    [
        ("Linear", (4,)),
        ("Linear", (5, 3)),
        ("Linear", (5, 4, 1)),
        ("Flatten", ()),
        ("Flatten", (0, 2, 3)),
        ("Conv2d", (2, 6, 5)),
        ("Conv2d", (2, 3, 6, 5)),
        ("Conv2d", (2, 2, 6, 0)),
        ("Conv2d 1 x 1", (2, 2, 0, 0)),
        ("MaxPool2d", (2, 6, 5)),
        ("MaxPool2d", (2, 2, 6, 2)),
        ("AvgPool2d", (2, 2, 1, 5)),
        ("BatchNorm", (3,)),
        ("BatchNorm", (7, 2)),
        ("BatchNorm", (0, 3)),
        ("BatchNorm", (1, 3)),
        ("BatchNorm in microbatches", (5, 3, 2, 3)),
        ("BatchRenorm", (4, 2, 3)),
        ("BatchRenorm, channels last", (4, 3, 2)),
        ("LayerNorm", (4,)),
        ("LayerNorm", (3, 4)),
        ("GroupNorm", (3, 2, 4)),
        ("InstanceNorm", (2, 3)),
        ("InstanceNorm", (2, 3, 1, 1)),
        ("RMSNorm", (0, 3)),
    ],
)
def test_wrong_shapes(name, shape):
    """A wrong shape is a ValueError (of a number: a TypeError is fine too)."""
    rng = np.random.default_rng(1)
    layer, good = make(name, rng)
    refuses(layer, np.ones(shape), (ValueError, TypeError) if shape == () else ValueError)
    layer.forward(rng.standard_normal(good))
    refuses(layer, np.ones(shape), (ValueError, TypeError) if shape == () else ValueError)


@pytest.mark.parametrize(
    "name, shape, text",
    [
        ("Linear", (5, 3), r"Linear .* axes \(N, C\) and 4 on axis 1, got shape \(5, 3\)"),
        ("Linear", (5, 5), r"Linear .* axes \(N, C\) and 4 on axis 1, got shape \(5, 5\)"),
        ("Linear", (5,), r"Linear .* axes \(N, C\), got shape \(5,\)"),
        ("Linear", (5, 4, 1), r"Linear .* axes \(N, C\), got shape \(5, 4, 1\)"),
        ("BatchNorm", (7, 2), r"BatchNorm .* 3 channels on axis 1, got shape \(7, 2\)"),
        ("BatchNorm", (7, 4), r"BatchNorm .* 3 channels on axis 1, got shape \(7, 4\)"),
        ("GroupNorm", (7, 5), r"GroupNorm .* 4 channels on axis 1, got shape \(7, 5\)"),
        ("RMSNorm", (7, 5), r"RMSNorm .* 3 channels on axis 1, got shape \(7, 5\)"),
    ],
)
def test_the_layer_names_a_wrong_shape(name, shape, text):
    """Too few or too many axes or channels: the layer says what it expects and what came."""
    layer, _ = make(name, np.random.default_rng(1))
    with pytest.raises(ValueError, match=text):
        layer.forward(np.ones(shape))


def test_a_schedule_that_fails():
    """An error in the schedule, or bounds out of range, are no training step."""
    layer = nn.BatchRenorm(3, schedule=bounds)
    x = np.random.default_rng(2).standard_normal((5, 3))
    layer.forward(x)
    layer.schedule = lambda step: (0.5, 0.0)
    refuses(layer, x, ValueError)
    layer.schedule = lambda step: (2.0, -1.0)
    refuses(layer, x, ValueError)
    layer.schedule = lambda step: 2.0
    refuses(layer, x, TypeError)
    layer.schedule = lambda step: 1 / 0
    refuses(layer, x, ZeroDivisionError)


@pytest.mark.parametrize("kind", [nn.BatchNorm, nn.BatchRenorm])
def test_a_running_pair_that_is_spoilt(kind):
    """A NaN in the running pair is refused in both modes; no half of a step is done."""
    layer = norm(kind, 3)
    x = np.random.default_rng(3).standard_normal((5, 3))
    layer.forward(x)
    for pair in (
        Moments(np.array([0.0, np.nan, 0.0]), np.ones(3)),
        Moments(np.zeros(3), np.array([1.0, 1.0, 0.0])),
    ):
        layer.running = pair
        refuses(layer.train(), x, ValueError)
        refuses(layer.eval(), x, ValueError)


def network(fail):
    rng = np.random.default_rng(4)
    net = nn.Sequential(
        nn.Conv2d(1, 3, 2, rng=rng),
        nn.BatchNorm(3),
        nn.Sequential(nn.ReLU(), nn.BatchRenorm(3, schedule=bounds), nn.MaxPool2d(2), fail),
        nn.Flatten(),
        nn.Linear(12, 2, rng=rng),
        nn.BatchNorm(2),
    )
    randomise(net, rng)
    return net


@pytest.mark.parametrize("error", [ValueError("no"), KeyboardInterrupt(), Stop()])
def test_a_network(error):
    """Layers that had already run are set back: running pairs, steps and caches."""
    rng = np.random.default_rng(5)
    fail = Fail()
    net = network(fail)
    x = rng.standard_normal((4, 1, 5, 5))
    fail.error = error
    refuses(net, x, type(error))
    fail.error = None
    net.forward(x)
    dy = upstream(rng, (4, 2))
    fail.error = error
    refuses(net, x + 1, type(error))
    fail.error = None

    other = network(Fail())  # which never failed
    other.forward(x)
    assert same_bits(net.state_dict(), other.state_dict())
    assert same_bits(net.backward(dy), other.backward(dy))
    for ours, theirs in zip(net.parameters(), other.parameters(), strict=True):
        assert same_bits(ours.grad, theirs.grad)


def test_an_image_that_is_too_large_for_the_last_layer():
    """The layers before the Linear that refuses have all run, and are set back."""
    net = network(Fail())
    rng = np.random.default_rng(6)
    net.forward(rng.standard_normal((4, 1, 5, 5)))
    refuses(net, rng.standard_normal((4, 1, 9, 9)), ValueError)
    assert net[1].num_batches_tracked == net[2][1].num_batches_tracked == 1


@pytest.mark.parametrize("name", LAYERS)
def test_backward_before_forward(name):
    """There is nothing to go back through: a RuntimeError that names the layer."""
    layer, shape = make(name, np.random.default_rng(7))
    with pytest.raises(RuntimeError, match=f"{type(layer).__name__}.backward .* before forward"):
        layer.backward(np.ones(shape))


@pytest.mark.parametrize("name", LAYERS)
def test_a_backward_that_raises(name):
    """A dy of a wrong shape or dtype is named and leaves the gradients as they were."""
    rng = np.random.default_rng(8)
    layer, shape = make(name, rng)
    y = layer.forward(rng.standard_normal(shape))
    layer.backward(upstream(rng, y.shape))
    before = {key: param.grad.copy() for key, param in layer.named_parameters().items()}
    dy = upstream(rng, y.shape)
    for wrong in (dy[:-1], dy[..., :-1], dy[None], dy[..., None], np.ones(())):
        with pytest.raises(ValueError, match="dy"):
            layer.backward(wrong)
    with pytest.raises(TypeError, match="dy"):
        layer.backward(np.ones(y.shape, int))
    after = {key: param.grad for key, param in layer.named_parameters().items()}
    assert same_bits(after, before)
