"""What a student reads: a place in the tutorials, a line that runs, and never the solution."""

import contextlib
import io
import re
import shlex
from pathlib import Path

import pytest
from grading_cases import source

from brn_numpy.grading.contract import CONTRACT
from brn_numpy.grading.diagnose import judge
from brn_numpy.grading.grade import grade
from brn_numpy.grading.mistakes import BY_KEY, MISTAKES, TAUGHT, plant
from brn_numpy.grading.mistakes.candidates import lines_in
from brn_numpy.grading.properties import PROPERTIES
from brn_numpy.grading.report import student_text, where_to_read
from brn_numpy.grading.see import names_of
from brn_numpy.grading.verdict import Finding

TUTORIALS = Path(__file__).parents[2] / "tutorials"


def page(name):
    """Return the text of a page of the tutorials."""
    return (TUTORIALS / f"{name}.md").read_text(encoding="utf-8")


def test_the_places_in_the_tutorials_exist():
    """The pages, the headings on them, and the numbered steps of the backward pass."""
    for mistake in MISTAKES:
        text, place = page(mistake.page), mistake.place
        if place.startswith("step "):
            assert f"**S{place[1:]}:" in text, mistake.key
        else:
            assert not place or f"\n## {place}\n" in text, mistake.key
    assert set(TAUGHT) == set(CONTRACT)


def test_a_mistake_is_read_about_where_it_is_taught():
    """A step, a heading, or the page of the function; several on one page are put together."""
    step = "tutorials/04_batch_norm_backward.md, step 8"
    known = [Finding("", mistake="dx-variance-term-doubled")]
    assert where_to_read("batch_norm_backward", known) == step
    both = [*known, Finding(""), Finding("", mistake="dx-mean-term-missing")]
    assert where_to_read("batch_renorm_backward", both) == (
        f"{step} and step 1; tutorials/09_batch_renorm_backward.md"
    )
    assert where_to_read("renorm_correction", [Finding("", mistake="d-not-clipped")]) == (
        'tutorials/08_batch_renorm_forward.md, "Bounds"'
    )
    unknown = Finding("", read=("06_running_statistics", "Momentum, in two directions"))
    assert where_to_read("update_running", [unknown]) == (
        'tutorials/06_running_statistics.md, "Momentum, in two directions"'
    )
    assert where_to_read("update_running", [Finding("")]) == "tutorials/06_running_statistics.md"


SOLUTIONS = ("dy*xhat", "dy*z", "dxhat*", "sum(dy*x", "mean(dy)", "xhat*r+d)", "dy.sum(axis")


def test_no_text_is_a_solution():
    """Of what a gradient is made of, the sums and products are not written down."""
    texts = [(m.key, t) for m in MISTAKES if not m.equal for t in (m.title, m.why, m.see.line)]
    texts += [(p.name, p.statement) for p in PROPERTIES]
    for key, text in texts:
        assert not any(s in text.replace(" ", "") for s in SOLUTIONS), (key, text)


def numbers(text):
    """Return the numbers in a text."""
    return [float(v) for v in re.findall(r"-?\d[\d.]*(?:e[-+]\d+)?", text)]


