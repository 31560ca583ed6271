"""The tests of the tests: every planted mistake fails a property, every right road passes all."""

from functools import cache

import pytest

from brn_numpy.grading.catalogue import MISTAKES, textbook
from brn_numpy.grading.contract import CONTRACT, REFERENCE
from brn_numpy.grading.matrix import caught_by, faults
from brn_numpy.grading.properties import COMPARISONS, MANNERS, MATHEMATICS, PROPERTIES

WRONG = [m for m in MISTAKES if m.verdict == "wrong"]
EQUAL = [m for m in MISTAKES if m.verdict == "equal"]

ONLY_BY_COMPARISON: dict[str, str] = {}
"""Mistakes that no property sees but the comparison with the reference, with the reason."""


@cache
def caught(mistake):
    """Return the names of the properties that catch a mistake."""
    return frozenset(caught_by(mistake, seeds=[0]))


def names(properties):
    """Return the names of properties."""
    return {p.name for p in properties}


@pytest.mark.parametrize("mistake", WRONG, ids=lambda m: m.key)
def test_a_mistake_is_caught(mistake):
    """By a property that knows no reference; in mathematics, unless only arrays are mistreated."""
    mathematics, manners = caught(mistake) & names(MATHEMATICS), caught(mistake) & names(MANNERS)
    if mistake.key in ONLY_BY_COMPARISON:
        assert not mathematics | manners
        assert caught(mistake) & names(COMPARISONS)
    else:
        assert mathematics or (mistake.topic == "arrays" and manners)


def test_every_property_catches_something():
    """A property that no mistake fails would test nothing; those of good manners may be idle."""
    assert not names(MATHEMATICS + COMPARISONS) - frozenset().union(*map(caught, WRONG))


def test_the_reference_fails_nothing(deep):
    """Seeds 0 to 24, or to 99, without a false alarm."""
    for seed in range(100 if deep else 25):
        assert not faults(REFERENCE, seed, MATHEMATICS)


def test_the_other_roads_fail_nothing(deep):
    """Seeds 100 to 124, or to 199; each has one right road for every function, then the next."""
    roads = {f: [m for m in EQUAL if m.function == f] for f in CONTRACT}
    for seed in range(100, 200 if deep else 125):
        chosen = {f: own[seed % len(own)] for f, own in roads.items()}
        solution = {f: mistake.solution()[f] for f, mistake in chosen.items()}
        assert not faults(solution, seed, MATHEMATICS), [m.key for m in chosen.values()]


@pytest.mark.parametrize("mistake", EQUAL, ids=lambda m: m.key)
def test_a_right_road_fails_nothing_alone(mistake):
    """Planted alone: every property that calls it, the comparison and the manners included."""
    own = [p for p in PROPERTIES if mistake.function in p.uses]
    for seed in range(2):
        assert not faults(mistake.solution(), seed, own)


@pytest.mark.parametrize("seed", range(5))
def test_the_reference_and_the_textbook_have_manners(seed):
    """Shapes, dtypes, arguments, second calls, and the comparison of each with the reference."""
    for solution in (REFERENCE, textbook.solution()):
        assert not faults(solution, seed, MANNERS + COMPARISONS)
