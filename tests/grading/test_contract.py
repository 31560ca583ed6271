"""The contract, read off the textbook, which the library equals and mistakes are planted in."""

import inspect

import numpy as np
import pytest
from grading_cases import changed_by, distance, library

from brn_numpy.grading.contract import CONTRACT, EXERCISES, FORWARD_OF
from brn_numpy.grading.mistakes import MISTAKES, plant
from brn_numpy.grading.observe import arguments_of, differing, look, observe, results_of, right
from brn_numpy.grading.probe import make_probe

LIBRARY = library()


def test_the_contract_says_what_goes_in_and_what_comes_out():
    """Seven functions and two of cs231n's, and a signature that a student can read."""
    assert len(EXERCISES) == 7 and len(CONTRACT) == 9
    assert CONTRACT["batch_norm_backward"].signature == (
        "batch_norm_backward(dy, cache) -> (dx, dgamma, dbeta)"
    )
    assert set(FORWARD_OF) | set(FORWARD_OF.values()) <= set(CONTRACT)


@pytest.mark.parametrize("solution", [LIBRARY, plant.solution()], ids=["library", "textbook"])
def test_a_whole_solution_has_the_functions_of_the_contract(solution):
    """The names are the contract's, and so are the arguments, in order."""
    assert list(solution) == list(CONTRACT)
    for name, function in solution.items():
        names = [
            p.name
            for p in inspect.signature(function).parameters.values()
            if p.name not in ("correction", "parts")  # the textbook's own additions
        ]
        assert tuple(names) == CONTRACT[name].arguments


def test_a_mistake_changes_its_own_function_only():
    """It takes the contract's arguments; a wrong correction goes into BRN's forward pass too."""
    plain = plant.solution()
    for mistake in MISTAKES:
        planted = mistake.solution()
        with pytest.raises((TypeError, ValueError)):  # another number of arguments
            planted[mistake.function](1)
        changed = {name for name in CONTRACT if planted[name] is not plain[name]}
        assert changed == changed_by(mistake), mistake.key


@pytest.mark.parametrize("function", CONTRACT)
@pytest.mark.parametrize("seed", range(5))
def test_the_textbook_agrees_with_the_library(function, seed):
    """Two implementations that share no line give the same."""
    probe = make_probe(seed)
    one, two = (observe(s, function, probe) for s in (LIBRARY, plant.solution()))
    assert distance(one, two) < 1e-12


@pytest.mark.parametrize("solution", [LIBRARY, plant.solution()], ids=["library", "textbook"])
@pytest.mark.parametrize("seed", range(5))
def test_both_have_manners(solution, seed):
    """Values, shapes and dtypes are right, arguments stay, and no result lies in their memory."""
    for function in CONTRACT:
        seen = look(solution, function, seed)
        assert not seen.flaws and not differing(seen, right(function, seed))
        if function not in FORWARD_OF:
            given = arguments_of(function, make_probe(seed))
            for value in results_of(function, solution[function](*given)).values():
                assert not any(np.may_share_memory(value, a) for a in given)


def test_distance_sees_shape_dtype_and_nan():
    """Values differ by a fraction; shape, dtype, missing results and NaN by inf."""
    a = {"y": np.array([1.0, -4.0])}
    assert distance(a, {"y": np.array([1.0, -3.0])}) == 0.25
    assert distance(a, a) == 0
    assert distance({"y": np.zeros(2)}, {"y": np.zeros(2)}) == 0
    for other in (
        np.array([[1.0, -4.0]]),
        np.array([1.0, -4.0], dtype=np.float32),
        np.array([1, np.nan]),
    ):
        assert distance(a, {"y": other}) == np.inf
    assert distance(a, {"dx": a["y"]}) == np.inf
