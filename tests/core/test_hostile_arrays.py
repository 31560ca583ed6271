"""Arrays that lie unusually in memory: the numbers count, not how they are stored."""

import numpy as np
import pytest
from core_cases import DTYPES, assert_close, cases, make_case, results, tolerances
from hypothesis import given

import brn_numpy as bn


def every_second(a):
    """View every second entry of a larger array, along all axes."""
    large = np.full([2 * n for n in a.shape], np.nan, a.dtype)
    view = large[(slice(None, None, 2),) * a.ndim]
    view[...] = a
    return view


def backwards(a):
    """View a reversed copy from its end to its beginning, along all axes."""
    return np.flip(np.flip(a).copy())


def rotated(a):
    """View a copy whose axes lie in another order in memory."""
    return np.moveaxis(np.moveaxis(a, 0, -1).copy(), -1, 0)


def unaligned(a):
    """View bytes that begin at an odd address."""
    buffer = np.zeros(a.nbytes + 1, np.uint8)
    view = buffer[1:].view(a.dtype).reshape(a.shape)
    view[...] = a
    return view


def big_endian(a):
    """Store the numbers in the other byte order."""
    return a.astype(a.dtype.newbyteorder("S"))


def read_only(a):
    """Forbid writing."""
    a = a.copy()
    a.flags.writeable = False
    return a


def with_arrays(case, change):
    """Change all arrays of a case."""
    x, gamma, beta, dy = (change(a) for a in (case.x, case.gamma, case.beta, case.dy))
    running = bn.Moments(change(case.running.mean), change(case.running.std))
    return case._replace(x=x, gamma=gamma, beta=beta, dy=dy, running=running)


@pytest.mark.parametrize("change", [np.asfortranarray, every_second, backwards, rotated])
@given(case=cases())
def test_strided_arrays_give_the_same_results(change, case):
    """Fortran order, strides and reversed views: the same but for the order of additions."""
    found, expected, size = results(with_arrays(case, change)), results(case), tolerances(case)
    for name, a in found.items():
        assert_close(a, expected[name], size[name.split(".")[1]], case.axis)


@pytest.mark.parametrize("change", [read_only, big_endian, unaligned])
@given(case=cases())
def test_the_storage_of_the_numbers_does_not_matter(change, case):
    """Read-only, big-endian and unaligned arrays give the results of plain ones, bit for bit."""
    found, expected = results(with_arrays(case, change)), results(case)
    for name, a in found.items():
        assert np.array_equal(a, expected[name]), name
        if not name.startswith("updated"):
            assert a.dtype == case.x.dtype
            assert a.dtype.isnative


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("axis", [1, -1])
def test_broadcast_views_give_the_results_of_copies(dtype, axis):
    """x and dy whose samples are one and the same memory (stride 0) give the results of copies."""
    for view_of in (np.s_[:1], np.s_[:, :1], np.s_[:, :, :1]):
        case = make_case((6, 4, 5), axis, seed=9, dtype=dtype)
        x, dy = (np.broadcast_to(a[view_of], a.shape) for a in (case.x, case.dy))
        view, copy = case._replace(x=x, dy=dy), case._replace(x=x.copy(), dy=dy.copy())
        found, expected, size = results(view), results(copy), tolerances(copy)
        for name, a in found.items():
            far = 1e3  # a constant channel's std is sqrt(eps), and all errors are divided by it
            assert_close(a, expected[name], far * size[name.split(".")[1]], axis)


@pytest.mark.parametrize("dtype", DTYPES)
def test_nested_lists_and_subclasses_are_taken_as_arrays(dtype):
    """Lists of floats are float64 arrays, and a subclass of ndarray comes out as a plain array."""

    class Tagged(np.ndarray):
        pass

    case = make_case((7, 3), seed=3, dtype=dtype)
    expected = results(case)
    for name, a in results(with_arrays(case, lambda a: a.view(Tagged))).items():
        assert type(a) is np.ndarray, name
        assert np.array_equal(a, expected[name]), name
    y = bn.batch_norm_forward(case.x.tolist(), case.gamma.tolist(), case.beta.tolist())[0]
    wide = with_arrays(case, np.float64)
    assert np.array_equal(y, bn.batch_norm_forward(wide.x, wide.gamma, wide.beta)[0])
