"""Files graded through the child process: hostile ones, forged ones, right ones."""

import contextlib
import os
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import NamedTuple

import pytest
from grading_cases import FILES

import brn_numpy
from brn_numpy.grading.contract import CONTRACT, EXERCISES
from brn_numpy.grading.diagnose import FAILED, NOT_JUDGED, NOT_STARTED, PASSED, judge
from brn_numpy.grading.grade import grade
from brn_numpy.grading.sandbox import Sandbox
from brn_numpy.grading.submission import read

HEAD = "import numpy as np\n\n\ndef update_running(m, s, mb, sb, a):\n    return m + a * (mb - m), "
GOOD = HEAD + "s + a * (sb - s)\n\n\n"
INFERENCE = "def batch_norm_inference(x, gamma, beta, m, s):\n    "


def graded(tmp_path, source, timeout=30.0):
    """Grade a file of this content."""
    file = tmp_path / "mine.py"
    file.write_text(source)
    return {v.function: v for v in grade(file, 1, timeout).verdicts}


FORGED = """
import sys, json
f = sys._getframe()
while "request" not in f.f_locals: f = f.f_back
token = f.f_locals["request"]["token"]
while "replies" not in f.f_locals: f = f.f_back
f.f_locals["replies"].write(json.dumps({"token": token, **REPLY}).encode() + b"\\n")
f.f_locals["replies"].flush()
"""


def forged(reply):
    """Return the body of a function that answers in the place of the child."""
    return FORGED.strip().replace("REPLY", reply).replace("\n", "\n    ")


ENDS = [  # they end the process that runs them, or are not run at all
    ("while True: pass", "did not end in time"),
    ("import os; os._exit(0)", "ended the Python that ran it (exit code 0)"),
    ("import os; os.abort()", "the Python that ran it"),
    ("print('a' * 10_000_000)", "printed more than 1 MB"),
    ("import brn_numpy; return x", "imports brn_numpy in line"),
    ("import os\n    for f in range(3, 9):\n        try: os.write(f, b'{}\\n')\n"
     "        except OSError: pass\n    return x", "y "),
    (forged("{'results': [{'dtype': '<f8', 'shape': [1e999], 'bytes': ''}], 'after': {}}"), ""),
    (forged("{'results': [{'dtype': 'O', 'shape': [], 'bytes': ''}], 'after': {}}"), ""),
    (forged("{'error': 'x' * 10**6, 'text': 'y' * 10**6, 'line': 1}"), "xxx"),
    (forged("{'functions': 3}"), ""),
]  # fmt: skip
RETURNS = [  # they raise or return, and one process may run them all
    ("import sys; sys.exit(0)", "calls sys.exit"),
    ("return np.array([[None]])", "is an array of object"),
    ("x = 2 * x", "returns None"),
    ("return 'all right'", "y is a str"),
    ("return x, x", "y is a tuple of 2 values"),
    ("return (v for v in x)", "y is a generator"),
    ("return x[0]", "has shape (6,)"),
    ("return x + 1j", "y is complex128"),
    ("return np.full(x.shape, np.nan)", "values of y are NaN"),
    ("return np.zeros((9999, 9999))", "too large to look at"),
    ("import os; os.system('ls')", "starting processes"),
    ("import sys, subprocess; sys.audit = print; subprocess.Popen(['ls'])", "starting proc"),
    ("import os; os.kill(os.getppid(), 9)", "signals to other processes"),
    ("import socket; socket.gethostbyname('localhost')", "the network"),
    ("import os; os.mkdir('../' + 'x')", "changing files"),
    ("import os; os.mkfifo('../x')", "mkfifo: not allowed"),
    ("import os; os.setpriority(0, os.getppid(), 19)", "setpriority: not allowed"),
    ("import signal; signal.pidfd_send_signal(1, 9)", "pidfd_send_signal: not allowed"),
    ("import sqlite3; return x", "importing _sqlite3 is not allowed"),
    ("import importlib.util as u; s = u.find_spec('posix'); u.module_from_spec(s)", "anew"),
    ("import sys; del sys.modules['_posixsubprocess']; import _posixsubprocess", "not allowed"),
    ("for i in range(999): open(f'f{i}', 'w').close()", "writing so many files"),
    ("import gc; gc.get_objects()", "looking around"),
    ("import importlib as i; i.import_module('tor' + 'ch')", "importing torch is not allowed"),
    ("raise RuntimeError('no idea\\nat all')", "RuntimeError: no idea at all, in line LINE"),
    ("raise ValueError('\\x1b[2J 7 of 7\\udcff')", "ValueError: ?[2J 7 of 7?, in line LINE"),
    ("f = lambda: f(); return f()", "RecursionError"),
    ("input()", "EOFError"),
    ("np.allclose = lambda *a, **k: True; return x", "y "),
    ("print('{\"score\": 7}'); return x", "y "),
    ("class A(np.ndarray):\n        __eq__ = lambda s, o: True\n    return x.view(A)", "y "),
]  # fmt: skip


