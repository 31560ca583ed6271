"""Values that break careless code: constants, tiny spreads, huge and tiny numbers, NaN and inf.

Here the claims are weaker than for benign values: finite results, xhat within its bound, no
warnings (pytest makes errors of them), and no channel disturbed by another.
"""

import numpy as np
import pytest
from core_cases import DTYPES, assert_close, count, make_case, results, sizes
from hypothesis import example, given
from hypothesis import strategies as st

import brn_numpy as bn


def constant(value):
    """Make a channel of one value."""
    return lambda rng, n: np.full(n, value)


def around(mean, std):
    """Make a channel of normal numbers."""
    return lambda rng, n: mean + std * rng.standard_normal(n)


def neighbours(value):
    """Make a channel of one value, but for a single neighbouring one."""
    return lambda rng, n: np.append(np.full(n - 1, value), np.nextafter(value, 2 * value))


def outlier(value):
    """Make a channel of zeros and one large value: the largest xhat there can be."""
    return lambda rng, n: np.append(np.zeros(n - 1), value)


COMMON = {
    "tame": around(-2.0, 1.5),
    "0.1 repeated": constant(0.1),
    "zeros": constant(0.0),
    "minus zeros": constant(-0.0),
    "mean 1e6, std 1e-8": around(1e6, 1e-8),
    "mean -1e6, std 1": around(-1e6, 1.0),
    "1e18": around(0.0, 1e18),
    "outlier": outlier(1e6),
    "neighbours": neighbours(np.float32(0.1)),
}
CHANNELS = {
    np.float32: COMMON
    | {
        "1e18/3 repeated": constant(np.float32(1e18) / np.float32(3)),
        "neighbours of 1e18": neighbours(np.float32(1e18)),
        "1e30": around(1e29, 1e30),
        "subnormal": around(0.0, 1e-40),
        "huge outlier": outlier(-1e30),
    },
    np.float64: COMMON
    | {
        "1e150/3 repeated": constant(1e150 / 3),
        "neighbours of 1e150": neighbours(1e150),
        "1e150": around(0.0, 1e150),
        "1e200": around(1e200, 3e199),
        "subnormal": around(0.0, 1e-310),
        "huge outlier": outlier(-1e200),
    },
}


def hostile_case(dtype, names, n, seed, eps=1e-5, spatial=()):
    """Make a case whose channels are those of CHANNELS with the given names."""
    case = make_case((n, len(names), *spatial), seed=seed, dtype=dtype, eps=eps)
    rng, m = np.random.default_rng(seed), count(case)
    values = np.stack([CHANNELS[dtype][name](rng, m).astype(dtype) for name in names])
    x = np.moveaxis(values.reshape(len(names), n, *spatial), 0, 1).copy()
    return case._replace(x=x)


draws = {
    "n": st.sampled_from([2, 3, 7, 40, 1500]),
    "seed": st.integers(0, 2**32 - 1),
    "spatial": st.sampled_from([(), (2, 3)]),
}


@pytest.mark.parametrize("dtype", DTYPES)
@given(**draws, eps=st.sampled_from([1e-30, 1e-5, 0.1]))
@example(n=1500, seed=0, spatial=(), eps=1e-30)
def test_xhat_stays_within_its_bound_and_all_results_are_finite(dtype, n, seed, spatial, eps):
    """|xhat| <= sqrt(N - 1) for whatever values, and every result is a finite number."""
    names = list(CHANNELS[dtype])
    case = hostile_case(dtype, names, n, seed, eps, spatial)
    one = case._replace(gamma=np.ones_like(case.gamma), beta=np.zeros_like(case.beta))
    xhat = bn.batch_norm_forward(one.x, one.gamma, one.beta, eps=eps)[0]
    bound = np.sqrt(count(case) - 1) * (1 + 1000 * np.finfo(dtype).eps)
    largest = np.abs(xhat).max(axis=(0, *range(2, xhat.ndim)))
    assert (largest <= bound).all(), dict(zip(names, largest / bound, strict=True))
    for name, a in results(case).items():
        assert np.isfinite(a).all(), name


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("n", [2, 3, 10, 333, 4097])
def test_a_constant_channel_has_xhat_0_and_the_std_of_eps(dtype, n):
    """x - mean is exactly 0 although the mean of n times 0.1 is rounded; std is sqrt(eps)."""
    third = 1e18 / 3 if dtype is np.float32 else 1e150 / 3
    largest = np.finfo(dtype).max
    values = np.array([0.1, 0.0, -0.0, third, -largest, largest], dtype)
    x = np.tile(values, (n, 1))
    gamma, beta = make_case((2, 6), dtype=dtype)[1:3]
    for eps in (1e-30, 1e-5):
        y, cache = bn.batch_norm_forward(x, gamma, beta, eps=eps)
        assert np.array_equal(y, np.tile(beta, (n, 1)))
        assert np.array_equal(cache.batch.mean, values)
        root = np.full_like(gamma, np.sqrt(eps))
        assert_close(cache.batch.std, root, root, ulps=4)


