"""Every array of every file is an input or is compared: nothing is stored for show."""

import numpy as np
import pytest
from parity import golden
from parity.golden import FILES, FRAMEWORKS

from brn_numpy import interop

COMPARISONS = (golden.compare_outputs, golden.compare_states, golden.compare_inference)
INPUTS = {"meta", "x", "dy", "gamma", "beta", "eps", "r_max", "d_max", "r_max_step", "d_max_step"}
INPUTS |= {"alpha_new", "alpha_infer", "decay_old", "running_mean_before", "running_var_before"}


def all_comparisons(name):
    """Run all comparisons of a file and return which keys they looked at."""
    return set().union(*(compare(name).used for compare in COMPARISONS))


@pytest.mark.parametrize("name", FILES)
def test_every_array_is_looked_at(name):
    """What a file holds is what the comparisons look at."""
    unneeded = {"alpha_new"} if "decay_old" in golden.load(name) else set()
    assert all_comparisons(name) | unneeded == set(golden.load(name)) | unneeded


@pytest.mark.parametrize("name", FILES)
def test_every_result_is_compared(name, monkeypatch):
    """A file with one number of one result changed by a thousandth does not pass."""
    arrays = golden.load(name)
    for key in set(arrays) - INPUTS:
        spoiled = arrays[key].copy()
        spoiled.flat[-1] += 1e-3 * (1 + np.abs(spoiled).max())
        monkeypatch.setattr(golden, "load", lambda _, k=key, v=spoiled: {**arrays, k: v})
        with pytest.raises(AssertionError):
            all_comparisons(name)
            pytest.fail(f"nobody noticed a wrong {key}", pytrace=False)


def test_every_framework_has_a_file():
    """Each row of CONVENTIONS but our own is held against its framework."""
    recorded = {golden.Recording(name).framework for name in FILES}
    assert recorded == {row.framework for row in interop.CONVENTIONS} - {"paper"}
    assert recorded == set(FRAMEWORKS.values())