def check_failed(verdict, says):
    """Check that a function failed, and that its line says so and can be shown."""
    assert verdict.status == FAILED
    text = verdict.findings[0].what
    assert (says and says in text) or "wrote a report of its own" in text, text
    assert text.isprintable() and len(text) < 400


@pytest.mark.parametrize(("body", "says"), ENDS)
def test_a_hostile_function_fails_alone(tmp_path, body, says):
    """A line for that function; the other one is judged all the same."""
    timeout = 1.0 if "while True" in body else 30.0
    found = graded(tmp_path, GOOD + INFERENCE + body + "\n", timeout)
    check_failed(found["batch_norm_inference"], says)
    assert found["update_running"].status == PASSED


class Box(NamedTuple):
    """One process with the good function and, for each body, inference with that body."""

    sandbox: Sandbox
    source: str

    def judge(self, function, number=None):
        """Judge the good function, or inference with the body of this number."""
        self.sandbox.allow(30.0)
        name = function if number is None else f"f{number}"
        return judge({function: self.sandbox.solution()[name]}, function, 1)


@contextlib.contextmanager
def boxed(folder, bodies):
    """Load one file with all these bodies."""
    heads = [INFERENCE.replace("batch_norm_inference", f"f{i}") for i in range(len(bodies))]
    source = GOOD + "\n\n\n".join(h + b for h, b in zip(heads, bodies, strict=True)) + "\n"
    file = folder / "mine.py"
    file.write_text(source)
    functions = {"update_running": CONTRACT["update_running"]}
    functions |= {f"f{i}": CONTRACT["batch_norm_inference"] for i in range(len(bodies))}
    with Sandbox(read(file), file, functions, 180.0) as sandbox:
        sandbox.allow(30.0)
        sandbox.load()
        yield Box(sandbox, source)


@pytest.fixture(scope="module")
def box(tmp_path_factory):
    """Load all bodies that return."""
    with boxed(tmp_path_factory.mktemp("box"), [body for body, _ in RETURNS]) as made:
        yield made


