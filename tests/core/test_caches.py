"""What a forward pass hands on to its backward pass, as a reader sees it."""

import numpy as np
import pytest
from core_cases import bn_forward, brn_forward, inference_forward, make_case

import brn_numpy as bn


def group_forward(case):
    return bn.group_norm_forward(case.x, case.gamma, case.beta, 2)


def rms_forward(case):
    return bn.rms_norm_forward(case.x, case.gamma)


@pytest.mark.parametrize(
    ("forward", "std"),
    [
        (bn_forward, "std: float32 (2,)"),
        (brn_forward, "std: float32 (2,)"),
        (inference_forward, "std: float32 (2,)"),
        (group_forward, "std: float32 (5, 2, 1, 1)"),
        (rms_forward, "rms: float32 (5, 1, 1, 1)"),
    ],
)
def test_a_cache_has_a_line_for_each_field_and_no_numbers(forward, std):
    """800 numbers help nobody: the dtype and the shape of each field stand in their place."""
    _, cache = forward(make_case((5, 2, 20, 4), dtype=np.float32))
    lines = repr(cache).splitlines()
    assert lines[0] == type(cache).__name__
    assert any(line.strip() == "x: float32 (5, 2, 20, 4)" for line in lines)
    assert any(line.strip() == std for line in lines)
    names = [line.split(":")[0].strip() for line in lines[1:]]
    assert set(cache._fields) <= set(names)
    assert all(len(line) < 60 for line in lines)
