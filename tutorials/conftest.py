"""Run the tutorials: every ```python fence of a page, in order and in one namespace.

What a fence prints stands in a ```text fence below it and must match to the letter:

    python -m pytest tutorials/03_batch_norm_forward.md
"""

import contextlib
import io
import os
import re

import pytest
from time_limit import pytest_enter_pdb, pytest_runtest_protocol  # noqa: F401

os.environ.setdefault("OMP_NUM_THREADS", "1")  # as in brn_numpy/_start.py; NumPy is loaded later
FENCE = re.compile(r"^```python\n(.*?)^```$(?:\s*^```text\n(.*?)^```$)?", re.MULTILINE | re.DOTALL)


def pytest_ignore_collect(collection_path, config):
    """The exercises are tests only for whoever asks for them: their stubs are not solved."""
    asked = [*config.invocation_params.args, str(config.invocation_params.dir)]
    if collection_path.name == "test_exercises.py" and "BATCH_NORM" not in os.environ:
        return None if any("exercises" in argument for argument in asked) else True


def pytest_collect_file(file_path, parent):
    """A page is a test file if it has Python to run."""
    if file_path.suffix == ".md" and FENCE.search(file_path.read_text(encoding="utf-8")):
        return Page.from_parent(parent, path=file_path)


class Page(pytest.File):
    def collect(self):
        yield Fences.from_parent(self, name="fences")


class Fences(pytest.Item):
    def runtest(self):
        page, names = self.path.read_text(encoding="utf-8"), {"__name__": "__main__"}
        for fence in FENCE.finditer(page):
            line = page.count("\n", 0, fence.start(1))
            code = "\n" * line + fence[1]  # so that Python counts its lines as the page does
            with contextlib.redirect_stdout(io.StringIO()) as printed:
                exec(compile(code, str(self.path), "exec"), names)
            says = (fence[2] or "").splitlines()
            assert printed.getvalue().splitlines() == says, f"{self.path.name}:{line} prints"

    def reportinfo(self):
        return self.path, None, self.path.name

    def repr_failure(self, excinfo):
        """Show the lines of the page that failed, or else what is said above of its output."""
        cut = excinfo.traceback.cut(path=self.path)
        excinfo.traceback = cut if cut[0].path == self.path else cut[-1:]
        return excinfo.getrepr(style="short")
