"""python -m brn_numpy grade: judge solutions of the exercises, and name the mistakes."""

from __future__ import annotations

import argparse
import json
import math
import os
import secrets
from typing import Any

from .._files import whole_file
from ..grading import report
from ..grading.adapter import CONTRACTS
from ..grading.grade import TIMEOUT, Graded, grade
from .common import Progress, UserError, check_writable, show

EXAMPLES = """\
examples:
  what is right, and what is wrong and why:
    %(prog)s mine.py
  one function:
    %(prog)s mine.py --only batch_norm_backward
  a table for the lecturer, who made which mistake:
    %(prog)s class/*.py
  Gradescope's results file:
    %(prog)s mine.py --json results.json

The functions to write are in tutorials/exercises/. The layers.py of cs231n's
second assignment is recognised by its functions, and judged by its own
contract. Each run draws other numbers; --seed repeats those of an earlier one.

The files are run in processes of their own, with limits of time, memory and
output. This stops accidents and pranks, but it is no wall: a file runs with
your rights and can read what you can. Grade files of people whom you do not
trust in a container without a network.

exit codes: 0 everything right, 1 not everything, 2 wrong arguments,
130 interrupted (Ctrl-C)
"""


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
    parser.add_argument("files", nargs="+", metavar="FILE", help="a Python file with solutions")
    parser.add_argument("--json", metavar="OUT", help="write Gradescope's results to this file")
    names = [name for about in CONTRACTS.values() for name in about.functions]
    parser.add_argument("--only", choices=names, metavar="NAME", help="one function only")
    parser.add_argument(
        "--contract",
        choices=list(CONTRACTS),
        help="whose functions a file has (default: it is told by their names)",
    )
    parser.add_argument("--seed", type=_seed, metavar="N", help="of the arrays (default: another)")
    parser.add_argument(
        "--timeout",
        type=_seconds,
        default=TIMEOUT,
        metavar="S",
        help=f"seconds for a function; a file has twice as many (default {TIMEOUT:g})",
    )
    parser.add_argument(
        "--format", choices=["text", "gradescope"], default="text", help="what is printed"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Grade all files; print the report or the table, write the JSON; return the exit code."""
    about = CONTRACTS.get(options.contract)
    if about and options.only and options.only not in about.functions:
        raise UserError(f"--only {options.only} is no function of --contract {about.name}")
    for path in options.files:
        check_writable(options.json, path)
        _check_readable(path)
    seed = secrets.randbelow(10**6) if options.seed is None else options.seed
    progress = Progress(len(options.files))
    files: list[Graded] = []
    try:
        for number, path in enumerate(options.files):
            progress.begin(path, number)
            try:
                files.append(grade(path, seed, options.timeout, options.only, options.contract))
            except OSError as error:
                raise UserError(f"{path}: {error.strerror}") from None
            progress.after_step(0, 0.0)
    finally:
        progress.clear()
    results: dict[str, Any] = {"results": [report.gradescope(g, seed) for g in files]}
    text = json.dumps(results["results"][0] if len(files) == 1 else results, indent=2) + "\n"
    if options.format == "gradescope":
        print(text, end="")
    else:
        one = len(files) == 1
        show(report.student_text(files[0], seed) if one else report.lecturer_table(files))
    if options.json is not None:
        _write(options.json, text)
    return 0 if all(g.passed for g in files) else 1


def _write(path: str, text: str) -> None:
    try:
        with whole_file(path) as file:
            file.write(text.encode())
    except OSError as error:
        raise UserError(f"--json {path}: {error}") from None


def _check_readable(path: str) -> None:
    if not os.path.exists(path):
        raise UserError(f"{path} does not exist")
    if not os.path.isfile(path):
        raise UserError(f"{path} is no file, expected a Python file")


def _seed(text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        number = -1
    if number < 0:
        raise argparse.ArgumentTypeError(f"expected a whole number of at least 0, got {text!r}")
    return number


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0.1 <= seconds <= 3600:
        raise argparse.ArgumentTypeError(f"expected seconds from 0.1 to 3600, got {text!r}")
    return seconds
