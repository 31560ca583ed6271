"""PyTorch itself, where it is installed: it loads what we export and computes the same."""

import numpy as np
import pytest
from interop_cases import trained

import brn_numpy as bn
from brn_numpy import interop, nn

torch = pytest.importorskip("torch")
DTYPES = [(np.float32, 1e-6), (np.float64, 1e-12)]


def torch_twin(dtype):
    """Make the network of `trained` out of PyTorch's layers, which start with other values."""
    t = torch.nn
    net = t.Sequential(
        t.Sequential(
            t.Conv2d(2, 4, 3, padding=1, bias=False),
            t.BatchNorm2d(4, eps=1e-3, momentum=0.2),
            t.ReLU(),
            t.MaxPool2d(2),
        ),
        t.Flatten(),
        t.Linear(16, 6),
        t.BatchNorm1d(6, eps=0.1, momentum=0.3),
        t.ReLU(),
        t.Linear(6, 3),
    )
    return net.to(getattr(torch, np.dtype(dtype).name))


def output(net, x):
    """Return what a PyTorch network makes of an array."""
    with torch.no_grad():
        return net(torch.from_numpy(x)).numpy()


def assert_close(got, expected, rtol, size=None):
    """Compare relative to the largest value, or to the size of what cancels in it."""
    size = np.abs(expected).max() if size is None else size
    np.testing.assert_allclose(got, expected, rtol=0, atol=rtol * size)


@pytest.mark.parametrize("dtype, rtol", DTYPES)
def test_pytorch_loads_our_network(dtype, rtol):
    """The strict load_state_dict takes all keys, and the inference output is ours."""
    net, x = trained(dtype)
    twin = torch_twin(dtype).eval()
    state = interop.to_torch_state_dict(net)
    twin.load_state_dict({key: torch.from_numpy(value) for key, value in state.items()})
    assert list(twin.state_dict()) == list(state)
    assert_close(output(twin, x), net(x), rtol)


@pytest.mark.parametrize("dtype, rtol", DTYPES)
def test_our_network_loads_pytorch_s(dtype, rtol):
    """A network that PyTorch has trained computes the same here."""
    net, x = trained(dtype)
    torch.manual_seed(0)
    twin = torch_twin(dtype)
    for _ in range(3):  # moves the running statistics away from 0 and 1
        output(twin, x)
    net.load_state_dict(interop.from_torch_state_dict(net, twin.state_dict()))
    assert net[3].num_batches_tracked == 3
    assert_close(net(x), output(twin.eval(), x), rtol)


@pytest.mark.parametrize("dtype, rtol", DTYPES)
@pytest.mark.parametrize("shape", [(5, 4), (3, 4, 2), (1, 4, 3, 2), (2, 4, 2, 1, 3)])
def test_pytorch_s_training_is_ours(shape, dtype, rtol):
    """Several steps: y, the gradients and, through interop, every entry of the state."""
    rng = np.random.default_rng(len(shape))
    kind = (torch.nn.BatchNorm1d, torch.nn.BatchNorm2d, torch.nn.BatchNorm3d)
    layer = kind[max(len(shape) - 3, 0)](4, eps=0.01, momentum=0.3)
    layer.to(getattr(torch, np.dtype(dtype).name))
    state = {key: value.numpy().copy() for key, value in layer.state_dict().items()}
    gamma, beta = rng.uniform(-2, 2, (2, 4)).astype(dtype)
    layer.load_state_dict(
        {**layer.state_dict(), "weight": torch.from_numpy(gamma), "bias": torch.from_numpy(beta)}
    )
    for step in range(4):
        x, dy = (3 * rng.standard_normal((2, *shape)) + 1).astype(dtype)
        tensor = torch.from_numpy(x).requires_grad_()
        layer.zero_grad()
        out = layer(tensor)
        out.backward(torch.from_numpy(dy))
        y, cache = bn.batch_norm_forward(x, gamma, beta, eps=0.01)
        dx, dgamma, dbeta = bn.batch_norm_backward(dy, cache)
        state = interop.update_state("torch", state, x, momentum=0.3, eps=0.01)
        assert_close(y, out.detach().numpy(), rtol)
        terms = np.abs(gamma / cache.batch.std).max() * np.abs(dy).max()
        assert_close(dx, tensor.grad.numpy(), rtol, size=terms)
        assert_close(dgamma, layer.weight.grad.numpy(), rtol)
        assert_close(dbeta, layer.bias.grad.numpy(), rtol)
        for key in ("running_mean", "running_var", "num_batches_tracked"):
            assert_close(state[key], layer.state_dict()[key].numpy(), rtol)
        assert state["num_batches_tracked"] == step + 1
    running = interop.inference_moments("torch", layer.state_dict(), eps=0.01)
    y, _ = bn.inference_forward(x, gamma, beta, running)
    assert_close(y, output(layer.eval(), x), rtol)


def test_bfloat16_is_named():
    """NumPy has no such numbers: the entry is named, and what to do is said."""
    net = nn.Sequential(nn.Linear(3, 2, rng=0), nn.BatchNorm(2))
    twin = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.BatchNorm1d(2))
    state = twin.state_dict()
    for key in ("0.weight", "1.running_var"):
        halves = {**state, key: state[key].bfloat16()}
        with pytest.raises(TypeError) as caught:
            interop.from_torch_state_dict(net, halves)
        text = str(caught.value)
        assert f"state[{key!r}] must be an array, got a Tensor of torch.bfloat16" in text
        assert ".float()" in text
    with pytest.raises(TypeError, match=r"running_var.*bfloat16"):
        halves = {key.removeprefix("1."): value for key, value in halves.items()}
        interop.inference_moments("torch", halves, eps=0.1)
    with pytest.raises(ValueError, match=r"'weight' must be .* Tensor of torch\.bfloat16"):
        net[0].load_state_dict({"weight": state["0.weight"].bfloat16(), "bias": state["0.bias"]})
    net.load_state_dict(interop.from_torch_state_dict(net, twin.bfloat16().float().state_dict()))


def test_pytorch_refuses_what_we_refuse():
    """One value per channel is no minibatch to PyTorch's BatchNorm, nor to ours."""
    layer, x = torch.nn.BatchNorm1d(4), np.zeros((1, 4), np.float32)
    with pytest.raises(ValueError, match="more than 1 value per channel"):
        layer(torch.from_numpy(x))
    with pytest.raises(ValueError, match="more than one value per channel"):
        interop.update_state("torch", layer.state_dict(), x, momentum=0.1, eps=1e-5)


def test_a_bias_free_layer_has_no_bias_there_either():
    """Linear and Conv2d without bias export no bias, as PyTorch's have none."""
    net = nn.Sequential(nn.Linear(3, 2, bias=False, rng=0), nn.BatchNorm(2))
    twin = torch.nn.Sequential(torch.nn.Linear(3, 2, bias=False), torch.nn.BatchNorm1d(2)).double()
    state = interop.to_torch_state_dict(net)
    twin.load_state_dict({key: torch.from_numpy(value) for key, value in state.items()})
    x = np.random.default_rng(0).standard_normal((4, 3))
    assert_close(output(twin.eval(), x), net.eval()(x), 1e-12)
