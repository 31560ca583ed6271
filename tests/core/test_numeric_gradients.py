"""Every backward pass against numeric derivatives of the library's own forward.

The complex step f(x + ih).imag / h has no cancellation, so h can be 1e-200 and the derivative is
right to machine precision. Central differences need no complex numbers, and are right to 1e-8.
"""

import numpy as np
import pytest
from core_cases import (
    EPS,
    bn_forward,
    brn_forward,
    cases,
    columns,
    count,
    inference_forward,
    make_case,
    sizes,
)
from hypothesis import given
from hypothesis import strategies as st

import brn_numpy as bn

# r clipped high, low, free; d clipped +, - and free: every channel of the probe is another mix
PROBE_RATIO = np.array([4.0, 0.2, 1.2, 4.0, 1.1, 0.8])  # sigma_B / sigma
PROBE_SHIFT = np.array([3.0, -3.0, 0.3, 0.1, 3.0, -0.4])  # (mu_B - mu) / sigma


def forwards(case):
    """Return by name: a function of (x, gamma, beta) that gives y, and the gradients for dy."""
    x, gamma, beta, dy = case.x, case.gamma, case.beta, case.dy
    options = {"eps": case.eps, "axis": case.axis}
    bounds = {"r_max": case.r_max, "d_max": case.d_max}
    cache = bn.batch_renorm_forward(x, gamma, beta, case.running, **bounds, **options)[1]
    pinned = {"correction": (cache.r, cache.d), **bounds, **options}

    def norm(x, gamma, beta):
        return bn.batch_norm_forward(x, gamma, beta, **options)

    def inference(x, gamma, beta):
        return bn.inference_forward(x, gamma, beta, case.running, axis=case.axis)

    def renorm(x, gamma, beta):
        return bn.batch_renorm_forward(x, gamma, beta, case.running, **pinned)

    return {
        "bn": (norm, bn.batch_norm_backward(dy, norm(x, gamma, beta)[1])),
        "inference": (inference, bn.inference_backward(dy, inference(x, gamma, beta)[1])),
        "brn": (renorm, bn.batch_renorm_backward(dy, cache)),
    }


def slopes(forward, case, which, index, method):
    """Return the derivative of sum(dy * y) by one entry of argument number `which`."""
    values = []
    base = [case.x, case.gamma, case.beta]
    h = 1e-200 if method == "complex" else 6e-6 * max(1.0, abs(base[which][index]))
    for step in (1j * h,) if method == "complex" else (h, -h):
        moved = [a.astype(np.complex128) if method == "complex" else a.copy() for a in base]
        moved[which][index] += step
        values.append(columns(forward(*moved)[0], case.axis))
    dy = columns(case.dy, case.axis)
    if method == "complex":
        return (dy * values[0].imag).sum() / h
    return (dy * (values[0] - values[1])).sum() / (2 * h)


def check(case, method, tolerance):
    """Compare all gradients of all three forwards, relative to the size of their terms."""
    size = sizes(case)
    far = sizes(case, *case.running)
    for name, (forward, gradients) in forwards(case).items():
        for which, argument in enumerate(("x", "gamma", "beta")):
            gradient = gradients[which]
            numeric = np.empty_like(gradient)
            for index in np.ndindex(gradient.shape):
                numeric[index] = slopes(forward, case, which, index, method)
            limit = size[which + 2] + far[which + 2]
            error = np.abs(gradient - numeric)
            error = columns(error, case.axis).max(axis=0) if error.ndim > 1 else error
            assert (error <= tolerance * limit).all(), f"{name}, d{argument}: {error / limit}"


@given(cases(dtypes=(np.float64,), max_ndim=4).filter(lambda case: case.x.size <= 150))
def test_gradients_agree_with_the_complex_step(case):
    """All gradients of BN, inference and BRN (r, d pinned) are right to 1e-13 of their terms."""
    check(case, "complex", 1e-13)


@given(
    seed=st.integers(0, 2**32 - 1),
    eps=st.sampled_from(EPS),
    axis=st.sampled_from([1, -1]),
)
def test_gradients_agree_with_central_differences(seed, eps, axis):
    """The same, without any complex number."""
    case = make_case((5, 3) if axis == 1 else (3, 2, 2), axis, seed=seed, eps=eps)
    check(case, "central", 1e-7)


def probe(seed, eps):
    """Make a case of 6 channels whose r and d are clipped in different ways, at 1.5 and 1."""
    case = make_case((7, 6), seed=seed, eps=eps, r_max=1.5, d_max=1.0)
    mean, std = bn.batch_moments(case.x, eps=eps)
    sigma = std / PROBE_RATIO
    return case._replace(running=bn.Moments(mean - PROBE_SHIFT * sigma, sigma))


