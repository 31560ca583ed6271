"""SGD and Adam against the plain recurrences; their states; a step that raises."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nn_cases import mixed, same_bits

from brn_numpy import nn

SHAPES = [(2, 3), (4,), (1, 2, 2)]
STEPS = 7


def parameters(rng, dtype=np.float64):
    return [nn.Parameter(mixed(rng, shape, dtype)) for shape in SHAPES]


def sgd(w, grads, rates, momentum, decay):
    """Follow one number through the steps."""
    v = 0.0
    for g, lr in zip(grads, rates, strict=True):
        v = momentum * v + g + decay * w
        w = w - lr * v
    return w


def adam(w, grads, rates, beta1, beta2, eps, decay):
    """Follow one number through the steps of Algorithm 1 of Kingma & Ba."""
    m = v = 0.0
    for t, (g, lr) in enumerate(zip(grads, rates, strict=True), start=1):
        g = g + decay * w
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
        w = w - lr * (m / (1 - beta1**t)) / (math.sqrt(v / (1 - beta2**t)) + eps)
    return w


def follow(make, scalar, seed, dtype, rtol):
    """Take STEPS steps with changing gradients and rates, and compare number by number."""
    rng = np.random.default_rng(seed)
    params = parameters(rng, dtype)
    start = [param.data.copy() for param in params]
    # none is near 0, where Adam divides a rounding error by a rounding error
    grads = [[mixed(rng, s, dtype) for s in SHAPES] for _ in range(STEPS)]
    rates = rng.uniform(0.01, 0.1, STEPS).tolist()
    optimizer = make(params)
    for step in range(STEPS):
        optimizer.lr = rates[step]
        for param, grad in zip(params, grads[step], strict=True):
            param.grad = grad.copy()
        optimizer.step()
        for param, grad in zip(params, grads[step], strict=True):
            assert same_bits(param.grad, grad), "a step must not change the gradients"
    for p, param in enumerate(params):
        assert param.data.dtype == dtype
        for place in np.ndindex(param.data.shape):
            seen = [float(grad[p][place]) for grad in grads]
            expected = scalar(float(start[p][place]), seen, rates)
            assert abs(param.data[place] - expected) <= rtol * (1 + abs(expected))


DTYPES = pytest.mark.parametrize("dtype, rtol", [(np.float64, 1e-13), (np.float32, 1e-5)])
SEED = st.integers(0, 2**32 - 1)


@DTYPES
@given(
    seed=SEED, momentum=st.sampled_from([0.0, 0.3, 0.9, 1.0]), decay=st.sampled_from([0.0, 0.02])
)
def test_sgd(dtype, rtol, seed, momentum, decay):
    """Without and with momentum, without and with weight decay."""
    follow(
        lambda params: nn.SGD(params, lr=1.0, momentum=momentum, weight_decay=decay),
        lambda w, grads, rates: sgd(w, grads, rates, momentum, decay),
        seed,
        dtype,
        rtol,
    )


@DTYPES
@given(
    seed=SEED,
    betas=st.sampled_from([(0.9, 0.999), (0.0, 0.5), (0.5, 0.0)]),
    eps=st.sampled_from([1e-8, 0.1]),
    decay=st.sampled_from([0.0, 0.02]),
)
def test_adam(dtype, rtol, seed, betas, eps, decay):
    """With both corrections for the zeros at the start, and eps outside the root."""
    follow(
        lambda params: nn.Adam(params, lr=1.0, betas=betas, eps=eps, weight_decay=decay),
        lambda w, grads, rates: adam(w, grads, rates, *betas, eps, decay),
        seed,
        dtype,
        rtol * 10,  # 1 - 0.999 costs digits
    )


def test_by_hand():
    """One step of each: 1 - 0.5·(4 + 0.1·1); Adam's first step goes lr along the sign."""
    param = nn.Parameter(np.array([1.0]))
    param.grad = np.array([4.0])
    nn.SGD([param], lr=0.5, weight_decay=0.1).step()
    assert param.data.tolist() == [1 - 0.5 * 4.1]
    param = nn.Parameter(np.array([1.0, 1.0]))
    param.grad = np.array([4.0, -1e-3])
    nn.Adam([param], lr=0.5, eps=1e-12).step()
    np.testing.assert_allclose(param.data, [0.5, 1.5], rtol=1e-8)


