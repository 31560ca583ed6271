"""What is taken besides Python's numbers and tuples: NumPy's numbers, lists and arrays."""

import numpy as np
import pytest
from core_cases import make_case, results

import brn_numpy as bn


@pytest.mark.parametrize("kind", [np.float32, np.float64, np.int64, np.uint8, np.array])
def test_options_may_be_numbers_of_numpy(kind):
    """A 1 or a 2 is the same number whatever it is stored as."""
    plain = make_case((7, 3), seed=1)._replace(eps=1, r_max=2, d_max=1, momentum=1)
    options = {name: kind(getattr(plain, name)) for name in ("eps", "r_max", "d_max", "momentum")}
    found = results(plain._replace(**options))
    for name, expected in results(plain).items():
        assert np.array_equal(found[name], expected), name


@pytest.mark.parametrize("kind", [list, np.array])
def test_pairs_may_be_lists_or_arrays(kind):
    """Two vectors are a pair, whatever holds them."""
    case = make_case((7, 3), seed=1)
    found = results(case._replace(running=kind(case.running)))
    for name, expected in results(case).items():
        assert np.array_equal(found[name], expected), name
    r, d = np.array([0.5, 1.0, 2.0]), np.array([0.1, -0.2, 0.3])
    bounds = {"r_max": 1.0, "d_max": 0.0}
    pinned, expected = (
        bn.batch_renorm_forward(*case[:4], **bounds, correction=pair)[0]
        for pair in (kind((r, d)), (r, d))
    )
    assert np.array_equal(pinned, expected)
