"""The table of conventions says what the functions do, row by row."""

import numpy as np
import pytest
from core_cases import make_case

import brn_numpy as bn
from brn_numpy import interop

ROWS = interop.CONVENTIONS
X = make_case((3, 4, 5), seed=5).x  # N = 3 samples, m = 15 values
EPS = 0.25
by_name = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.framework)


def after(row, momentum, x=X, eps=EPS):
    """Return the state after one step on x from mean 0 and std 1, at one momentum for all."""
    running = bn.Moments(np.zeros(4), np.ones(4))
    state = interop.state_from_moments(row.framework, running, eps=EPS)
    renorm = {"renorm_momentum": momentum} if row.framework in ("keras", "tf1") else {}
    return interop.update_state(row.framework, state, x, momentum=momentum, eps=eps, **renorm)


def spread(row, *args, **kwargs):
    """Return the std or variance that inference reads, after one step."""
    return after(row, *args, **kwargs)[row.keys[1]].reshape(-1)


@by_name
def test_momentum_weighs(row):
    """Momentum 1 replaces the mean where it weighs the new value, and keeps it where the old."""
    new = X.mean(axis=(0, 2)) if row.momentum_weighs == "new" else np.zeros(4)
    np.testing.assert_allclose(after(row, 1.0)[row.keys[0]].reshape(-1), new, rtol=1e-13)


@by_name
def test_factor(row):
    """What replaces the spread is the minibatch's variance times the factor, in its own form."""
    factor = {"1": 1, "m/(m-1)": 15 / 14, "m/max(m-1, 1)": 15 / 14, "N/(N-1)": 3 / 2}[row.factor]
    biased = X.var(axis=(0, 2))
    expected = biased * factor if row.reads == "σ²" else np.sqrt(biased * factor + EPS)
    replace = 1.0 if row.momentum_weighs == "new" else 0.0
    np.testing.assert_allclose(spread(row, replace), expected, rtol=1e-13)


@by_name
def test_averages(row):
    """Half way to the minibatch, the std or the variance is half way, and not the other one."""
    biased = X.var(axis=(0, 2))
    got = spread(row, 0.5)
    if row.averages == "σ":  # then at the end the variance is taken from it, if inference reads it
        std = (1 + np.sqrt(biased + EPS)) / 2
        expected = std if row.reads == "σ" else std**2 - EPS
        if row.framework == "tf1":  # weight 1 before and after; then averaged once more, as σ²
            expected = (1 - EPS + expected) / 2
    else:
        factor = spread(row, 1.0 if row.momentum_weighs == "new" else 0.0) / biased
        expected = (1 - EPS + biased * factor) / 2
    np.testing.assert_allclose(got, expected, rtol=1e-13)


@by_name
def test_where_eps_is(row):
    """Averages of σ contain the layer's eps, those of σ² do not; inference adds it to σ² alone."""
    half = 0.5
    moves = not np.allclose(spread(row, half), spread(row, half, eps=2 * EPS))
    assert moves == (row.averages == "σ")
    state = after(row, half)
    one, two = (interop.inference_moments(row.framework, state, eps=e).std for e in (EPS, 2 * EPS))
    np.testing.assert_allclose(two**2 - one**2, EPS if row.reads == "σ²" else 0, atol=1e-13)


@by_name
def test_keys(row):
    """The two keys are in the state that is written, and the only ones that inference needs."""
    state = interop.state_from_moments(row.framework, bn.batch_moments(X, eps=EPS), eps=EPS)
    only = {key: state[key] for key in row.keys}
    pair = interop.inference_moments(row.framework, only, eps=EPS)
    np.testing.assert_allclose(pair, bn.batch_moments(X, eps=EPS), rtol=1e-14)


def test_the_markdown_table():
    """A head and a line per framework, of equally many cells, with what the rows say in them."""
    head, rule, *lines = interop.conventions_table().split("\n")
    assert len(lines) == len(ROWS) and set(rule) == set("|- ")
    assert {line.count("|") for line in (head, rule, *lines)} == {8}
    for row, line in zip(ROWS, lines, strict=True):
        _, title, momentum, training, averages, variance, reads, eps, _ = line.split("|")
        assert title.strip() == row.title
        assert momentum == f" 0.9 of the {row.momentum_weighs} value "
        assert training == " biased " and averages == f" μ and {row.averages} "
        assert ("biased" in variance) == (row.factor == "1")
        assert reads == f" μ and {row.reads} "
        assert ("within σ" in eps, "added" in eps) == (row.averages == "σ", row.reads == "σ²")


def test_names_are_unique():
    """One row for one framework, of a factor that is known."""
    assert len({row.framework for row in ROWS}) == len(ROWS)
    assert {row.factor for row in ROWS} == set(interop.FACTORS)
