"""What `bench` times: the same function everywhere, and steps that can be switched off."""

import numpy as np
import pytest

import brn_numpy as bn
from brn_numpy import _kernels
from brn_numpy.bench import ablation, layers, machine, norms, timing

SHAPES = [(7, 5), (3, 4, 5, 6), (3, 4, 30, 30)]


@pytest.mark.parametrize("step", ablation.STEPS)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_a_step_that_is_switched_off_changes_nothing_but_the_time(step, shape):
    """Without a step the results are the same to rounding; afterwards the step is on again."""
    x, dy, gamma, beta, _ = norms.inputs(shape, np.float64).values()
    before = {name: getattr(_kernels, name) for name in ablation.STEPS[step]}

    def results():
        y, cache = bn.batch_norm_forward(x, gamma, beta)
        return (y, *bn.batch_norm_backward(dy, cache))

    with ablation.without(step):
        assert all(getattr(_kernels, name) is not kept for name, kept in before.items())
        plain = results()
    assert all(getattr(_kernels, name) is kept for name, kept in before.items())
    for a, b in zip(results(), plain, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("shape", [(128, 16, 8, 8), (8, 64, 28, 28), (2048, 256)], ids=str)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_forward_and_backward_allocate_one_array_each(shape, dtype):
    """At the peak they hold 1.15 times the bytes of x; the cache keeps x and vectors, no xhat."""
    found = norms.memory(shape, dtype)
    for name in ("forward peak", "backward peak", "forward kept", "backward kept"):
        assert 1 <= found[name] <= 1.15, (name, found[name])
    assert found["textbook forward kept"] > 2.9  # xc, xhat and y: so the count counts


def test_the_time_is_that_of_one_call():
    """A function is called often enough for the clock, and the ratio of equals is near 1."""
    calls = {"one": 0, "two": 0}

    def count(name):
        calls[name] += 1
        return sum(range(100))

    timings = timing.in_turn({"one": lambda: count("one"), "two": lambda: count("two")}, rounds=3)
    assert calls["one"] > 100 and all(len(seconds) == 3 for seconds in timings.values())
    made = {"a": np.array([3.0, 6.0, 4.0]), "b": np.array([1.0, 2.0, 1.0])}
    assert timing.ratio(made, "a", "b") == (3.0, 3.0, 3.5)
    assert timing.ratio(made, "a", "torch") is None
    assert str(timing.Ratio(1.234, 1.1, 1.4)) == "1.23 +-0.15"
    for wide in ((123.4, 0.0, 900.0), (9.999, 9.0, 11.0), (1.0, 0.5, 99.0)):
        assert len(str(timing.Ratio(*wide))) <= 11


def test_the_layers_that_are_timed_run(monkeypatch):
    """Convolution, pooling and training step do what their rows say."""
    monkeypatch.setattr(layers, "POOLING", (2, 3, 4, 6))
    assert layers.convolution((2, 3, 5, 5), 4)["ours"]().shape == (2, 3, 5, 5)
    assert layers.pooling()["ours"]().shape == (2, 3, 4, 6)
    step = layers.training_step(4)["ours"]
    losses = [float(step()) for _ in range(30)]
    assert losses[-1] < losses[0]


@pytest.mark.parametrize("shape", [(4, 6), (2, 3, 4, 4)], ids=str)
def test_what_is_compared_computes_the_same(shape):
    """BN with and without the update, the textbook and PyTorch give the same three gradients."""
    functions = norms.passes(shape, np.float64)
    right = functions["bn"]()
    assert {"updating", "textbook", "brn"} <= set(functions)
    for name in set(functions) - {"bn", "brn"}:
        for found, expected in zip(functions[name](), right, strict=True):
            np.testing.assert_allclose(np.asarray(found), expected, rtol=1e-9, atol=1e-9)
    assert not np.allclose(functions["brn"]()[0], right[0])
    assert {name for pair in norms.RATIOS.values() for name in pair} - {"torch"} <= set(functions)


@pytest.mark.parametrize(("groups", "shape"), [(1, (4, 6)), (3, (2, 6, 4, 4))], ids=str)
def test_relatives_that_are_compared_compute_the_same(groups, shape):
    """GroupNorm, BN over a reshape and PyTorch give the same three gradients."""
    functions = norms.group_norm(groups, shape, np.float64)
    right = functions.pop("ours")()
    assert "textbook" in functions
    for function in functions.values():
        for found, expected in zip(function(), right, strict=True):
            np.testing.assert_allclose(np.asarray(found), expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("shape", layers.NORMS, ids=str)
def test_layers_compute_what_their_functions_do(shape):
    """nn.BatchNorm and the functions beside it give the same dx; nn.BatchRenorm corrects."""
    functions = layers.norms(shape)
    dx = functions["functions"]()[0]
    assert np.array_equal(functions["BatchNorm"](), dx)
    assert not np.allclose(functions["BatchRenorm"](), dx)


def test_the_update_is_timed_apart():
    """It moves the running pair towards the batch of the forward beside it, and leaves its own."""
    functions = norms.update((4, 64))
    batch = functions["forward"]()[1].batch
    for found, start, new in zip(functions["update"](), (0, 1), batch, strict=True):
        np.testing.assert_allclose(found, start + norms.MOMENTUM * (new - start), rtol=1e-6)


def test_the_machine_is_named():
    """The line above the tables names the versions, the BLAS library and the threads."""
    line = machine.describe()
    assert np.__version__ in line and "OMP_NUM_THREADS=" in line
    assert set(machine.facts()) == {"processor", "cores", "threads", "blas", "torch"}
