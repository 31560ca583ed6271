"""What the commands share: errors for the user, files, and a line of progress."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from .._files import target_of, try_out, whole_file
from ..data import Dataset
from ..data._sources import is_idx_name
from ..experiments import images, runner
from ..experiments.experiment import Experiment
from ..experiments.report import Piece
from ..experiments.spec import Results
from ..experiments.store import versions
from ..experiments.tables import paragraph


class HelpFormatter(argparse.RawDescriptionHelpFormatter):
    """Keeps the lines of a description and its examples, but for those that are too long."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return "\n".join(wrapped(line, width) for line in text.splitlines())


def wrapped(line: str, width: int) -> str:
    """Return a line in as many as it takes; those after the first are indented further."""
    if len(line) <= width or not line.strip():
        return line
    indent = " " * (len(line) - len(line.lstrip()))
    more = indent + "    " if indent else ""
    return paragraph(line, width, more)


def terminal_width() -> int:
    """Return how many columns the terminal has; 80 where there is none."""
    return max(60, shutil.get_terminal_size().columns)


class UserError(Exception):
    """A mistake of the user: told in one line, without a traceback."""


def positive(text: str) -> int:
    """Read a whole number of at least 1 from the command line."""
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number of at least 1, got {text!r}")
    return number


def check_writable(path: str | None, source: str | None = None) -> None:
    """Refuse, before a long run, a file that cannot be written or is the `source` of the run."""
    if path is None:
        return
    try:
        target = target_of(path)
        there = os.path.exists(target)  # unlike Path.exists, it raises nothing for a name too long
        if source and there and os.path.exists(source) and _is_read(target, Path(source)):
            raise UserError(f"--json {path} would replace what is read; choose another name")
        if os.path.isdir(target):
            raise UserError(f"--json {path} is a folder, expected the name of a file")
        if there and not os.path.isfile(target):
            raise UserError(f"--json {path} is no ordinary file, expected the name of one")
        if not os.path.isdir(target.parent):
            folder = target.parent if Path(path).is_symlink() else Path(path).parent
            raise UserError(f"--json {path}: there is no folder {folder}")
        try_out(target)
    except OSError as error:
        raise UserError(f"--json {path} cannot be written: {error.strerror}") from None


def _is_read(target: Path, source: Path) -> bool:
    """Return whether a file is the source, or one of the IDX files that are read with it."""
    folder = source if source.is_dir() else source.parent
    beside = target.parent.samefile(folder) and is_idx_name(target.name)
    return target.samefile(source) or (beside and (source.is_dir() or is_idx_name(source.name)))


def show(text: str) -> None:
    """Print a text; letters that the terminal cannot show become escapes, and nothing is lost."""
    encoding = sys.stdout.encoding or "utf-8"
    print(text.encode(encoding, "backslashreplace").decode(encoding), flush=True)


def load_images(path: str | None) -> Dataset:
    """Return standardised images: the user's, or the shipped ones."""
    try:
        return images.load_images(path)
    except (ValueError, TypeError, OSError) as error:
        raise UserError(str(error)) from None


def check_images(experiment: Experiment, path: str | None) -> None:
    """Refuse images that an experiment cannot use, before the first training."""
    try:
        for spec in experiment.specs(1):
            runner.check_images(spec, path)
    except (ValueError, TypeError, OSError) as error:
        reason = str(error).partition(";")[0]  # without the advice, which is for functions
        raise UserError(f"these images do not suit {experiment.name}: {reason}") from None


def write_json(path: str, content: dict[str, Any]) -> None:
    """Write `content`, and with which versions it was made."""
    text = json.dumps({**content, "versions": versions()}, indent=2, allow_nan=False) + "\n"
    try:
        with whole_file(path) as file:
            file.write(text.encode())
    except OSError as error:
        raise UserError(f"--json {path}: {error}") from None


class Live:
    """Shows the pieces of a report, each as soon as the trainings that it needs are there."""

    def __init__(self, pieces: Iterable[Piece]) -> None:
        self.pieces = list(pieces)

    def update(self, results: Results) -> None:
        """Show what is ready."""
        while self.pieces and self.pieces[0].needs <= results.keys():
            show(self.pieces.pop(0).text(results))


class Progress:
    """One line on a terminal that says what is running and how long it will take; else silence."""

    def __init__(self, total: int) -> None:
        self.total = total
        self.started = time.monotonic()
        self.shown = 0.0  # when the line was last written
        self.label, self.before = "", 0
        self.visible = sys.stderr.isatty()

    def begin(self, label: str, done: int) -> None:
        """Note what is running now, and how many steps were done before it."""
        self.label, self.before = label, done

    def after_step(self, step: int, loss: float = 0.0) -> None:
        """Say how far it is, at most ten times a second."""
        now = time.monotonic()
        if not self.visible or now - self.shown < 0.1:
            return
        self.shown = now
        done = self.before + step + 1
        line = f"{100 * done // self.total:3d} %  "
        if done > 0:
            line += f"about {(now - self.started) * (self.total - done) / done:.0f} s left  "
        line += self.label
        width = min(79, shutil.get_terminal_size().columns - 1)
        print(f"\r{line[:width]:<{width}}", end="", file=sys.stderr, flush=True)

    def clear(self) -> None:
        """Wipe the line out, if one was shown."""
        if self.visible and self.shown:
            width = min(79, shutil.get_terminal_size().columns - 1)
            print(f"\r{'':<{width}}\r", end="", file=sys.stderr, flush=True)
            self.shown = 0.0
