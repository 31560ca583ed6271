"""state_dict and load_state_dict: the keys, copies, and a list of all that does not fit."""

import numpy as np
import pytest
from nn_cases import LAYERS, make, norm, randomise, same_bits

from brn_numpy import nn


def network(seed=0, dtype=np.float64):
    rng = np.random.default_rng(seed)
    net = nn.Sequential(
        nn.Linear(4, 3, rng=rng, dtype=dtype),
        nn.Sequential(nn.BatchNorm(3, dtype=dtype), nn.ReLU()),
        nn.Linear(3, 2, bias=False, rng=rng, dtype=dtype),
        norm(nn.BatchRenorm, 2, dtype=dtype),
    )
    randomise(net, rng)
    return net


def test_keys():
    """The keys are PyTorch's: the layer's number, a dot, the name; and they keep their order."""
    norm = ["weight", "bias", "running_mean", "running_std", "num_batches_tracked"]
    assert list(nn.BatchNorm(3).state_dict()) == norm
    assert list(network().state_dict()) == [
        "0.weight",
        "0.bias",
        *(f"1.0.{key}" for key in norm),
        "2.weight",
        *(f"3.{key}" for key in norm),
    ]
    assert list(network().named_parameters()) == [
        *("0.weight", "0.bias", "1.0.weight", "1.0.bias", "2.weight", "3.weight", "3.bias")
    ]


def test_values():
    """The state holds the numbers of the layer, and the steps as an integer of shape ()."""
    layer, shape = make("BatchRenorm", np.random.default_rng(1), np.float32)
    layer.forward(np.random.default_rng(2).standard_normal(shape))
    state = layer.state_dict()
    assert same_bits(state["weight"], layer.weight.data)
    assert same_bits(state["bias"], layer.bias.data)
    assert same_bits(state["running_mean"], layer.running.mean)
    assert same_bits(state["running_std"], layer.running.std)
    assert state["num_batches_tracked"].dtype.kind == "i" and state["num_batches_tracked"] == 1
    assert state["num_batches_tracked"].shape == ()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", LAYERS)
def test_a_loaded_layer_is_the_same(name, dtype):
    """After loading, another layer has every bit of the first, in its outputs too."""
    (one, shape), (other, _) = (make(name, np.random.default_rng(s), dtype) for s in (3, 4))
    x = np.random.default_rng(5).standard_normal(shape).astype(dtype)
    one.forward(x)
    other.load_state_dict(one.state_dict())
    assert same_bits(other.state_dict(), one.state_dict())
    for mode in (True, False):
        assert same_bits(other.train(mode).forward(x), one.train(mode).forward(x))
    assert same_bits(other.state_dict(), one.state_dict())


def test_copies():
    """Changing a state does not change the layer, neither one taken from it nor one loaded."""
    net, other = network(), network(6)
    state = net.state_dict()
    other.load_state_dict(state)
    before = {key: value.copy() for key, value in state.items()}
    for value in state.values():
        value[...] = 7
    assert same_bits(net.state_dict(), before)
    assert same_bits(other.state_dict(), before)
    for key, value in net.state_dict().items():
        assert not any(np.shares_memory(value, param.data) for param in net.parameters()), key


def test_a_state_may_be_of_another_precision():
    """float64 values go into a float32 layer, which stays a float32 layer."""
    net = network(dtype=np.float32)
    state = network(7).state_dict()
    net.load_state_dict(state)
    for key, value in net.state_dict().items():
        assert value.dtype == (np.float32 if "num" not in key else state[key].dtype)
        assert same_bits(value, state[key].astype(value.dtype))


def refused(layer, state):
    """Load, expect a ValueError that changed nothing, and return its text."""
    before = layer.state_dict()
    with pytest.raises(ValueError, match="nothing was loaded") as caught:
        layer.load_state_dict(state)
    assert same_bits(layer.state_dict(), before)
    return str(caught.value)


