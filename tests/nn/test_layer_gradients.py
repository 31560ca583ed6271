"""Gradients of Linear, ReLU, Flatten, Conv2d, the poolings and BN's relatives against numbers."""

import numpy as np
import pytest
from nn_cases import (
    assert_gradients_agree,
    gradients,
    numeric_gradients,
    randomise,
    spaced,
    upstream,
)

from brn_numpy import nn

METHODS = pytest.mark.parametrize("method", ["complex", "central"])


def check(layer, shape, method, seed=0):
    rng = np.random.default_rng(seed)
    randomise(layer, rng)
    x = spaced(rng, shape)
    dy = upstream(rng, layer.forward(x).shape)
    ours = gradients(layer, x, dy)
    assert_gradients_agree(ours, numeric_gradients(layer, x, dy, method), method)


@METHODS
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("n, features, outputs", [(5, 4, 3), (1, 3, 1), (2, 1, 5)])
def test_linear(n, features, outputs, bias, method):
    """dx = dy W, dW = dy^T x, db = the sum of dy."""
    check(nn.Linear(features, outputs, bias=bias, rng=0), (n, features), method)


@METHODS
@pytest.mark.parametrize("shape", [(7,), (5, 3), (2, 3, 2, 3)])
def test_relu(shape, method):
    """The gradient goes through where x > 0 and nowhere else."""
    check(nn.ReLU(), shape, method)


@METHODS
@pytest.mark.parametrize("shape", [(5,), (4, 3), (3, 2, 2, 3)])
def test_flatten(shape, method):
    """The gradient comes back with every number in its place."""
    check(nn.Flatten(), shape, method)


@METHODS
@pytest.mark.parametrize("shape", [(3, 4, 2), (2, 4, 3, 2)])
@pytest.mark.parametrize(
    "layer",
    [nn.GroupNorm(2, 4), nn.LayerNorm(4), nn.InstanceNorm(4, eps=0.2), nn.RMSNorm(4)],
    ids=repr,
)
def test_family(layer, shape, method):
    """The relatives of BN: gradients with respect to x, gamma, beta, for sequences and images."""
    check(layer, shape, method)


@METHODS
@pytest.mark.parametrize("padding", [0, 1, 2])
@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("kernel", [1, 2, 3])
def test_conv(kernel, stride, padding, method):
    """All kernels, strides and paddings; 5 x 6 pixels, of which a stride often leaves some over."""
    layer = nn.Conv2d(1, 2, kernel, stride=stride, padding=padding, rng=0)
    check(layer, (2, 1, 5, 6), method)


@METHODS
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize(
    "shape, kernel, stride, padding",
    [
        ((1, 1, 3, 3), 3, 1, 0),  # one output pixel
        ((3, 2, 1, 2), 3, 2, 1),  # smaller than the kernel, but for the padding
        ((1, 3, 7, 4), 2, 5, 0),  # pixels between the patches that no patch sees
        ((1, 1, 2, 1), 3, 2, 3),  # patches that see nothing but padding
    ],
)
def test_conv_at_its_limits(shape, kernel, stride, padding, bias, method):
    """A single patch, an image smaller than the kernel, a stride beyond the kernel."""
    layer = nn.Conv2d(
        shape[1], 2, kernel, stride=stride, padding=padding, bias=bias, rng=np.random.default_rng(1)
    )
    check(layer, shape, method)


@METHODS
@pytest.mark.parametrize("pool", [nn.MaxPool2d, nn.AvgPool2d])
@pytest.mark.parametrize(
    "kernel, stride", [(1, None), (2, None), (3, None), (2, 1), (3, 1), (3, 2), (1, 2), (2, 3)]
)
def test_pools(pool, kernel, stride, method):
    """Windows side by side, overlapping, apart; 5 x 7 pixels, of which some fill no window."""
    check(pool(kernel, stride), (2, 1, 5, 7), method)


@METHODS
def test_layers_in_a_row(method):
    """Sequential, nested too, runs the backward passes in the opposite order."""
    net = nn.Sequential(
        nn.Conv2d(1, 2, 2, rng=0),
        nn.Sequential(nn.AvgPool2d(2, 1), nn.Flatten(), nn.Linear(8, 3, rng=1)),
        nn.Linear(3, 2, rng=2),
    )
    check(net, (2, 1, 4, 4), method)


def test_pixels_that_fill_no_window_get_no_gradient():
    """What a stride leaves over has a gradient of exactly 0."""
    rng = np.random.default_rng(3)
    for layer in (nn.MaxPool2d(2), nn.AvgPool2d(2), nn.Conv2d(1, 2, 2, stride=2, rng=rng)):
        x = spaced(rng, (2, 1, 5, 5))
        dx = gradients(layer, x, upstream(rng, layer.forward(x).shape))["x"]
        assert dx.shape == x.shape
        assert not dx[:, :, 4].any() and not dx[:, :, :, 4].any()
        assert dx[:, :, :4, :4].any()


def test_the_complex_step_sees_the_slope_of_relu_at_0():
    """At 0 the derivative is taken to be 0, by backward and by the complex forward alike."""
    relu, step = nn.ReLU(), 1e-30
    assert relu.forward(np.array([0.0 + 1j * step]))[0].imag == 0
    relu.forward(np.zeros(1))
    assert relu.backward(np.ones(1))[0] == 0