def test_defaults():
    """Plain SGD; Adam with 1e-3, (0.9, 0.999) and 1e-8, and no weight decay."""
    params = [nn.Parameter(np.ones(2))]
    optimizer = nn.Adam(params)
    assert (optimizer.lr, optimizer.betas, optimizer.eps) == (1e-3, (0.9, 0.999), 1e-8)
    sgd = nn.SGD(params, 1)
    assert optimizer.weight_decay == sgd.weight_decay == sgd.momentum == 0


BOTH = pytest.mark.parametrize("make", [lambda p: nn.SGD(p, 0.1, momentum=0.9), nn.Adam])


@BOTH
def test_a_step_before_backward(make):
    """Even if only the last gradient is missing: a RuntimeError, and nothing has moved."""
    rng = np.random.default_rng(0)
    params = parameters(rng)
    optimizer = make(params)
    for param in params[:-1]:
        param.grad = mixed(rng, param.data.shape)
    before = [param.data.copy() for param in params]
    state = optimizer.state_dict()
    with pytest.raises(RuntimeError, match="parameter 2 has no gradient yet: call backward first"):
        optimizer.step()
    assert same_bits(optimizer.state_dict(), state) and optimizer.steps == 0
    assert all(same_bits(p.data, old) for p, old in zip(params, before, strict=True))
    optimizer.zero_grad()
    assert all(param.grad is None for param in params)


def used(make, seed):
    """An optimizer that has done two steps, and its parameters."""
    rng = np.random.default_rng(seed)
    params = parameters(rng)
    optimizer = make(params)
    for _ in range(2):
        for param in params:
            param.grad = mixed(rng, param.data.shape)
        optimizer.step()
    return optimizer


@BOTH
def test_state(make):
    """The state is a copy, it is complete, and a loaded optimizer is the same."""
    one, other = used(make, 1), used(make, 2)
    one.lr = 0.03
    state = one.state_dict()
    slots = ["velocity"] if isinstance(one, nn.SGD) else ["mean", "square"]
    assert list(state) == ["lr", "steps", *(f"{slot}.{p}" for slot in slots for p in range(3))]
    other.load_state_dict(state)
    assert (other.lr, other.steps) == (0.03, 2)
    before = {key: value.copy() for key, value in state.items()}
    for value in state.values():
        value[...] = 5
    assert same_bits(one.state_dict(), before) and same_bits(other.state_dict(), before)


def refused(optimizer, state, kind=ValueError):
    before = optimizer.state_dict()
    with pytest.raises(kind) as caught:
        optimizer.load_state_dict(state)
    assert same_bits(optimizer.state_dict(), before), "nothing may be loaded"
    return str(caught.value)


def test_all_that_does_not_fit_is_listed():
    """Missing keys, unexpected keys and wrong shapes in one error, and nothing is loaded."""
    state = used(nn.Adam, 3).state_dict()
    del state["mean.1"], state["lr"]
    state["velocity.0"] = np.zeros(3)
    state["square.0"] = state["square.0"].T
    state["steps"] = np.array([2])
    text = refused(used(nn.Adam, 4), state)
    for problem in (
        "missing key 'mean.1'",
        "missing key 'lr'",
        "unexpected key 'velocity.0'",
        "'square.0' must have shape (2, 3), got (3, 2)",
        "'steps' must have shape (), got (1,)",
    ):
        assert f"  {problem}" in text.splitlines()
    assert len(text.splitlines()) == 1 + 5


