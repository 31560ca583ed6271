"""Layers: checked as copies, their state protected and watched."""

from __future__ import annotations

import copy

import numpy as np
import pytest
from gradcheck_variants import BatchNorm, BatchRenorm, Chain, bn_inputs

from brn_numpy import nn
from brn_numpy.gradcheck import PrecisionWarning, check_gradients


@pytest.mark.parametrize("method", ["richardson", "complex"])
def test_a_layer_is_checked_and_stays_as_it_was(method):
    """All parameters are checked; the layer, its state and its arrays stay as they were."""
    layer = BatchNorm(3)
    x = bn_inputs(0, (5, 3))["x"]
    before = copy.deepcopy(vars(layer))
    objects = (layer.gamma.data, layer.beta.data)
    for report in (
        check_gradients(layer, inputs={"x": x}, method=method),
        check_gradients(layer, x, method=method),
    ):
        report.assert_ok()
        assert [a.name for a in report.arguments] == ["x", "gamma", "beta"]
        assert "forward updates mean, steps" in str(report)
    assert layer.gamma.data is objects[0] and layer.beta.data is objects[1]
    assert layer.steps == 0 and layer.hidden == 0 and not layer.mean.any()
    assert layer.gamma.grad is None and vars(layer).keys() == before.keys()
    assert np.array_equal(layer.gamma.data, before["gamma"].data)


def test_wrong_layers_fail():
    """Mistakes of layers are found, and changes of the state that must not be."""
    x = bn_inputs(0, (5, 3))["x"]

    class NoGamma(BatchNorm):
        def backward(self, dy):
            return super().backward(dy) / self.gamma.data

    class Accumulates(BatchNorm):
        def backward(self, dy):
            old = self.gamma.grad
            dx = super().backward(dy)
            self.gamma.grad = self.gamma.grad + (0 if old is None else old)
            return dx

    class MovesInInference(BatchNorm):
        def forward(self, x):
            self.mean = self.mean + 1.0
            return super().forward(x)

    class MovesGamma(BatchNorm):
        def forward(self, x):
            y = super().forward(x)
            self.gamma.data = self.gamma.data * 1.01
            return y

    report = check_gradients(NoGamma(3), x)
    assert not report.ok and "is gamma missing?" in str(report)
    report = check_gradients(Accumulates(3), x)
    assert "two calls of backward give different dgamma" in str(report)
    layer = MovesInInference(3)
    layer.training = False
    assert "forward changed mean" in str(check_gradients(layer, x))
    assert "forward changed gamma" in str(check_gradients(MovesGamma(3), x))


def test_layers_of_float32():
    """A float32 layer is compared in float64."""
    with pytest.warns(PrecisionWarning, match="x, gamma, beta: float32") as caught:
        check_gradients(BatchNorm(3, np.float32), bn_inputs(0, (5, 3), np.float32)["x"]).assert_ok()
    assert caught[0].filename == __file__  # where the caller can do something about it


def test_batch_renorm_inside_a_chain_can_be_pinned():
    """frozen=True pins layers inside a layer, and the explanation does so, too."""
    x = bn_inputs(0, (5, 3))["x"]
    net = Chain(BatchNorm(3), BatchRenorm(3), Chain(BatchRenorm(3)), BatchNorm(3))
    check_gradients(net, x, frozen=True).assert_ok()
    report = check_gradients(net, x)
    assert not report.ok and "RIGHT once r and d are held constant" in str(report)
    check_gradients(BatchRenorm(3), {"x": x}, frozen=True).assert_ok()
    assert net.layers[1].correction is None
    with pytest.raises(ValueError, match="nothing to pin"):
        check_gradients(BatchNorm(3), x, frozen=True)
    with pytest.raises(ValueError):  # two layers, one pair
        check_gradients(net, x, frozen={"correction": ([np.ones(3)], [np.zeros(3)])})


def test_a_layer_that_knows_its_parent():
    """The search for parts inside ends; parameters may come as pairs, as PyTorch has them."""

    class Parent:
        def __init__(self):
            self.inner = nn.Linear(3, 2, rng=0)
            self.inner.parent = self

        def named_parameters(self):
            return iter(self.inner.named_parameters().items())

        def state_dict(self):
            return self.inner.state_dict()

        def load_state_dict(self, state):
            self.inner.load_state_dict(state)

        def forward(self, x):
            return self.inner.forward(x)

        def backward(self, dy):
            return self.inner.backward(dy)

    check_gradients(Parent(), np.ones((4, 3))).assert_ok()


@pytest.mark.parametrize("scale", [1e-3, 1e-4, 1e-5])
def test_a_bias_without_effect_is_no_want_of_linearity(scale, deep):
    """Before BN, the gradient of a bias is 0 but for the rounding of larger terms."""
    for seed in range(5 if deep else 2):
        x = np.random.default_rng(seed).standard_normal((8, 4)) * scale
        net = nn.Sequential(nn.Linear(4, 4, rng=seed), nn.BatchNorm(4))
        assert not check_gradients(net, x).problems


def test_inputs_far_from_zero_are_no_want_of_linearity(deep):
    """The same with |x| / spread digits lost."""
    for seed in range(5 if deep else 2):
        rng = np.random.default_rng(seed)
        x = rng.standard_normal((8, 4)) + 1e4
        net = nn.Sequential(
            nn.Linear(4, 5, rng=rng), nn.BatchNorm(5), nn.ReLU(), nn.Linear(5, 2, rng=rng)
        )
        assert not check_gradients(net, x).problems
