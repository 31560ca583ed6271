"""The time limit of each test, on tests that hang."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

CONFTEST = """\
import time_limit
from time_limit import pytest_enter_pdb, pytest_runtest_protocol

time_limit.SECONDS = 0.5
"""
TESTS = """\
import signal
import time

import hypothesis
import pytest

def test_loop():
    while True:
        try:
            time.sleep(9)
        except Exception:  # what hangs may catch what it likes
            pass

@hypothesis.given(hypothesis.strategies.booleans())
def test_property(case):
    time.sleep(60)

@pytest.fixture
def endless():
    time.sleep(60)

def test_fixture(endless): pass

def test_quick(): pass

def test_deaf():
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM])
    time.sleep(60)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows has no alarms")
def test_tests_that_hang(tmp_path):
    """They fail and the next one runs; one that takes no interrupt ends pytest, and is named."""
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "test_it.py").write_text(TESTS)
    command = [sys.executable, "-u", "-m", "pytest", "-v", "-p", "no:cacheprovider", "test_it.py"]
    command += ["--rootdir=.", "-o", f"pythonpath={Path(__file__).parent}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=tmp_path)
    for line in ("loop FAILED", "property FAILED", "fixture ERROR", "quick PASSED"):
        assert f"test_{line}" in done.stdout
    assert done.returncode == 1
    assert "Timeout" in done.stderr and "in test_deaf" in done.stderr
