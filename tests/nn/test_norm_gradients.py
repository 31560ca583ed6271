"""The gradients of the layers BatchNorm and BatchRenorm are those of their forwards."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nn_cases import (
    assert_gradients_agree,
    gradients,
    mixed,
    norm,
    numeric_gradients,
    randomise,
    same_bits,
    upstream,
)

from brn_numpy import Moments, batch_moments, nn

LAYOUTS = {"2-D": ((8, 3), 1), "4-D": ((4, 3, 1, 3), 1), "channels last": ((4, 2, 2, 3), -1)}
SIZES = [None, 1, 2, 4]


def terms(layer, x, dy, axis, r_max=1.0, d_max=0.0):
    """Return how large the terms of each gradient are; in dx they may nearly cancel."""
    size = layer.microbatch_size or len(x)
    groups = len(x) // size
    std = min(
        batch_moments(x[g::groups], eps=layer.eps, axis=axis).std.min() for g in range(groups)
    )
    std = std if layer.training else layer.running.std.min()
    sum_dy = np.abs(dy).sum() / x.shape[axis]
    return {
        "x": np.abs(layer.weight.data).max() * r_max / std * np.abs(dy).max(),
        "weight": sum_dy * (r_max + d_max),
        "bias": sum_dy,
    }


def check(layer, x, axis, method, rng, **bounds):
    dy = upstream(rng, x.shape)
    ours = gradients(layer, x, dy)
    if isinstance(layer, nn.BatchRenorm) and layer.training:
        layer.correction = layer.r, layer.d  # held constant, as in the backward pass
    before = layer.state_dict()
    numeric = numeric_gradients(layer, x, dy, method)
    assert_gradients_agree(ours, numeric, method, terms(layer, x, dy, axis, **bounds))
    if method == "complex":
        assert same_bits(layer.state_dict(), before), "a numeric check is no training step"
    return ours


@pytest.mark.parametrize("method, eps", [("complex", 1e-5), ("complex", 0.2), ("central", 0.2)])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_batch_norm_in_training(layout, size, method, eps):
    """dx, dgamma and dbeta, whole minibatches and microbatches, every layout."""
    shape, axis = LAYOUTS[layout]
    rng = np.random.default_rng(10)
    layer = nn.BatchNorm(3, eps=eps, axis=axis, microbatch_size=size)
    randomise(layer, rng)
    x = 1.5 * rng.standard_normal(shape) + 0.5
    if layout == "2-D" and size == 1:
        with pytest.raises(ValueError, match="one value per channel"):
            layer.forward(x)
        return
    ours = check(layer, x, axis, method, rng)
    if not (layout == "2-D" and size == 2):  # there dx cancels, as the formula says
        assert np.abs(ours["x"]).max() > 0.05


@pytest.mark.parametrize("method, eps", [("complex", 1e-5), ("complex", 0.2), ("central", 0.2)])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("clipped", [True, False])
def test_batch_renorm_in_training(clipped, layout, size, method, eps):
    """The same with r and d, clipped in some channels on either side, or free in all of them."""
    shape, axis = LAYOUTS[layout]
    rng = np.random.default_rng(11)
    r_max, d_max = (2.0, 1.0) if clipped else (1e9, 1e9)
    layer = nn.BatchRenorm(
        3, eps=eps, axis=axis, microbatch_size=size, schedule=lambda step: (r_max, d_max)
    )
    randomise(layer, rng)
    x = 1.5 * rng.standard_normal(shape) + 0.5
    batch = batch_moments(x, eps=eps, axis=axis)
    std = batch.std / np.array([3.0, 0.3, 1.1])  # r: too large, too small, free
    running = Moments(batch.mean - np.array([-1.8, 1.5, 0.1]) * std, std)
    layer.running = running
    layer.forward(x)
    r, d = layer.r, layer.d
    at_bound = (r == r_max) | (r == 1 / r_max) | (np.abs(d) == d_max)
    assert at_bound.any() == clipped
    assert not at_bound.all() or (layout, size) == ("2-D", 1)
    layer.running = running  # the forward has moved it
    ours = check(layer, x, axis, method, rng, r_max=r.max(), d_max=np.abs(d).max())
    if layout == "2-D" and size == 1:
        assert not ours["x"].any() and ours["weight"].all()


@pytest.mark.parametrize("method", ["complex", "central"])
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("kind", [nn.BatchNorm, nn.BatchRenorm])
def test_inference(kind, layout, method):
    """In eval mode dx = gamma / running std * dy, in microbatches too."""
    shape, axis = LAYOUTS[layout]
    rng = np.random.default_rng(12)
    layer = norm(kind, 3, axis=axis, microbatch_size=2).eval()
    randomise(layer, rng)
    x, dy = rng.standard_normal(shape) + 0.5, upstream(rng, shape)
    ours = check(layer, x, axis, method, rng)
    assert np.abs(ours["x"]).min() > 0
    dx = gradients(layer, x, dy)["x"]
    scale = layer.weight.data / layer.running.std
    expected = np.moveaxis(np.moveaxis(dy, axis, -1) * scale, -1, axis)
    np.testing.assert_allclose(dx, expected, rtol=1e-14)


@given(
    seed=st.integers(0, 2**32 - 1),
    kind=st.sampled_from([nn.BatchNorm, nn.BatchRenorm]),
    groups=st.integers(1, 3),
    size=st.integers(3, 5),
    channels=st.integers(1, 3),
    pixels=st.integers(1, 2),
    last=st.booleans(),
    eps=st.sampled_from([1e-5, 1e-3, 0.3]),
    offset=st.floats(-10, 10),
)
def test_any_shape(seed, kind, groups, size, channels, pixels, last, eps, offset):
    """The complex step agrees for any number of groups, samples, channels and pixels."""
    rng = np.random.default_rng(seed)
    axis = -1 if last else 1
    shape = (groups * size, pixels, channels) if last else (groups * size, channels, pixels)
    layer = norm(kind, channels, eps=eps, axis=axis, microbatch_size=size)
    randomise(layer, rng)
    limits = {}
    if kind is nn.BatchRenorm:
        limits = {"r_max": 1.5, "d_max": 1.0}
        layer.schedule = lambda step: (1.5, 1.0)
    # ranks in random order: the standard deviation of no group is small
    x = np.moveaxis(np.argsort(rng.random((channels, *shape[:1], pixels)), axis=1), 0, 1) + offset
    x = x + 0.3 * mixed(rng, x.shape)
    x = np.moveaxis(x, 1, -1) if last else x
    # a shift costs digits: 1 + |mean| / std, which is below 20 here
    check(layer, x, axis, "complex", rng, **limits)
