"""The steps that are taken: how long they are, and that they fit where x varies."""

from __future__ import annotations

import numpy as np
import pytest

from brn_numpy.gradcheck import check_gradients, numerical_gradient


def first_steps(x, **options):
    """Return how far each entry was moved at first, as the function sees it."""
    moves = []

    def f(z):
        moves.append(np.abs(z - x))
        return z

    numerical_gradient(f, x, **options)
    return np.nanmax(moves, axis=0)  # a NaN asks which outputs depend on an entry


FAR = 2.0**40


@pytest.mark.parametrize(
    ("x", "scale", "options"),
    [
        ([[1.0, 128.0], [3.0, 384.0]], [[1, 128], [1, 128]], {}),
        ([[1.0, 128.0], [3.0, 384.0]], [[64, 64], [256, 256]], {"step": "column", "axis": 0}),
        ([[1.0, 128.0], [3.0, 384.0]], [[64, 64], [256, 256]], {"step": "column", "axis": -2}),
        ([[1.0, 128.0], [3.0, 384.0]], [[1, 128], [4, 512]], {"step": "entry"}),
        ([[0.0, 1.0], [512.0, 513.0]], [[0.5, 0.5], [0.5, 0.5]], {}),
        ([[0.0, 1.0], [512.0, 513.0]], [[256, 256], [256, 256]], {"step": "column"}),
        ([4.0, 0.5, 0.0, -2.0], [4, 0.5, 1, 2], {}),
        ([[4.0, 1.0], [4.0, 3.0]], [[4, 1], [4, 1]], {}),
        ([2.0**-30, 2.0**-12], [2.0**-13, 2.0**-12], {}),
        ([[FAR, 1.0], [FAR + 64, 3.0]], [[1024, 1], [1024, 1]], {"step": "column"}),
    ],
    ids=[
        "columns",
        "rows",
        "rows, counted from the end",
        "entries",
        "rows are found",
        "columns all the same",
        "a vector: each entry's size",
        "a constant column: each entry's size",
        "not less than 1e-4",
        "not lost beside x",
    ],
)
def test_the_first_step(x, scale, options):
    """It is 2**-17 (richardson: 2**-8) times the scale, rounded to a power of two."""
    x = np.array(x)
    for method, unit in (("central", 2.0**-17), ("richardson", 2.0**-8)):
        assert np.array_equal(first_steps(x, method=method, **options), unit * np.array(scale))


@pytest.mark.parametrize(("ratio", "scale"), [(3, 4), (6, 1)])
def test_the_axis_whose_slices_lie_closer_together(ratio, scale):
    """Axis 1 is taken for the channels, unless another's slices lie four times closer together."""
    rows = np.array([[-1.0, 1.0], [-1.0, 1.0]]) + ratio * np.array([[-1.0], [1.0]])
    assert np.array_equal(first_steps(rows) * 2.0**17, np.full((2, 2), scale))
    last = rows.T[None]  # (1, 2, 2), close together along its last axis
    assert np.array_equal(first_steps(last) * 2.0**17, np.full((1, 2, 2), scale))


def test_a_step_is_as_long_as_the_numbers_beside_x_allow():
    """x + h is rounded: the slope is divided by the step that was taken, not by the one asked for.

    A step that is lost altogether is refused, and so are 0 and what is no number.
    """
    x = np.array([1e8, -1e8])  # the next number is 1.5e-8 away
    got = numerical_gradient(lambda x: 2 * x, x, np.ones(2), step=1e-8)
    np.testing.assert_allclose(got, 2)
    for step in (0.0, 1e-9, np.inf, np.nan):
        with pytest.raises(ValueError, match="step must be > 0, finite and not lost beside x"):
            numerical_gradient(np.sin, x, step=step)


def test_an_infinite_entry():
    """The step of an entry that is inf is a number, too: there 1 / x has the slope 0."""
    got = numerical_gradient(lambda x: 1 / x, np.array([np.inf, 1.0]), np.ones(2))
    np.testing.assert_allclose(got, [0, -1], rtol=1e-9)


@pytest.mark.parametrize(
    ("size", "kind", "checked"), [(512, "entries", 512), (513, "directions", 4)]
)
def test_how_many_directions(size, kind, checked):
    """Up to 512 entries are all checked; more are checked along four directions."""
    x = np.random.default_rng(0).standard_normal(size)
    (report,) = check_gradients(lambda x: (x * x, x), lambda dy, x: 2 * dy * x, [x]).arguments
    assert (report.kind, report.checked, report.ok) == (kind, checked, True)


def test_no_entry_is_left_out_of_a_direction():
    """Along a direction, each entry moves by 1/2 to 3/2 of its step."""
    x, moves = np.ones(600), []

    def forward(z):
        moves.append(np.abs(z - x) * 2.0**8)
        return z * z, z

    check_gradients(forward, lambda dy, x: 2 * dy * x, [x]).assert_ok()
    longest = np.array([move for move in moves if move.max() > 1])  # those of the first step
    assert longest.min() == 0.5 and longest.max() == 1.5


def test_slopes_along_a_direction():
    """The report tells sum(gradient * v), the entries of v being 1/2 to 3/2 of the scale of x."""
    x, moves, seen = 4 * np.ones(600), [], []

    def forward(z):
        moves.append((z - x) * 2.0**8)
        return 2 * z, None

    def backward(dy, cache):
        seen.append(2 * dy)
        return 2 * dy

    (report,) = check_gradients(forward, backward, [x]).arguments
    slopes = [(seen[0] * move).sum() for move in moves if np.abs(move).max() == 4 * 1.5]
    assert report.worst is None and np.isclose(slopes, report.analytic).any()
