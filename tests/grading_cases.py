"""Solutions that the tests of the grader hand in."""

import contextlib
import io
import runpy
from pathlib import Path

import numpy as np

from brn_numpy import batch_norm, batch_renorm, moments
from brn_numpy.grading.contract import CONTRACT, EXERCISES
from brn_numpy.grading.diagnose import judge
from brn_numpy.grading.mistakes import MISTAKES, plant
from brn_numpy.grading.properties import PROPERTIES

SAME = {frozenset({"r-clipped-from-zero", "r-clipped-symmetrically"})}
"""Pairs of mistakes that no input can tell apart: a ratio of deviations is positive."""

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
        for name in EXERCISES | {name: CONTRACT[name] for name in solution}:
            found[name] = judge(solution, name, seed, found)
    return found


def roads(number):
    """Return a solution with the other right roads of the page, a different one by number."""
    solution = {}
    for name in CONTRACT:
        own = [m for m in MISTAKES if m.function == name and m.equal]
        own = [m for m in own if m.key not in ("variance-in-one-pass", "dgamma-from-y-undone")]
        solution[name] = own[number % len(own)].solution()[name]
    return solution


def library():
    """Return the library's functions in the contract of the exercises."""

    pair = moments.Moments

    def batch_norm_forward(x, gamma, beta, eps):
        return batch_norm.batch_norm_forward(x, gamma, beta, eps=eps)

    def update_running(running_mean, running_std, batch_mean, batch_std, momentum):
        old, new = pair(running_mean, running_std), pair(batch_mean, batch_std)
        moved = moments.update_running(old, new, momentum)
        return moved.mean, moved.std

    def batch_norm_inference(x, gamma, beta, running_mean, running_std):
        return batch_norm.inference_forward(x, gamma, beta, pair(running_mean, running_std))[0]

    def renorm_correction(batch_mean, batch_std, running_mean, running_std, r_max, d_max):
        batch, running = pair(batch_mean, batch_std), pair(running_mean, running_std)
        return batch_renorm.renorm_correction(batch, running, r_max, d_max)

    def batch_renorm_forward(x, gamma, beta, running_mean, running_std, r_max, d_max, eps):
        bounds = {"r_max": r_max, "d_max": d_max, "eps": eps}
        running = pair(running_mean, running_std)
        return batch_renorm.batch_renorm_forward(x, gamma, beta, running, **bounds)

    def running_statistics(x, running_mean, running_var, momentum, eps):
        batch = moments.batch_moments(x, eps=eps)
        old, new = pair(running_mean, running_var), pair(batch.mean, batch.std**2 - eps)
        moved = moments.update_running(old, new, 1 - momentum)
        return moved.mean, moved.std

    def test_mode(x, gamma, beta, running_mean, running_var, eps):
        running = pair(running_mean, np.sqrt(running_var + eps))
        return batch_norm.inference_forward(x, gamma, beta, running)[0]

    backward = {
        "batch_norm_backward": batch_norm.batch_norm_backward,
        "batch_renorm_backward": batch_renorm.batch_renorm_backward,
    }
    functions = locals() | backward
    return {name: functions[name] for name in CONTRACT}


def failed(prop, solution, seed):
    """Return None, or what of a property fails for a solution, in one line."""
    try:
        with np.errstate(all="ignore"):
            return next(prop.faults(solution, seed), None)
    except Exception as error:  # broken solutions are asked, too
        return type(error).__name__


def faults(solution, seed, properties=PROPERTIES):
    """Return the names of the properties that a solution fails, of functions that it has."""
    asked = [p for p in properties if all(name in solution for name in p.uses)]
    return [p.name for p in asked if failed(p, solution, seed) is not None]


def changed_by(mistake):
    """Return the functions that a mistake changes: a wrong correction, BRN's forward pass too."""
    follows = {"batch_renorm_forward"} if mistake.function == "renorm_correction" else set()
    return {mistake.function} | follows


def distance(one, other):
    """Return the largest relative difference of two observations; inf for shape, dtype or NaN."""
    if one.keys() != other.keys():
        return float("inf")
    return max(_apart(one[name], other[name]) for name in one)


def further_apart(one, other, limit):
    """Return whether the distance of two observations is above a limit: one array tells."""
    return one.keys() != other.keys() or any(_apart(one[k], other[k]) > limit for k in one)


def _apart(a, b):
    if a.shape != b.shape or a.dtype != b.dtype:
        return float("inf")
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        return 0.0 if np.array_equal(a, b, equal_nan=True) else float("inf")
    size = max(float(np.abs(a).max()), float(np.abs(b).max()))
    return float(np.abs(a - b).max()) / size if size else 0.0


RIGHT = {
    **{path.stem: solution_of(path) for path in FILES},
    "library": library(),
    "textbook": plant.solution(),
    **{f"roads {number}": roads(number) for number in range(3)},
}