@pytest.mark.parametrize(
    "key, value, kind, text",
    [
        ("lr", -0.1, ValueError, "lr"),
        ("lr", np.nan, ValueError, "lr"),
        ("lr", "fast", ValueError, "lr"),
        ("lr", 1j, ValueError, "lr"),
        ("steps", -1, ValueError, "steps"),
        ("steps", 2.0, ValueError, "steps"),
        ("mean.2", np.ones((1, 2)), ValueError, "'mean.2' must have shape (1, 2, 2), got (1, 2)"),
        ("mean.2", np.ones((1, 2, 2), int), ValueError, "mean.2' must be like float64"),
        ("mean.2", np.full((1, 2, 2), "x"), (TypeError, ValueError), "mean.2"),
        ("mean.2", np.full((1, 2, 2), 1j), (TypeError, ValueError), "mean.2"),
        ("mean.2", np.full((1, 2, 2), None), (TypeError, ValueError), "mean.2"),
    ],
)
def test_bad_values(key, value, kind, text):
    """One bad entry is named, and none of the good ones is taken over."""
    state = used(nn.Adam, 5).state_dict()
    state["lr"] = np.array(0.5)
    state[key] = np.asarray(value)
    assert text in refused(used(nn.Adam, 6), state, kind)


def test_a_network_is_trained():
    """The optimizer changes the layers' own parameters, and each of them."""
    rng = np.random.default_rng(7)
    net = nn.Sequential(nn.Linear(4, 5, rng=rng), nn.BatchNorm(5), nn.ReLU())
    net = nn.Sequential(net, nn.Linear(5, 2, rng=rng))
    x, labels = rng.standard_normal((6, 4)), np.array([0, 1, 1, 0, 1, 0])
    optimizer = nn.Adam(net.parameters(), lr=0.05)
    before, losses = net.state_dict(), []
    for _ in range(60):
        loss, dlogits = nn.softmax_cross_entropy(net.forward(x), labels)
        net.backward(dlogits)
        optimizer.step()
        losses.append(loss)
    assert losses[-1] < losses[0] / 2
    after = net.state_dict()
    assert all((after[key] != before[key]).all() for key in before)


def test_a_gradient_of_a_wrong_shape_changes_nothing():
    """A gradient that does not fit is named, before any parameter is changed."""
    params = [nn.Parameter(np.ones(2)), nn.Parameter(np.ones(3))]
    params[0].grad = np.ones(2)
    optimizer = nn.SGD(params, 0.1, momentum=0.9)
    for wrong in (np.ones(2), np.ones(4), np.ones((3, 1)), np.float64(1.0)):
        params[1].grad = wrong
        with pytest.raises(ValueError, match="parameter 1 must have a gradient of its shape"):
            optimizer.step()
    assert optimizer.steps == 0
    assert np.array_equal(params[0].data, np.ones(2))


@pytest.mark.parametrize("rate", [0, 1, np.float32(0.5)])
def test_a_rate_of_any_kind_of_number_is_kept(rate):
    """`lr` may be changed between steps, to an integer as well; the state holds a float."""
    one, other = (nn.SGD([nn.Parameter(np.ones(2))], 0.1) for _ in range(2))
    saved = one.state_dict()
    one.lr = rate
    other.load_state_dict(one.state_dict())
    assert other.lr == rate and isinstance(other.lr, float)
    one.load_state_dict(saved)
    assert one.lr == 0.1


def test_a_state_that_float32_cannot_hold_is_refused():
    """A velocity of 1e50 would be inf from then on."""
    param = nn.Parameter(np.ones(2, np.float32))
    optimizer = nn.SGD([param], 0.1, momentum=0.9)
    [slot] = [key for key in optimizer.state_dict() if "." in key]
    state = {**optimizer.state_dict(), slot: np.array([0.0, 1e50])}
    with pytest.raises(ValueError, match="has values that float32 cannot hold"):
        optimizer.load_state_dict(state)


def test_a_complex_gradient_changes_nothing():
    """It is refused before the first parameter moves."""
    params = [nn.Parameter(np.ones(2)), nn.Parameter(np.ones(2))]
    params[0].grad, params[1].grad = np.ones(2), np.ones(2, complex)
    optimizer = nn.SGD(params, 0.1)
    with pytest.raises(TypeError, match="parameter 1 must have a real gradient, got complex128"):
        optimizer.step()
    assert optimizer.steps == 0 and (params[0].data == 1).all()
