"""Conv2d and the poolings against plain loops, against numbers by hand, at ties and with NaN."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nn_cases import gradients, mixed, norm, upstream

from brn_numpy import nn

SEED = st.integers(0, 2**32 - 1)
SMALL = st.integers(1, 3)


def conv_loops(x, weight, bias, stride, padding):
    """Convolve with four loops, one output number at a time."""
    n, c, height, width = x.shape
    filters, _, k, _ = weight.shape
    padded = np.zeros((n, c, height + 2 * padding, width + 2 * padding))
    padded[:, :, padding : padding + height, padding : padding + width] = x
    rows = (height + 2 * padding - k) // stride + 1
    cols = (width + 2 * padding - k) // stride + 1
    y = np.empty((n, filters, rows, cols))
    for image in range(n):
        for f in range(filters):
            for i in range(rows):
                for j in range(cols):
                    top, left = i * stride, j * stride
                    patch = padded[image, :, top : top + k, left : left + k]
                    y[image, f, i, j] = (patch * weight[f]).sum() + bias[f]
    return y


@given(SEED, SMALL, SMALL, SMALL, SMALL, SMALL, st.integers(0, 2), st.tuples(SMALL, SMALL))
def test_conv_is_four_loops(seed, n, channels, filters, kernel, stride, padding, extra):
    """Any kernel, stride, padding and any image that is large enough, not only square ones."""
    rng = np.random.default_rng(seed)
    height, width = (max(1, kernel - 2 * padding) + more for more in extra)
    x = rng.standard_normal((n, channels, height, width))
    layer = nn.Conv2d(channels, filters, kernel, stride=stride, padding=padding, rng=rng)
    layer.bias.data = mixed(rng, filters)
    expected = conv_loops(x, layer.weight.data, layer.bias.data, stride, padding)
    np.testing.assert_allclose(layer.forward(x), expected, rtol=0, atol=1e-12)


def test_conv_by_hand():
    """The filter is not turned over: top left times top left; one bias a filter."""
    layer = nn.Conv2d(1, 2, 2, rng=0)
    layer.weight.data = np.array([[[[1.0, 2.0], [3.0, 4.0]]], [[[0.0, 1.0], [0.0, 0.0]]]])
    layer.bias.data = np.array([0.5, -1.0])
    x = np.array([[[[1.0, 0.0, 2.0], [0.0, 5.0, 0.0]]]])
    # 1·1 + 4·5 = 21 and 2·2 + 3·5 = 19; the second filter picks the top right pixel
    assert layer.forward(x).tolist() == [[[[21.5, 19.5]], [[-1.0, 1.0]]]]


def test_conv_gradients_by_hand():
    """A pixel under two patches gets a gradient from both."""
    layer = nn.Conv2d(1, 1, 2, rng=0)
    layer.weight.data = np.array([[[[1.0, 2.0], [3.0, 4.0]]]])
    x = np.array([[[[1.0, 0.0, 2.0], [0.0, 5.0, 0.0]]]])
    ours = gradients(layer, x, np.array([[[[10.0, 100.0]]]]))
    assert ours["x"].tolist() == [[[[10.0, 120.0, 200.0], [30.0, 340.0, 400.0]]]]
    assert ours["weight"].tolist() == [[[[10.0, 200.0], [500.0, 50.0]]]]
    assert ours["bias"].tolist() == [110.0]


def test_conv_of_one_pixel_is_linear_in_the_channels():
    """A 1 x 1 convolution is a Linear layer on every pixel."""
    rng = np.random.default_rng(4)
    conv, linear = nn.Conv2d(4, 3, 1, rng=rng), nn.Linear(4, 3, rng=rng)
    conv.bias.data = linear.bias.data = mixed(rng, 3)
    linear.weight.data = conv.weight.data[:, :, 0, 0]
    x, dy = rng.standard_normal((2, 4, 3, 5)), upstream(rng, (2, 3, 3, 5))
    ours = gradients(conv, x, dy)
    rows = gradients(
        linear, x.transpose(0, 2, 3, 1).reshape(-1, 4), dy.transpose(0, 2, 3, 1).reshape(-1, 3)
    )
    dx = rows["x"].reshape(2, 3, 5, 4).transpose(0, 3, 1, 2)
    np.testing.assert_allclose(ours["x"], dx, atol=1e-13)
    np.testing.assert_allclose(ours["weight"][:, :, 0, 0], rows["weight"], atol=1e-12)
    np.testing.assert_allclose(ours["bias"], rows["bias"], atol=1e-12)


def pool_loops(x, kernel, stride, reduce, padding=0, border=0.0):
    around = (padding, padding)
    x = np.pad(x, ((0, 0), (0, 0), around, around), constant_values=border)
    rows, cols = ((size - kernel) // stride + 1 for size in x.shape[2:])
    y = np.empty((*x.shape[:2], rows, cols))
    for i in range(rows):
        for j in range(cols):
            top, left = i * stride, j * stride
            y[:, :, i, j] = reduce(x[:, :, top : top + kernel, left : left + kernel], axis=(2, 3))
    return y


@given(SEED, SMALL, SMALL, SMALL, st.none() | st.integers(1, 4), st.tuples(SMALL, SMALL))
def test_pools_are_loops(seed, n, channels, kernel, stride, extra):
    """Any kernel, stride and image; without a stride the windows lie side by side."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n, channels, *(kernel - 1 + more for more in extra)))
    step = kernel if stride is None else stride
    highest = nn.MaxPool2d(kernel, stride).forward(x)
    np.testing.assert_array_equal(highest, pool_loops(x, kernel, step, np.max))
    mean = nn.AvgPool2d(kernel, stride).forward(x)
    np.testing.assert_allclose(mean, pool_loops(x, kernel, step, np.mean), rtol=0, atol=1e-14)


