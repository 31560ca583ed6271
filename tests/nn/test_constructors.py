"""Initial weights, and the refusals of every constructor: each names the argument."""

import numpy as np
import pytest
from nn_cases import same_bits

from brn_numpy import PAPER_SCHEDULE, nn


def linear(**changed):
    return nn.Linear(**{"in_features": 3, "out_features": 2, "rng": 0, **changed})


def conv(**changed):
    return nn.Conv2d(**{"in_channels": 3, "out_channels": 2, "kernel_size": 2, "rng": 0, **changed})


def batch_norm(**changed):
    return nn.BatchNorm(**{"num_features": 3, **changed})


def batch_renorm(**changed):
    return nn.BatchRenorm(**{"num_features": 3, "schedule": PAPER_SCHEDULE, **changed})


def group_norm(**changed):
    return nn.GroupNorm(**{"num_groups": 3, "num_features": 6, **changed})


def layer_norm(**changed):
    return nn.LayerNorm(**{"num_features": 3, **changed})


def instance_norm(**changed):
    return nn.InstanceNorm(**{"num_features": 3, **changed})


def rms_norm(**changed):
    return nn.RMSNorm(**{"num_features": 3, **changed})


def max_pool(**changed):
    return nn.MaxPool2d(**{"kernel_size": 2, **changed})


def avg_pool(**changed):
    return nn.AvgPool2d(**{"kernel_size": 2, **changed})


def sgd(**changed):
    return nn.SGD(**{"parameters": linear().parameters(), "lr": 0.1, **changed})


def adam(**changed):
    return nn.Adam(**{"parameters": linear().parameters(), **changed})


# What an integer argument with the lowest value 1, or 0, must not be.
SIZE = [(0, ValueError), (-1, ValueError), (2.0, TypeError), (True, TypeError), ("2", TypeError)]
COUNT = [(-1, ValueError), (1.5, TypeError), (False, TypeError), ([1], TypeError)]
DTYPE = [(kind, TypeError) for kind in (int, np.float16, complex, ">f8", object, "no dtype", 3)]
RNG = [(rng, TypeError) for rng in (None, 0.5, "0", True, np.random.RandomState(0))]
RNG += [(-1, ValueError)]
# What a number >= 0, > 0, or in [0, 1] must not be.
RATE = [(-0.1, ValueError), (np.nan, ValueError), (np.inf, ValueError), ("0.1", TypeError)]
RATE += [(None, TypeError), (True, TypeError), (1j, TypeError), ([0.1], TypeError)]
POSITIVE = [*RATE, (0.0, ValueError)]
SHARE = [*RATE, (1.1, ValueError)]
MOMENTUM = [case for case in SHARE if case[0] is not None]  # None asks for the plain average
BETA = [(1.0, ValueError), (-0.1, ValueError), (np.nan, ValueError), ("0.9", TypeError)]
NORM = {
    "num_features": SIZE,
    "eps": POSITIVE,
    "momentum": MOMENTUM,
    "axis": [(1.0, TypeError), (None, TypeError), (True, TypeError)],
    "microbatch_size": SIZE,
    "dtype": DTYPE,
}
PER_SAMPLE = {"num_features": SIZE, "eps": POSITIVE, "dtype": DTYPE}
PARAMETERS = [([np.ones(3)], TypeError), (linear(), TypeError), (3, TypeError), (None, TypeError)]
PARAMETERS += [([], ValueError), (iter(()), ValueError)]

BAD = {
    linear: {"in_features": SIZE, "out_features": SIZE, "rng": RNG, "dtype": DTYPE},
    conv: {
        "in_channels": SIZE,
        "out_channels": SIZE,
        "kernel_size": [*SIZE, ((2, 2), TypeError)],
        "stride": SIZE,
        "padding": COUNT,
        "rng": RNG,
        "dtype": DTYPE,
    },
    max_pool: {"kernel_size": SIZE, "stride": SIZE, "padding": [*COUNT, (2, ValueError)]},
    avg_pool: {"kernel_size": SIZE, "stride": SIZE, "padding": [*COUNT, (2, ValueError)]},
    batch_norm: NORM,
    batch_renorm: {**NORM, "schedule": [((1.0, 0.0), TypeError), (None, TypeError)]},
    group_norm: {"num_groups": [*SIZE, (4, ValueError), (12, ValueError)], **PER_SAMPLE},
    layer_norm: PER_SAMPLE,
    instance_norm: PER_SAMPLE,
    rms_norm: PER_SAMPLE,
    sgd: {"parameters": PARAMETERS, "lr": RATE, "momentum": SHARE, "weight_decay": RATE},
    adam: {
        "parameters": PARAMETERS,
        "lr": RATE,
        "betas": [
            *(((value, 0.999), kind) for value, kind in BETA),
            *(((0.9, value), kind) for value, kind in BETA),
            (0.9, TypeError),
            ((0.9,), (TypeError, ValueError)),
            ((0.9, 0.99, 0.999), (TypeError, ValueError)),
        ],
        "eps": POSITIVE,
        "weight_decay": RATE,
    },
}


@pytest.mark.parametrize(
    "make, name, value, kind",
    [
        pytest.param(make, name, value, kind, id=f"{make.__name__}-{name}-{value!r:.20}")
        for make, arguments in BAD.items()
        for name, values in arguments.items()
        for value, kind in values
    ],
)
def test_bad_arguments(make, name, value, kind):
    """Every argument refuses what it is not, with an error that names it."""
    make()
    with pytest.raises(kind, match=name):
        make(**{name: value})


