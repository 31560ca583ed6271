"""The examples in the docstrings give what they say."""

import doctest

import pytest

from brn_numpy import batch_norm, batch_renorm, family, moments, schedule


@pytest.mark.parametrize(
    "module", [moments, batch_norm, batch_renorm, family, schedule], ids=lambda m: m.__name__
)
def test_the_examples_in_the_docstrings_run(module):
    """Every module of the core has examples, and each prints what it shows."""
    failed, attempted = doctest.testmod(module)
    assert failed == 0
    assert attempted > 0
