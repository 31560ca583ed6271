"""Properties as such: what they say, and what they make of broken solutions."""

import numpy as np
import pytest
from grading_cases import failed, faults

from brn_numpy.grading.contract import CONTRACT
from brn_numpy.grading.mistakes import BY_KEY
from brn_numpy.grading.properties import PROPERTIES, far

GEOMETRIC = "equal-minibatches-are-approached-geometrically"
BY_NAME = {p.name: p for p in PROPERTIES}


def test_names_and_statements():
    """Names are unique, statements are one sentence on one line, functions are the contract's."""
    assert len(BY_NAME) == len(PROPERTIES)
    for p in PROPERTIES:
        assert p.statement.endswith(".")
        assert "\n" not in p.statement
        assert p.uses
        assert set(p.uses) <= set(CONTRACT)


def test_a_failure_says_what_came_and_what_was_expected():
    """One line with the quantity, the place, the value and the expected value."""
    text = failed(BY_NAME[GEOMETRIC], BY_KEY["momentum-reversed"].solution(), seed=0)
    assert text == (
        "running_mean after T = 1 equal minibatches is -0.589467 in channel 4, expected -3.88159"
    )


@pytest.mark.parametrize("broken", [None, (), np.nan, "y", (1, 2, 3, 4)])
def test_nonsense_is_a_failure_and_no_crash(broken):
    """Whatever a function returns, properties of it fail, and say so in one line."""
    solution = dict.fromkeys(CONTRACT, lambda *arguments: broken)
    texts = {p: failed(p, solution, 0) for p in PROPERTIES}
    assert all(text is None or (text and "\n" not in text) for text in texts.values())
    for function in CONTRACT:
        assert any(text for p, text in texts.items() if function in p.uses)


def test_a_solution_in_parts_is_asked_for_its_parts():
    """Properties of functions that are not there yet are left out."""
    reversed_momentum = BY_KEY["momentum-reversed"].solution()["update_running"]
    names = set(faults({"update_running": reversed_momentum}, 0))
    assert GEOMETRIC in names
    assert all(BY_NAME[name].uses == ("update_running",) for name in names)


def test_far_names_the_worst_place():
    """The largest error, NaN before all; a vector may have another layout, but not another size."""
    assert far("v", [[1.0, 2.0]], [1.0, 2.0]) is None
    assert far("v", [1.0, 2.5], [1.1, 2.0]) == "v is 2.5 in channel 1, expected 2"
    assert far("v", [9.0, np.nan], [1.0, 2.0]) == "v is nan in channel 1, expected 2"
    assert far("v", [1.0], [1.0, 2.0]) == "v has shape (1,), expected (2,)"
    assert far("v", 3.0, 2.0) == "v is 3, expected 2"