@pytest.mark.parametrize("eps", EPS)
def test_gradients_where_r_and_d_are_clipped_and_where_not(eps):
    """r clipped high, low and free and d clipped +, - and free, each in a channel of its own."""
    case = probe(seed=5, eps=eps)
    cache = bn.batch_renorm_forward(
        case.x, case.gamma, case.beta, case.running, r_max=1.5, d_max=1.0, eps=eps
    )[1]
    np.testing.assert_allclose(cache.r, [1.5, 1 / 1.5, 1.2, 1.5, 1.1, 0.8], rtol=1e-12)
    np.testing.assert_allclose(cache.d, [1.0, -1.0, 0.3, 0.1, 1.0, -0.4], rtol=1e-12)
    check(case, "complex", 1e-13)
    check(case, "central", 1e-7)


@given(cases(dtypes=(np.float64,)))
def test_the_moments_are_analytic_functions(case):
    """The complex step through batch_moments gives 1/m for the mean, (x - mu)/(m std) for std."""
    first = (0,) * case.x.ndim
    x = case.x.astype(np.complex128)
    x[first] += 1e-200j
    mean, std = bn.batch_moments(x, eps=case.eps, axis=case.axis)
    real = bn.batch_moments(case.x, eps=case.eps, axis=case.axis)
    m = count(case)
    slope = (case.x[first] - real.mean[0]) / (m * real.std[0])
    assert abs(mean[0].imag / 1e-200 - 1 / m) <= 1e-14
    assert abs(std[0].imag / 1e-200 - slope) <= 1e-13 * sizes(case).xhat[0]
    assert not mean[1:].imag.any()
    assert not std[1:].imag.any()


def test_complex_input_needs_a_pinned_correction():
    """r and d are clipped, which is not analytic: complex x, gamma or beta need them pinned."""
    case = make_case((5, 3))
    for which in range(3):
        arguments = [case.x, case.gamma, case.beta]
        arguments[which] = arguments[which].astype(np.complex128)
        with pytest.raises(TypeError, match=r"\bcorrection\b"):
            bn.batch_renorm_forward(*arguments, case.running, r_max=1.5, d_max=1.0)


def test_a_pinned_correction_replaces_that_of_the_minibatch():
    """y is gamma (xhat r + d) + beta with the r and d that were passed, whatever the bounds."""
    case = make_case((7, 3), seed=2)
    r, d = np.array([0.2, 1.0, 7.0]), np.array([-9.0, 0.0, 2.0])
    y, cache = bn.batch_renorm_forward(
        case.x, case.gamma, case.beta, case.running, r_max=1.0, d_max=0.0, correction=(r, d)
    )
    xhat = (case.x - case.x.mean(axis=0)) / np.sqrt(case.x.var(axis=0) + 1e-5)
    np.testing.assert_allclose(y, case.gamma * (xhat * r + d) + case.beta, rtol=1e-12, atol=1e-12)
    assert np.array_equal(cache.r, r)
    assert np.array_equal(cache.d, d)


LARGE = [((9000, 2), 1), ((2, 700), 0), ((2, 3, 600), 1), ((3, 2, 60, 60), 1), ((2, 30, 20, 3), -1)]


@pytest.mark.parametrize(("shape", "axis"), LARGE, ids=str)
def test_large_arrays_are_analytic_too(shape, axis):
    """Long rows and columns are summed in other ways, which must not conjugate either.

    One complex step along all entries at once, and a complex dy, in which backward is linear.
    """
    case = make_case(shape, axis, seed=3)
    rng = np.random.default_rng(4)
    along = [rng.standard_normal(a.shape) for a in (case.x, case.gamma, case.beta)]
    moved = [a + 1e-200j * v for a, v in zip(case[:3], along, strict=True)]
    for name, (forward, gradients) in forwards(case).items():
        slope = (case.dy * forward(*moved)[0].imag).sum() / 1e-200
        terms = [g * v for g, v in zip(gradients, along, strict=True)]
        size = sum(np.abs(term).sum() for term in terms)
        assert abs(slope - sum(term.sum() for term in terms)) <= 1e-13 * size, name
    for cache, backward in (
        (bn_forward(case)[1], bn.batch_norm_backward),
        (inference_forward(case)[1], bn.inference_backward),
        (brn_forward(case)[1], bn.batch_renorm_backward),
    ):
        both = backward(case.dy + 2j * case.x, cache)
        for found, real, imag in zip(
            both, backward(case.dy, cache), backward(2 * case.x, cache), strict=True
        ):
            np.testing.assert_allclose(found, real + 1j * imag, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("samples", [3, 7, 1200])
def test_the_complex_step_in_a_constant_channel(samples):
    """0.1 in every sample, whose mean may be rounded: the complex step agrees with dx there too."""
    case = make_case((samples, 2), seed=5)
    case.x[:, 0] = 0.1
    along = np.random.default_rng(6).standard_normal(case.x.shape)
    for name, (forward, (dx, _, _)) in forwards(case).items():
        y = forward(case.x + 1e-200j * along, case.gamma, case.beta)[0]
        size = np.abs(dx * along).sum()
        assert abs((case.dy * y.imag).sum() / 1e-200 - (dx * along).sum()) <= 1e-13 * size, name
