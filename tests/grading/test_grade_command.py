"""python -m brn_numpy grade: what it prints, writes and refuses."""

import io
import json
import sys
from pathlib import Path

import pytest
from grading_cases import FILES

from brn_numpy import cli
from brn_numpy.commands import common
from brn_numpy.commands import grade as command
from brn_numpy.grading import many
from brn_numpy.grading.contract import EXERCISES
from brn_numpy.grading.mistakes import BY_KEY

PLAIN = next(path for path in FILES if path.stem == "plain").read_text()
GOOD = """import numpy as np


def update_running(m, s, mb, sb, a):
    return m + a * (mb - m), s + a * (sb - s)
"""


def test_the_command_names_a_mistake(tmp_path, capsys):
    """Exit code 1, a report that names it, and Gradescope's file."""
    file, out = tmp_path / "mine.py", tmp_path / "results.json"
    file.write_text(PLAIN.replace("- w(dbeta, dy) / m ", ""))
    assert cli.main(["grade", str(file), "--seed", "4", "--json", str(out)]) == 1
    text = capsys.readouterr().out
    assert "6 of 7 right" in text and BY_KEY["dx-mean-term-missing"].title in text
    results = json.loads(out.read_text())
    assert results["score"] == 6 and len(results["tests"]) == len(EXERCISES)
    [failed] = [t for t in results["tests"] if t["status"] == "failed"]
    assert failed["name"].startswith("batch_norm_backward")
    assert failed["extra_data"]["mistake"] == "dx-mean-term-missing"
    assert BY_KEY["dx-mean-term-missing"].why in failed["output"]


def test_the_table_for_the_lecturer(tmp_path, capsys):
    """Several files: their scores, and how many made which mistake."""
    files = [str(tmp_path / f"{name}.py") for name in ("right", "one", "two")]
    texts = PLAIN, *[PLAIN.replace("- w(dbeta, dy) / m ", "")] * 2
    for file, text in zip(files, texts, strict=True):
        Path(file).write_text(text)
    assert cli.main(["grade", *files, "--jobs", "1"]) == 1
    text = capsys.readouterr().out
    assert [line.split()[0] for line in text.splitlines()[1:4]] == files
    assert "2 of 3  dx-mean-term-missing: dx lacks the term" in text


def test_a_name_that_the_terminal_cannot_show(tmp_path, capsys, monkeypatch):
    """Is shown with escapes, and nothing is lost."""
    file = tmp_path / "Müller.py"
    file.write_text(PLAIN)
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(io.BytesIO(), encoding="ascii"))
    assert cli.main(["grade", str(file), "--only", "update_running"]) == 0
    sys.stdout.flush()
    assert b"M\\xfcller.py: 1 of 1 right" in sys.stdout.buffer.getvalue()


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


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["."], ". is no file, expected a Python file"),
        (["x" * 300], "does not exist"),
        (["mine.py", "--json", "mine.py"], "would replace what is read"),
        (["mine.py", "--json", "x" * 300], "--json xxx"),
        (["mine.py", "--seed", "-1"], "expected a whole number of at least 0, got '-1'"),
        (["mine.py", "--seed", "many"], "expected a whole number of at least 0, got 'many'"),
        (["mine.py", "--timeout", "0"], "expected seconds from 0.1 to 3600, got '0'"),
        (["mine.py", "--timeout", "nan"], "expected seconds from 0.1 to 3600, got 'nan'"),
        (["mine.py", "--timeout", "soon"], "expected seconds from 0.1 to 3600, got 'soon'"),
        (["mine.py", "--only", "nothing"], "invalid choice: 'nothing'"),
    ],
)
def test_mistakes_of_the_user(tmp_path, monkeypatch, capsys, arguments, says):
    """Exit code 2 before any file is run, and the file stays."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text(GOOD)
    monkeypatch.setattr(command, "grade_all", None)  # to call it would be an error
    try:
        code = cli.main(["grade", *arguments])
    except SystemExit as stop:
        code = stop.code
    assert code == 2
    assert says in capsys.readouterr().err
    assert [path.read_text() for path in tmp_path.iterdir()] == [GOOD]


def test_a_file_that_cannot_be_read(tmp_path, monkeypatch, capsys):
    """It may have gone since the command began."""
    file = tmp_path / "mine.py"
    file.write_text(GOOD)

    def gone(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(many, "grade", gone)
    assert cli.main(["grade", str(file)]) == 2
    assert f"{file}: not graded. Permission denied." in capsys.readouterr().out


def test_results_that_cannot_be_written(tmp_path, monkeypatch, capsys):
    """The report is printed all the same."""
    file = tmp_path / "mine.py"
    file.write_text(GOOD)

    def full(path):
        raise OSError("no space left")

    monkeypatch.setattr(common, "whole_file", full)
    arguments = ["grade", str(file), "--only", "update_running", "--json", str(tmp_path / "out")]
    assert cli.main(arguments) == 2
    out, err = capsys.readouterr()
    assert "1 of 1 right" in out and "no space left" in err


def test_what_is_not_judged(tmp_path, capsys):
    """In the report it is one sentence, and in the table it counts like a mistake."""
    broken, empty = tmp_path / "broken.py", tmp_path / "empty.py"
    broken.write_text("def f(:")
    empty.write_text("def update_running(m, s, mb, sb, a):\n    return m\n")
    assert cli.main(["grade", str(broken)]) == 1
    assert f"{broken}: not judged. SyntaxError: " in capsys.readouterr().out
    assert cli.main(["grade", str(broken), str(empty), "--jobs", "1"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert any("1 of 2  not judged (SyntaxError" in line for line in lines)
    assert any("1 of 2  update_running: it returns one array, expected" in line for line in lines)