def test_everything_that_does_not_fit_is_listed():
    """Missing and unexpected keys, wrong shapes and wrong kinds, all of them in one error."""
    state = network(8).state_dict()
    del state["0.bias"], state["3.running_std"]
    state["4.weight"] = state["weight"] = np.ones(3)
    state["0.weight"] = state["0.weight"].T
    state["1.0.num_batches_tracked"] = np.array([3])
    state["2.weight"] = state["2.weight"].astype(int)
    state["1.0.running_mean"] = state["1.0.running_mean"] + 0j
    state["3.num_batches_tracked"] = np.array(2.0)
    text = refused(network(), state)
    for problem in (
        "missing key '0.bias'",
        "missing key '3.running_std'",
        "unexpected key '4.weight'",
        "unexpected key 'weight'",
        "'0.weight' must have shape (3, 4), got (4, 3)",
        "'1.0.num_batches_tracked' must have shape (), got (1,)",
        "'2.weight' must be like float64, got int64",
        "'1.0.running_mean' must be like float64, got complex128",
        "'3.num_batches_tracked' must be like int64, got float64",
    ):
        assert f"  {problem}" in text.splitlines()
    assert len(text.splitlines()) == 1 + 9


@pytest.mark.parametrize(
    "key, value, text",
    [
        ("running_mean", np.ones(2), "have shape (3,), got (2,)"),
        ("running_mean", np.ones(4), "have shape (3,), got (4,)"),
        ("running_mean", np.ones((3, 1)), "have shape (3,), got (3, 1)"),
        ("running_mean", np.array(["a", "b", "c"]), "be like float64, got <U1"),
        ("running_mean", np.array([None] * 3), "be like float64, got object"),
        ("running_mean", np.ones(3, int), "be like float64, got int64"),
        ("num_batches_tracked", np.array([1, 2]), "have shape (), got (2,)"),
        ("num_batches_tracked", np.array(True), "be like int64, got bool"),
    ],
)
def test_one_array_that_does_not_fit(key, value, text):
    """A smaller or a larger array, text or integers for floats: named by its key."""
    state = nn.BatchNorm(3).state_dict()
    state[key] = value
    assert refused(nn.BatchNorm(3), state).splitlines()[1:] == [f"  {key!r} must {text}"]


@pytest.mark.parametrize(
    "value, text",
    [
        ([[1.0, 2.0], [3.0]], "'weight' must be an array, got a list: setting an array element"),
        (np.ones(3, np.float16), "'weight' must be like float64, got float16"),
        (np.ma.masked_less(np.arange(3.0), 1), "'weight' must be a plain array, got a masked one"),
        (np.ones(3, "V2"), "'weight' must be like float64, got |V2"),  # bfloat16 in an .npz
    ],
)
def test_entries_of_other_kinds_are_named(value, text):
    """A ragged list, halves, and what NumPy makes of bfloat16: listed with the other problems."""
    state = {**nn.BatchNorm(3).state_dict(), "weight": value, "more": np.ones(2)}
    lines = refused(nn.BatchNorm(3), state)
    assert f"  {text}" in lines and "unexpected key 'more'" in lines


@pytest.mark.parametrize(
    "state, text",
    [
        (nn.Sequential(nn.ReLU()), "got Sequential; pass its state_dict()"),
        ([("weight", np.ones(3))], "got list [('weight', "),
        (None, "got NoneType None"),
    ],
)
def test_what_is_no_state(state, text):
    """A layer in the place of its state, pairs, nothing: a TypeError that says what came."""
    layer = nn.BatchNorm(3)
    for part in (layer, nn.SGD(layer.parameters(), 0.1)):
        with pytest.raises(TypeError, match="state must be a mapping of names to arrays") as caught:
            part.load_state_dict(state)
        assert text in str(caught.value)


