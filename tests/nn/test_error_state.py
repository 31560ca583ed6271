"""Finite input neither warns nor raises, whatever np.errstate the caller has set."""

import numpy as np
import pytest
from nn_cases import LAYERS, make, upstream

from brn_numpy import nn

SIZES = pytest.mark.parametrize("size", [1e-308, 1e-30, 1.0, 1e30, 1e308])


@pytest.fixture(autouse=True)
def everything_raises():
    """Set the strictest error state there is."""
    with np.errstate(all="raise"):
        yield


@np.errstate(all="ignore")
def scaled(a, size, dtype=np.float64):
    """Return size * a in this dtype, at most a quarter of the largest number there."""
    largest = np.finfo(dtype).max / 4
    return np.clip(size * a, -largest, largest).astype(dtype)


@SIZES
@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("name", LAYERS)
def test_layers(name, training, size):
    """Values and gradients that overflow or underflow, also on the way into float32."""
    rng = np.random.default_rng(0)
    layer, shape = make(name, rng)
    layer.train(training)
    for param in layer.parameters():
        param.data = scaled(param.data, size)
    for dtype in (np.float64, np.float32):
        if isinstance(layer, nn.BatchNorm):
            layer.reset_running_stats()
        y = layer.forward(scaled(rng.standard_normal(shape), size, dtype))
        dy = scaled(upstream(rng, y.shape), size)
        layer.backward(dy)
        layer.parameter_gradients(dy)
        assert y.dtype == dtype


@SIZES
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_loss(dtype, size):
    """exp of far smaller logits is 0, and dividing it by a sum underflows."""
    logits = scaled(np.random.default_rng(1).standard_normal((3, 4)), size, dtype)
    loss, dlogits = nn.softmax_cross_entropy(logits, np.array([0, 3, 1]))
    assert loss >= 0 and np.isfinite(dlogits).all()


@SIZES
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kind", [nn.SGD, nn.Adam])
def test_optimizers(kind, dtype, size):
    """A gradient whose square overflows or underflows, in a parameter of either dtype."""
    param = nn.Parameter(np.ones(2, dtype))
    optimizer = kind([param], 0.1, weight_decay=0.5)
    for _ in range(3):
        param.grad = np.array([size, -size])
        optimizer.step()
    assert param.data.dtype == dtype


def test_states():
    """Values that are 0 in float32 load without a warning, and what is inf there is refused."""
    state = nn.Linear(3, 2, rng=0).state_dict()
    layer = nn.Linear(3, 2, rng=0, dtype=np.float32)
    layer.load_state_dict({**state, "bias": np.array([1e-300, 1.0])})
    with pytest.raises(ValueError, match="'bias' has values that float32 cannot hold"):
        layer.load_state_dict({**state, "bias": np.array([1e300, 1.0])})
