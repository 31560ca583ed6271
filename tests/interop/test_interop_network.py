"""Whole networks to PyTorch's names and back, without PyTorch."""

import numpy as np
import pytest
from interop_cases import trained

import brn_numpy as bn
from brn_numpy import interop, nn


def test_the_keys_are_those_of_pytorch():
    """BatchNorm's five keys in PyTorch's order, also for BatchRenorm; all else as it is."""
    state = interop.to_torch_state_dict(trained()[0])
    norm = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")
    expected = ["0.0.weight", *(f"0.1.{key}" for key in norm), "2.weight", "2.bias"]
    assert list(state) == [*expected, *(f"3.{key}" for key in norm), "5.weight", "5.bias"]
    assert all(isinstance(value, np.ndarray) for value in state.values())
    assert state["0.1.num_batches_tracked"].dtype == np.int64
    assert state["0.1.num_batches_tracked"] == 5


def test_the_variances_give_the_standard_deviations():
    """Each layer's own eps is taken off; parameters and means are copies of ours."""
    net, _ = trained()
    state = interop.to_torch_state_dict(net)
    for key, layer in (("0.1", net[0][1]), ("3", net[3])):
        std = np.sqrt(state[f"{key}.running_var"] + layer.eps)
        np.testing.assert_allclose(std, layer.running.std, rtol=1e-15)
    for key, value in net.state_dict().items():
        if "running_std" not in key:
            np.testing.assert_array_equal(state[key], value)
    state["2.weight"][:] = 0
    assert net[2].weight.data.all()


@pytest.mark.parametrize("dtype, rtol", [(np.float32, 1e-6), (np.float64, 1e-13)])
def test_a_network_survives_the_round_trip(dtype, rtol):
    """Out, into a fresh network and it computes the same; the state that came in is unchanged."""
    net, x = trained(dtype)
    state = interop.to_torch_state_dict(net)
    before = {key: value.copy() for key, value in state.items()}
    other, _ = trained(dtype)
    for param in other.parameters():
        param.data = param.data + 1
    other.load_state_dict(interop.from_torch_state_dict(other, state))
    np.testing.assert_allclose(other(x), net(x), rtol=rtol, atol=rtol)
    assert all(np.array_equal(state[key], value) for key, value in before.items())


def test_float32_values_are_converted_in_the_precision_of_the_network():
    """A float32 variance in a float64 network: its root is taken, and kept, in float64."""
    net = nn.Sequential(nn.BatchNorm(1, eps=1e-3))
    state = interop.to_torch_state_dict(net)
    state["0.running_var"] = np.array([0.3], np.float32)
    std = interop.from_torch_state_dict(net, state)["0.running_std"]
    assert std.dtype == np.float64
    assert std[0] == pytest.approx((float(np.float32(0.3)) + 1e-3) ** 0.5, rel=1e-15)


def test_a_single_layer_needs_no_sequential():
    """A layer alone has keys without numbers, as in PyTorch."""
    layer = nn.BatchNorm(2)
    state = interop.to_torch_state_dict(layer)
    np.testing.assert_allclose(state["running_var"], 1 - 1e-5, rtol=1e-15)
    layer.load_state_dict(interop.from_torch_state_dict(layer, state))
    np.testing.assert_array_equal(layer.running, bn.Moments(np.zeros(2), np.ones(2)))


def test_steps_that_are_missing_are_0():
    """An old checkpoint has no num_batches_tracked; in PyTorch it is 0 then, and so it is here."""
    net, _ = trained()
    state = interop.to_torch_state_dict(net)
    del state["0.1.num_batches_tracked"]
    new = interop.from_torch_state_dict(net, state)
    assert new["0.1.num_batches_tracked"] == 0 and new["3.num_batches_tracked"] == 5
    net.load_state_dict(new)
    assert net[0][1].num_batches_tracked == 0


def test_halves_are_named():
    """float16 is refused like everywhere else, with the name of the entry."""
    net, _ = trained()
    state = interop.to_torch_state_dict(net)
    state["2.weight"] = state["2.weight"].astype(np.float16)
    with pytest.raises(ValueError, match=r"'2\.weight' must be like float64, got float16"):
        net.load_state_dict(interop.from_torch_state_dict(net, state))


def test_what_does_not_fit_is_left_to_load_state_dict():
    """A key too many or too few is reported by the network that should take it."""
    net, _ = trained()
    state = interop.to_torch_state_dict(net)
    state["9.weight"] = state.pop("2.weight")
    with pytest.raises(
        ValueError, match=r"(?s)missing key '2\.weight'.*unexpected key '9\.weight'"
    ):
        net.load_state_dict(interop.from_torch_state_dict(net, state))
