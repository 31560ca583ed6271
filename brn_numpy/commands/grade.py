"""python -m brn_numpy grade: judge solutions of the exercises, and name the mistakes."""

from __future__ import annotations

import argparse
import json
import math
import os
import secrets
import time
from dataclasses import replace
from typing import Any

from ..grading import marks
from ..grading.adapter import CONTRACTS
from ..grading.grade import TIMEOUT
from ..grading.many import Job, grade_all
from ..grading.marks import Points
from ..grading.report import student_text
from ..grading.tidy import clean
from ..grading.verdict import Graded
from .common import Progress, UserError, check_writable, not_negative, positive, show, write

EXAMPLES = """\
examples:
  what is right, and what is wrong and why:
    %(prog)s mine.py
  one function:
    %(prog)s mine.py --only batch_norm_backward
  a notebook:
    %(prog)s homework.ipynb
  a class: who made which mistake, and points for a spreadsheet:
    %(prog)s class/*.py --csv marks.csv --points 2,4,1,1,1,2,4
  Gradescope's results file:
    %(prog)s mine.py --json results.json

The functions to write are in tutorials/exercises/. The layers.py of cs231n's
second assignment is recognised by its functions, and judged by its own
contract. Each run draws other numbers; --seed repeats those of an earlier one.

The files are run in processes of their own, with limits of time, memory and
output. This stops accidents and pranks, but it is no wall: a file runs with
your rights and can read what you can. Grade files of people whom you do not
trust in a container without a network.

exit codes: 0 everything right, 1 not everything, 2 wrong arguments, or a file
that could not be graded through no fault of its own, 130 interrupted (Ctrl-C)
"""
WRITTEN_EVERY = 2.0  # seconds: --csv and --json hold what was graded until then


def add_parser(commands: Any) -> None:
    """Add the command and its options."""
    parser = commands.add_parser(
        "grade",
        help="judge solutions of the exercises, and name the mistakes",
        description="Run a solution of the exercises on arrays that make mistakes visible, compare "
        "it with the textbook and with a page of mistakes, and say what is wrong, why, and how to "
        "see it.",
        epilog=EXAMPLES,
    )
    add = parser.add_argument
    add("files", nargs="+", metavar="FILE", help="a Python file or a notebook with solutions")
    names = [name for about in CONTRACTS.values() for name in about.functions]
    add("--only", choices=names, metavar="NAME", help="one function only")
    about = "whose functions a file has (default: it is told by their names)"
    add("--contract", choices=list(CONTRACTS), help=about)
    add("--seed", type=not_negative, metavar="N", help="of the arrays (default: another)")
    about = f"seconds for a function; a file has twice as many (default {TIMEOUT:g})"
    add("--timeout", type=_seconds, default=TIMEOUT, metavar="S", help=about)
    add("--format", choices=["text", "gradescope"], default="text", help="what is printed")
    add("--json", metavar="OUT", help="write Gradescope's results to this file")
    about = "write a line for each file: its points, its mistakes, its seed"
    add("--csv", metavar="OUT", help=about)
    about = "what each function is worth, in their order (default: 1 each)"
    add("--points", type=_points, default=(), metavar="P,P,…", help=about)
    about = "half of the points for what is right for (N, C), but not for images"
    add("--halves", action="store_true", help=about)
    about = "points for what follows from a mistake in another function only"
    add("--follow-through", action="store_true", help=about)
    about = "files graded side by side (default: one a core)"
    add("--jobs", type=positive, default=os.cpu_count() or 1, metavar="N", help=about)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Grade all files; print the report or the table, write the JSON; return the exit code."""
    wanted = CONTRACTS.get(options.contract)
    if wanted and options.only and options.only not in wanted.functions:
        raise UserError(f"--only {options.only} is no function of --contract {wanted.name}")
    for path in options.files:
        for out in (options.json, options.csv):
            check_writable(out, path)
    if len(options.files) == 1:
        _check_readable(options.files[0])
    seed = secrets.randbelow(10**6) if options.seed is None else options.seed
    points = Points(options.points, options.halves, options.follow_through)
    out = _Out(options, points)
    job = Job(seed, options.timeout, options.only, options.contract)
    progress = Progress(len(options.files))
    try:
        for number, graded in enumerate(grade_all(options.files, job, options.jobs)):
            progress.clear()
            out.add(graded)
            progress.begin(clean(graded.path), number)
            progress.after_step(0)
    finally:
        progress.clear()
        out.write()
    out.end()
    if any(g.error for g in out.files):
        return 2
    return 0 if all(g.passed for g in out.files) else 1


class _Out:
    """What is shown and written of the files graded so far."""

    def __init__(self, options: argparse.Namespace, points: Points) -> None:
        self.options, self.points = options, points
        self.files: list[Graded] = []
        self.width = max(len(clean(path)) for path in options.files)
        self.text = options.format == "text"
        self.alone = len(options.files) == 1
        self.written = time.monotonic()
        if self.text and not self.alone:
            show(marks.head(self.width))

    def add(self, graded: Graded) -> None:
        """Show a file's line, or its report if there is one file only."""
        if self.options.points and len(graded.verdicts) not in (0, len(self.options.points)):
            reason = (
                f"--points has {len(self.options.points)} numbers, expected "
                f"{len(graded.verdicts)}, one for each function"
            )
            if self.alone:
                raise UserError(reason)
            graded = replace(graded, verdicts=(), error=reason)  # the others may fit
        self.files.append(graded)
        if self.text:
            show(student_text(graded) if self.alone else marks.row(graded, self.width, self.points))
        if time.monotonic() - self.written > WRITTEN_EVERY:
            self.write()

    def write(self) -> None:
        """Write the files that were asked for, each whole."""
        if self.files and self.options.csv is not None:
            write("--csv", self.options.csv, marks.table(self.files, self.points))
        if self.files and self.options.json is not None:
            write("--json", self.options.json, self._json())
        self.written = time.monotonic()

    def end(self) -> None:
        """Show what is known only when all files are graded."""
        if not self.text:
            print(self._json(), end="")
        elif not self.alone:
            lines = list(marks.frequent(self.files))
            if lines:
                of = len(self.files)
                show("\n".join(["", f"mistakes in {of} files, the most frequent first", *lines]))

    def _json(self) -> str:
        results = [marks.gradescope(g, self.points) for g in self.files]
        content = results[0] if self.alone else {"results": results}
        return json.dumps(content, indent=2) + "\n"


def _check_readable(path: str) -> None:
    if not os.path.exists(path):
        raise UserError(f"{clean(path)} does not exist")
    if not os.path.isfile(path):
        raise UserError(f"{clean(path)} is no file, expected a Python file or a notebook")


def _points(text: str) -> tuple[float, ...]:
    try:
        points = tuple(float(part) for part in text.split(","))
    except ValueError:
        points = ()
    if not points or not all(0 <= p <= 1000 for p in points):
        raise argparse.ArgumentTypeError(f"expected numbers from 0, as in 2,4,1, got {text!r}")
    return points


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0.1 <= seconds <= 3600:
        raise argparse.ArgumentTypeError(f"expected seconds from 0.1 to 3600, got {text!r}")
    return seconds
