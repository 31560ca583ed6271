"""standardize: the training part alone decides, and nothing is lost on the way."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brn_numpy.data import Dataset, standardize
from brn_numpy.data.dataset import random_split


def make(x_train, x_test=None):
    x_train = np.asarray(x_train)
    x_test = x_train[:2] if x_test is None else np.asarray(x_test)
    y_train, y_test = np.arange(len(x_train)) % 2, np.arange(len(x_test)) % 2
    return Dataset(x_train, y_train, x_test, y_test, ("no", "yes"), "toy")


IMAGES = np.random.default_rng(0).integers(3, 200, size=(20, 3, 4)).astype(np.uint8)


def test_one_mean_and_one_deviation_of_the_training_part():
    """(x - m) / s with one pair of numbers, which the test part has no part in."""
    # The test part is far off: joint statistics, or its own, would show in both asserts.
    data = make(IMAGES, np.full((5, 3, 4), 250, np.uint8))
    m, s = IMAGES.astype(float).mean(), IMAGES.astype(float).std()
    out = standardize(data, dtype=np.float64)
    np.testing.assert_allclose(out.x_train, (IMAGES - m) / s, rtol=1e-13, atol=1e-13)
    np.testing.assert_allclose(out.x_test, (250 - m) / s, rtol=1e-13)
    assert abs(out.x_train.mean()) < 1e-14 and abs(out.x_train.std() - 1) < 1e-14
    # one pair of numbers for all pixels, and not one for each: the pixels' means differ still
    assert out.x_train.mean(axis=0).std() > 0.05


@pytest.mark.parametrize("dtype", [np.float32, np.float64, "float32", float])
def test_dtype(dtype):
    """The images are of the dtype asked for, float32 if none is."""
    out = standardize(make(IMAGES), dtype=dtype)
    assert out.x_train.dtype == out.x_test.dtype == np.dtype(dtype)
    assert standardize(make(IMAGES)).x_train.dtype == np.float32


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_narrow_floats_are_centred_in_float64(dtype):
    """1000 … 1003 in float16 has its mean rounded to 1001 or 1002 if the − is done in float16."""
    values = np.array([[1000.0, 1001.0], [1003.0, 1001.0]])
    out = standardize(make(values.astype(dtype)), dtype=np.float64)
    np.testing.assert_allclose(out.x_train, (values - values.mean()) / values.std(), rtol=1e-12)


def test_labels_and_names_stay_and_nothing_is_shared():
    """A new Dataset, of which only the pixels differ; the old one stays."""
    data = make(IMAGES.astype(np.float32))
    before = [np.copy(part) for part in data[:4]]
    out = standardize(data)
    assert (out.class_names, out.name) == (data.class_names, data.name)
    np.testing.assert_array_equal(out.y_train, data.y_train)
    np.testing.assert_array_equal(out.y_test, data.y_test)
    for new, old, copy in zip(out[:4], data[:4], before, strict=True):
        assert not np.shares_memory(new, old)
        np.testing.assert_array_equal(old, copy)


@pytest.mark.parametrize(
    ("images", "words"),
    [
        (np.full((4, 2, 2), 7), ["constant", "every pixel is 7"]),
        (np.full((7, 3), 0.1), ["constant", "every pixel is 0.1"]),  # s is 1e-17 here, not 0
        (np.array([[0.0], [5e-324]]), ["constant"]),  # s underflows to 0
        (np.zeros((0, 2, 2)), ["empty", "(0, 2, 2)"]),
        (np.array([[1.0], [np.nan]]), ["NaN"]),
        (np.array([[1.0], [np.inf]]), ["infinity"]),
        (np.array([[1e300], [-1e300]]), ["too large"]),
    ],
)
def test_data_without_a_deviation_is_refused(images, words):
    """Constant, empty, not finite: named, with what was found."""
    with pytest.raises(ValueError) as caught:
        standardize(make(images))
    for word in ["'toy'", *words]:
        assert word in str(caught.value)


@pytest.mark.parametrize("dtype", [np.int64, np.float16, complex, None, "rubbish", ">f4"])
def test_other_dtypes_are_refused(dtype):
    """Integers, half precision, the other byte order, None."""
    with pytest.raises(TypeError, match=r"dtype must be np\.float32 or np\.float64, got"):
        standardize(make(IMAGES), dtype=dtype)


def test_other_things_are_refused():
    """An array in the place of a Dataset, and a Dataset of what is no plain array."""
    with pytest.raises(TypeError, match="dataset must be a Dataset, got ndarray"):
        standardize(IMAGES)
    for data in (make(IMAGES.astype(complex)), make(IMAGES, IMAGES.astype(complex))):
        with pytest.raises(TypeError, match="real numbers, got dtype complex128"):
            standardize(data)
    data = make(IMAGES)
    for part in ("x_train", "x_test"):
        for other in (IMAGES.tolist(), np.ma.array(IMAGES, mask=IMAGES > 100)):
            with pytest.raises(TypeError, match=f"plain NumPy arrays, got {type(other).__name__}"):
                standardize(data._replace(**{part: other}))


def test_black_and_white():
    """Images of True and False are those of 1 and 0."""
    found, expected = (standardize(make(a)) for a in (IMAGES > 99, (IMAGES > 99).astype(int)))
    np.testing.assert_array_equal(found.x_train, expected.x_train)
    np.testing.assert_array_equal(found.x_test, expected.x_test)


@given(st.integers(1, 60), st.data())
@settings(max_examples=40, deadline=None)
def test_a_split_has_every_index_once(n, data):
    """Two disjoint parts of the sizes asked for."""
    n_test = data.draw(st.integers(0, n))
    train, test = random_split(n, n_test, seed=3)
    assert (len(train), len(test)) == (n - n_test, n_test)
    assert sorted([*train, *test]) == list(range(n))
    assert train.dtype == test.dtype == np.int64


def test_a_test_pixel_that_float32_cannot_hold():
    """It would be infinite, and with it all that a network makes of its image."""
    data = make(np.linspace(0, 1, 400).reshape(200, 2), [[0.0, 0.0], [0.0, 1e300]])
    with pytest.raises(
        ValueError, match=r"x_test of 'toy' has a pixel .*, standardised, too large"
    ):
        standardize(data)
    assert np.isfinite(standardize(data, dtype=np.float64).x_test).all()
    for value in (np.nan, np.inf):
        data.x_test[1, 1] = value
        with pytest.raises(ValueError, match="x_test of 'toy' has a pixel that is NaN or"):
            standardize(data, dtype=np.float64)
