"""Minibatches: their distribution, their order, their randomness, their refusals."""

import inspect
from itertools import islice

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brn_numpy.data import class_batches, iid_batches

LABELS = np.random.default_rng(0).permutation(np.repeat(np.arange(5), 12))  # 60, shuffled


def take(batches, count):
    return np.stack(list(islice(batches, count)))  # (count, B)


# ------------------------------------------------------------------------------ iid_batches


def test_iid_is_uniform_with_replacement():
    """All images equally often, also twice in one minibatch."""
    drawn = take(iid_batches(10, 4, rng=0), 5000)  # 20,000 draws
    assert drawn.shape == (5000, 4) and drawn.dtype == np.int64
    counts = np.bincount(drawn.ravel(), minlength=10)
    # χ² with 9 degrees of freedom: above 27.9 once in a thousand seeds
    assert ((counts - 2000) ** 2 / 2000).sum() < 27.9
    # With replacement, 1 − 0.9·0.8·0.7 = 49.6 % of the minibatches repeat an index; without, 0 %.
    repeats = np.mean([len(set(batch)) < 4 for batch in drawn])
    assert abs(repeats - 0.496) < 4 * np.sqrt(0.25 / 5000)


def test_iid_images_of_a_minibatch_are_independent():
    """Every ordered pair (first, second) is equally likely: neighbours are not favoured."""
    pairs = take(iid_batches(4, 2, rng=1), 8000)
    counts = np.bincount(pairs[:, 0] * 4 + pairs[:, 1], minlength=16)
    assert ((counts - 500) ** 2 / 500).sum() < 37.7  # χ² with 15 degrees of freedom, 0.1 %


def test_iid_batch_may_exceed_n():
    """Seven images of one."""
    assert take(iid_batches(1, 7, rng=0), 2).tolist() == [[0] * 7] * 2


# ---------------------------------------------------------------------------- class_batches


@given(st.integers(1, 5), st.integers(1, 12), st.integers(0, 2**32))
@settings(max_examples=30, deadline=None)
def test_class_batches_hold_k_classes_class_major(k, each, seed):
    """k different classes one after the other, B/k different images of each."""
    for index in islice(class_batches(LABELS, k * each, k, rng=seed), 3):
        assert index.shape == (k * each,) and index.dtype == np.int64
        rows = LABELS[index].reshape(k, each)  # row c: the images of the c-th class
        assert (rows == rows[:, :1]).all()
        assert len(set(rows[:, 0])) == k
        assert len(set(index)) == k * each  # no image twice


@given(st.integers(1, 5), st.integers(1, 12))
@settings(max_examples=30, deadline=None)
def test_interleaved_groups_hold_one_image_of_each_class(k, groups):
    """What the class-major order is for: group g = positions g, g+G, g+2G, … with G = B/k."""
    index = next(class_batches(LABELS, k * groups, k, rng=0))
    classes = sorted(set(LABELS[index]))
    assert len(classes) == k
    for g in range(groups):
        assert sorted(LABELS[index[g::groups]]) == classes


def test_classes_are_uniform_in_every_place():
    """Every ordered pair of two classes equally often."""
    index = take(class_batches(LABELS, 4, 2, rng=2), 4000)
    first, second = LABELS[index[:, 0]], LABELS[index[:, 2]]
    counts = np.bincount(first * 5 + second, minlength=25).reshape(5, 5)
    assert (np.diag(counts) == 0).all()
    off = counts[~np.eye(5, dtype=bool)]  # 20 ordered pairs, 200 each
    assert ((off - 200) ** 2 / 200).sum() < 43.8  # χ² with 19 degrees of freedom, 0.1 %


def test_images_of_a_class_are_uniform_in_every_place():
    """Every image equally often, first and last."""
    index = take(class_batches(LABELS, 6, 2, rng=3), 5000)
    for place in (0, 2):  # the first and the last image of a class: 60 images, 5,000 draws
        counts = np.bincount(index[:, place], minlength=60)
        assert ((counts - 5000 / 60) ** 2 / (5000 / 60)).sum() < 98.3  # χ² with 59, 0.1 %


def test_unequal_classes_are_drawn_equally_often():
    """A class with few images is as likely as a large one: classes are drawn, then images."""
    labels = np.repeat([0, 1, 2], [2, 20, 200])
    index = take(class_batches(labels, 2, 1, rng=4), 3000)
    counts = np.bincount(labels[index[:, 0]])
    assert ((counts - 1000) ** 2 / 1000).sum() < 13.8  # χ² with 2 degrees of freedom, 0.1 %


def test_labels_may_have_gaps_and_may_change_later():
    """Any integers, as an array or a list, copied at the call."""
    labels = np.array([7, 3, 7, 3], np.uint8)
    batches = class_batches(labels, 4, 2, rng=0)
    labels[:] = 0
    index = next(batches)
    assert sorted(index[:2]) in ([0, 2], [1, 3]) and sorted(index) == [0, 1, 2, 3]
    assert sorted(next(class_batches([1, 0, 1, 0], 4, 2, rng=0))) == [0, 1, 2, 3]  # a list
    far = class_batches([0, 2**40, 0, 2**40], 4, 2, rng=0)  # the same in 8 bits, and in 32
    assert (np.sort(take(far, 5)) == [0, 1, 2, 3]).all()


