"""The dtype of x is that of y and dx; inputs are not changed; nothing shares memory."""

import numpy as np
import pytest
from nn_cases import LAYERS, gradients, make, same_bits, spaced, upstream

EVERY = pytest.mark.parametrize("name", LAYERS)
MODES = pytest.mark.parametrize("training", [True, False])
FLOATS = [np.float32, np.float64]


@MODES
@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("parameter_dtype", FLOATS)
@EVERY
def test_dtype_of_x_rules(name, parameter_dtype, dtype, training):
    """y and dx have the dtype of x, whatever that of the parameters; these keep theirs."""
    rng = np.random.default_rng(0)
    layer, shape = make(name, rng, parameter_dtype)
    layer.train(training)
    before = {key: value.dtype for key, value in layer.state_dict().items()}
    x = rng.standard_normal(shape).astype(dtype)
    y = layer.forward(x)
    dx = layer.backward(upstream(rng, y.shape, dtype))
    assert y.dtype == dx.dtype == dtype and dx.shape == shape
    for key, param in layer.named_parameters().items():
        assert param.grad.shape == param.data.shape, key
        assert param.grad.dtype == dtype, key
    assert {key: value.dtype for key, value in layer.state_dict().items()} == before


@pytest.mark.parametrize("dtype", FLOATS)
@EVERY
def test_dtype_of_dy_does_not_matter(name, dtype):
    """dx has the dtype of x also when dy has the other one."""
    rng = np.random.default_rng(1)
    layer, shape = make(name, rng)
    y = layer.forward(rng.standard_normal(shape).astype(dtype))
    other = np.float32 if dtype == np.float64 else np.float64
    assert layer.backward(upstream(rng, y.shape, other)).dtype == dtype


@MODES
@EVERY
def test_float32_is_float64_rounded(name, training):
    """In float32 the outputs and gradients are those of float64 to six digits or so."""
    rng = np.random.default_rng(2)
    layer, shape = make(name, rng)
    layer.train(training)
    x = (spaced(rng, shape) / 4).astype(np.float32)
    pair = getattr(layer, "running", None)
    dy = upstream(rng, layer.forward(x).shape, np.float32)
    found = []
    for dtype in FLOATS:
        if pair is not None:
            layer.running = pair
        y = layer.forward(x.astype(dtype))
        found.append({"y": y, **gradients(layer, x.astype(dtype), dy.astype(dtype))})
    for key, exact in found[1].items():
        error = np.abs(found[0][key] - exact).max() / max(1, np.abs(exact).max())
        assert error < 2e-5, key


@MODES
@EVERY
def test_inputs_are_not_changed(name, training):
    """forward and backward change neither x nor dy nor the parameters."""
    rng = np.random.default_rng(3)
    layer, shape = make(name, rng)
    layer.train(training)
    x = rng.standard_normal(shape)
    dy = upstream(rng, layer.forward(x).shape)
    kept = x.copy(), dy.copy()
    params = {key: param.data.copy() for key, param in layer.named_parameters().items()}
    x.flags.writeable = dy.flags.writeable = False
    gradients(layer, x, dy)
    assert same_bits(x, kept[0]) and same_bits(dy, kept[1])
    assert same_bits({k: p.data for k, p in layer.named_parameters().items()}, params)


@MODES
@EVERY
def test_no_shared_memory(name, training):
    """x, dy, y, dx, the parameters and their gradients are all separate arrays."""
    rng = np.random.default_rng(4)
    layer, shape = make(name, rng)
    layer.train(training)
    arrays = {"x": rng.standard_normal(shape)}
    arrays["y"] = layer.forward(arrays["x"])
    arrays["dy"] = upstream(rng, arrays["y"].shape)
    arrays["dx"] = layer.backward(arrays["dy"])
    for key, param in layer.named_parameters().items():
        arrays[key], arrays[f"gradient of {key}"] = param.data, param.grad
    if hasattr(layer, "running"):
        arrays["running mean"], arrays["running std"] = layer.running
    names = list(arrays)
    for i, one in enumerate(names):
        for other in names[:i]:
            assert not np.shares_memory(arrays[one], arrays[other]), f"{one} and {other}"


@MODES
@EVERY
def test_outputs_belong_to_the_caller(name, training):
    """Overwriting y and dx does not change what backward does; and backward may run twice."""
    rng = np.random.default_rng(5)
    layer, shape = make(name, rng)
    layer.train(training)
    x = rng.standard_normal(shape)
    y = layer.forward(x)
    dy = upstream(rng, y.shape)

    def results():
        dx = layer.backward(dy)
        return {"dx": dx, **{key: param.grad for key, param in layer.named_parameters().items()}}

    first = results()
    kept = {key: value.copy() for key, value in first.items()}
    y[...] = np.nan
    for value in first.values():
        value[...] = np.nan
    assert same_bits(results(), kept)


def views(x):
    """Yield the values of x with other strides, and in the other byte order."""
    yield np.asfortranarray(x)
    yield np.ascontiguousarray(x[::-1])[::-1]
    yield np.ascontiguousarray(x.T).T
    yield np.repeat(x, 2, axis=-1)[..., ::2]
    yield x.astype(x.dtype.newbyteorder())


@MODES
@EVERY
def test_any_strides(name, training):
    """Fortran order, reversed views, views with gaps and swapped bytes give the same numbers."""
    rng = np.random.default_rng(6)
    layer, shape = make(name, rng)
    layer.train(training)
    pair = getattr(layer, "running", None)
    x = rng.standard_normal(shape)
    dy = upstream(rng, layer.forward(x).shape)
    found = []
    for view, dy_view in zip([x, *views(x)], [dy, *views(dy)], strict=True):
        if pair is not None:
            layer.running = pair
        y = layer.forward(view)
        found.append({"y": y, **gradients(layer, view, dy_view)})
        assert found[-1]["y"].dtype == found[-1]["x"].dtype == np.float64
        assert found[-1]["y"].dtype.isnative
        if pair is not None:
            layer.running = pair
    for other in found[1:]:
        for key, value in found[0].items():
            np.testing.assert_allclose(other[key], value, rtol=0, atol=1e-11, err_msg=key)


@MODES
@EVERY
def test_a_complex_dy_is_two_real_ones(name, training):
    """backward is linear: of dy = a + bi the gradients are those of a and i times those of b."""
    rng = np.random.default_rng(8)
    layer, shape = make(name, rng)
    layer.train(training)
    y = layer.forward(rng.standard_normal(shape))
    parts = upstream(rng, y.shape), upstream(rng, y.shape)
    found = []
    for dy in (*parts, parts[0] + 1j * parts[1]):
        grads = {"x": layer.backward(dy)}
        found.append(grads | {key: p.grad for key, p in layer.named_parameters().items()})
    for key, both in found[2].items():
        np.testing.assert_allclose(both, found[0][key] + 1j * found[1][key], atol=1e-12)
