"""Bad arguments of interop, one by one: the error says which, what came and what was expected."""

import re

import numpy as np
import pytest
from core_cases import make_case

import brn_numpy as bn
from brn_numpy import interop, nn

X = make_case((5, 3), seed=1).x
RUNNING = bn.Moments(np.array([0.5, -1.0, 2.0]), np.array([0.5, 1.0, 2.0]))
BATCH = bn.batch_moments(X)
STATE = {"running_mean": RUNNING.mean, "running_var": RUNNING.std**2}
KERAS, TF1 = (interop.state_from_moments(name, RUNNING, eps=0.1) for name in ("keras", "tf1"))
AVALANCHE_AT_FIRST = {
    "running_avg_mean": np.ones((1, 3, 1, 1)),
    "running_avg_std": np.zeros((1, 3, 1, 1)),
}
NET = nn.Sequential(nn.Linear(4, 3, rng=0), nn.BatchNorm(3))
NET_STATE = interop.to_torch_state_dict(NET)
GOOD = {
    interop.momentum_from_decay: {"decay": 0.9},
    interop.decay_from_momentum: {"momentum": 0.1},
    interop.std_from_variance: {"variance": np.ones(3), "eps": 1e-5},
    interop.variance_from_std: {"std": np.ones(3), "eps": 1e-5},
    interop.inference_moments: {"framework": "torch", "state": STATE, "eps": 0.1},
    interop.training_moments: {"framework": "tf1", "state": TF1, "eps": 0.1, "batch": BATCH},
    interop.state_from_moments: {"framework": "torch", "running": RUNNING, "eps": 0.1, "steps": 3},
    interop.update_state: {
        "framework": "torch",
        "state": STATE,
        "x": X,
        "momentum": 0.1,
        "eps": 0.1,
        "axis": 1,
        "renorm_momentum": None,
    },
    interop.to_torch_state_dict: {"net": NET},
    interop.from_torch_state_dict: {"net": NET, "state": NET_STATE},
}
VAR, MEAN = "state['running_var']", "state['running_mean']"
LAST = nn.Sequential(nn.Sequential(nn.BatchNorm(3, axis=-1)))
SMALL = nn.Sequential(nn.BatchNorm(3, eps=0.5))
SMALL[0].running = bn.Moments(RUNNING.mean, np.array([1.0, 1.0, 0.6]))