@pytest.mark.parametrize("dtype", DTYPES)
@given(**draws)
def test_huge_and_tiny_channels_have_the_results_of_scaled_ones(dtype, n, seed, spatial):
    """Scaled by a power of two to where squares overflow, y and dgamma are the same, dx scaled."""
    case = make_case((n, 4, *spatial), seed=seed, dtype=dtype, eps=1e-30)
    power = dtype(2.0) ** (100 if dtype is np.float32 else 700)
    huge = case._replace(x=case.x * power)
    y, cache = bn.batch_norm_forward(case.x, case.gamma, case.beta, eps=1e-30)
    y_huge, cache_huge = bn.batch_norm_forward(huge.x, case.gamma, case.beta, eps=1e-30)
    dx, dgamma, dbeta = bn.batch_norm_backward(case.dy, cache)
    dx_huge, dgamma_huge, dbeta_huge = bn.batch_norm_backward(case.dy, cache_huge)
    size = sizes(case)
    assert_close(y_huge, y, size.y, 1)
    assert_close(cache_huge.batch.std / power, cache.batch.std, cache.batch.std)
    assert_close(dx_huge * power, dx, size.dx, 1)
    assert_close(dgamma_huge, dgamma, size.dgamma)
    assert np.array_equal(dbeta_huge, dbeta)


@pytest.mark.parametrize("dtype", DTYPES)
@given(**draws, bad=st.sampled_from([np.nan, np.inf, -np.inf]), tame=st.booleans())
def test_nan_and_inf_stay_in_their_channel(dtype, n, seed, spatial, bad, tame):
    """A NaN or inf makes NaN of its channel and leaves all others bit for bit."""
    names = ["tame"] * 5 if tame else list(CHANNELS[dtype])
    case = hostile_case(dtype, names, n, seed, spatial=spatial)
    broken = case._replace(x=case.x.copy())
    broken.x[(seed % n, 3, *(0 for _ in spatial))] = bad
    others = np.arange(len(names)) != 3
    before, after = results(case), results(broken)
    for name, a in after.items():
        pick = (slice(None), others) if a.ndim > 1 else others
        assert np.array_equal(a[pick], before[name][pick]), name
    for name in ("bn.y", "bn.dx", "brn.y", "brn.dx"):
        assert np.isnan(after[name][:, 3]).all(), name
    for name in ("bn.dgamma", "bn.std", "brn.dgamma", "updated.std"):
        assert np.isnan(after[name][3]), name


@pytest.mark.parametrize("dtype", DTYPES)
def test_nan_in_dy_stays_in_its_channel(dtype):
    """A NaN in dy makes NaN of its channel's gradients and leaves all others bit for bit."""
    case = make_case((7, 5, 3), seed=8, dtype=dtype)
    broken = case._replace(dy=case.dy.copy())
    broken.dy[2, 1, 1] = np.nan
    others = np.arange(5) != 1
    before, after = results(case), results(broken)
    for kind in ("bn", "brn", "inference"):
        for part in ("dx", "dgamma", "dbeta"):
            a, b = (r[f"{kind}.{part}"] for r in (after, before))
            a, b = (np.moveaxis(v, 1, 0) if v.ndim > 1 else v for v in (a, b))
            assert np.array_equal(a[others], b[others])
            assert np.isnan(a[1]).any()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("momentum", [0.0, 0.3, 0.7])
