"""Hypothesis profiles: the default repeats the same examples in every run, `deep` is for nights.

python -m pytest                              the default
python -m pytest --hypothesis-profile deep    10,000 random examples a property
"""

import os
import signal

import pytest
from hypothesis import HealthCheck, settings
from time_limit import pytest_enter_pdb, pytest_runtest_protocol  # noqa: F401

os.environ.setdefault("OMP_NUM_THREADS", "1")  # as in brn_numpy/_start.py; NumPy is loaded later
calm = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("default", max_examples=25, derandomize=True, **calm)
settings.register_profile("deep", max_examples=10_000, **calm)
settings.load_profile("default")


@pytest.fixture(scope="session")
def deep(pytestconfig):
    """Whether the profile is `deep`: loops over seeds run all of theirs then."""
    return pytestconfig.getoption("--hypothesis-profile", None) == "deep"


@pytest.fixture
def usual_signals():
    """Have signals end a process, for one test; `nohup pytest` and `pytest &` ignore some."""
    names = [name for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {name: signal.getsignal(getattr(signal, name)) for name in names}
    for name in names:
        usual = signal.default_int_handler if name == "SIGINT" else signal.SIG_DFL
        signal.signal(getattr(signal, name), usual)
    yield
    for name, handler in before.items():
        signal.signal(getattr(signal, name), handler)