# -------------------------------------------------------------------------------- randomness

SAMPLERS = {
    "iid": lambda rng: iid_batches(60, 8, rng=rng),
    "class": lambda rng: class_batches(LABELS, 8, 2, rng=rng),
}


@pytest.mark.parametrize("sampler", SAMPLERS.values(), ids=SAMPLERS.keys())
def test_same_seed_same_batches(sampler):
    """From an int, a NumPy integer or a Generator; other seeds give others."""
    once = take(sampler(5), 20)
    np.testing.assert_array_equal(once, take(sampler(5), 20))
    np.testing.assert_array_equal(once, take(sampler(np.int64(5)), 20))
    np.testing.assert_array_equal(once, take(sampler(np.random.default_rng(5)), 20))
    assert (once != take(sampler(6), 20)).any()
    assert len({tuple(batch) for batch in once}) == 20  # and no batch again and again


@pytest.mark.parametrize("sampler", SAMPLERS.values(), ids=SAMPLERS.keys())
def test_the_callers_generator_is_used_and_the_global_one_is_not(sampler):
    """Only the Generator that was passed moves on."""
    generator = np.random.default_rng(0)
    before, legacy = generator.bit_generator.state, np.random.get_state()[1:3]  # noqa: NPY002
    next(sampler(generator))
    assert generator.bit_generator.state != before
    np.testing.assert_array_equal(np.random.get_state()[1], legacy[0])  # noqa: NPY002
    assert np.random.get_state()[2] == legacy[1]  # noqa: NPY002


# ---------------------------------------------------------------------------------- refusals


def iid(n=60, batch_size=8, rng=0):
    return iid_batches(n, batch_size, rng=rng)


def by_class(labels=LABELS, batch_size=8, classes_per_batch=2, rng=0):
    return class_batches(labels, batch_size, classes_per_batch, rng=rng)


@pytest.mark.parametrize(
    ("call", "arguments", "error", "words"),
    [
        (iid, {"n": 0}, ValueError, "n must be an integer >= 1, got 0"),
        (iid, {"n": 60.0}, TypeError, "n must be an integer >= 1, got 60.0"),
        (iid, {"n": "60"}, TypeError, "n must be an integer >= 1, got '60'"),
        (iid, {"n": LABELS}, TypeError, "n must be an integer"),
        (by_class, {"classes_per_batch": 0}, ValueError, "classes_per_batch must be"),
        (by_class, {"classes_per_batch": 2.0}, TypeError, "classes_per_batch must be"),
        (by_class, {"classes_per_batch": 3}, ValueError, "classes_per_batch, got 8 and 3"),
        (by_class, {"batch_size": 12, "classes_per_batch": 6}, ValueError, "got 6 and 5"),
        (by_class, {"batch_size": 26}, ValueError, "= 13 images of each class, got 12 of class 0"),
        (by_class, {"labels": [0, 0, 1], "batch_size": 4}, ValueError, "got 1 of class 1"),
        (by_class, {"labels": LABELS / 1}, TypeError, "labels must be integers, got dtype float64"),
        (by_class, {"labels": LABELS > 2}, TypeError, "labels must be integers, got dtype bool"),
        (by_class, {"labels": LABELS[:, None]}, ValueError, "got shape (60, 1)"),
        (by_class, {"labels": []}, ValueError, "got shape (0,)"),
        (by_class, {"labels": [[0, 1], [1]]}, ValueError, "labels must have shape (n,), got what"),
        (by_class, {"labels": np.ma.array(LABELS)}, TypeError, "labels must be a plain array"),
    ]
    + [
        (call, {name: value}, error, words)
        for call in (iid, by_class)
        for name, value, error, words in [
            ("batch_size", 0, ValueError, "batch_size must be an integer >= 1, got 0"),
            ("batch_size", -8, ValueError, "batch_size must be an integer >= 1, got -8"),
            ("batch_size", 8.0, TypeError, "batch_size must be an integer >= 1, got 8.0"),
            ("batch_size", True, TypeError, "batch_size must be an integer >= 1, got True"),
            ("batch_size", np.True_, TypeError, "batch_size must be an integer >= 1, got"),
            ("batch_size", None, TypeError, "batch_size must be an integer >= 1, got None"),
            (
                "rng",
                None,
                TypeError,
                "rng must be a numpy.random.Generator or an integer seed, got None",
            ),
            (
                "rng",
                True,
                TypeError,
                "rng must be a numpy.random.Generator or an integer seed, got True",
            ),
            (
                "rng",
                0.5,
                TypeError,
                "rng must be a numpy.random.Generator or an integer seed, got 0.5",
            ),
            ("rng", np.random, TypeError, "rng must be a numpy.random.Generator"),
            ("rng", -1, ValueError, "rng must be an integer >= 0, got -1"),
        ]
    ],
)
def test_bad_arguments_are_refused_at_the_call(call, arguments, error, words):
    """At the call: nothing is drawn here, so a lazy check would never come."""
    with pytest.raises(error) as caught:
        call(**arguments)
    assert words in str(caught.value)


def test_rng_has_no_default():
    """Randomness is asked for by name, never assumed."""
    for sampler in (iid_batches, class_batches):
        rng = inspect.signature(sampler).parameters["rng"]
        assert rng.default is rng.empty and rng.kind is rng.KEYWORD_ONLY