# the function, the arguments that are not good, the error, what it says
BAD = [
    ("momentum_from_decay", {"decay": 1.1}, ValueError, "decay must be in [0, 1], got 1.1"),
    ("momentum_from_decay", {"decay": None}, TypeError, "decay must be a number in [0, 1]"),
    ("decay_from_momentum", {"momentum": -0.1}, ValueError, "momentum must be in [0, 1]"),
    ("std_from_variance", {"variance": np.arange(3)}, TypeError, "variance must be an array"),
    ("std_from_variance", {"variance": np.ones((2, 3))}, ValueError, "variance must have shape"),
    ("std_from_variance", {"variance": np.ones(0)}, ValueError, "got (0,)"),
    (
        "std_from_variance",
        {"variance": np.array([1.0, -1e-5])},
        ValueError,
        "variance must be finite and > -eps = -1e-05, got -1e-05 in channel 1",
    ),
    ("std_from_variance", {"variance": np.array([np.inf])}, ValueError, "got inf in channel 0"),
    ("std_from_variance", {"variance": np.array([np.nan])}, ValueError, "got nan in channel 0"),
    ("std_from_variance", {"eps": 0.0}, ValueError, "eps must be"),
    ("variance_from_std", {"std": [1.0, "a"]}, TypeError, "std must be an array"),
    (
        "variance_from_std",
        {"std": np.array([1.0, 0.003])},
        ValueError,
        "std must be >= sqrt(eps) = 0.00316228 (no variance >= 0 gives less; take a smaller eps), "
        "got 0.003 in channel 1",
    ),
    ("variance_from_std", {"std": -np.ones(1)}, ValueError, "got -1.0 in channel 0"),
    ("variance_from_std", {"std": np.array([np.nan])}, ValueError, "got nan in channel 0"),
    (
        "variance_from_std",
        {"std": np.full(1, 1e30, np.float32)},
        ValueError,
        "std must be of finite square in float32, got 1",
    ),
    ("variance_from_std", {"eps": -1}, ValueError, "eps must be"),
    (
        "inference_moments",
        {"framework": "pytorch"},
        ValueError,
        "framework must be one of paper, torch, keras, keras_bn, tf1, chainer, torchrl, avalanche, "
        "got 'pytorch'",
    ),
    ("inference_moments", {"framework": []}, ValueError, "framework must be one of"),
    ("inference_moments", {"state": STATE["running_var"]}, TypeError, "state must be a mapping"),
    (
        "inference_moments",
        {"state": {"running_mean": X[0]}},
        ValueError,
        "state must have the key 'running_var', got 'running_mean'",
    ),
    (
        "inference_moments",
        {"state": {**STATE, "running_var": np.ones(4)}},
        ValueError,
        f"{VAR} must have shape (3,), got (4,)",
    ),
    (
        "inference_moments",
        {"state": {**STATE, "running_mean": np.array([0, np.nan, 0])}},
        ValueError,
        f"{MEAN} must be finite, got nan in channel 1",
    ),
    (
        "inference_moments",
        {"state": {**STATE, "running_var": np.array([1, 1, -0.2])}},
        ValueError,
        f"{VAR} must be finite and > -eps = -0.1, got -0.2 in channel 2",
    ),
    ("inference_moments", {"eps": "small"}, TypeError, "eps must be"),
    (
        "inference_moments",
        {"framework": "avalanche", "state": AVALANCHE_AT_FIRST},
        ValueError,
        "state['running_avg_std'] must be finite and > 0, got 0.0 in channel 0",
    ),
    ("training_moments", {"framework": None}, ValueError, "framework must be one of"),
    ("training_moments", {"state": STATE}, ValueError, "must have the key 'renorm_mean'"),
    ("training_moments", {"batch": None}, ValueError, "batch must be the Moments"),
    ("training_moments", {"batch": X}, TypeError, "batch must be a pair"),
    (
        "training_moments",
        {"batch": bn.Moments(np.ones(1), np.ones(1))},
        ValueError,
        "batch.mean must have shape (3,), got (1,)",
    ),
    ("training_moments", {"framework": "keras", "eps": 0}, ValueError, "eps must be"),
    ("state_from_moments", {"framework": "jax"}, ValueError, "got 'jax'"),
    ("state_from_moments", {"running": RUNNING.mean}, TypeError, "running must be a pair"),
    (
        "state_from_moments",
        {"running": bn.Moments(RUNNING.mean, np.array([1.0, 0.3, 1.0]))},
        ValueError,
        "running.std must be >= sqrt(eps) = 0.316228",
    ),
    (
        "state_from_moments",
        {"running": bn.Moments(RUNNING.mean, np.zeros(3)), "framework": "paper"},
        ValueError,
        "running.std must be > 0",
    ),
    ("state_from_moments", {"steps": -1}, ValueError, "steps must be an integer >= 0, got -1"),
    ("state_from_moments", {"steps": 1.0}, TypeError, "steps must be an integer >= 0, got 1.0"),
    ("state_from_moments", {"eps": None}, TypeError, "eps must be"),
    ("update_state", {"framework": 3}, ValueError, "framework must be one of"),
    ("update_state", {"state": None}, TypeError, "state must be a mapping"),
    ("update_state", {"state": {}}, ValueError, "state must have the key 'running_mean'"),
    ("update_state", {"x": X[:, :2]}, ValueError, f"{MEAN} must have shape (2,), got (3,)"),
    ("update_state", {"x": X.astype(int)}, TypeError, "x must be an array"),
    ("update_state", {"x": X[0]}, ValueError, "x must have at least 2 axes"),
    ("update_state", {"x": X[:1]}, ValueError, "x must have more than one value per channel"),
    ("update_state", {"momentum": 2}, ValueError, "momentum must be in [0, 1], got 2"),
    ("update_state", {"eps": 0}, ValueError, "eps must be"),
    ("update_state", {"axis": 2}, ValueError, "axis must be"),
    ("update_state", {"renorm_momentum": 0.9}, ValueError, "renorm_momentum must be None for"),
    (
        "update_state",
        {"framework": "keras", "state": KERAS},
        TypeError,
        "renorm_momentum must be a number in [0, 1], got None",
    ),
    ("to_torch_state_dict", {"net": NET_STATE}, TypeError, "net must be a Layer"),
    ("to_torch_state_dict", {"net": LAST}, ValueError, "must have axis=1 in all layers, got -1"),
    (
        "to_torch_state_dict",
        {"net": SMALL},
        ValueError,
        "state['0.running_std'] must be >= sqrt(eps) = 0.707107",
    ),
    ("from_torch_state_dict", {"net": None}, TypeError, "net must be a Layer"),
    ("from_torch_state_dict", {"state": [1]}, TypeError, "state must be a mapping"),
    (
        "from_torch_state_dict",
        {"state": {**NET_STATE, "0.bias": [[1.0], [2.0, 3.0]]}},
        TypeError,
        "state['0.bias'] must be an array, got a list",
    ),
    (
        "from_torch_state_dict",
        {"state": {**NET_STATE, "1.running_var": np.ones(3, np.float16)}},
        TypeError,
        "state['1.running_var'] must be an array of float32 or float64, got dtype float16",
    ),
    (
        "inference_moments",
        {"state": {**STATE, "running_var": [[1.0], [2.0, 3.0]]}},
        TypeError,
        f"{VAR} must be an array, got a list",
    ),
    (
        "from_torch_state_dict",
        {"state": NET.state_dict()},
        ValueError,
        "state must have the key '1.running_var', got '0.weight', ",
    ),
    (
        "from_torch_state_dict",
        {"state": {**NET_STATE, "1.running_var": -np.ones(3)}},
        ValueError,
        "state['1.running_var'] must be finite and > -eps = -1e-05, got -1.0 in channel 0",
    ),
]


@pytest.mark.parametrize("function", GOOD, ids=lambda function: function.__name__)
def test_the_good_arguments_are_accepted(function):
    """What the cases below start from is fine, so that only the bad part can be refused."""
    function(**GOOD[function])


@pytest.mark.parametrize("name, arguments, error, text", BAD)
def test_bad_arguments_are_refused(name, arguments, error, text):
    """The type of the error is right, and its text has the words that help."""
    function = getattr(interop, name)
    with pytest.raises(error, match=re.escape(text)):
        function(**{**GOOD[function], **arguments})


def test_every_argument_is_refused_somewhere():
    """Each argument of each function has a bad case above."""
    tested = {(name, argument) for name, arguments, *_ in BAD for argument in arguments}
    assert tested == {(f.__name__, argument) for f in GOOD for argument in GOOD[f]}
