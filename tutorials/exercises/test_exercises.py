"""The exercises as tests: one for each function, skipped while it is not started.

BATCH_NORM=my_batch_norm.py python -m pytest tutorials/exercises -k forward
"""

import os
from functools import cache
from pathlib import Path

import pytest

from brn_numpy.grading.contract import EXERCISES
from brn_numpy.grading.diagnose import NOT_STARTED, PASSED
from brn_numpy.grading.grade import grade
from brn_numpy.grading.report import student_text

FILE = os.environ.get("BATCH_NORM", str(Path(__file__).with_name("batch_norm.py")))
SEED = int(os.environ.get("BATCH_NORM_SEED", "0"))


@cache
def graded(name):
    """Return the grade of one function."""
    return grade(FILE, SEED, only=name)


@pytest.mark.parametrize("name", EXERCISES)
def test_exercise(name):
    """The function is right; else the report of the grader is shown."""
    [verdict] = graded(name).verdicts
    if verdict.status == NOT_STARTED:
        pytest.skip(f"{name} is not started")
    if verdict.status != PASSED:
        pytest.fail(student_text(graded(name), SEED), pytrace=False)
