"""A time limit for each test: one that hangs fails, and the others still run.

A conftest.py imports the two hooks, and so limits the tests of its folder.
"""

import faulthandler
import os
import signal
from functools import cache

import pytest

SECONDS = 180.0  # sixty times the slowest test, so that a busy machine turns none red
DEEP = 30  # times as long with the profile `deep`


class OutOfTime(BaseException):
    """No Exception: what hangs may well catch those."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item):
    """Interrupt a test after its time; after twice that, end all of pytest with a traceback.

    The latter is for what takes no interrupt: code in C, code that catches everything, and
    whatever hangs on Windows, which has no alarms.
    """
    if item.config.getoption("usepdb"):
        return (yield)
    deep = item.config.getoption("--hypothesis-profile", None) == "deep"
    seconds = SECONDS * (DEEP if deep else 1)

    def interrupt(*_):
        raise OutOfTime(f"this test has run for {seconds:g} seconds")

    if hasattr(signal, "setitimer"):
        signal.signal(signal.SIGALRM, interrupt)
        signal.setitimer(signal.ITIMER_REAL, seconds)
    faulthandler.dump_traceback_later(2 * seconds, exit=True, file=_stderr(item.config))
    try:
        return (yield)
    finally:
        pytest_enter_pdb()


def pytest_enter_pdb():
    """Stop the clocks: who debugs has time."""
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, 0)
    faulthandler.cancel_dump_traceback_later()


@cache
def _stderr(config):
    """Return a descriptor of the standard error that pytest does not capture."""
    with config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
        return os.dup(2)