@pytest.mark.parametrize("number", range(len(RETURNS)), ids=lambda i: RETURNS[i][0])
def test_what_a_hostile_function_says_is_its_own(box, number):
    """As above; after each of them the good function is right in the same process."""
    body, says = RETURNS[number]
    line = box.source.count("\n", 0, box.source.index(body)) + 1
    check_failed(box.judge("batch_norm_inference", number), says.replace("LINE", str(line)))
    assert box.judge("update_running").status == PASSED


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("while True: pass", "loading the file did not end in time"),
        ("import os; os._exit(7)", "exit code 7"),
        ("1 / 0", "ZeroDivisionError: division by zero, in line 1"),
        ("def f(:", "SyntaxError"),
        ("%matplotlib inline", "none of the functions"),
        ('{"cells": [], "nbformat": 4}', "none of the functions"),
        ('{"cells": [1], "nbformat": 4}', "it is no notebook (of format 4), or is damaged"),
        ("# " + "x" * 200_000, "more than 200 kB of Python"),
        ("if " + "1 + " * 5000 + "1: pass", ""),  # some versions of Python can read it
        ("import torch\n" + GOOD, "imports torch in line 1"),
        ("import importlib\nimportlib.import_module('brn_numpy')", "imports brn_numpy in line 2"),
        (forged("{'functions': 3}").replace("\n    ", "\n"), "a report of its own"),
        ("", "defines none of the functions"),
        ("\0", "null bytes"),
        ("# -*- coding: rot13 -*-\n", "not a text encoding"),
    ],
)
def test_a_hostile_file_has_one_line(tmp_path, source, says):
    """What happens while the file is loaded ends it."""
    file = tmp_path / "mine.py"
    file.write_text(source)
    found = grade(file, 1, timeout=0.5 if "while True" in source else 30.0)
    assert found.problem and says in found.problem
    assert found.score == 0 and "\n" not in found.problem


def test_other_files_stay_as_they_are(tmp_path):
    """Neither by their names, nor through links, nor through the folder that they are in."""
    victim = tmp_path / "victim"
    victim.write_text("data")
    opened = f"os.open({str(tmp_path)!r}, 0)" if os.open in os.supports_dir_fd else "1 / 0"
    bodies = [
        f"open({str(victim)!r}, 'w')",
        f"import os; os.truncate({str(victim)!r}, 0)",
        f"import os; os.symlink({str(victim)!r}, 'v'); open('v', 'w')",
        f"import os; os.link({str(victim)!r}, 'v'); open('v', 'w')",
        f"import os; os.open('victim', os.O_TRUNC | os.O_RDWR, dir_fd={opened})",
        "open(__file__, 'w')",
    ]
    with boxed(tmp_path, bodies) as box:
        for number in range(len(bodies)):
            assert box.judge("batch_norm_inference", number).status == FAILED, bodies[number]
            assert victim.read_text() == "data"
            assert (tmp_path / "mine.py").read_text() == box.source


def test_what_a_file_may_do(tmp_path, monkeypatch):
    """Write into its own folder, import its neighbours, test itself; it does not see secrets."""
    monkeypatch.setenv("A_SECRET", "hush")
    (tmp_path / "neighbour.py").write_text("def same(x):\n    return x\n")
    body = """
    import os, tempfile
    from neighbour import same
    assert "A_SECRET" not in os.environ
    with tempfile.TemporaryDirectory() as folder:
        np.save(folder + "/x.npy", x)
        x = np.load(folder + "/x.npy")
    shape = (1, -1) + (1,) * (x.ndim - 2)
    m, s, gamma, beta = (v.reshape(shape) for v in (m, s, gamma, beta))
    return same(gamma * (x - m) / s + beta).astype(">f8")


def check():
    from brn_numpy import gradcheck


if __name__ == "__main__":
    import torch
"""
    found = graded(tmp_path, GOOD + INFERENCE.rstrip() + body)
    assert found["batch_norm_inference"].status == PASSED, found["batch_norm_inference"]


def test_a_name_that_is_no_function_and_a_stub_that_is_called(tmp_path):
    """They are told apart from what is not started."""
    found = graded(tmp_path, GOOD + "batch_norm_inference = 3\n")
    assert "no function: its type is int" in found["batch_norm_inference"].findings[0].what
    stub = "def renorm_correction(*a):\n    raise NotImplementedError\n\n\n"
    found = graded(tmp_path, stub + INFERENCE + "return renorm_correction(x)\n")
    assert found["batch_norm_inference"].status == NOT_JUDGED
    assert "calls renorm_correction, which is not" in found["batch_norm_inference"].findings[0].what
    assert found["renorm_correction"].status == NOT_STARTED
    (tmp_path / "neighbour.py").write_text("def f():\n    raise NotImplementedError('no')\n")
    found = graded(tmp_path, GOOD + INFERENCE + "import neighbour; neighbour.f()\n")
    assert "NotImplementedError: no" in found["batch_norm_inference"].findings[0].what


