"""Layer, group, instance and RMS normalisation: the formula, the identities, and the hard cases."""

import numpy as np
import pytest
from core_cases import DTYPES, EPS, make_case
from hypothesis import given
from hypothesis import strategies as st

import brn_numpy as bn
from brn_numpy.gradcheck import check_gradients

RMS = "rms"  # in the place of a number of groups
SHAPES = [((3, 6), 2), ((1, 4), 1), ((2, 6, 3), 3), ((3, 4, 2, 2), 4), ((2, 3, 1, 2), RMS)]
SHAPES += [((5, 1), RMS), ((4, 2), RMS)]


@st.composite
def shapes(draw):
    """Draw a shape and into how many groups its channels go, at least two values a group."""
    n, groups, channels = (draw(st.integers(1, top)) for top in (5, 3, 4))
    spatial = draw(st.sampled_from([(), (1,), (3,), (2, 2), (3, 1, 2)]))
    if channels * np.prod(spatial) == 1:
        channels = 2
    kind = draw(st.sampled_from([groups, groups, RMS]))
    return (n, groups * channels, *spatial), kind


def forward(case, groups):
    """Call the forward function; return y and the cache."""
    if groups == RMS:
        return bn.rms_norm_forward(case.x, case.gamma, eps=case.eps)
    return bn.group_norm_forward(case.x, case.gamma, case.beta, groups, eps=case.eps)


def backward(case, cache, groups):
    """Call the backward function."""
    return (bn.rms_norm_backward if groups == RMS else bn.group_norm_backward)(case.dy, cache)


def results(case, groups):
    """Return y, dx, dgamma and, if there is one, dbeta."""
    y, cache = forward(case, groups)
    return (y, *backward(case, cache, groups))


def plain(case, groups):
    """Return the same by the formulas, in plain NumPy and in the dtype of x."""
    x, gamma, beta, dy = case.x, case.gamma, case.beta, case.dy
    wide = (-1, *[1] * (x.ndim - 2))
    over = (0, *range(2, x.ndim))
    rows = x.reshape(len(x), 1 if groups == RMS else groups, -1)  # (N, G, m)
    mu = 0 if groups == RMS else rows.mean(axis=2, keepdims=True)
    std = np.sqrt(((rows - mu) ** 2).mean(axis=2, keepdims=True) + x.dtype.type(case.eps))
    xhat = (rows - mu) / std
    y = gamma.reshape(wide) * xhat.reshape(x.shape)
    dxhat = (gamma.reshape(wide) * dy).reshape(rows.shape)
    through_mean = 0 if groups == RMS else dxhat.mean(axis=2, keepdims=True)
    through_std = xhat * (dxhat * xhat).mean(axis=2, keepdims=True)
    dx = ((dxhat - through_mean - through_std) / std).reshape(x.shape)
    dgamma = (dy * xhat.reshape(x.shape)).sum(axis=over)
    if groups == RMS:
        return y, dx, dgamma
    return y + beta.reshape(wide), dx, dgamma, dy.sum(axis=over)


def as_type(case, dtype):
    """Convert the arrays of a case."""
    arrays = {name: getattr(case, name).astype(dtype) for name in ("x", "gamma", "beta", "dy")}
    return case._replace(**arrays)


def assert_close(found, expected, case, groups, ulps=64):
    """Compare y, dx, dgamma and dbeta, relative to the size of the terms that add up to each."""
    rows = case.x.astype(np.float64).reshape(len(case.x), 1 if groups == RMS else groups, -1)
    std = np.sqrt((rows**2).mean(axis=2) if groups == RMS else rows.var(axis=2) + case.eps)
    far = np.abs(rows).max(axis=2) / std  # (N, G)
    gamma, dy = np.abs(case.gamma).max(), np.abs(case.dy).max()
    sizes = [
        gamma * far.max() + np.abs(case.beta).max(),
        gamma * dy * (far**2 / std).max(),
        np.abs(case.dy).sum() * far.max(),
        np.abs(case.dy).sum(),
    ]
    for a, b, size in zip(found, expected, sizes, strict=False):
        assert a.shape == b.shape and a.dtype == case.x.dtype
        assert np.abs(a - b).max() <= ulps * np.finfo(a.dtype).eps * size
    assert len(found) == len(expected) == (3 if groups == RMS else 4)


