"""float32 far from zero: mean 1e4 and standard deviation 1e-2, where neighbours are 1e-3 apart.

The reference is the same computation in float64, of the same float32 numbers.
"""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from core_cases import bn_forward, columns, make_case, results

import brn_numpy as bn
from brn_numpy import textbook

SHAPES = [(64, 256), (100_000, 8), (32, 64, 28, 28), (128, 16, 8, 8), (4096, 64)]
SMALLER = [(32, 16, 28, 28) if shape == (32, 64, 28, 28) else shape for shape in SHAPES]
"""The same layouts and as many values a channel, of more than a block still."""


def far_case(shape, axis=1, mean=1e4, std=1e-2):
    """Make a float32 case around `mean`, with running statistics near those of the minibatch."""
    case = make_case(shape, axis, seed=1, r_max=3.0, d_max=5.0)
    rng = np.random.default_rng(2)
    c = shape[axis]
    x = rng.standard_normal(shape) * std + mean
    running = bn.Moments(
        mean + rng.uniform(-3, 3, c) * std, rng.uniform(0.5, 2, c) * np.sqrt(std**2 + 1e-5)
    )
    return as_type(case._replace(x=x, running=running), np.float32)


def as_type(case, dtype):
    """Convert all arrays of a case."""
    x, gamma, beta, dy = (a.astype(dtype) for a in (case.x, case.gamma, case.beta, case.dy))
    running = bn.Moments(*(a.astype(dtype) for a in case.running))
    return case._replace(x=x, gamma=gamma, beta=beta, dy=dy, running=running)


def largest(name, a, b, axis):
    """Return the largest error of each channel, relative to the channel's largest entry but y's."""
    other = tuple(i for i in range(a.ndim) if i != axis % a.ndim) if a.ndim > 1 else ()
    error, size = np.abs(a - b), np.abs(b)
    if other:
        error, size = error.max(axis=other), size.max(axis=other)
    return error / (1 if name.endswith(".y") else size)


def check(case):
    """y to 1e-5 absolute, dx to 1e-5 relative; the sums to 1e-5 of the sum of their terms."""
    found, expected = results(case), results(as_type(case, np.float64))
    for name in ("bn.y", "bn.dx", "brn.y", "brn.dx", "inference.dx", "bn.std", "moments.std"):
        error = largest(name, found[name].astype(np.float64), expected[name], case.axis)
        assert error.max() <= 1e-5, f"{name}: {error.max():.1e}"
    for name in ("bn.mean", "brn.mean", "moments.mean"):  # no worse than the next float32
        assert (np.abs(found[name] - expected[name]) <= np.spacing(np.abs(found[name]))).all(), name
    terms = case.dy.size / case.x.shape[case.axis]
    for name in ("bn.dgamma", "brn.dgamma", "bn.dbeta", "brn.dbeta", "inference.dbeta"):
        error = np.abs(found[name] - expected[name]).max() / terms
        assert error <= 1e-5, f"{name}: {error:.1e}"
    own_sums = columns(case.dy, case.axis).sum(axis=0)  # by NumPy
    assert np.abs(found["bn.dbeta"] - own_sums).max() / terms <= 1e-5
    assert np.abs(found["brn.r"] - expected["brn.r"]).max() <= 1e-5
    assert np.abs(found["brn.d"] - expected["brn.d"]).max() <= 1e-5


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_float32_far_from_zero_is_accurate(shape):
    """With a mean of a million standard deviations, y and dx are right to 1e-5."""
    check(far_case(shape))


def outliers(x):
    """Put four samples in front that lie a hundred million deviations off, on both sides."""
    x[:4] = np.array([1e6, -1e6, 1e6, -1e6]).reshape(-1, *[1] * (x.ndim - 1))


def near_outliers(x):
    """Put four samples in front that are a thousand deviations off: the others still differ."""
    x[:4] += 10


def far_first(x):
    """Put one sample in front that is nothing like the others."""
    x[0] = -1e6


def in_order(x):
    """Sort each pixel: the first samples are the smallest, and the last ones the largest."""
    x.sort(axis=0)


@pytest.mark.parametrize("shape", SMALLER, ids=str)
@pytest.mark.parametrize("change", [outliers, near_outliers, far_first, in_order])
def test_the_first_samples_may_be_unlike_the_others(change, shape):
    """y is right to 1e-5 of itself, dx to 1e-5: no few samples may stand for the mean of all."""
    case = far_case(shape)
    change(case.x)
    found, expected = results(case), results(as_type(case, np.float64))
    for name in ("bn.y", "brn.y"):
        error = np.abs(found[name] - expected[name]) / np.maximum(1, np.abs(expected[name]))
        assert error.max() <= 1e-5, f"{name}: {error.max():.1e}"
    for name in ("bn.dx", "brn.dx", "bn.std", "brn.r", "brn.d"):
        error = largest(name, found[name].astype(np.float64), expected[name], case.axis)
        assert error.max() <= 1e-5, f"{name}: {error.max():.1e}"


