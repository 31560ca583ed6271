"""The contract, its reference solutions, and the textbook that the mistakes are planted in."""

import inspect

import numpy as np
import pytest

from brn_numpy.grading.catalogue import MISTAKES, textbook
from brn_numpy.grading.contract import CONTRACT, FORWARD_OF, REFERENCE
from brn_numpy.grading.observe import distance, observe
from brn_numpy.grading.probe import make_probe


def test_the_contract_says_what_goes_in_and_what_comes_out():
    """Seven functions, and a signature that a student can read."""
    assert len(CONTRACT) == 7
    assert CONTRACT["batch_norm_backward"].signature == (
        "batch_norm_backward(dy, cache) -> (dx, dgamma, dbeta)"
    )
    assert set(FORWARD_OF) | set(FORWARD_OF.values()) <= set(CONTRACT)


@pytest.mark.parametrize("solution", [REFERENCE, textbook.solution()], ids=["library", "textbook"])
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
    plain = textbook.solution()
    for mistake in MISTAKES:
        inspect.signature(mistake.variant).bind(*CONTRACT[mistake.function].arguments)
        planted = mistake.solution()
        changed = {name for name in CONTRACT if planted[name] is not plain[name]}
        follows = {"batch_renorm_forward"} if mistake.function == "renorm_correction" else set()
        assert changed == {mistake.function} | follows, mistake.key


@pytest.mark.parametrize("function", CONTRACT)
@pytest.mark.parametrize("seed", range(5))
def test_the_textbook_agrees_with_the_library(function, seed):
    """Two implementations that share no line give the same."""
    probe = make_probe(seed)
    one, two = (observe(s, function, probe) for s in (REFERENCE, textbook.solution()))
    assert distance(one, two) < 1e-12


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