@given(
    shapes(),
    st.integers(0, 2**32 - 1),
    st.sampled_from(EPS),
    st.sampled_from(DTYPES),
    st.booleans(),
)
def test_the_functions_are_the_formula(shape_and_groups, seed, eps, dtype, zero):
    """y and all gradients, in float32 and float64, also where a gamma is 0."""
    shape, groups = shape_and_groups
    case = make_case(shape, seed=seed, eps=eps, dtype=dtype)
    case.gamma[0] *= not zero
    expected = plain(as_type(case, np.float64), groups)
    assert_close(results(case, groups), expected, case, groups)


@pytest.mark.parametrize("groups", [1, 4, 16, RMS])
@pytest.mark.parametrize("shape", [(1500, 16), (40, 16, 40, 30), (2, 16, 150, 120)], ids=str)
def test_many_samples_and_large_ones(shape, groups):
    """Samples that do not fit into the cache together, or not even alone."""
    if groups == 16 and len(shape) == 2:
        groups = 8
    case = make_case(shape, seed=1, dtype=np.float32)
    expected = plain(as_type(case, np.float64), groups)
    assert_close(results(case, groups), expected, case, groups)


@pytest.mark.parametrize("method", ["complex", "richardson"])
@pytest.mark.parametrize("shape, groups", SHAPES)
def test_the_gradients_are_those_of_the_forward(shape, groups, method):
    """By the complex step and by differences; one gamma is 0, as where a residual branch begins."""
    case = make_case(shape, seed=3, eps=0.1)
    case.gamma[-1] *= shape[1] == 1
    inputs = {"x": case.x, "gamma": case.gamma, "beta": case.beta}
    if groups == RMS:
        del inputs["beta"]

    def moved(x, gamma, beta=case.beta):
        return forward(case._replace(x=x, gamma=gamma, beta=beta), groups)

    function = bn.rms_norm_backward if groups == RMS else bn.group_norm_backward
    check_gradients(moved, function, inputs, method=method).assert_ok()


@given(st.integers(1, 6), st.integers(2, 7), st.integers(0, 999), st.sampled_from(DTYPES))
def test_layer_norm_of_rows_is_batch_norm_of_their_transpose(n, c, seed, dtype):
    """With gamma 1 and beta 0: LN takes over the channels what BN takes over the samples."""
    case = make_case((n, c), seed=seed, dtype=dtype)
    case = case._replace(gamma=np.ones(c, dtype), beta=np.zeros(c, dtype))
    y, cache = bn.batch_norm_forward(case.x.T, np.ones(n, dtype), np.zeros(n, dtype))
    dx = bn.batch_norm_backward(case.dy.T, cache)[0]
    expected = y.T, dx.T, (case.dy * y.T).sum(axis=0), case.dy.sum(axis=0)
    y, cache = bn.layer_norm_forward(case.x, case.gamma, case.beta)
    assert_close((y, *bn.layer_norm_backward(case.dy, cache)), expected, case, 1)


@pytest.mark.parametrize("dtype", DTYPES)
def test_instance_norm_is_batch_norm_of_each_sample_alone(dtype):
    """With gamma and beta, whose gradients are summed over the samples."""
    case = make_case((5, 3, 4, 2), seed=2, dtype=dtype)
    alone = []
    for x, dy in zip(case.x[:, None], case.dy[:, None], strict=True):
        y, cache = bn.batch_norm_forward(x, case.gamma, case.beta)
        alone.append((y, *bn.batch_norm_backward(dy, cache)))
    y, dx, dgamma, dbeta = zip(*alone, strict=True)
    expected = np.concatenate(y), np.concatenate(dx), sum(dgamma), sum(dbeta)
    y, cache = bn.instance_norm_forward(case.x, case.gamma, case.beta)
    assert_close((y, *bn.instance_norm_backward(case.dy, cache)), expected, case, 3)


@pytest.mark.parametrize("shape", [(5, 6), (2, 6, 3)])
def test_a_group_is_layer_norm_of_its_channels(shape):
    """Three groups of two channels are three layer normalisations, side by side."""
    case = make_case(shape, seed=4)
    parts = []
    for cut in (slice(0, 2), slice(2, 4), slice(4, 6)):
        y, cache = bn.layer_norm_forward(case.x[:, cut], case.gamma[cut], case.beta[cut])
        parts.append((y, *bn.layer_norm_backward(case.dy[:, cut], cache)))
    y, dx, dgamma, dbeta = zip(*parts, strict=True)
    joined = [np.concatenate(a, axis=int(a[0].ndim > 1)) for a in (y, dx, dgamma, dbeta)]
    assert_close(results(case, 3), joined, case, 3)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(5, 6), (2, 6, 3)])
