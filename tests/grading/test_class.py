"""A class: points, what follows from what, the CSV, and files that cannot be graded."""

import csv
import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from grading_cases import source

from brn_numpy import __version__, cli
from brn_numpy.grading import grade_functions, grade_source, many, marks, student_text
from brn_numpy.grading.marks import Points
from brn_numpy.grading.verdict import FAILED, PASSED, Finding, Graded, Verdict

NAMES = ["batch_norm_forward", "batch_norm_backward", "update_running", "batch_norm_inference"]
MISTAKE = Finding("dx lacks it.", mistake="dx-mean-term-missing")
RUNNING = "def update_running(m, s, mb, sb, a):\n    return m + a * (mb - m), s + a * (sb - s)\n"


def graded(*verdicts, path="a.py"):
    """Return the grade of a file with these verdicts."""
    return Graded(path, verdicts, seed=7, sha256="abc")


@pytest.fixture
def one_mistake():
    """Return a file with a mistake, what follows from it, and what is right for rows."""
    return graded(
        Verdict(NAMES[0], PASSED),
        Verdict(NAMES[1], FAILED, (MISTAKE,)),
        Verdict("batch_renorm_backward", FAILED, (MISTAKE,)),
        Verdict(NAMES[3], FAILED, (Finding("no images"),), right_for_rows=True),
    )


@pytest.mark.parametrize(
    ("points", "each"),
    [
        (Points(), [1, 0, 0, 0]),
        (Points((2, 4, 1, 3)), [2, 0, 0, 0]),
        (Points(halves=True), [1, 0, 0, 0.5]),
        (Points(follow_through=True), [1, 0, 1, 0]),
        (Points((2, 4, 1, 3), halves=True, follow_through=True), [2, 0, 1, 1.5]),
    ],
)
def test_points(one_mistake, points, each):
    """Of a right function, of one that only follows, of one that is right for rows."""
    assert points.of(one_mistake) == each


def test_what_follows_from_what(one_mistake):
    """A mistake that was counted already, and nothing else."""
    first, second = one_mistake.verdicts[1:3]
    assert marks.because_of(one_mistake, second) == [NAMES[1]]
    assert marks.because_of(one_mistake, first) == []
    more = Verdict(second.function, FAILED, (MISTAKE, Finding("and dgamma is wrong")))
    assert marks.because_of(graded(first, more), more) == []
    told = marks.gradescope(one_mistake, Points())["tests"]
    assert [test["extra_data"]["because_of"] for test in told] == [[], [], [NAMES[1]], []]


def test_the_csv_is_read_again(one_mistake):
    """Whatever is in a name or a reason; a file that was not graded has no score."""
    name = 'a,"b"\nc.py'
    broken = graded(Verdict(NAMES[0], FAILED), path=name)
    broken = Graded(name, broken.verdicts, problem="SyntaxError: a, b")
    failed = Graded("folder", (), error="Is a directory", seed=7)
    rows = list(csv.DictReader(io.StringIO(marks.table([one_mistake, broken, failed]))))
    assert [row["name"] for row in rows] == ["a.py", name, "folder"]
    assert [row["score"] for row in rows] == ["1", "0", ""]
    assert [row["reason"] for row in rows] == ["", "SyntaxError: a, b", "Is a directory"]
    assert rows[0][NAMES[0]] == "1" and rows[0]["mistakes"] == "dx-mean-term-missing"
    assert rows[0]["seed"] == "7" and rows[0]["sha256"] == "abc" and rows[0]["version"]


def test_a_class_with_what_is_no_file(tmp_path, capsys):
    """A folder and a dead link are not graded, which is exit code 2; the others are, in order."""
    (tmp_path / "good.py").write_text(RUNNING)
    (tmp_path / "later.py").write_text(source("plain", "update_running"))
    (tmp_path / "folder.py").mkdir()
    (tmp_path / "gone.py").symlink_to(tmp_path / "nothing")
    names = ["good.py", "folder.py", "gone.py", "later.py"]
    out = tmp_path / "marks.csv", tmp_path / "class.json"
    files = [str(tmp_path / name) for name in names]
    options = ["--jobs", "2", "--csv", str(out[0]), "--json", str(out[1])]
    assert cli.main(["grade", *files, *options]) == 2
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[1:5]] == files
    assert "1 of 7" in lines[1] and "not graded (Is a directory)" in lines[2]
    assert "not graded (No such file or directory)" in lines[3] and "7 of 7" in lines[4]
    rows = list(csv.DictReader(out[0].read_text().splitlines()))
    assert [row["score"] for row in rows] == ["1", "", "", "7"]
    results = json.loads(out[1].read_text())["results"]
    assert ["score" in result for result in results] == [True, False, False, True]