@pytest.mark.parametrize(
    ("style", "function", "changes", "key"),
    [
        ("graph", "batch_norm_backward", ("dx = dx1 + dx2", "dx = dx1"), "dx-mean-term-missing"),
        ("graph", "batch_renorm_backward", ("dz = dxhat * r", "dz = dxhat"), "renorm-dx-r-missing"),
        ("rows", "batch_renorm_backward", ("+ cache[2] * dbeta", ""), "renorm-dgamma-without-d"),
        ("keepdims", "batch_norm_inference", ("/ sigma", "/ (sigma + 1e-8)"),
         "inference-eps-added-to-std"),
        ("plain", "update_running", ("momentum * bs", "momentum * bs**2"),
         "running-std-towards-variance"),
    ],
)  # fmt: skip
def test_the_line_of_a_report_runs_as_it_is_printed(tmp_path, style, function, changes, key):
    """With the two lines at the end of the report before it; what it prints was said before."""
    file, seed = tmp_path / "it's mine.py", 4
    file.write_text(source(style, function, *changes))
    text = student_text(grade(file, seed, only=function))
    assert f"      {BY_KEY[key].title.format('1e-08')}"[:60] in text
    said = " ".join(re.search(r"^ +See: (.*?)\.$", text, re.M | re.S)[1].split())
    if "slope" in said:  # a gradient check says more than the line would
        command = f"check {shlex.quote(str(file))}:batch_norm_forward,batch_norm_backward"
        assert "Run:" not in text and (command in text) == (function == "batch_norm_backward")
        return
    [line] = re.findall(r"^ +Run: (.*)$", text, re.MULTILINE)
    before = text.splitlines()[-2:]
    names, printed = {}, io.StringIO()
    for code in before:
        exec(code.strip(), names)
    with contextlib.redirect_stdout(printed):
        exec(line, names)
    printed = [numbers(part) for part in printed.getvalue().split(" should be ")]
    said = [numbers(part[part.index("[") :]) for part in said.split("should be")]
    assert printed[0] != printed[1] and said[0] != said[1]
    for some, every in zip(said, printed, strict=True):
        assert some and all(min(abs(v - w) for w in every) <= 0.006 * abs(v) + 1e-8 for v in some)


def test_lines_run_where_other_functions_fail(tmp_path):
    """A forward pass that raises takes away its own names only; neighbours can be imported."""
    (tmp_path / "neighbour.py").write_text("import numpy as np\n")
    file = tmp_path / "mine.py"
    file.write_text(
        "from neighbour import np\n\n\ndef batch_norm_forward(x, gamma, beta, eps):\n"
        "    return np.ones(3) @ x, None\n\n\ndef update_running(m, s, mb, sb, a):\n"
        "    return mb, sb\n"
    )
    names = names_of(file, 1)
    assert "y" not in names and "tight" in names
    exec(BY_KEY["running-replaced"].see.line, names)


def test_a_mistake_of_batch_normalization_has_its_line_for_batch_renormalization():
    """The same property, of the other function."""
    own = [m for m in MISTAKES if m.function == "batch_norm_backward" and not m.equal]
    borrowed = [m for m in own if m.what.startswith(("sum of dx", "dx along"))]
    for mistake in borrowed:
        solution = plant.solution(
            "batch_renorm_backward", dict(lines_in(mistake, "batch_renorm_backward"))
        )
        verdict = judge(solution, "batch_renorm_backward", 4)
        if verdict.mistake == mistake.key:
            assert all("renorm" in f.line for f in verdict.findings if f.line)


@pytest.mark.parametrize(
    ("changes", "says", "place"),
    [
        (("axes = 0\n", "axes = 1\n", ", keepdims=True", ""), "Over which axis was it", "In NumPy"),
        (("if x.ndim == 4:", "N, C, H, W = x.shape\n    if True:"), "here x was (N, C)", "Images"),
    ],
)
def test_an_exception_about_shapes_is_explained(tmp_path, changes, says, place):
    """Which axes x had, and where to read about them."""
    file = tmp_path / "mine.py"
    file.write_text(source("keepdims", "batch_norm_forward", *changes))
    text = " ".join(student_text(grade(file, 1)).partition("  batch_norm_backward")[0].split())
    assert "ValueError: " in text and says in text
    assert f'Read: tutorials/03_batch_norm_forward.md, "{place}".' in text


@pytest.mark.parametrize(
    ("new", "inputs"),
    [
        ("(M + 1)", "'x=7,6 gamma=6"),
        ("(M + (dy.ndim == 4))", "'x=4,3,2,2 gamma=3"),  # it is right for rows
        ("(M if dy.ndim == 2 else np.ones(9))", ""),  # and this raises
    ],
)
def test_the_gradient_check_is_of_what_is_wrong(tmp_path, new, inputs):
    """Of rows or of images; there is none of what raises."""
    file = tmp_path / "mine.py"
    file.write_text(source("keepdims", "batch_norm_backward", "istd / M", f"istd / {new}"))
    text = student_text(grade(file, 1))
    assert ("Check: " in text) == bool(inputs) and f"--inputs {inputs}" * bool(inputs) in text