def test_rms_norm_is_layer_norm_of_x_beside_minus_x(shape, dtype):
    """Their mean is 0, and their variance the mean square. x moves both halves: two terms in dx."""
    case, c = make_case(shape, seed=5, dtype=dtype), shape[1]
    x, dy = (np.concatenate((a, -a), axis=1) for a in (case.x, case.dy))
    gamma = np.tile(case.gamma, 2)
    y, cache = bn.layer_norm_forward(x, gamma, np.zeros_like(gamma))
    dx, dgamma, _ = bn.layer_norm_backward(dy, cache)
    half = (dx[:, :c] - dx[:, c:]) / 2
    assert_close(results(case, RMS), (y[:, :c], half, dgamma[:c]), case, RMS)


@given(shapes(), st.integers(0, 999))
def test_no_sample_depends_on_the_others(shape_and_groups, seed):
    """y and dx of a sample are what they are without the others."""
    shape, groups = shape_and_groups
    case = make_case(shape, seed=seed)
    alone = [
        results(case._replace(x=x, dy=dy), groups)
        for x, dy in zip(case.x[:, None], case.dy[:, None], strict=True)
    ]
    y, dx, *vectors = zip(*alone, strict=True)
    expected = np.concatenate(y), np.concatenate(dx), *(sum(v) for v in vectors)
    assert_close(results(case, groups), expected, case, groups)


@pytest.mark.parametrize("dtype, shift", [(np.float32, 2.0**15), (np.float64, -(2.0**40))])
@given(shapes().filter(lambda drawn: drawn[1] != RMS), st.integers(0, 999))
def test_a_shift_of_the_input_changes_nothing(dtype, shift, shape_and_groups, seed):
    """However large it is: x is on a grid, so that x + c is exact. (RMS norm sees the shift.)"""
    shape, groups = shape_and_groups
    case = make_case(shape, seed=seed, eps=0.1)
    case = as_type(case._replace(x=np.round(case.x * 64) / 64), dtype)
    shifted = case._replace(x=case.x + dtype(shift))
    assert_close(results(shifted, groups), results(case, groups), case, groups)


@given(shapes(), st.integers(0, 999), st.sampled_from([0.1, 3.0, 2.0**40]))
def test_a_scale_of_the_input_changes_nothing(shape_and_groups, seed, a):
    """Of x times a, with eps times a squared, the output is the same; dx is divided by a."""
    shape, groups = shape_and_groups
    case = make_case(shape, seed=seed)
    y, dx, *vectors = results(case._replace(x=a * case.x, eps=a * a * case.eps), groups)
    assert_close((y, a * dx, *vectors), results(case, groups), case, groups)


@pytest.mark.parametrize("groups", [1, 8, RMS])
@pytest.mark.parametrize("shape", [(64, 256), (4, 32, 28, 28), (2000, 64)], ids=str)
def test_float32_far_from_zero_is_accurate(shape, groups):
    """At mean 1e4 and standard deviation 1e-2, where plain NumPy is off by a hundredth and more."""
    rng = np.random.default_rng(1)
    case = make_case(shape, seed=1, dtype=np.float32)
    case = case._replace(x=(1e4 + 1e-2 * rng.standard_normal(shape)).astype(np.float32))
    expected = plain(as_type(case, np.float64), groups)
    found = results(case, groups)
    terms = case.dy.size / shape[1]
    sizes = 1, np.abs(expected[1]).max(), terms, terms
    for a, b, size in zip(found, expected, sizes, strict=False):
        assert np.abs(a - b).max() <= 1e-5 * size
    if groups != RMS:
        assert np.abs(plain(case, groups)[0] - expected[0]).max() > 1e-2


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("groups", [2, RMS])
@pytest.mark.parametrize("shape", [(5, 6), (5, 6, 7)])
def test_nan_and_inf_stay_in_their_group(shape, groups, dtype, bad):
    """They make NaN of their group of their sample; other values stay bit for bit."""
    case = make_case(shape, seed=6, dtype=dtype)
    broken = case._replace(x=case.x.copy())
    broken.x[(1, 4, *(0 for _ in shape[2:]))] = bad
    hit = np.zeros(shape, bool)
    hit[1, 0 if groups == RMS else 3 :] = True
    after, before = results(broken, groups), results(case, groups)
    for a, b in zip(after[:2], before, strict=False):
        assert np.isnan(a[hit]).all()
        assert np.array_equal(a[~hit], b[~hit])
    channels = hit.any(axis=(0, *range(2, len(shape))))
    assert np.isnan(after[2][channels]).all()
    assert np.array_equal(after[2][~channels], before[2][~channels])
    assert all(np.array_equal(a, b) for a, b in zip(after[3:], before[3:], strict=True))


