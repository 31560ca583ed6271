"""The command line: python -m brn_numpy."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from pathlib import Path

import numpy as np

from . import __version__, data
from ._files import whole_file
from .experiments import compare

OVERVIEW = """\
brn_numpy {version}: Batch Normalization and Batch Renormalization in plain NumPy, to read.

Try first:

  {prog} compare --steps 300 --seeds 1

Commands:

  compare    train a small network with BN and with BRN on real images: where BN is as
             good, where small minibatches hurt it, where it fails (about a minute)

  {prog} COMMAND --help shows all options of a command, with examples.

In Python:

  from brn_numpy import batch_renorm_forward
  help(batch_renorm_forward)
"""

COMPARE_EXAMPLES = """\
examples:
  %(prog)s                            three seeds on the shipped Fashion-MNIST images
  %(prog)s --steps 300 --seeds 1      a first look in a few seconds
  %(prog)s --json results.json        write every single training as well
  %(prog)s --data mnist/              your own images: a folder with the four IDX files of
                                      MNIST (.gz or not), or an .npz file with X and y

exit codes: 0 done, 2 wrong arguments or data, 130 interrupted (Ctrl-C)
"""


class UserError(Exception):
    """A mistake of the user: told in one line, without a traceback."""


def main(arguments: list[str] | None = None, prog: str = "brn-numpy") -> int:
    """Run a command; return the exit code."""
    parser = _parser(prog)
    options = parser.parse_args(arguments)
    try:
        if options.command is None:
            print(OVERVIEW.format(version=__version__, prog=prog), end="")
        else:
            options.run(options)
        sys.stdout.flush()
    except UserError as error:
        print(f"{prog}: error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"\n{prog}: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader of our output, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    return 0


def _parser(prog: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=prog,
        description="Batch Normalization and Batch Renormalization in plain NumPy.",
        epilog=f"Try first: {prog} compare --steps 300 --seeds 1",
    )
    parser.add_argument("--version", action="version", version=f"brn_numpy {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    sub = commands.add_parser(
        "compare",
        help="train with BN and with BRN on real images, in the paper's three regimes",
        description="Train the same small network with BN and with BRN on real images, in the "
        "three regimes of the paper: i.i.d. minibatches of 32; the same, normalised in groups of "
        "4; and minibatches of few classes. BN and BRN start from the same weights and see the "
        "same minibatches.",
        epilog=COMPARE_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    sub.add_argument(
        "--seeds", type=_positive, default=3, metavar="N", help="trainings of each kind (default 3)"
    )
    sub.add_argument(
        "--steps",
        type=_positive,
        default=compare.DEFAULT_STEPS,
        metavar="N",
        help=f"minibatches in a training (default {compare.DEFAULT_STEPS})",
    )
    sub.add_argument("--json", metavar="OUT", help="write the results to this file")
    sub.add_argument("--data", metavar="PATH", help="train on your own images")
    sub.set_defaults(run=_compare)
    return parser


def _positive(text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number of at least 1, got {text!r}")
    return number


def _compare(options: argparse.Namespace) -> None:
    """Run all trainings, then print the table and write the JSON."""
    _check_writable(options.json)
    images = _images(options.data)
    jobs = [
        (regime, seed, method)
        for regime in compare.REGIMES
        for seed in range(options.seeds)
        for method in compare.METHODS
    ]
    for regime in compare.REGIMES:  # before the first training: can all minibatches be drawn?
        try:
            compare.batches(images, regime, np.random.default_rng(0))
        except ValueError as error:
            raise UserError(f"{images.name} does not suit compare: {error}") from None
    print(
        f"{images.name}: {len(images.x_train)} training and {len(images.x_test)} test images; "
        f"{len(jobs)} trainings of {options.steps} steps",
        flush=True,
    )
    progress = Progress(len(jobs) * options.steps)
    results = []
    try:
        for number, (regime, seed, method) in enumerate(jobs):
            progress.begin(f"{regime.key} {method} seed {seed}", number * options.steps)
            results.append(
                compare.run(images, regime, method, seed, options.steps, progress.after_step)
            )
    finally:
        progress.clear()
    print(compare.report(results))
    if options.json is not None:
        _write_json(options.json, options, results)
        print(f"\nresults written to {options.json}")


def _images(path: str | None) -> data.Dataset:
    """Return standardised images: the user's, or the shipped ones."""
    try:
        found = data.load_fashion_mnist() if path is None else data.load_data(path)
        if len(found.x_test) == 0:
            raise ValueError(f"{path} has no test images")
        return data.standardize(found)
    except (ValueError, TypeError, OSError) as error:
        raise UserError(str(error)) from None


def _check_writable(path: str | None) -> None:
    """Find out before a long run that its results could not be written."""
    if path is None:
        return
    target = Path(path)
    if target.is_dir():
        raise UserError(f"--json {path} is a folder, expected the name of a file")
    if not target.parent.is_dir():
        raise UserError(f"--json {path}: there is no folder {target.parent}")
    if not os.access(target.parent, os.W_OK):
        raise UserError(f"--json {path}: the folder {target.parent} cannot be written to")


def _write_json(path: str, options: argparse.Namespace, results: list[compare.Result]) -> None:
    content = {
        "results": [result.to_dict() for result in results],
        "steps": options.steps,
        "seeds": options.seeds,
        "data": options.data or "fashion_mnist_14x14",
        "versions": {
            "brn_numpy": __version__,
            "numpy": np.__version__,
            "python": platform.python_version(),
        },
    }
    try:
        with whole_file(path) as file:
            file.write((json.dumps(content, indent=2) + "\n").encode())
    except OSError as error:
        raise UserError(f"--json {path}: {error}") from None


class Progress:
    """One line on a terminal that says what is running and how long it will take; else silence."""

    def __init__(self, total: int) -> None:
        self.total = total
        self.started = time.monotonic()
        self.shown = 0.0
        self.visible = sys.stderr.isatty()

    def begin(self, label: str, done: int) -> None:
        """Note what is running now, and how many steps were done before it."""
        self.label, self.before = label, done

    def after_step(self, step: int, loss: float) -> None:
        """Say how far it is, at most ten times a second."""
        now = time.monotonic()
        if not self.visible or now - self.shown < 0.1:
            return
        self.shown = now
        done = self.before + step + 1
        left = (now - self.started) * (self.total - done) / done
        line = f"{100 * done // self.total:3d} %  {self.label}, about {left:.0f} s left"
        print(f"\r{line:<70}", end="", file=sys.stderr, flush=True)

    def clear(self) -> None:
        """Wipe the line out."""
        if self.visible:
            print(f"\r{'':<70}\r", end="", file=sys.stderr, flush=True)
