"""Files graded through the child process: hostile ones, forged ones, and the command."""

import json

import pytest
from grading_cases import FILES

from brn_numpy import cli
from brn_numpy.grading.catalogue import BY_KEY
from brn_numpy.grading.contract import CONTRACT
from brn_numpy.grading.diagnose import FAILED, NOT_STARTED, PASSED
from brn_numpy.grading.grade import grade

PLAIN = next(path for path in FILES if path.stem == "plain").read_text()
HEAD = "import numpy as np\n\n\ndef update_running(m, s, mb, sb, a):\n    return m + a * (mb - m), "
GOOD = HEAD + "s + a * (sb - s)\n\n\n"
INFERENCE = "def batch_norm_inference(x, gamma, beta, m, s):\n    "


def graded(tmp_path, source, timeout=10.0):
    """Grade a file of this content."""
    file = tmp_path / "mine.py"
    file.write_text(source)
    return {v.function: v for v in grade(file, 1, timeout).verdicts}


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("while True: pass", "did not end in time"),
        ("import sys; sys.exit(0)", "calls sys.exit"),
        ("import os; os._exit(0)", "ended the Python that ran it (exit code 0)"),
        ("import os; os.abort()", "the Python that ran it"),
        ("print('a' * 10_000_000)", "printed more than 1 MB"),
        ("return np.array([[None]])", "is an array of object"),
        ("return None", "returns None"),
        ("return 'all right'", "y is a str"),
        ("return x, x", "y is a tuple of 2 values"),
        ("return x[0]", "has shape (6,)"),
        ("return np.full(x.shape, np.nan)", "values of y are NaN"),
        ("return np.zeros((9999, 9999))", "too large to look at"),
        ("import os; os.fork()", "starting processes"),
        ("import os; os.kill(os.getppid(), 9)", "signals to other processes"),
        ("import brn_numpy; return x", "imports brn_numpy in line"),
        ("raise RuntimeError('no idea\\nat all')", "RuntimeError: no idea at all, in line 9"),
        ("f = lambda: f(); return f()", "RecursionError"),
        ("np.allclose = lambda *a, **k: True; return x", "y "),
        ("import os\n    for f in range(3, 9):\n        try: os.write(f, b'{}\\n')\n"
         "        except OSError: pass\n    return x", "y "),
        ("print('{\"score\": 7}'); return x", "y "),
        ("class A(np.ndarray):\n        __eq__ = lambda s, o: True\n    return x.view(A)", "y "),
    ],
)  # fmt: skip
def test_a_hostile_function_fails_alone(tmp_path, body, says):
    """A line for that function; the other one is judged all the same."""
    found = graded(tmp_path, GOOD + INFERENCE + body + "\n", timeout=1.0)
    verdict = found["batch_norm_inference"]
    assert verdict.status == FAILED
    text = verdict.findings[0].what
    assert says in text or "wrote a report of its own" in text
    assert "\n" not in text
    assert found["update_running"].status == PASSED


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("while True: pass", "loading the file did not end in time"),
        ("import os; os._exit(7)", "exit code 7"),
        ("1 / 0", "ZeroDivisionError: division by zero, in line 1"),
        ("def f(:", "SyntaxError"),
        ("import torch\n" + GOOD, "imports torch in line 1"),
        ("import importlib\nimportlib.import_module('brn_numpy')", "imports brn_numpy in line 2"),
        ("", "defines none of the functions"),
        ("\0", "null bytes"),
    ],
)
def test_a_hostile_file_has_one_line(tmp_path, source, says):
    """What happens while the file is loaded ends it."""
    file = tmp_path / "mine.py"
    file.write_text(source)
    found = grade(file, 1, timeout=1.0)
    assert says in found.problem
    assert found.score == 0 and "\n" not in found.problem


def test_the_library_cannot_be_imported_by_a_detour(tmp_path):
    """The name is put together where the text does not show it."""
    body = "n = 'brn_' + 'numpy'; m = __import__(n); return m.inference_forward(x)\n"
    assert graded(tmp_path, GOOD + INFERENCE + body)["batch_norm_inference"].status == FAILED


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_right_files_have_full_marks(path):
    """Through the child process too."""
    assert grade(path, 2).passed


def test_the_command_names_a_mistake(tmp_path, capsys):
    """Exit code 1, a report that names it, and Gradescope's file."""
    file, out = tmp_path / "mine.py", tmp_path / "results.json"
    file.write_text(PLAIN.replace("- w(dbeta, dy) / m ", ""))
    assert cli.main(["grade", str(file), "--seed", "3", "--json", str(out)]) == 1
    text = capsys.readouterr().out
    assert "6 of 7 right" in text and BY_KEY["dx-mean-term-missing"].title in text
    results = json.loads(out.read_text())
    assert results["score"] == 6 and len(results["tests"]) == len(CONTRACT)
    [failed] = [t for t in results["tests"] if t["status"] == "failed"]
    assert failed["name"].startswith("batch_norm_backward")
    assert failed["extra_data"]["mistake"] == "dx-mean-term-missing"
    assert BY_KEY["dx-mean-term-missing"].why in failed["output"]


def test_the_table_for_the_lecturer(tmp_path, capsys):
    """Several files: their scores, and how many made which mistake."""
    right, one, two = (tmp_path / f"{name}.py" for name in ("right", "one", "two"))
    right.write_text(PLAIN)
    for file in (one, two):
        file.write_text(PLAIN.replace("- w(dbeta, dy) / m ", ""))
    assert cli.main(["grade", str(right), str(one), str(two)]) == 1
    assert "2 of 3  dx-mean-term-missing: dx lacks the term" in capsys.readouterr().out


def test_a_part_of_it_and_misuse(tmp_path, capsys):
    """--only asks for one function; a file that is not there is misuse."""
    file = tmp_path / "mine.py"
    file.write_text(GOOD)
    assert cli.main(["grade", str(file), "--only", "update_running"]) == 0
    assert cli.main(["grade", str(file), "--format", "gradescope"]) == 1
    text = capsys.readouterr().out
    assert json.loads(text[text.index("{") :])["score"] == 1
    assert cli.main(["grade", str(tmp_path / "nobody.py")]) == 2
    assert "does not exist" in capsys.readouterr().err
    found = graded(tmp_path, GOOD)
    assert [v.status for v in found.values()].count(NOT_STARTED) == 6
