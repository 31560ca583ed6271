"""Imports of what is not here: what does not use them is judged all the same."""

import pytest

from brn_numpy.grading.diagnose import FAILED, PASSED
from brn_numpy.grading.grade import grade
from brn_numpy.grading.sandbox import missing

GOOD = "def update_running(m, s, mb, sb, a):\n    return m + a * (mb - m), s + a * (sb - s)\n"


@pytest.fixture(autouse=True)
def no_stars(monkeypatch):
    """Start every test without what another one has found."""
    monkeypatch.setattr(missing, "stars", [])


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        ("import no_such.plots as plt", [(1, "no_such.plots", "plt")]),
        ("\nfrom no_such import a, b as c", [(2, "no_such", "a"), (2, "no_such", "c")]),
        ("import math, no_such.a, sys\nsys.path\nmath.pi / 2", [(1, "no_such.a", "no_such")]),
        ("from math import pi, no_such\npi / 2", [(1, "math", "no_such")]),
        ("from . import layers", [(1, ".", "layers")]),
        ("from ..no_such import *", [(1, "..no_such", "*")]),
        ("from numpy import no_such", [(1, "numpy", "no_such")]),
        ("from past.builtins import xrange\nfor i in xrange(3): 1 / 0",
         [(1, "past.builtins", "xrange")]),
        ("import no_such\nno_such.use('Agg')\nx = no_such.a['b'] = no_such.load(1).c\n"
         "with no_such.d as e: pass", [(1, "no_such", "no_such")]),
        ("import no_such.plots\n@no_such.jit(1)\ndef own(x): return x",
         [(1, "no_such.plots", "no_such")]),
        ("from __future__ import annotations\ndef f(a: b): pass\nimport numpy as np, sys", []),
        ("try: import no_such\nexcept ImportError: x = 1", []),
    ],
)  # fmt: skip
def test_a_missing_import_stops_nothing(lines, found):
    """Neither by itself nor by what is done with it while the file is loaded."""
    names = {}
    assert missing.run(lines, "mine.py", names) == (found, [])
    for _, _, name in found:
        assert name == "*" or isinstance(names[name], missing.Missing)


@pytest.mark.parametrize(
    "use", ["n(1)", "n.a", "n['a']", "n.a.b(1)", "[x for x in n]", "n['a'] = 1", "n.a = 1"]
)
def test_it_fails_where_it_is_used(use):
    """After loading, whatever is done with it."""
    names = {}
    missing.run(f"from no_such import n\ndef f():\n    {use}\n", "mine.py", names)
    said = r"n is from no_such, which could not be imported \(line 1\)"
    with pytest.raises(ImportError, match=said):
        names["f"]()


@pytest.mark.parametrize("line", ["1 / 0", "raise ImportError", "exit()", "def f(a=b): pass"])
def test_after_a_line_that_fails_the_others_are_run(line):
    """As in a notebook; what it raised is told."""
    names = {"exit": exit}
    found, [error] = missing.run(f"x = 1\n{line}\ny = 2", "mine.py", names)
    assert found == [] and names["y"] == 2
    assert isinstance(error, (ZeroDivisionError, ImportError, SystemExit, NameError))


def test_what_only_a_notebook_has_does_nothing():
    """As in an export: while the file is loaded, magics and commands of the shell are left out."""
    names = {}
    lines = "get_ipython().run_line_magic('matplotlib', 'inline')\nget_ipython().system('ls')\n"
    assert missing.run(lines, "mine.py", names) == ([], [])
    with pytest.raises(ImportError, match="in notebooks only"):
        names["get_ipython"]()


def test_it_is_told_in_the_report(tmp_path):
    """In the function that uses it, or in a note for the whole file."""
    (tmp_path / "broken.py").write_text("1 / 0\n")
    file = tmp_path / "mine.py"
    file.write_text(
        "import no_such as u\nfrom .helpers import *\nimport broken\nimport tqdm_, no.such\n"
        "from numba_ import njit\ntqdm_.set()\n" + GOOD + "@njit\n"
        "def batch_norm_forward(x, gamma, beta, eps):\n    return x, 1\n"
        "def batch_norm_inference(x, gamma, beta, m, s):\n    return u.norm(x)\n"
        "def renorm_correction(*a):\n    return norm(*a)\n"
        "def batch_norm_backward(dy, cache):\n    import no_such\n"
    )
    graded = grade(file, 1)
    found = {v.function: v for v in graded.verdicts}
    assert found["update_running"].status == PASSED
    for name, says in (
        ("batch_norm_forward", "njit is from numba_, which could not be imported (line 5)"),
        ("batch_norm_inference", "u is from no_such, which could not be imported (line 1), in"),
        ("renorm_correction", "NameError: name 'norm' is not defined: it may be from .helpers, "
         "which could not be imported (line 2), in line 15"),
    ):  # fmt: skip
        assert found[name].status == FAILED and says in found[name].findings[0].what
    assert graded.note == (
        "Line 3 imports broken, which is not here; it is never used: remove line 3. "
        "Line 4 imports tqdm_, which is not here; nothing that was judged needs it. "
        "Line 4 imports no.such, which is not here; it is never used: remove line 4."
    )


def test_a_file_whose_functions_are_missing(tmp_path):
    """They are imported from a file that was not handed in."""
    file = tmp_path / "mine.py"
    file.write_text("from my_functions import *\n")
    problem = grade(file, 1).problem
    assert "none of the functions" in problem
    assert "Line 1 imports my_functions, which is not here" in problem


@pytest.mark.parametrize("line", ["open('data.csv')", "import sys; sys.exit()", "input()"])
def test_code_outside_functions_is_called_so(tmp_path, line):
    """What fails there is told, and functions are judged all the same."""
    file = tmp_path / "mine.py"
    file.write_text(f"{line}\n{GOOD}")
    found = grade(file, 1)
    assert found.score == 1
    assert "Outside functions, something fails when the file is loaded: " in found.note
    assert found.note.endswith("in line 1.")


def test_code_outside_functions_is_why_there_are_none(tmp_path):
    """Where it fails and no function is there, nothing else is said."""
    file = tmp_path / "mine.py"
    file.write_text("open('data.csv')\n")
    problem = grade(file, 1).problem
    assert "in line 1. Code outside functions runs when the file is loaded" in problem


def test_a_function_whose_definition_fails(tmp_path):
    """Is not one that nobody started."""
    file = tmp_path / "mine.py"
    file.write_text(GOOD + "def renorm_correction(a, b, c, d, e, f=half):\n    return a\n")
    found = {v.function: v for v in grade(file, 1).verdicts}["renorm_correction"]
    assert found.status == FAILED
    assert "its definition fails: NameError: name 'half' is not defined, in line 3" in (
        found.findings[0].what
    )