def test_the_time_of_a_whole_file_is_limited(tmp_path):
    """Of one that is slow to load and, function by function, loops for ever or ends Python."""
    bodies = dict.fromkeys(EXERCISES, "os._exit(1)") | {"update_running": "while True: pass"}
    source = "import os, time\ntime.sleep(0.3)\n"
    source += "".join(f"def {name}(*a):\n    {body}\n\n\n" for name, body in bodies.items())
    began = time.monotonic()
    found = graded(tmp_path, source, timeout=0.6)
    assert all(v.status in (FAILED, NOT_JUDGED) for v in found.values())
    starting = 7 * 5.0  # Python may start seven times, on a slow machine in seconds
    assert time.monotonic() - began < 2 * 0.6 + starting


def test_annotations_mean_what_they_say(tmp_path):
    """The child's own __future__ imports are not those of the file."""
    body = "def f(a: 1) -> None:\n        return a\n    assert f.__annotations__['a'] == 1\n    "
    inference = "shape = (1, -1) + (1,) * (x.ndim - 2)\n    "
    inference += "m, s, gamma, beta = (v.reshape(shape) for v in (m, s, gamma, beta))\n    "
    source = GOOD + INFERENCE + body + inference + "return gamma * (x - m) / s + beta\n"
    assert graded(tmp_path, source)["batch_norm_inference"].status == PASSED


def test_the_processor_time_follows_the_timeout(tmp_path):
    """A function that may take long is not ended before."""
    body = "import resource\n    raise ValueError(resource.getrlimit(resource.RLIMIT_CPU)[0])\n"
    pytest.importorskip("resource")
    found = graded(tmp_path, GOOD + INFERENCE + body, timeout=500.0)["batch_norm_inference"]
    assert found.findings[0].what.startswith("ValueError: 1120")


def test_folders_in_folders_are_removed(tmp_path, monkeypatch):
    """However deep; a file may make a hundred."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    body = "import os\n    for _ in range(9999):\n        os.mkdir('f'); os.chdir('f')\n"
    found = graded(tmp_path, GOOD + INFERENCE + body)
    assert "writing so many files" in found["batch_norm_inference"].findings[0].what
    assert found["update_running"].status == PASSED
    assert not list((tmp_path / "temporary").iterdir())


def test_the_library_cannot_be_imported_by_a_detour(tmp_path):
    """The name is put together where the text does not show it."""
    body = "n = 'brn_' + 'numpy'; m = __import__(n); return m.inference_forward(x)\n"
    assert graded(tmp_path, GOOD + INFERENCE + body)["batch_norm_inference"].status == FAILED


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_right_files_have_full_marks(path):
    """Through the child process too."""
    assert grade(path, 2).passed


def test_it_works_from_a_zip(tmp_path):
    """As where a wheel is on the path and not unpacked: the page is read, and files are judged."""
    package = Path(brn_numpy.__file__).parent
    with zipfile.ZipFile(tmp_path / "package.zip", "w") as archive:
        for path in package.rglob("*"):
            if path.suffix in (".py", ".md"):
                archive.write(path, path.relative_to(package.parent))
    code = (
        "import sys; from brn_numpy.grading.grade import grade; print(grade(sys.argv[1], 1).score)"
    )
    found = subprocess.run(
        [sys.executable, "-c", code, str(FILES[0])],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path / "package.zip")},
        capture_output=True,
        check=True,
    )
    assert int(found.stdout) == len(EXERCISES)
