"""A training that was interrupted and resumed from a file ends where the other one ends."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nn_cases import same_bits

from brn_numpy import RenormSchedule, nn

STEPS = 6
SCHEDULE = RenormSchedule(r_max=2.0, d_max=1.0, warmup=1, r_end=5, d_end=3)


def network(seed, dtype):
    rng = np.random.default_rng(seed)
    return nn.Sequential(
        nn.Conv2d(1, 3, 3, bias=False, rng=rng, dtype=dtype),
        nn.BatchNorm(3, momentum=0.2, dtype=dtype),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(12, 4, rng=rng, dtype=dtype),
        nn.BatchRenorm(4, momentum=0.2, microbatch_size=4, schedule=SCHEDULE, dtype=dtype),
        nn.ReLU(),
        nn.Linear(4, 3, rng=rng, dtype=dtype),
    )


OPTIMIZERS = {
    "SGD": lambda params: nn.SGD(params, lr=0.1, momentum=0.9, weight_decay=0.01),
    "Adam": lambda params: nn.Adam(params, lr=0.02, weight_decay=0.01),
}


def train(net, optimizer, seed, steps, dtype):
    """Train some of the steps; the minibatch of a step depends on seed and step alone."""
    losses = []
    for step in steps:
        rng = np.random.default_rng([seed, step])
        x = rng.standard_normal((8, 1, 6, 6)).astype(dtype)
        labels = rng.integers(0, 3, 8)
        optimizer.lr *= 0.9
        loss, dlogits = nn.softmax_cross_entropy(net.forward(x), labels)
        net.backward(dlogits)
        optimizer.step()
        losses.append(loss)
    return losses


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kind", OPTIMIZERS)
@settings(max_examples=6)
@given(seed=st.integers(0, 2**31), stop=st.integers(0, STEPS - 1))
def test_resumed_training(tmp_path_factory, kind, dtype, seed, stop):
    """Model and optimizer go to one file and back, into new objects, and no bit is different."""
    net = network(seed, dtype)
    optimizer = OPTIMIZERS[kind](net.parameters())
    expected = train(net, optimizer, seed, range(STEPS), dtype)

    first = network(seed, dtype)
    first_optimizer = OPTIMIZERS[kind](first.parameters())
    losses = train(first, first_optimizer, seed, range(stop), dtype)
    states = {"net.": first.state_dict(), "opt.": first_optimizer.state_dict()}
    path = tmp_path_factory.mktemp("resume") / "checkpoint.npz"
    nn.save({name + k: v for name, state in states.items() for k, v in state.items()}, path)
    train(first, first_optimizer, seed + 1, range(2), dtype)  # what comes later is lost

    loaded = nn.load(path)
    second = network(seed + 2, dtype)  # other weights, which are all replaced
    second_optimizer = OPTIMIZERS[kind](second.parameters())
    for name, target in (("net.", second), ("opt.", second_optimizer)):
        target.load_state_dict(
            {k.removeprefix(name): v for k, v in loaded.items() if k.startswith(name)}
        )
    losses += train(second, second_optimizer, seed, range(stop, STEPS), dtype)

    assert losses == expected
    assert same_bits(second.state_dict(), net.state_dict())
    assert same_bits(second_optimizer.state_dict(), optimizer.state_dict())
    x = np.random.default_rng(seed).standard_normal((5, 1, 6, 6)).astype(dtype)
    assert same_bits(second.eval().forward(x), net.eval().forward(x))
