"""Solutions that the tests of the grader hand in."""

import contextlib
import io
import runpy
from pathlib import Path

from brn_numpy.grading.catalogue import MISTAKES, textbook
from brn_numpy.grading.contract import CONTRACT, REFERENCE
from brn_numpy.grading.diagnose import judge

FOLDER = Path(__file__).parent / "grading" / "solutions"
FILES = sorted(FOLDER.glob("*.py"))


def solution_of(path):
    """Run a file here; return its functions of the contract."""
    return _functions(runpy.run_path(str(path)))


def _functions(names):
    return {name: names[name] for name in CONTRACT if name in names}


def source(style, function, *changes):
    """Return the text of a file with changes in one of its functions: old, new, old, new."""
    text = (FOLDER / f"{style}.py").read_text()
    start = text.index(f"def {function}(")
    end = text.find("\n\n\n", start)
    body = text[start : end if end > 0 else None]
    for old, new in zip(changes[::2], changes[1::2], strict=True):
        assert old in body, f"{style}: {old}"
        text, body = text.replace(body, body.replace(old, new)), body.replace(old, new)
    return text


def changed(style, function, *changes):
    """Return the solution of a file with changes in one of its functions."""
    names = {"__name__": style}
    exec(compile(source(style, function, *changes), style, "exec"), names)
    return _functions(names)


def verdicts(solution, seed):
    """Judge all functions, in order."""
    found = {}
    with contextlib.redirect_stdout(io.StringIO()):
        for name in CONTRACT:
            found[name] = judge(solution, name, seed, found)
    return found


def roads(number):
    """Return a solution with the other right roads of the catalogue, a different one by number."""
    solution = {}
    for name in CONTRACT:
        own = [m for m in MISTAKES if m.function == name and m.verdict == "equal"]
        own = [m for m in own if m.key not in ("variance-in-one-pass", "dgamma-from-y-undone")]
        solution[name] = own[number % len(own)].solution()[name]
    return solution


RIGHT = {
    **{path.stem: solution_of(path) for path in FILES},
    "library": REFERENCE,
    "textbook": textbook.solution(),
    **{f"roads {number}": roads(number) for number in range(3)},
}
