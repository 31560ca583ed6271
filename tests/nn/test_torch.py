"""PyTorch itself, where it is installed: its layers of the same names compute the same."""

import numpy as np
import pytest
from nn_cases import mixed, spaced, upstream

from brn_numpy import interop, nn

torch = pytest.importorskip("torch")


def both(ours, theirs, x):
    """Return (y, dx) of our layer and of PyTorch's, for the same x and dy."""
    y = ours.forward(x)
    dy = upstream(np.random.default_rng(9), y.shape)
    tensor = torch.from_numpy(x.copy()).requires_grad_()
    out = theirs(tensor)
    out.backward(torch.from_numpy(dy))
    return (y, ours.backward(dy)), (out.detach().numpy(), tensor.grad.numpy())


POOLS = [
    (kernel, stride, padding)
    for kernel in (1, 2, 3, 4)
    for stride in (1, 2, 5)
    for padding in range(kernel // 2 + 1)
]


@pytest.mark.parametrize("name", ["MaxPool2d", "AvgPool2d"])
@pytest.mark.parametrize("kernel, stride, padding", POOLS)
def test_pools(name, kernel, stride, padding):
    """Output and gradient, with padding up to half of the kernel, also on odd sizes."""
    x = spaced(np.random.default_rng(0), (2, 3, 7, 4))
    theirs = getattr(torch.nn, name)(kernel, stride, padding)
    ours = getattr(nn, name)(kernel, stride, padding=padding)
    for one, other in zip(*both(ours, theirs, x), strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-14)


@pytest.mark.parametrize("value", [np.nan, -np.inf])
def test_max_pool_of_nan_and_minus_inf(value):
    """The gradient of a window goes to its NaN, and at the border never into the padding."""
    x = np.arange(40.0).reshape(1, 2, 5, 4)
    x[0, 0, 1, 1] = x[0, 1, 4, 3] = value
    x[0, 1, :2, :2] = -np.inf
    ours, theirs = both(nn.MaxPool2d(3, 2, padding=1), torch.nn.MaxPool2d(3, 2, 1), x)
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-14)


def test_global_average_pool():
    """It is AdaptiveAvgPool2d(1), in its shape as well."""
    x = np.random.default_rng(1).standard_normal((3, 2, 4, 5))
    for one, other in zip(
        *both(nn.GlobalAvgPool2d(), torch.nn.AdaptiveAvgPool2d(1), x), strict=True
    ):
        assert one.shape == other.shape
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-15)


def test_momentum_none_and_reset():
    """The mean is PyTorch's; our std is an average of std, PyTorch's variance one of variances."""
    rng = np.random.default_rng(2)
    ours, theirs = nn.BatchNorm(3, momentum=None), torch.nn.BatchNorm1d(3, momentum=None).double()
    for _ in range(2):
        stds = []
        for _ in range(3):
            x = rng.standard_normal((6, 3)) + 1
            ours.forward(x), theirs(torch.from_numpy(x))
            stds.append(np.sqrt(x.var(axis=0) + 1e-5))
            np.testing.assert_allclose(ours.running.mean, theirs.running_mean, rtol=1e-13)
            np.testing.assert_allclose(ours.running.std, np.mean(stds, axis=0), rtol=1e-13)
            assert ours.num_batches_tracked == theirs.num_batches_tracked
        ours.reset_running_stats(), theirs.reset_running_stats()
        assert ours.num_batches_tracked == theirs.num_batches_tracked == 0
        np.testing.assert_array_equal(ours.running.mean, theirs.running_mean)
        np.testing.assert_array_equal(ours.running.std, theirs.running_var)  # both are 1


def test_frozen():
    """A frozen layer in training mode is PyTorch's in eval mode: output, all gradients, state."""
    rng = np.random.default_rng(3)
    ours, theirs = nn.BatchNorm(3), torch.nn.BatchNorm1d(3).double()
    for _ in range(3):
        theirs(torch.from_numpy(rng.standard_normal((6, 3)) + 2))
    before = interop.from_torch_state_dict(ours, theirs.state_dict())
    ours.load_state_dict(before)
    ours.freeze_running_stats().train()
    results = both(ours, theirs.eval(), rng.standard_normal((5, 3)))
    for one, other in zip(*results, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(ours.weight.grad, theirs.weight.grad, rtol=1e-12)
    np.testing.assert_allclose(ours.bias.grad, theirs.bias.grad, rtol=1e-12)
    for key, value in before.items():
        np.testing.assert_array_equal(ours.state_dict()[key], value)


FAMILY = [
    (nn.LayerNorm(6, eps=1e-3), torch.nn.LayerNorm(6, eps=1e-3), [(5, 6)]),
    (
        nn.GroupNorm(3, 6, eps=0.1),
        torch.nn.GroupNorm(3, 6, eps=0.1),
        [(5, 6), (2, 6, 4), (3, 6, 2, 3)],
    ),
    (nn.GroupNorm(1, 6), torch.nn.GroupNorm(1, 6), [(5, 6), (3, 6, 2, 3)]),
    (nn.InstanceNorm(6), torch.nn.InstanceNorm1d(6, affine=True), [(3, 6, 4)]),
    (nn.InstanceNorm(6), torch.nn.InstanceNorm2d(6, affine=True), [(3, 6, 2, 3)]),
]
if hasattr(torch.nn, "RMSNorm"):  # from PyTorch 2.4 on
    FAMILY.append((nn.RMSNorm(6, eps=1e-3), torch.nn.RMSNorm(6, eps=1e-3), [(5, 6)]))


@pytest.mark.parametrize("ours, theirs, shapes", FAMILY, ids=lambda v: type(v).__name__)
def test_the_family(ours, theirs, shapes):
    """States go over as they are, under the same keys; then output and gradients are the same."""
    rng = np.random.default_rng(4)
    for param in ours.parameters():
        param.data = mixed(rng, param.data.shape)
    state = ours.state_dict()
    theirs.double().load_state_dict({key: torch.from_numpy(a) for key, a in state.items()})
    assert list(theirs.state_dict()) == list(state)
    for mode in (True, False):
        ours.train(mode), theirs.train(mode)
        for shape in shapes:
            theirs.zero_grad()
            for one, other in zip(*both(ours, theirs, upstream(rng, shape)), strict=True):
                np.testing.assert_allclose(one, other, rtol=0, atol=1e-13)
            for name, param in ours.named_parameters().items():
                expected = theirs.get_parameter(name).grad
                np.testing.assert_allclose(param.grad, expected, rtol=0, atol=1e-12)


def test_layer_norm_of_images_has_fewer_parameters_than_pytorch_s():
    """PyTorch's has one a pixel: with all pixels of a channel alike, it is ours."""
    rng = np.random.default_rng(5)
    ours, theirs = nn.LayerNorm(3), torch.nn.LayerNorm((3, 4, 2)).double()
    ours.weight.data, ours.bias.data = mixed(rng, 3), mixed(rng, 3)
    for name, param in ours.named_parameters().items():
        wide = np.broadcast_to(param.data[:, None, None], (3, 4, 2)).copy()
        theirs.get_parameter(name).data = torch.from_numpy(wide)
    for one, other in zip(*both(ours, theirs, upstream(rng, (5, 3, 4, 2))), strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-13)
