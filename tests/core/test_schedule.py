"""The bounds r_max and d_max as functions of the training step."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brn_numpy import PAPER_SCHEDULE, RenormSchedule


@st.composite
def schedules(draw):
    """Draw a schedule; its two ramps have different lengths, also 0."""
    warmup = draw(st.integers(0, 50))
    return RenormSchedule(
        r_max=draw(st.floats(1, 100)),
        d_max=draw(st.floats(0, 100)),
        warmup=warmup,
        r_end=warmup + draw(st.integers(0, 60)),
        d_end=warmup + draw(st.integers(0, 60)),
    )


@pytest.mark.parametrize(
    ("step", "bounds"),
    [
        (0, (1.0, 0.0)),
        (4_999, (1.0, 0.0)),
        (5_000, (1.0, 0.0)),
        (15_000, (1.0 + 2 * 10 / 35, 2.5)),
        (22_500, (2.0, 4.375)),
        (25_000, (1.0 + 2 * 20 / 35, 5.0)),
        (32_500, (1.0 + 2 * 27.5 / 35, 5.0)),
        (40_000, (3.0, 5.0)),
        (10**9, (3.0, 5.0)),
    ],
)
def test_the_papers_points(step, bounds):
    """BN alone for 5k steps, then r_max to 3 at 40k and d_max to 5 at 25k, in straight lines."""
    assert PAPER_SCHEDULE(step) == pytest.approx(bounds, rel=1e-15)
    if step <= 5_000 or step >= 40_000:
        assert PAPER_SCHEDULE(step) == bounds


@given(schedules())
def test_bounds_start_at_batch_norm_and_end_at_the_final_bounds(schedule):
    """1 and 0 up to the warm-up, unless a ramp has no length; r_max and d_max from its end on."""
    for i, (first, last, end) in enumerate(
        [(1.0, schedule.r_max, schedule.r_end), (0.0, schedule.d_max, schedule.d_end)]
    ):
        assert schedule(end)[i] == schedule(end + 1)[i] == schedule(10**9)[i] == last
        if end > schedule.warmup:
            assert schedule(0)[i] == schedule(schedule.warmup)[i] == first
        elif end > 0:
            assert schedule(end - 1)[i] == first


@given(schedules())
def test_bounds_rise_evenly_each_over_its_own_interval(schedule):
    """Between warm-up and end every step adds the same; never less room, never beyond the end."""
    path = np.array([schedule(step) for step in range(schedule.warmup, schedule.warmup + 130)])
    assert (np.diff(path, axis=0) >= 0).all()
    for i, (first, last, end) in enumerate(
        [(1.0, schedule.r_max, schedule.r_end), (0.0, schedule.d_max, schedule.d_end)]
    ):
        length = end - schedule.warmup
        if length:
            line = np.linspace(first, last, length + 1)
            assert np.abs(path[: length + 1, i] - line).max() <= 1e-14 * (1 + last)
        assert (path[length:, i] == last).all()
        assert path[:, i].max() == last


@given(schedules(), st.integers(1, 10**6))
def test_a_scaled_schedule_keeps_the_proportions(schedule, steps):
    """Each step number is multiplied by steps / of and rounded; the bounds stay."""
    scaled = schedule.scaled(steps, of=1000)
    for name in ("warmup", "r_end", "d_end"):
        found = getattr(scaled, name)
        assert type(found) is int
        assert abs(found - getattr(schedule, name) * steps / 1000) <= 0.5
    assert (scaled.r_max, scaled.d_max) == (schedule.r_max, schedule.d_max)


def test_the_paper_scaled():
    """A training of 1000 steps instead of 200k has its points at 25, 125 and 200."""
    expected = RenormSchedule(r_max=3.0, d_max=5.0, warmup=25, r_end=200, d_end=125)
    assert PAPER_SCHEDULE.scaled(1000) == expected
    assert PAPER_SCHEDULE.scaled(200_000) == PAPER_SCHEDULE
    assert PAPER_SCHEDULE.scaled(10**9) == PAPER_SCHEDULE.scaled(10**9, of=200_000)
    assert PAPER_SCHEDULE.scaled(1, of=1) == PAPER_SCHEDULE
    assert PAPER_SCHEDULE.scaled(1)(0) == (3.0, 5.0)  # all points are rounded to step 0


def test_the_defaults_are_the_papers():
    """RenormSchedule() is PAPER_SCHEDULE, with r_max = 3 and d_max = 5."""
    paper = {"r_max": 3.0, "d_max": 5.0, "warmup": 5_000, "r_end": 40_000, "d_end": 25_000}
    assert dataclasses.asdict(PAPER_SCHEDULE) == paper
    assert RenormSchedule() == PAPER_SCHEDULE


def test_bounds_can_be_open_from_the_start():
    """With no warm-up and no ramps the final bounds, here none at all, hold at step 0."""
    schedule = RenormSchedule(r_max=np.inf, d_max=np.inf, warmup=0, r_end=0, d_end=0)
    assert schedule(0) == (np.inf, np.inf)


@pytest.mark.parametrize("bound", ["r", "d"])
def test_no_line_leads_to_inf(bound):
    """A bound that rises to inf would be inf after one step of its ramp: it is refused."""
    name, end = f"{bound}_max", f"{bound}_end"
    with pytest.raises(ValueError, match=rf"^{name} must be finite .* {end} = 9, got inf.*opens"):
        RenormSchedule(**{"warmup": 5, "r_end": 7, "d_end": 7, name: np.inf, end: 9})
    schedule = RenormSchedule(**{"warmup": 5, "r_end": 7, "d_end": 7, name: np.inf, end: 5})
    position = "rd".index(bound)
    assert schedule(4)[position] == (1.0, 0.0)[position] and schedule(5)[position] == np.inf
    assert schedule.scaled(1000, of=10)(500)[position] == np.inf


def test_integers_of_numpy_are_steps_and_bounds_are_python_floats():
    """A step may be a NumPy integer, and what comes back prints as plain numbers."""
    schedule = RenormSchedule(r_max=3, d_max=np.float32(5), warmup=np.int64(5), r_end=7, d_end=9)
    for step in (np.int32(0), np.int64(6), np.uint8(100)):
        assert schedule(step) == schedule(int(step))
        assert [type(bound) for bound in schedule(step)] == [float, float]


def test_small_integer_types_do_not_overflow():
    """Fields and arguments of scaled() may be NumPy integers of any width."""
    narrow = RenormSchedule(warmup=np.int16(5_000), r_end=np.uint16(40_000), d_end=np.int16(25_000))
    assert narrow == PAPER_SCHEDULE
    assert narrow(20_000) == PAPER_SCHEDULE(20_000)
    assert narrow.scaled(np.int32(1_000_000)) == PAPER_SCHEDULE.scaled(1_000_000)


def test_a_schedule_is_frozen():
    """A schedule is a value: it has no writable fields, compares by them and can be a key."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        PAPER_SCHEDULE.r_max = 2.0
    with pytest.raises(TypeError):
        RenormSchedule(3.0)  # fields have names only
    assert {RenormSchedule(): 1}[PAPER_SCHEDULE] == 1
    assert dataclasses.replace(PAPER_SCHEDULE, warmup=0) != PAPER_SCHEDULE