def test_a_fault_of_the_grader_is_no_zero(tmp_path, capsys, monkeypatch):
    """It is said, and the file has no score."""

    def fails(*_):
        raise TypeError("a fault of ours")

    monkeypatch.setattr(many, "grade", fails)
    file = tmp_path / "mine.py"
    file.write_text(RUNNING)
    assert cli.main(["grade", str(file), "--format", "gradescope"]) == 2
    said = json.loads(capsys.readouterr().out)
    assert "score" not in said
    assert said["output"] == "not graded: the grader failed: TypeError: a fault of ours"


def test_points_of_the_command(tmp_path, capsys):
    """One for each function; another number of them is misuse."""
    file = tmp_path / "mine.py"
    file.write_text(RUNNING)
    arguments = ["grade", str(file), "--format", "gradescope", "--points"]
    assert cli.main([*arguments, "1,1,2.5,1,1,1,1"]) == 1
    assert json.loads(capsys.readouterr().out)["score"] == 2.5
    assert cli.main([*arguments, "1,2"]) == 2
    assert "--points has 2 numbers, expected 7" in capsys.readouterr().err
    for wrong in ("", "1,x", "-1", "nan", "1e9"):
        with pytest.raises(SystemExit):
            cli.main([*arguments, wrong])


def test_the_stubs_of_the_exercises_fail_as_tests():
    """Whoever asks for them by pytest; without being asked for, they are no tests."""
    root = Path(__file__).parents[2]
    command = [sys.executable, "-m", "pytest", "-qx", "-p", "no:cacheprovider"]
    asked = subprocess.run([*command, "tutorials/exercises"], cwd=root, capture_output=True)
    assert asked.returncode == 1 and b"not started: batch_norm_forward" in asked.stdout


def test_points_of_another_contract(tmp_path, capsys):
    """A file whose functions are others is not graded; it ends nothing."""
    other = tmp_path / "layers.py"
    other.write_text("def batchnorm_forward(x, gamma, beta, bn_param):\n    return x, 1\n")
    mine = tmp_path / "mine.py"
    mine.write_text(RUNNING)
    points = ["--points", "1,1,3,1,1,1,1", "--jobs", "1"]
    assert cli.main(["grade", str(other), str(mine), *points]) == 2
    first, second = capsys.readouterr().out.splitlines()[1:3]
    assert "not graded (--points has 7 numbers, expected 9" in first and "3 of 9" in second


def test_a_worker_that_is_ended_takes_its_own_file_only():
    """Each file is tried once more, alone."""
    job = SimpleNamespace(of=os._exit, failed=lambda path, reason: (path, reason))
    found = list(many.grade_all([3, 4], job, 2))
    assert [path for path, _ in found] == [3, 4]
    assert all("was ended" in reason for _, reason in found)


def test_names_of_files_are_harmless(tmp_path, capsys):
    """On one line, without what moves a cursor."""
    file = tmp_path / "a\x1b[2J\n7 of 7.py"
    file.write_text(RUNNING)
    cli.main(["grade", str(file), str(file), "--jobs", "1"])
    cli.main(["grade", str(file)])
    text = capsys.readouterr().out
    assert "\x1b" not in text and "\n7 of 7" not in text and "a?[2J 7 of 7.py" in text


def test_a_report_says_by_what_it_was_made():
    """The version and the checksum, with which the seed gives the same verdict."""
    text = student_text(graded(Verdict(NAMES[0], PASSED)))
    assert "--seed 7" in text and "SHA-256 of the file abc)" in text and __version__ in text
    assert "SHA-256" not in student_text(grade_functions({}))  # there is no file


def test_from_python():
    """A text, in a process of its own; functions that are there already."""
    found = grade_source(RUNNING, seed=3)
    assert (found.score, found.seed, found.path) == (1, 3, "source.py")
    names = {}
    exec(RUNNING, names)
    assert grade_functions(names, seed=3).score == 1
    exec(RUNNING.replace("a * (mb - m)", "a * mb"), names)
    text = student_text(grade_functions(names, seed=3))
    *_, first, second = text.splitlines()
    for line in (first, second, re.search("Run: (.*)", text)[1]):
        exec(line.strip(), names)  # as it is printed
    assert "names_of(globals(), 3)" in second
    assert grade_functions({"update_running": 5}).score == 0
    with pytest.raises(TypeError, match="text must be a str, got NoneType"):
        grade_source(None)
    with pytest.raises(TypeError, match="names must be a mapping as globals"):
        grade_functions([])
