"""softmax_cross_entropy: its value, its gradient, large logits, refusals."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nn_cases import numeric_gradient, same_bits

from brn_numpy.nn import softmax_cross_entropy


@given(
    seed=st.integers(0, 2**32 - 1),
    n=st.integers(1, 6),
    classes=st.integers(1, 5),
    size=st.floats(0.1, 20),
)
def test_value_and_gradient(seed, n, classes, size):
    """The value is the textbook formula, sample by sample, and the gradient is its derivative."""
    rng = np.random.default_rng(seed)
    logits = size * rng.standard_normal((n, classes))
    labels = rng.integers(0, classes, n)
    loss, dlogits = softmax_cross_entropy(logits, labels)
    terms = [
        math.log(sum(math.exp(z - row[t]) for z in row))
        for row, t in zip(logits.tolist(), labels.tolist(), strict=True)
    ]
    assert abs(loss - sum(terms) / n) <= 1e-13 * (1 + size)

    def value(z):
        return softmax_cross_entropy(z, labels)[0]

    assert dlogits.shape == logits.shape
    np.testing.assert_allclose(dlogits, numeric_gradient(value, logits, 1.0, "complex"), atol=1e-13)
    np.testing.assert_allclose(dlogits.sum(axis=1), 0, atol=1e-14)


def test_central_differences():
    """The gradient again, by differences of real numbers only."""
    rng = np.random.default_rng(0)
    logits, labels = 2 * rng.standard_normal((5, 3)), np.array([0, 2, 2, 1, 0])
    _, dlogits = softmax_cross_entropy(logits, labels)
    numeric = numeric_gradient(
        lambda z: softmax_cross_entropy(z, labels)[0], logits, 1.0, "central"
    )
    np.testing.assert_allclose(dlogits, numeric, atol=1e-9)


def test_by_hand():
    """The mean over two samples of -log p of the right class."""
    logits = np.log([[1.0, 3.0], [4.0, 1.0]])  # p: 1/4 3/4, 4/5 1/5
    loss, dlogits = softmax_cross_entropy(logits, np.array([1, 1]))
    assert math.isclose(loss, -(math.log(3 / 4) + math.log(1 / 5)) / 2, rel_tol=1e-14)
    np.testing.assert_allclose(dlogits, [[1 / 8, -1 / 8], [2 / 5, -2 / 5]], rtol=1e-14)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_large_logits_do_not_overflow(dtype):
    """exp(1000) is inf, but the loss is not; and a shift of a row changes nothing."""
    logits = np.array([[1000.0, 0.0, -1000.0], [-3000.0, -3000.0, -3004.0]], dtype)
    loss, dlogits = softmax_cross_entropy(logits, np.array([1, 2]))
    rest = math.log(2 + math.exp(-4))
    assert math.isclose(loss, (1000 + 4 + rest) / 2, rel_tol=1e-6)
    assert dlogits[0].tolist() == [0.5, -0.5, 0.0]
    again, _ = softmax_cross_entropy(logits + dtype(512), np.array([1, 2]))
    assert again == loss


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtype_and_inputs(dtype):
    """Loss and gradient have the dtype of the logits; logits and labels are not changed."""
    logits = np.random.default_rng(1).standard_normal((4, 3)).astype(dtype)
    labels = np.array([0, 1, 2, 0], np.uint8)
    before = logits.copy(), labels.copy()
    loss, dlogits = softmax_cross_entropy(logits, labels)
    assert loss.dtype == dlogits.dtype == dtype and np.ndim(loss) == 0
    assert same_bits(logits, before[0]) and same_bits(labels, before[1])
    assert not np.shares_memory(dlogits, logits)


LOGITS = np.random.default_rng(2).standard_normal((3, 4))


@pytest.mark.parametrize(
    "logits, labels, kind, text",
    [
        (np.ones((3, 4), int), [0, 1, 2], TypeError, "logits"),
        (LOGITS[0], [0], ValueError, r"logits must have shape \(N, K\), not empty, got \(4,\)"),
        (LOGITS[None], [0], ValueError, r"logits must have shape \(N, K\), .* got \(1, 3, 4\)"),
        (LOGITS[:0], np.zeros(0, int), ValueError, "logits"),
        (LOGITS[:, :0], [0, 0, 0], ValueError, "logits"),
        (LOGITS, [0.0, 1.0, 2.0], TypeError, "labels must be integers"),
        (LOGITS, [True, False, True], TypeError, "labels must be integers"),
        (LOGITS, np.ma.masked_array([0, 1, 2], mask=[0, 1, 0]), TypeError, "labels .* masked one"),
        (LOGITS, [[0], [1, 2], 3], TypeError, "labels must be an array, got a list"),
        (LOGITS, [0, 1], ValueError, r"labels must have shape \(3,\)"),
        (LOGITS, [[0], [1], [2]], ValueError, r"labels must have shape \(3,\)"),
        (LOGITS, [0, 1, 4], ValueError, "labels must lie in 0 to 3, got 0 to 4"),
        (LOGITS, [0, 1, 9], ValueError, "labels must lie in 0 to 3, got 0 to 9"),
        (LOGITS, [0, -1, 2], ValueError, "labels must lie in 0 to 3, got -1 to 2"),
    ],
)
def test_refusals(logits, labels, kind, text):
    """What is wrong is named: logits or labels."""
    with pytest.raises(kind, match=text):
        softmax_cross_entropy(logits, labels)