def test_layers_of_a_sequential():
    """Something that is no layer is named by its place."""
    with pytest.raises(TypeError, match=r"layers\[1\] must be a Layer"):
        nn.Sequential(nn.ReLU(), nn.ReLU)
    with pytest.raises(TypeError, match=r"layers\[0\] must be a Layer"):
        nn.Sequential([nn.ReLU()])


@pytest.mark.parametrize("rng", [7, np.int64(7)])
def test_the_same_seed_gives_the_same_weights(rng):
    """A seed is as good as a fresh Generator of that seed, and another seed is another layer."""
    for make in (linear, conv):
        state = make(rng=rng).state_dict()
        assert same_bits(make(rng=rng).state_dict(), state)
        assert same_bits(make(rng=np.random.default_rng(7)).state_dict(), state)
        assert (make(rng=8).weight.data != state["weight"]).all()


def test_a_generator_goes_on():
    """Two layers from one Generator differ, and no global random state is used or moved."""
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    rng = np.random.default_rng(9)
    assert (linear(rng=rng).weight.data != linear(rng=rng).weight.data).all()
    assert (np.random.get_state()[1] == before).all()  # noqa: NPY002


@pytest.mark.parametrize("dtype", [np.float32, "float64", np.dtype("f4")])
def test_dtypes_of_parameters(dtype):
    """All parameters, running pairs and gradients-to-be have the dtype asked for."""
    for make in (linear, conv, batch_norm, batch_renorm, group_norm, rms_norm):
        layer = make(dtype=dtype)
        state = layer.state_dict()
        state.pop("num_batches_tracked", None)
        assert {value.dtype for value in state.values()} == {np.dtype(dtype)}


def test_he_normal():
    """Mean 0 and variance 2 / fan_in, the product of all axes but the first; biases are 0."""
    layers = [
        (nn.Linear(400, 100, rng=0), 400),
        (nn.Linear(20, 2000, rng=1), 20),
        (nn.Conv2d(8, 500, 3, rng=2), 72),
    ]
    for layer, fan_in in layers:
        z = layer.weight.data * np.sqrt(fan_in / 2)  # at least 36,000 numbers of N(0, 1)
        assert abs(z.mean()) < 5 / np.sqrt(z.size)
        assert abs(z.var() - 1) < 5 * np.sqrt(2 / z.size)
        assert abs((z**4).mean() - 3) < 5 * np.sqrt(96 / z.size)  # normal, not uniform
        assert not layer.bias.data.any()


def test_he_normal_keeps_the_second_moment():
    """Through ten layers of Linear and ReLU the mean square stays what it was."""
    rng = np.random.default_rng(3)
    x = rng.standard_normal((200, 300))
    square = (x**2).mean()
    for _ in range(10):
        x = nn.ReLU().forward(nn.Linear(300, 300, bias=False, rng=rng).forward(x))
        assert 0.5 < (x**2).sum() / (200 * 300) / square < 2


def test_without_bias():
    """bias=False leaves the bias out of the layer, its parameters and its state."""
    for make in (linear, conv):
        layer = make(bias=False)
        assert layer.bias is None
        assert list(layer.state_dict()) == list(layer.named_parameters()) == ["weight"]


def test_groups_that_do_not_divide_the_channels():
    """The message names both numbers."""
    with pytest.raises(ValueError, match="got num_groups=4 and num_features=6"):
        nn.GroupNorm(4, 6)


def test_sequential_refuses_what_cannot_work():
    """No layers, a layer twice (it remembers one forward), something that is no layer."""
    relu = nn.ReLU()
    for again in (nn.Sequential(relu), nn.Sequential(nn.Flatten(), nn.Sequential(relu))):
        with pytest.raises(ValueError, match=r"layers\[1\] stands there twice"):
            nn.Sequential(relu, again)
        with pytest.raises(ValueError, match=r"layers\[1\] stands there twice"):
            nn.Sequential(again, relu)
    with pytest.raises(ValueError, match=r"layers\[2\] stands there twice"):
        nn.Sequential(relu, nn.Flatten(), relu)
    with pytest.raises(ValueError, match="at least one layer"):
        nn.Sequential()
    with pytest.raises(TypeError, match=r"layers\[0\] must be a Layer"):
        nn.Sequential(len)


def test_an_optimizer_refuses_a_parameter_twice():
    """A parameter that stands in the list twice would be stepped twice."""
    params = nn.Linear(2, 2, rng=0).parameters()
    with pytest.raises(ValueError, match="twice"):
        nn.SGD([*params, params[0]], 0.1)


def test_he_normal_gives_floats():
    """An integer dtype would make all weights 0 or 1."""
    with pytest.raises(TypeError, match="dtype"):
        nn.he_normal(0, (2, 3), int)


def test_a_layer_of_ones_own_must_define_both_passes():
    """The base classes say so, instead of returning None."""
    with pytest.raises(NotImplementedError):
        nn.Layer().forward(np.ones(2))
    with pytest.raises(NotImplementedError):
        nn.Layer().backward(np.ones(2))
    layer = nn.Linear(1, 1, rng=0)
    layer.forward(np.ones((1, 1)))
    layer.backward(np.ones((1, 1)))
    with pytest.raises(NotImplementedError):
        nn.Optimizer(layer.parameters(), 0.1, 0.0, ()).step()