def test_every_bad_value_is_listed():
    """A running std of 0 or less, values that are not finite, steps below 0: in all layers."""
    state = network(9).state_dict()
    state["1.0.running_mean"][1] = np.inf
    state["1.0.running_std"][2] = 0.0
    state["3.running_mean"][0] = np.nan
    state["3.running_std"][1] = -1.0
    state["3.num_batches_tracked"] = np.array(-1)
    text = refused(network(), state)
    assert len(text.splitlines()) == 1 + 5
    for problem in (
        "'1.0.running_mean' must be finite, got inf",
        "layer 1: layer 0: 'running_std' must be > 0, got 0.0",
        "'3.running_mean' must be finite, got nan",
        "layer 3: 'running_std' must be > 0, got -1.0",
        "layer 3: 'num_batches_tracked' must be >= 0, got -1",
    ):
        assert f"  {problem}" in text.splitlines()


@pytest.mark.parametrize("value", [0.0, -0.0, -2.0, np.nan, np.inf, -np.inf])
def test_one_bad_running_std(value):
    """One bad number in one channel is enough."""
    state = nn.BatchNorm(3).state_dict()
    state["running_std"][1] = value
    expected = f"finite, got {value}" if not np.isfinite(value) else f"> 0, got {value}"
    assert f"'running_std' must be {expected}" in refused(nn.BatchNorm(3), state)


def test_bad_values_are_listed_beside_missing_keys():
    """One error tells all: who repairs the keys does not meet the bad values afterwards."""
    state = network(10).state_dict()
    del state["0.bias"]
    state["3.running_std"][0] = -1.0
    text = refused(network(), state)
    assert "missing key '0.bias'" in text and "'running_std' must be > 0, got -1.0" in text


def test_a_running_std_that_is_0_in_float32():
    """What is > 0 in the file must be so in the layer: else it is refused."""
    state = nn.BatchNorm(3).state_dict()
    state["running_std"][1] = 1e-60
    layer = nn.BatchNorm(3, dtype=np.float32)
    assert "'running_std' must be > 0, got 0.0" in refused(layer, state)


def test_a_state_of_another_network():
    """The keys of one more layer, and of one less, are refused."""
    short = nn.Sequential(*list(network())[:3])
    assert "unexpected key '3.weight'" in refused(short, network().state_dict())
    assert "missing key '3.weight'" in refused(network(), short.state_dict())


def test_layers_without_state():
    """ReLU, Flatten and the poolings have an empty state and take nothing else."""
    pools = nn.MaxPool2d(2), nn.AvgPool2d(2), nn.GlobalAvgPool2d()
    for layer in (nn.ReLU(), nn.Flatten(), *pools):
        assert layer.state_dict() == {} and layer.parameters() == []
        layer.load_state_dict({})
        assert "unexpected key 'weight'" in refused(layer, {"weight": np.ones(2)})


def test_more_than_ten_layers():
    """Layer 1 does not take the entries of the layers 10 and 11."""
    rng = np.random.default_rng(11)
    nets = [nn.Sequential(*(nn.BatchNorm(2) for _ in range(12))) for _ in range(2)]
    randomise(nets[0], rng)
    nets[1].load_state_dict(nets[0].state_dict())
    assert same_bits(nets[1].state_dict(), nets[0].state_dict())


@pytest.mark.parametrize("key", ["weight", "bias", "running_mean", "running_std"])
def test_values_that_float32_cannot_hold_are_refused(key):
    """They would become inf."""
    layer = nn.BatchNorm(2, dtype=np.float32)
    before = layer.state_dict()
    state = {k: v.astype(np.float64) if v.shape else v for k, v in before.items()}
    with pytest.raises(ValueError, match=f"'{key}' has values that float32 cannot hold"):
        layer.load_state_dict({**state, key: np.array([1.0, -1e50])})
    assert same_bits(layer.state_dict(), before)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("key", ["weight", "bias", "running_mean", "running_std"])
def test_values_that_are_not_finite_are_refused(key, value):
    """A training that diverged is not loaded without a word."""
    state = nn.BatchNorm(2).state_dict()
    state[key][1] = value
    assert f"{key!r} must be finite, got {value}" in refused(nn.BatchNorm(2), state)
