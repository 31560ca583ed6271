"""The command line: python -m brn_numpy."""

from __future__ import annotations

import argparse
import io
import os
import sys
from contextlib import suppress
from typing import Any

from . import __version__
from .commands import bench, check, compare, experiment, grade
from .commands.common import HelpFormatter, UserError, terminal_width, wrapped

OVERVIEW = """\
brn_numpy {version}: Batch Normalization and Batch Renormalization
in plain NumPy, to read.

Try first:

  {prog} compare --steps 300 --seeds 1

Commands:

  compare      train a small network with BN and with BRN on real images:
               where BN is as good, and where small or uneven minibatches
               hurt it (about a minute)
  experiment   every claim of the papers, with error bars and a verdict;
               alone, it lists them
  check        compare every gradient of this package, or of your own pair
               of functions, with numeric ones
  bench        time forward and backward against textbook.py and, where
               installed, PyTorch
  grade        judge solutions of the exercises: what is wrong, why, and how
               to see it

  {prog} COMMAND --help shows all options of a command.

In Python:

  from brn_numpy import batch_renorm_forward
  help(batch_renorm_forward)
"""


def main(arguments: list[str] | None = None, prog: str = "brn-numpy") -> int:
    """Run a command; return the exit code."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by the caller: nobody wants to read it
            setattr(sys, name, io.StringIO())
    code = 0
    try:
        try:
            options = _parser(prog).parse_args(arguments)
            if options.command is None:
                print(OVERVIEW.format(version=__version__, prog=prog), end="")
            else:
                code = options.run(options)
        finally:  # --help and --version end by SystemExit
            sys.stdout.flush()
    except UserError as error:
        _complain(f"{prog}: error: {error}")
        return 2
    except KeyboardInterrupt:
        print(f"\n{prog}: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader of our output, such as `head`, has seen enough
        _drop_output()
        return 141
    except (OSError, UnicodeEncodeError) as error:  # a full disk, or a terminal without our letters
        _complain(f"{prog}: error: the output could not be written: {error}")
        _drop_output()
        return 2
    return code


def _complain(text: str) -> None:
    """Print an error; on a terminal in lines that fit, otherwise in one that can be searched."""
    if sys.stderr.isatty():
        text = "\n".join(wrapped(line, terminal_width()) for line in text.splitlines())
    print(text, file=sys.stderr)


def _drop_output() -> None:
    """Send what is left in the buffer of standard output nowhere, lest Python fail at its end."""
    with suppress(OSError), open(os.devnull, "w", encoding="utf-8") as nowhere:
        os.dup2(nowhere.fileno(), sys.stdout.fileno())


class _Parser(argparse.ArgumentParser):
    """A parser that does not hide that its help could not be written."""

    def _print_message(self, message: str, file: Any = None) -> None:
        (file or sys.stderr).write(message)


def _parser(prog: str) -> argparse.ArgumentParser:
    parser = _Parser(
        prog=prog,
        description="Batch Normalization and Batch Renormalization in plain NumPy.",
        epilog=f"Try first: {prog} compare --steps 300 --seeds 1",
        formatter_class=HelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"brn_numpy {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    for command in (compare, experiment, check, bench, grade):
        command.add_parser(commands)
    for each in commands.choices.values():
        each.formatter_class = HelpFormatter
    return parser
