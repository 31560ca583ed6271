"""What a forward pass hands on to its backward pass, as a reader sees it."""

import numpy as np
import pytest
from core_cases import bn_forward, brn_forward, inference_forward, make_case


@pytest.mark.parametrize("forward", [bn_forward, brn_forward, inference_forward])
def test_a_cache_has_a_line_for_each_field_and_no_numbers(forward):
    """800 numbers help nobody: the dtype and the shape of each field stand in their place."""
    _, cache = forward(make_case((5, 2, 20, 4), dtype=np.float32))
    lines = repr(cache).splitlines()
    assert lines[0] == type(cache).__name__
    assert any(line.strip() == "x: float32 (5, 2, 20, 4)" for line in lines)
    assert any(line.strip() == "std: float32 (2,)" for line in lines)
    names = [line.split(":")[0].strip() for line in lines[1:]]
    assert set(cache._fields) <= set(names)
    assert all(len(line) < 60 for line in lines)
