"""The library's own forward and backward passes, checked as a reader would check them."""

import numpy as np
import pytest
from gradcheck_variants import bn_inputs

import brn_numpy as brn
from brn_numpy import Moments, nn
from brn_numpy.gradcheck import PrecisionWarning, check_gradients

METHODS = ["richardson", "complex"]  # `brn-numpy check` runs central differences on all of these
RUNNING = Moments(np.array([0.2, -1.5, 2.4]), np.array([1.0, 0.3, 5.0]))  # r, d: free and clipped
IMAGE = np.random.default_rng(7).standard_normal((2, 2, 5, 4))


def bounds(step):
    return 1.5, 0.5


def renorm(x, gamma, beta, running, correction=None):
    return brn.batch_renorm_forward(
        x, gamma, beta, running, r_max=1.5, d_max=0.5, correction=correction
    )


def network():
    """Make a network with batch renorm in the middle, and parameters that hide nothing."""
    net = nn.Sequential(
        nn.Linear(4, 3, rng=0),
        nn.BatchNorm(3),
        nn.ReLU(),
        nn.BatchRenorm(3, schedule=bounds),
        nn.Linear(3, 2, rng=1),
    )
    rng = np.random.default_rng(2)
    for param in net.parameters():
        param.data = rng.choice([-1, 1], param.data.shape) * rng.uniform(0.5, 1.5, param.data.shape)
    net[3].running = RUNNING
    return net


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("shape", [(7, 3), (3, 3, 2, 2)])
def test_batch_norm_functions(method, shape):
    """BN in training and in inference, whose running pair is a constant."""
    inputs = bn_inputs(1, shape)
    report = check_gradients(brn.batch_norm_forward, brn.batch_norm_backward, inputs, method=method)
    report.assert_ok()
    assert [a.name for a in report.arguments] == ["x", "gamma", "beta"]
    inputs["running"] = RUNNING
    report = check_gradients(brn.inference_forward, brn.inference_backward, inputs, method=method)
    report.assert_ok()
    assert len(report.arguments) == 3


@pytest.mark.parametrize("method", ["richardson", "central"])
def test_batch_renorm_functions(method):
    """BRN passes when pinned; unpinned, the report says that it is right."""
    inputs = {**bn_inputs(1, (7, 3)), "running": RUNNING}
    options = {"method": method}
    check_gradients(renorm, brn.batch_renorm_backward, inputs, frozen=True, **options).assert_ok()
    report = check_gradients(renorm, brn.batch_renorm_backward, inputs, **options)
    assert not report.ok and "dx: RIGHT once r and d are held constant" in str(report)


def test_batch_renorm_by_complex_step():
    """Pinned r and d are real constants, so the complex step can check BRN, too."""
    inputs = {**bn_inputs(1, (7, 3)), "running": RUNNING}
    check_gradients(
        renorm, brn.batch_renorm_backward, inputs, frozen=True, method="complex"
    ).assert_ok()


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("layer", "x"),
    [
        (nn.BatchNorm(3), bn_inputs(3, (6, 3))["x"]),
        (nn.BatchNorm(3, microbatch_size=3), bn_inputs(3, (6, 3))["x"]),
        (nn.BatchNorm(3).eval(), bn_inputs(3, (6, 3))["x"]),
        (nn.BatchRenorm(3, schedule=bounds).eval(), bn_inputs(3, (6, 3))["x"]),
        (nn.Conv2d(2, 3, 3, padding=1, rng=0), IMAGE),
        (nn.MaxPool2d(2), IMAGE),
    ],
)
def test_layers(layer, x, method):
    """Layers pass with every method, by their parameters, and their state stays as it was."""
    before = layer.state_dict()
    report = check_gradients(layer, x, method=method)
    report.assert_ok()
    assert [a.name for a in report.arguments] == ["x", *layer.named_parameters()]
    assert layer.cache is None
    assert all(np.array_equal(before[key], value) for key, value in layer.state_dict().items())


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("nested", [False, True])
def test_batch_renorm_layers(nested, method):
    """BatchRenorm in training passes when pinned, alone and inside a network."""
    layer, x = (network(), np.random.default_rng(4).standard_normal((6, 4)))
    if not nested:
        layer, x = layer[3], bn_inputs(3, (6, 3))["x"]
    report = check_gradients(layer, x, frozen=True, method=method)
    report.assert_ok()
    assert "forward updates" in str(report)
    part = layer[3] if nested else layer
    assert part.correction is None and part.num_batches_tracked == 0
    if method != "complex":
        unpinned = check_gradients(layer, x, method=method)
        assert not unpinned.ok and "RIGHT once r and d are held constant" in str(unpinned)


def test_a_wrong_layer_inside_a_network():
    """A single wrong factor in one layer of a network fails in what comes before it."""

    class Half(nn.ReLU):
        def backward(self, dy):
            return super().backward(dy) / 2

    net = network()
    net.layers = (*net.layers[:2], Half(), *net.layers[3:])
    report = check_gradients(net, np.random.default_rng(4).standard_normal((6, 4)), frozen=True)
    wrong = [a.name for a in report.arguments if not a.ok]
    assert wrong == ["x", "0.weight", "1.weight", "1.bias"]  # 0.bias does nothing before BN


def test_a_network_of_float32():
    """A float32 network is compared with float64, pinned there as well."""
    layer = nn.BatchRenorm(3, schedule=bounds, dtype=np.float32)
    x = bn_inputs(3, (6, 3), np.float32)["x"]
    with pytest.warns(PrecisionWarning):
        check_gradients(layer, x, frozen=True).assert_ok()
