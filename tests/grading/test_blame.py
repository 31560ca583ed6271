"""Caches that do not hold all: right as long as no other forward pass comes in between."""

from types import SimpleNamespace

import numpy as np
import pytest
from grading_cases import verdicts

from brn_numpy.grading.diagnose import FAILED, PASSED
from brn_numpy.grading.mistakes import plant
from brn_numpy.grading.probe import make_probe
from brn_numpy.grading.see import names_for

SEED = 4
BN, BRN = "batch_norm", "batch_renorm"


def keeping(name, take, give):
    """Return the textbook with a pass that hands on its cache in another way."""
    right = plant.solution()
    forward, backward = right[f"{name}_forward"], right[f"{name}_backward"]

    def other_forward(*arguments):
        y, cache = forward(*arguments)
        return y, take(cache)

    passes = {
        f"{name}_forward": other_forward,
        f"{name}_backward": lambda dy, cache: backward(dy, give(cache)),
    }
    return right | passes


def but(cache, **changes):
    return SimpleNamespace(**{**vars(cache), **changes})


def in_a_global():
    kept = []
    return lambda cache: kept.append(cache), lambda _: kept[-1]


def gamma_in_a_global():
    kept = []

    def take(cache):
        kept.append(cache.gamma)
        return cache

    return take, lambda cache: but(cache, gamma=kept[-1])


def in_an_array_that_is_used_again():
    buffers = {}

    def take(cache):
        name = "z" if hasattr(cache, "z") else "xhat"
        value = getattr(cache, name)
        buffer = buffers.setdefault(value.shape, np.empty_like(value))
        buffer[...] = value
        return but(cache, **{name: buffer})

    return take, lambda cache: cache


@pytest.mark.parametrize("name", [BN, BRN])
@pytest.mark.parametrize("way", [in_a_global, gamma_in_a_global, in_an_array_that_is_used_again])
def test_what_is_kept_elsewhere_is_found(name, way):
    """The backward pass alone is blamed, and the line shows it."""
    solution = keeping(name, *way())
    found = verdicts(solution, SEED)
    assert [v.function for v in found.values() if v.status == FAILED] == [f"{name}_backward"]
    [finding] = found[f"{name}_backward"].findings
    assert f"only if no other {name}_forward comes between" in finding.what
    run, should_be = finding.line.removeprefix("print(").removesuffix(")").split(", 'should be', ")
    for functions, alike in ((solution, False), (plant.solution(), True)):
        names = names_for(functions, make_probe(SEED))
        assert np.allclose(eval(run, names), eval(should_be, names)) == alike


def test_a_state_that_does_no_harm():
    """Counting the calls, or a cache found again by its number, is right."""
    kept = {}

    def take(cache):
        kept[len(kept)] = cache
        return len(kept) - 1

    found = verdicts(keeping(BRN, take, lambda number: kept[number]), SEED)
    assert {v.status for v in found.values()} == {PASSED}
