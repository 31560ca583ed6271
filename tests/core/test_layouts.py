"""The channel axis: wherever it lies, the same numbers come out, in the same places."""

import numpy as np
from core_cases import assert_close, cases, results, tolerances
from hypothesis import given
from hypothesis import strategies as st

import brn_numpy as bn


def assert_same_results(found, expected, axis, expected_axis, size):
    """Compare two answers of results() whose channels lie on different axes."""
    assert found.keys() == expected.keys()
    for name, a in found.items():
        b = np.moveaxis(expected[name], expected_axis, axis) if a.ndim > 1 else expected[name]
        assert a.dtype == b.dtype, name
        assert_close(a, b, size[name.split(".")[1]], axis)


@given(cases(), st.integers(-5, 4))
def test_the_channel_axis_can_be_anywhere(case, new):
    """With the channels moved to another axis, all results are the same, moved likewise."""
    ndim = case.x.ndim
    new = max(-ndim, min(new, ndim - 1))
    x, dy = (np.moveaxis(a, case.axis, new).copy(order="C") for a in (case.x, case.dy))
    moved = case._replace(x=x, dy=dy, axis=new)
    assert_same_results(results(moved), results(case), new, case.axis, tolerances(case))


@given(cases())
def test_a_convolution_is_a_dense_layer_on_its_pixels(case):
    """(N, C, H, W) has the results of (N*H*W, C): each pixel is one more sample."""
    x, dy = (
        np.moveaxis(a, case.axis, -1).reshape(-1, a.shape[case.axis]) for a in (case.x, case.dy)
    )
    dense, conv = results(case._replace(x=x, dy=dy, axis=1)), results(case)
    size = tolerances(case)
    assert dense.keys() == conv.keys()
    for name, a in conv.items():
        if a.ndim > 1:
            a = np.moveaxis(a, case.axis, -1).reshape(x.shape)
        assert_close(a, dense[name], size[name.split(".")[1]], 1)


@given(cases())
def test_every_result_has_the_dtype_of_x_and_its_shape(case):
    """float32 in, float32 out, also with float64 parameters; arrays like x or one per channel."""
    for wide in (case, case._replace(gamma=case.gamma.astype(np.float64))):
        for name, a in results(wide).items():
            assert a.dtype == case.x.dtype, name
            like_x = name.split(".")[1] in ("y", "dx")
            assert a.shape == (case.x.shape if like_x else case.gamma.shape), name


@given(cases())
def test_the_default_axis_is_1(case):
    """Without `axis`, the channels are on axis 1."""
    case = case._replace(x=np.moveaxis(case.x, case.axis, 1))
    x, gamma, beta, running = case.x, case.gamma, case.beta, case.running
    bounds = {"r_max": case.r_max, "d_max": case.d_max}
    pairs = [
        (bn.batch_moments(x), bn.batch_moments(x, axis=1)),
        (bn.batch_norm_forward(x, gamma, beta), bn.batch_norm_forward(x, gamma, beta, axis=1)),
        (
            bn.inference_forward(x, gamma, beta, running),
            bn.inference_forward(x, gamma, beta, running, axis=1),
        ),
        (
            bn.batch_renorm_forward(x, gamma, beta, running, **bounds),
            bn.batch_renorm_forward(x, gamma, beta, running, **bounds, axis=1, eps=1e-5),
        ),
    ]
    for short, full in pairs:
        assert np.array_equal(short[0], full[0])