@pytest.mark.parametrize("shape", [(64, 256), (100_000, 8), (128, 8, 8, 16)], ids=str)
def test_float32_channels_last_far_from_zero_is_accurate(shape):
    """The same with the channels on the last axis."""
    check(far_case(shape, axis=-1))


@pytest.mark.parametrize(
    ("shape", "axis"),
    [
        ((2, 2, 500, 500), 1),
        ((2, 500_000), 0),
        ((1_100_000, 1), 1),  # so many partial sums that these are summed in slices, too
        ((1, 700, 700, 2), -1),
        ((65_537, 3), 1),  # an odd number of short rows, which cannot be put together two by two
        ((130_000, 2), 1),  # fits into the cache as a whole, and must be cut all the same
    ],
    ids=str,
)
def test_float32_sums_of_very_many_values_are_accurate(shape, axis):
    """Hundreds of thousands of values a channel, in whichever axes they lie, cost no digits."""
    check(far_case(shape, axis, mean=0.3, std=1.0))


def error_of_long_rows():
    """Return the largest error of y, relative where |y| > 1, with 500,000 values a channel."""
    found = []
    for shape, axis in (((2, 500_000), 0), ((2, 2, 500, 500), 1)):
        case = far_case(shape, axis, mean=0.3, std=1.0)
        y, expected = (bn_forward(c)[0] for c in (case, as_type(case, np.float64)))
        found.append((np.abs(y - expected) / np.maximum(1, np.abs(expected))).max())
    return max(found)


def test_long_rows_with_the_sums_of_an_older_processor():
    """They do not rest on the many partial sums of a BLAS kernel: OpenBLAS's for Nehalem has few.

    Where NumPy has another BLAS library, this is one more run with that one.
    """
    folder = Path(__file__).parent
    paths = [str(folder), str(folder.parent), *sys.path]
    environment = {
        **os.environ,
        "OPENBLAS_CORETYPE": "Nehalem",
        "PYTHONPATH": os.pathsep.join(paths),
    }
    code = "import test_float32_accuracy as t; print(t.error_of_long_rows())"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment)
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) <= 1e-6


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_the_textbook_is_not_accurate_there(shape):
    """The same input is no easy one: the textbook, in float32, loses two digits more.

    This is the number in the README; it also keeps the tests above from becoming trivial.
    """
    x = far_case(shape).x
    one, zero = np.ones(shape[1], x.dtype), np.zeros(shape[1], x.dtype)
    y, exact = (textbook.batch_norm_forward(a, one, zero, 1e-5)[0] for a in (x, x.astype(float)))
    assert y.dtype == np.float32 and np.abs(y - exact).max() > 1e-2


def test_a_running_pair_in_float64_keeps_its_digits():
    """Its mean lies between two float32 numbers: inference and BRN subtract all of it."""
    x = (1e4 + 1e-2 * np.random.default_rng(0).standard_normal((64, 3))).astype(np.float32)
    running = bn.Moments(np.array([10000.0003, 9999.9997, 10000.00045]), np.full(3, 0.01))
    gamma, beta = np.array([1.0, -2.0, 0.5]), np.array([0.0, 1.0, -1.0])
    dy = np.random.default_rng(1).standard_normal(x.shape)
    expected, cache = bn.inference_forward(x.astype(np.float64), gamma, beta, running)
    gradients = bn.inference_backward(dy, cache)
    y, cache = bn.inference_forward(x, gamma, beta, running)
    assert y.dtype == np.float32 and np.abs(y - expected).max() <= 1e-5
    for found, right in zip(bn.inference_backward(dy, cache), gradients, strict=True):
        assert found.dtype == np.float32
        assert np.abs(found - right).max() <= 1e-5 * max(1, np.abs(right).max())
    free = {"r_max": np.inf, "d_max": np.inf}
    y, cache = bn.batch_renorm_forward(x, gamma, beta, running, **free)
    assert y.dtype == cache.d.dtype == np.float32 and np.abs(y - expected).max() <= 1e-5
    with pytest.raises(ValueError, match=r"running\.mean must be finite in float32"):
        bn.inference_forward(x, gamma, beta, running._replace(mean=np.full(3, 1e300)))