@pytest.mark.parametrize("dtype", DTYPES)
def test_constants_and_huge_values(dtype):
    """A constant group gives beta to the bit; squares that overflow cost nothing."""
    huge = dtype(2.0) ** (100 if dtype is np.float32 else 700)
    case = make_case((7, 6), seed=7, dtype=dtype, eps=1e-30)
    constant = case._replace(x=np.full((7, 6), dtype(0.1)))
    assert np.array_equal(forward(constant, 2)[0], np.tile(case.beta, (7, 1)))
    for groups in (1, 3, RMS):
        y, dx, *vectors = results(case._replace(x=case.x * huge), groups)
        assert_close((y, dx * huge, *vectors), results(case, groups), case, groups)
    with np.errstate(all="raise"):  # a caller's settings play no part
        results(case._replace(x=case.x * huge, gamma=case.gamma.astype(float) * 1e300), 2)


@pytest.mark.parametrize("shape, groups", SHAPES)
def test_the_functions_are_pure(shape, groups):
    """No argument is changed, no memory is shared, and a backward pass can be repeated."""
    case = make_case(shape, seed=8)
    arrays = case.x, case.gamma, case.beta, case.dy
    before = [a.copy() for a in arrays]
    y, cache = forward(case, groups)
    first = backward(case, cache, groups)
    assert all(np.array_equal(a, b) for a, b in zip(arrays, before, strict=True))
    outputs = (y, *first)
    for i, a in enumerate(outputs):
        assert not any(np.shares_memory(a, b) for b in (*arrays, *outputs[:i]))
    kept = [a.copy() for a in first]
    for a in (*outputs, case.gamma, case.beta):
        a[...] = np.nan
    for a, b in zip(backward(case, cache, groups), kept, strict=True):
        assert np.array_equal(a, b)


def test_strided_arrays_and_lists():
    """x with gaps or in another order, and nested lists, give the numbers of a plain copy."""
    case = make_case((4, 6, 3), seed=9)
    expected = results(case, 2)
    gaps = np.repeat(case.x, 2, axis=1)[:, ::2]
    for x in (gaps, np.asfortranarray(case.x), case.x.tolist()):
        y, cache = bn.group_norm_forward(x, case.gamma.tolist(), case.beta, 2, eps=case.eps)
        dy = np.asfortranarray(case.dy)
        assert_close((y, *bn.group_norm_backward(dy, cache)), expected, case, 2)


def test_groups_must_divide_the_channels_and_have_a_variance():
    """The message says both numbers; one value a group is refused, but RMS norm takes it."""
    x, one, zero = np.ones((5, 6)), np.ones(6), np.zeros(6)
    with pytest.raises(ValueError, match=r"num_groups must divide the 6 channels of x, got 4"):
        bn.group_norm_forward(x, one, zero, 4)
    for refused in (
        lambda: bn.group_norm_forward(x, one, zero, 6),
        lambda: bn.instance_norm_forward(x, one, zero),
        lambda: bn.instance_norm_forward(x[..., None], one, zero),
        lambda: bn.layer_norm_forward(x[:, :1], one[:1], zero[:1]),
    ):
        with pytest.raises(ValueError, match=r"^x has one value per group, shape \(5, [16]"):
            refused()
    y, cache = bn.rms_norm_forward(-2 * x[:, :1], one[:1], eps=1e-30)
    assert np.array_equal(y, -x[:, :1]) and not bn.rms_norm_backward(x[:, :1], cache)[0].any()
