"""The gradients of a whole network: every layer, through the loss, by every parameter."""

import numpy as np
import pytest
from nn_cases import bounds, numeric_gradient, randomise, spaced

from brn_numpy import nn


def network(microbatch_size=None):
    rng = np.random.default_rng(0)
    net = nn.Sequential(
        nn.Conv2d(1, 3, 3, padding=1, rng=rng),
        nn.BatchNorm(3, eps=0.1, microbatch_size=microbatch_size),
        nn.ReLU(),
        nn.MaxPool2d(2, 1),
        nn.Conv2d(3, 2, 2, stride=2, bias=False, rng=rng),
        nn.BatchRenorm(2, eps=0.1, schedule=bounds, microbatch_size=microbatch_size),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(8, 3, rng=rng),
    )
    randomise(net, rng)
    return net


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize(
    "microbatch_size, method", [(None, "complex"), (2, "complex"), (2, "central")]
)
def test_every_parameter_through_the_loss(microbatch_size, training, method):
    """backward(dlogits) leaves the derivative of the loss by every number in the network."""
    rng = np.random.default_rng(1)
    net = network(microbatch_size).train(training)
    x = spaced(rng, (4, 1, 5, 5)) / 5
    labels = np.array([2, 0, 1, 2])

    def loss(x):
        return nn.softmax_cross_entropy(net.forward(x), labels)[0]

    _, dlogits = nn.softmax_cross_entropy(net.forward(x), labels)
    dx = net.backward(dlogits)
    if training:
        net[5].correction = net[5].r, net[5].d

    tolerance = 1e-12 if method == "complex" else 1e-6
    expected = numeric_gradient(loss, x, 1.0, method)
    np.testing.assert_allclose(dx, expected, rtol=0, atol=tolerance * np.abs(expected).max())
    for name, param in net.named_parameters().items():
        data, ours = param.data, param.grad

        def by_data(moved, param=param):
            param.data = moved
            return loss(x)

        expected = numeric_gradient(by_data, data, 1.0, method)
        param.data = data
        assert ours.shape == data.shape
        useless = training and name == "0.bias"  # before a normalisation: the gradient is 0
        assert useless or np.abs(expected).max() > 1e-3, name
        size = 1.0 if useless else np.abs(expected).max()
        np.testing.assert_allclose(ours, expected, rtol=0, atol=tolerance * size, err_msg=name)


def test_the_loss_falls_along_the_gradient():
    """A small step against the gradient lowers the loss by lr * |gradient|^2."""
    rng = np.random.default_rng(2)
    net, labels = network(), np.array([2, 0, 1, 2, 1])
    x = rng.standard_normal((5, 1, 5, 5))
    before, dlogits = nn.softmax_cross_entropy(net.forward(x), labels)
    net.backward(dlogits)
    square = sum((param.grad**2).sum() for param in net.parameters())
    net[5].correction = net[5].r, net[5].d
    nn.SGD(net.parameters(), lr=1e-7).step()
    after, _ = nn.softmax_cross_entropy(net.forward(x), labels)
    assert abs((before - after) / (1e-7 * square) - 1) < 1e-3


@pytest.mark.parametrize("before", [[], [nn.ReLU()]], ids=["weights first", "ReLU first"])
def test_parameter_gradients_are_those_of_backward(before):
    """Without dx of the input: the same bits, and nothing runs before the weights."""
    rng = np.random.default_rng(2)
    net = nn.Sequential(*before, *network())
    y = net.forward(spaced(rng, (4, 1, 5, 5)))
    dy = rng.standard_normal(y.shape)
    net.backward(dy)
    expected = [param.grad for param in net.parameters()]
    for param in net.parameters():
        param.grad = None
    for layer in before:
        layer.backward = None  # not to be called
    assert net.parameter_gradients(dy) is None
    for param, grad in zip(net.parameters(), expected, strict=True):
        assert np.array_equal(param.grad, grad)


def test_parameter_gradients_of_a_network_without_parameters():
    """There is nothing to do, and nothing fails."""
    net = nn.Sequential(nn.ReLU(), nn.Flatten())
    net.forward(np.ones((2, 3)))
    net.parameter_gradients(np.ones((2, 3)))


def test_parameter_gradients_of_one_layer():
    """A layer that has no shorter way of its own goes through its backward."""
    norm = nn.BatchNorm(3)
    norm.forward(np.arange(12.0).reshape(4, 3))
    norm.parameter_gradients(np.ones((4, 3)))
    assert np.array_equal(norm.bias.grad, [4.0, 4.0, 4.0])
