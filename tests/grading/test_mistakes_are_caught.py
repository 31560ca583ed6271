"""The tests of the tests: every planted mistake fails a property, every right road passes all."""

from functools import cache

import pytest
from grading_cases import changed_by, faults, library

from brn_numpy.grading.contract import CONTRACT
from brn_numpy.grading.mistakes import MISTAKES
from brn_numpy.grading.observe import differing, look, right
from brn_numpy.grading.properties import PROPERTIES

WRONG = [m for m in MISTAKES if not m.equal]
EQUAL = [m for m in MISTAKES if m.equal]


@cache
def caught(mistake):
    """Return the names of the properties, of the functions that it changes, which catch it."""
    own = [p for p in PROPERTIES if changed_by(mistake).intersection(p.uses)]
    return faults(mistake.solution(), 0, own)


@pytest.mark.parametrize("mistake", WRONG, ids=lambda m: m.key)
def test_a_mistake_is_caught(mistake):
    """By a property, which knows nothing of the right function; or only arrays are mistreated."""
    if not caught(mistake):
        seen = look(mistake.solution(), mistake.function, 0)
        assert seen.flaws and not differing(seen, right(mistake.function, 0))


def test_every_property_catches_something():
    """A property that no mistake fails would test nothing."""
    assert {p.name for p in PROPERTIES} == {name for m in WRONG for name in caught(m)}


def test_the_library_fails_nothing(deep):
    """Seeds 0 to 24, or to 99, without a false alarm."""
    for seed in range(100 if deep else 25):
        assert not faults(library(), seed)


def test_the_other_roads_fail_nothing(deep):
    """Seeds 100 to 124, or to 199; each has one right road for every function, then the next."""
    roads = {f: [m for m in EQUAL if m.function == f] for f in CONTRACT}
    for seed in range(100, 200 if deep else 125):
        chosen = {f: own[seed % len(own)] for f, own in roads.items()}
        solution = {f: mistake.solution()[f] for f, mistake in chosen.items()}
        assert not faults(solution, seed), [m.key for m in chosen.values()]


@pytest.mark.parametrize("mistake", EQUAL, ids=lambda m: m.key)
def test_a_right_road_fails_nothing_alone(mistake):
    """Planted alone: every property that calls it, and the comparison with the textbook."""
    own = [p for p in PROPERTIES if mistake.function in p.uses]
    for seed in range(2):
        assert not faults(mistake.solution(), seed, own)
        seen = look(mistake.solution(), mistake.function, seed)
        assert not seen.flaws and not differing(seen, right(mistake.function, seed))
