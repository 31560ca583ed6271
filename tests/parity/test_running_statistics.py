"""Running statistics of other frameworks, step by step, from our own state to our own state."""

import pytest
from parity.golden import FILES, SIGMA, Recording, compare_states

import brn_numpy as bn


@pytest.mark.parametrize("name", FILES)
def test_states_are_those_of_the_framework(name):
    """Every average that the framework keeps agrees after every step."""
    compare_states(name)


@pytest.mark.parametrize("name", [name for name in FILES if "sigma_after" in Recording(name)])
def test_keepers_of_sigma_agree_with_update_running(name):
    """Lines 7 and 8 of Algorithm 1, as update_running has them, are the rule of those files."""
    file = Recording(name)
    running = bn.Moments(file["mu_before"], file["sigma_before"])
    for number in range(file.steps):
        batch = bn.batch_moments(file.at("x", number), eps=file.number("eps"))
        running = bn.update_running(running, batch, momentum=file.number("alpha_new"))
        file.compare("mu_after", running.mean, file.at("mu_after", number))
        file.compare("sigma_after", running.std, file.at("sigma_after", number))


def test_the_keepers_of_sigma_are_tested():
    """At least one file of each such framework is here, or the tests above would say nothing."""
    files = [Recording(name) for name in FILES]
    assert {file.framework for file in files if "sigma_after" in file} == set(SIGMA)
