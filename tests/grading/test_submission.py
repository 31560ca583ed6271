"""What people hand in: files, notebooks, and what Jupyter and Colab make of those."""

import json
from pathlib import Path

import pytest
from grading_cases import source

from brn_numpy.grading import student_text
from brn_numpy.grading.grade import grade
from brn_numpy.grading.submission import read
from brn_numpy.grading.tidy import Failure

RUNNING = "def update_running(m, s, mb, sb, a):\n    return m + a * (mb - m), s + a * (sb - s)\n"
WRONG = "def renorm_correction(*a):\n    return 1 / 0\n"


def notebook(*cells):
    """Return a notebook with a text and these cells of code."""
    made = [{"cell_type": "markdown", "source": ["# Mine\n"]}]
    made += [{"cell_type": "code", "source": c.splitlines(keepends=True)} for c in cells]
    return json.dumps({"cells": made, "nbformat": 4, "nbformat_minor": 5, "metadata": {}})


def test_a_notebook(tmp_path):
    """Its cells in their order; what is wrong is said by cell and line."""
    cells = (
        "%matplotlib inline\n!pip install numpy\nimport numpy as np",
        "%%bash\nls | wc\n",
        "data = np.load('train.npy')",
        f"%%time\n{RUNNING}\n",
        f"# mine\n\n{WRONG}",
        "import matplotlib_ as plt\nplt.plot(data)",
        "def f(:",
        "import torch_\nrenorm_correction?",
    )
    file = tmp_path / "hw.ipynb"
    file.write_text(notebook(*cells))
    text = " ".join(student_text(grade(file, 1)).split())
    assert "update_running right" in text and "1 of 7 right" in text
    assert "ZeroDivisionError: division by zero, in line 4 of code cell 5" in text
    assert "Python cannot read code cell 7, which is left out: invalid syntax, in line 1." in text
    assert "No such file or directory: 'train.npy', in line 1 of code cell 3" in text
    assert "Line 1 of code cell 8 imports torch_, which is not here; it is never used" in text


def test_a_function_in_a_cell_that_python_cannot_read(tmp_path):
    """Was started; it is told where it stands, unless another cell has it as well."""
    file = tmp_path / "hw.ipynb"
    broken = RUNNING.replace(":", "", 1)
    file.write_text(notebook(WRONG, broken))
    text = " ".join(student_text(grade(file, 1)).split())
    assert "Python cannot read code cell 2, where it stands: expected ':', in line 1." in text
    assert "not started: batch_norm_forward" in text and "batch_norm_inference, update" not in text
    file.write_text(notebook(WRONG, broken, RUNNING))
    assert "update_running right" in " ".join(student_text(grade(file, 1)).split())


def test_a_command_that_needs_a_file_that_loads(tmp_path):
    """It is said that the file does not, which grading does not need."""
    file = tmp_path / "hw.ipynb"
    for more, said in ("", False), ("print(losses)", True):
        file.write_text(
            notebook(source("keepdims", "batch_norm_backward", "x_norm * s2", "0"), more)
        )
        text = " ".join(student_text(grade(file, 1)).split())
        assert "Check: python" in text
        assert ("The command after Check works once the file loads." in text) == said


def test_the_notebook_of_the_exercises(tmp_path):
    """Its last cell asks the grader, which is no fault, and does nothing here."""
    stub = Path(__file__).parents[2] / "tutorials" / "exercises" / "batch_norm.ipynb"
    made = json.loads(stub.read_text(encoding="utf-8"))
    [cell] = [c for c in made["cells"] if "def update_running" in "".join(c["source"])]
    cell["source"] = RUNNING
    file = tmp_path / "hw.ipynb"
    file.write_text(json.dumps(made))
    found = grade(file, 1)
    assert (found.score, found.note) == (1, "")
    file.write_text(notebook(RUNNING, "from brn_numpy.grading.contract import CORRECT as f"))
    assert "imports brn_numpy.grading.contract in line 1 of code cell 2" in grade(file, 1).problem


@pytest.mark.parametrize(
    "lines",
    [
        "#!/usr/bin/env python\n# In[1]:\n\nget_ipython().system('pip install x')\n"
        "get_ipython().run_line_magic('matplotlib', 'inline')\n",
        '# -*- coding: utf-8 -*-\n"""Untitled0.ipynb"""\n\n!pip install x\n%cd /content\n'
        "from google.colab import drive\ndrive.mount('/content/drive')\n",
        "files = !ls\n%load_ext autoreload\n",
    ],
)
def test_exports(tmp_path, lines):
    """Of Jupyter and of Colab: all that is no Python is left out, lines keep their numbers."""
    file = tmp_path / "hw.py"
    file.write_text(lines + RUNNING + WRONG)
    found = {v.function: v for v in grade(file, 1).verdicts}
    assert found["update_running"].status == "passed"
    place = f"in line {lines.count(chr(10)) + 4}"
    assert found["renorm_correction"].findings[0].what.endswith(place)


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("a.ipynb", "x = 1", "no notebook"),
        ("a.ipynb", "{}", "no notebook"),
        ("a.ipynb", '{"cells": [{"cell_type": "code"}]}', "no notebook"),
        ("a.py", "x = (1,\n%time\n", "SyntaxError: '(' was never closed, in line 1"),
        ("a.py", "x = 1\n" * 40_000, "more than 200 kB of Python"),
    ],
)
def test_what_cannot_be_read(tmp_path, name, text, says):
    """One line that says why."""
    file = tmp_path / name
    file.write_text(text)
    with pytest.raises(Failure, match=says.replace("(", r"\(").replace(")", r"\)")):
        read(file)


def test_a_notebook_with_large_outputs_is_read(tmp_path):
    """Its figures are no Python."""
    made = json.loads(notebook(RUNNING))
    made["cells"][1]["outputs"] = [{"data": {"image/png": "A" * 1_500_000}}]
    file = tmp_path / "hw.ipynb"
    file.write_text(json.dumps(made))
    assert grade(file, 1).score == 1