@given(SEED, SMALL, st.integers(1, 5), st.integers(1, 5), st.tuples(SMALL, SMALL), st.data())
def test_padded_pools_are_loops(seed, n, kernel, stride, extra, data):
    """With a border of -inf, or of zeros that count; also for images smaller than the kernel."""
    rng = np.random.default_rng(seed)
    padding = data.draw(st.integers(0, kernel // 2))
    shape = (n, 2, *(max(1, kernel - 2 * padding) - 1 + more for more in extra))
    x = rng.standard_normal(shape)
    highest = nn.MaxPool2d(kernel, stride, padding=padding).forward(x)
    expected = pool_loops(x, kernel, stride, np.max, padding, -np.inf)
    np.testing.assert_array_equal(highest, expected)
    mean = nn.AvgPool2d(kernel, stride, padding=padding).forward(x)
    expected = pool_loops(x, kernel, stride, np.mean, padding)
    np.testing.assert_allclose(mean, expected, rtol=0, atol=1e-14)


@pytest.mark.parametrize("size", [1, 2, 3, 4])
def test_windows_far_larger_than_the_image(size):
    """Some places of a window have no pixel in any window; nothing is taken from elsewhere."""
    x = np.random.default_rng(0).standard_normal((1, 1, size, 3))
    for stride in (1, 2):
        highest = nn.MaxPool2d(9, stride, padding=4).forward(x)
        np.testing.assert_array_equal(highest, pool_loops(x, 9, stride, np.max, 4, -np.inf))
        mean = nn.AvgPool2d(9, stride, padding=4).forward(x)
        np.testing.assert_allclose(mean, pool_loops(x, 9, stride, np.mean, 4), atol=1e-15)


def test_padding_by_hand():
    """A negative pixel is larger than what is beyond the border, and that counts as 0 in a mean."""
    x = np.array([[[[-1.0, -2.0], [-3.0, -8.0]]]])
    dy = np.array([[[[1.0, 10.0], [100.0, 1000.0]]]])
    layer = nn.MaxPool2d(2, padding=1)
    assert layer.forward(x).tolist() == x.tolist()
    assert layer.backward(dy).tolist() == dy.tolist()
    layer = nn.AvgPool2d(2, padding=1)
    assert layer.forward(x).tolist() == [[[[-0.25, -0.5], [-0.75, -2.0]]]]
    assert layer.backward(dy).tolist() == [[[[0.25, 2.5], [25.0, 250.0]]]]


def test_a_window_of_minus_inf_sends_its_gradient_to_a_pixel():
    """The border is -inf as well, but nothing is lost there."""
    layer = nn.MaxPool2d(3, padding=1)
    dx = gradients(layer, np.full((1, 1, 2, 2), -np.inf), np.array([[[[5.0]]]]))["x"]
    assert dx.tolist() == [[[[5.0, 0.0], [0.0, 0.0]]]]


def test_global_average_pool_by_hand():
    """One mean a channel, with two axes of length 1 left; the gradient is shared out."""
    layer = nn.GlobalAvgPool2d()
    x = np.array([[[[1.0, 2.0, 6.0]], [[0.0, 0.0, 3.0]]]])
    assert layer.forward(x).tolist() == [[[[3.0]], [[1.0]]]]
    dx = layer.backward(np.array([[[[3.0]], [[-6.0]]]]))
    assert dx.tolist() == [[[[1.0, 1.0, 1.0]], [[-2.0, -2.0, -2.0]]]]


def test_pools_by_hand():
    """The largest value and the mean of 2 x 2 windows; the last column fills no window."""
    x = np.array([[[[1.0, 2.0, -5.0, -1.0, 9.0], [4.0, 3.0, -3.0, -7.0, 9.0]]]])
    assert nn.MaxPool2d(2).forward(x).tolist() == [[[[4.0, -1.0]]]]
    assert nn.AvgPool2d(2).forward(x).tolist() == [[[[2.5, -4.0]]]]


def test_max_pool_sends_a_tie_to_the_first():
    """Of equal values in a window, the first in reading order gets all of the gradient."""
    layer = nn.MaxPool2d(2)
    x = np.array([[[[0.0, 7.0, 3.0, 3.0], [7.0, 7.0, 3.0, 3.0]]]])
    dx = gradients(layer, x, np.array([[[[5.0, -2.0]]]]))["x"]
    assert dx.tolist() == [[[[0.0, 5.0, -2.0, 0.0], [0.0, 0.0, 0.0, 0.0]]]]


def test_the_complex_step_agrees_at_a_tie():
    """Of equal real parts the first is taken forward, as backward takes it."""
    x = np.array([[[[0.0, 7.0], [7.0, 7.0]]]]) + 1j * np.array([[9.0, 1.0], [2.0, 3.0]])
    assert nn.MaxPool2d(2).forward(x).tolist() == [[[[7.0 + 1j]]]]


def test_max_pool_ties_in_overlapping_windows():
    """Each window has a first of its own, and a pixel adds up what its windows send."""
    layer = nn.MaxPool2d(2, 1)
    dx = gradients(layer, np.full((1, 1, 2, 3), 0.25), np.array([[[[5.0, -2.0]]]]))["x"]
    assert dx.tolist() == [[[[5.0, -2.0, 0.0], [0.0, 0.0, 0.0]]]]
    x = np.array([[[[0.0, 7.0, 0.0], [0.0, 0.0, 0.0]]]])
    assert gradients(layer, x, np.array([[[[5.0, -2.0]]]]))["x"].sum() == 3.0


@pytest.mark.parametrize("place", [0, 1, 2, 3])
def test_nan_stays_nan_in_max_pool(place):
    """Wherever in the window the NaN is, the largest value is NaN; other windows are not."""
    x = np.arange(16.0).reshape(1, 1, 4, 4)
    x[0, 0, place // 2, place % 2] = np.nan
    y = nn.MaxPool2d(2).forward(x)
    assert np.isnan(y[0, 0, 0, 0])
    assert y[0, 0].ravel()[1:].tolist() == [7.0, 13.0, 15.0]


@pytest.mark.parametrize("dtype", [np.float64, np.complex128])
@pytest.mark.parametrize("place", [0, 1, 2, 3])
def test_the_gradient_of_a_window_belongs_to_its_nan(place, dtype):
    """No gradient is lost beside a NaN; of two, the first gets it, as of other equal values."""
    x = np.arange(16.0).reshape(1, 1, 4, 4)
    x[0, 0, place // 2, place % 2] = x[0, 0, 3, 1] = x[0, 0, 3, 0] = np.nan
    layer = nn.MaxPool2d(2)
    assert np.isnan(layer.forward(x.astype(dtype))).tolist() == [[[[True, False], [True, False]]]]
    dx = layer.backward(np.array([[[[2.0, 3.0], [5.0, 7.0]]]]))[0, 0]
    assert dx[place // 2, place % 2] == 2.0 and dx[3, 0] == 5.0
    assert dx[1, 3] == 3.0 and dx[3, 3] == 7.0 and np.count_nonzero(dx) == 4


def test_nan_stays_nan_in_relu():
    """A NaN is not taken for a negative number, and -inf is."""
    y = nn.ReLU().forward(np.array([np.nan, -np.inf, np.inf, -2.0, 3.0, -0.0]))
    np.testing.assert_array_equal(y, [np.nan, 0.0, np.inf, 0.0, 3.0, 0.0])


def test_relu_has_derivative_0_at_0():
    """The kink belongs to the left side."""
    dx = gradients(nn.ReLU(), np.array([-1.0, -0.0, 0.0, 5e-324]), np.array([3.0, 4, 5, 6]))["x"]
    assert dx.tolist() == [0.0, 0.0, 0.0, 6.0]


@pytest.mark.parametrize("kind", [nn.BatchNorm, nn.BatchRenorm])
def test_a_bias_before_a_normalisation_changes_nothing(kind):
    """The mean takes the bias away again, and its gradient is 0."""
    rng = np.random.default_rng(5)
    cases = [
        (nn.Linear(4, 3, rng=rng), (6, 4)),
        (nn.Conv2d(2, 3, 2, stride=2, rng=rng), (3, 2, 5, 4)),
    ]
    for first, shape in cases:
        x = rng.standard_normal(shape)
        without = nn.Sequential(first, norm(kind, 3)).forward(x)
        first.bias.data = 10 * mixed(rng, 3)
        net = nn.Sequential(first, norm(kind, 3))
        with_bias = net.forward(x)
        np.testing.assert_allclose(with_bias, without, rtol=0, atol=1e-12)
        net.backward(upstream(rng, without.shape))
        assert np.abs(first.bias.grad).max() < 1e-12 < 0.1 < np.abs(first.weight.grad).max()


def test_inf_in_dy_stays_where_it_is():
    """An infinite gradient goes where dy goes and becomes no NaN beside it (inf * 0 would)."""
    relu, pool = nn.ReLU(), nn.MaxPool2d(2)
    relu.forward(np.array([[1.0, -1.0]]))
    assert np.array_equal(relu.backward(np.array([[np.inf, np.inf]])), [[np.inf, 0.0]])
    pool.forward(np.array([[[[1.0, 2.0], [3.0, 4.0]]]]))
    assert np.array_equal(pool.backward(np.full((1, 1, 1, 1), np.inf)), [[[[0, 0], [0, np.inf]]]])


def test_images_smaller_than_the_filter():
    """An image that the filter does not fit into is refused with both sizes."""
    conv = nn.Conv2d(1, 1, 3, padding=0, rng=0)
    with pytest.raises(ValueError, match=r"at least 3 x 3 pixels with padding, got 2 x 5"):
        conv.forward(np.ones((1, 1, 2, 5)))
