"""Inference of other frameworks, from the state that our own steps have led to."""

import pytest
from parity.golden import FILES, compare_inference


@pytest.mark.parametrize("name", FILES)
def test_inference_is_that_of_the_framework(name):
    """y and its gradients agree, with the averages that the framework reads in inference."""
    compare_inference(name)