NO_NUMBER = ["3", None, True, np.True_, [3.0], 1j, np.array(True), np.array("3")]
NO_STEP = [1.0, np.float64(1), "1", None, True, np.True_, [1], np.array([1, 2])]
BAD_FIELDS = [
    *[("r_max", v, ValueError) for v in (0.99, 0, -1.0, np.nan, -np.inf)],
    *[("d_max", v, ValueError) for v in (-0.1, np.nan, -np.inf)],
    *[(name, v, TypeError) for name in ("r_max", "d_max") for v in NO_NUMBER],
    *[(name, v, TypeError) for name in ("warmup", "r_end", "d_end") for v in NO_STEP],
    *[(name, -1, ValueError) for name in ("warmup", "r_end", "d_end")],
    *[(name, 4_999, ValueError) for name in ("r_end", "d_end")],
]


@pytest.mark.parametrize(
    ("field", "value", "error"),
    [pytest.param(*row, id=f"{row[0]}-{type(row[1]).__name__}-{row[1]!r}") for row in BAD_FIELDS],
)
def test_bad_fields_are_refused_by_name(field, value, error):
    """A bound or a step out of range, or of another type: the error begins with its name."""
    with pytest.raises(error, match=rf"^{field}\b.*got"):
        RenormSchedule(**{field: value})


@pytest.mark.parametrize("value", [*NO_STEP, -1, 0], ids=lambda v: f"{type(v).__name__} {v!r}")
def test_bad_steps_are_refused_by_name(value):
    """scaled() and a call refuse what is no step; 0 is a step, but no length of a training."""
    error = ValueError if type(value) is int else TypeError
    with pytest.raises(error, match=r"^steps\b.*got"):
        PAPER_SCHEDULE.scaled(value)
    with pytest.raises(error, match=r"^of\b.*got"):
        PAPER_SCHEDULE.scaled(10, of=value)
    if type(value) is not int or value < 0:
        with pytest.raises(error, match=r"^step\b.*got"):
            PAPER_SCHEDULE(value)


def test_the_length_that_is_scaled_from_has_a_name():
    """`of` must be named: two bare numbers would say nothing to a reader; `steps` may be."""
    with pytest.raises(TypeError):
        PAPER_SCHEDULE.scaled(1000, 100_000)
    assert PAPER_SCHEDULE.scaled(steps=1000, of=100_000)(50) == PAPER_SCHEDULE(5000)