def test_running_statistics_take_over_what_overflows(dtype, momentum):
    """NaN, inf or a huge difference in one channel: no warning, and the others move as ever."""
    largest = np.finfo(dtype).max
    running = bn.Moments(np.array([1, -largest, 1, 1], dtype), np.ones(4, dtype))
    batch = bn.Moments(np.array([np.nan, largest, np.inf, 3], dtype), np.full(4, 2, dtype))
    mean, std = bn.update_running(running, batch, momentum)
    np.testing.assert_allclose(std, 1 + momentum, rtol=1e-6)
    np.testing.assert_allclose(mean[3], 1 + 2 * momentum, rtol=1e-6)
    assert np.isnan(mean[0])


@pytest.mark.parametrize("dtype", DTYPES)
def test_bounds_larger_than_the_dtype_are_no_bounds(dtype):
    """r_max and d_max of 1e300 do what np.inf does, without a warning, in float32 too."""
    case = make_case((7, 5), seed=4, dtype=dtype, r_max=np.inf, d_max=np.inf)
    large = results(case._replace(r_max=1e300, d_max=1e300))
    for name, a in results(case).items():
        assert np.array_equal(a, large[name]), name


@pytest.mark.parametrize("dtype, huge", [(np.float64, 1e200), (np.float32, 1e30)])
def test_huge_skewed_channels(dtype, huge):
    """Squares that overflow, in a channel whose mean is far from the middle of its range."""
    x = np.full((9, 2), dtype(huge))
    x[0, 0], x[1:3, 1] = -huge, 0
    y, cache = bn.batch_norm_forward(x, np.ones(2, dtype), np.zeros(2, dtype))
    unit = x.astype(np.float64) / huge  # the same in a unit in which nothing overflows
    expected = (unit - unit.mean(axis=0)) / unit.std(axis=0)
    np.testing.assert_allclose(y, expected, rtol=50 * np.finfo(dtype).eps)
    np.testing.assert_allclose(cache.batch.std / huge, unit.std(axis=0), rtol=1e-5)
    np.testing.assert_allclose(cache.batch.mean / huge, unit.mean(axis=0), rtol=1e-5)


@pytest.mark.parametrize(("dtype", "size"), [(np.float32, 1e36), (np.float64, 1e306)])
def test_products_that_overflow_cost_no_gradient(dtype, size):
    """The sum of (x - mean) * dy overflows, but not dgamma; other channels keep theirs."""
    unit = np.random.default_rng(5).standard_normal((500, 3)).astype(dtype)
    x = unit * np.array([1, size, 1], dtype)
    dy = unit + np.random.default_rng(6).standard_normal(x.shape).astype(dtype)
    dy[:, 2] = np.nan
    gamma, beta = np.full(3, 2, dtype), np.ones(3, dtype)
    dx, dgamma, dbeta = bn.batch_norm_backward(dy, bn.batch_norm_forward(x, gamma, beta)[1])
    cache = bn.batch_norm_forward(unit, gamma, beta, eps=1e-30)[1]
    expected = bn.batch_norm_backward(dy, cache)
    np.testing.assert_allclose(dgamma[1], expected[1][1], rtol=1e-4)
    np.testing.assert_allclose(dx[:, 1] * dtype(size), expected[0][:, 1], rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(dgamma[0], expected[1][0], rtol=1e-4)
    assert np.isnan(dgamma[2]) and np.isfinite(dbeta[:2]).all()


@pytest.mark.parametrize("dtype", DTYPES)
def test_two_neighbouring_numbers(dtype):
    """A spread below the rounding of the mean, and as large as the root of eps: std is right.

    The values are 1e4 and the next number. Of their differences, 0 and 1 steps, all is known.
    """
    rng = np.random.default_rng(0)
    steps, low = rng.integers(0, 2, (9, 50)), dtype(1e4)
    step = float(np.nextafter(low, dtype(np.inf)) - low)
    std = bn.batch_moments(np.where(steps == 1, low + dtype(step), low), eps=step**2).std
    expected = step * np.sqrt(steps.var(axis=0) + 1)
    np.testing.assert_allclose(std, expected, rtol=1e-5)
