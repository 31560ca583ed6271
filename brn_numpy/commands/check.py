"""python -m brn_numpy check: the gradients of this package, or of a reader's own functions."""

from __future__ import annotations

import argparse
import ast
import importlib.util
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from .. import gradcheck, selfcheck
from .common import UserError, check_writable, write_json

EXAMPLES = """\
examples:
  %(prog)s                    every gradient of this package, by two numeric methods
  %(prog)s mine.py:forward,backward --inputs 'x=7,6 gamma=6 beta=6'
                                      your own pair: y, cache = forward(x, gamma, beta)
                                      and dx, dgamma, dbeta = backward(dy, cache)
  %(prog)s mine.py:brn_forward,brn_backward --frozen \\
      --inputs 'x=7,6 gamma=6 beta=6 running_mean=6 running_std=6 eps=0.2' --wrt x,gamma,beta

  --inputs: NAME=SHAPE is an array of odd random values (positive where the name holds
  "std", "sigma" or "var"), NAME=NUMBER with a point or an exponent is that number.
  --frozen: pins r and d, which batch renorm's backward pass holds constant. Your forward takes
  correction=(r, d) for it, and the cache has the attributes or keys r and d.

exit codes: 0 all gradients agree, 1 one does not, 2 wrong arguments, 130 interrupted (Ctrl-C)
"""


def add_parser(commands: Any) -> None:
    """Add the command and its options."""
    parser = commands.add_parser(
        "check",
        help="compare gradients with numeric ones",
        description="Compare every gradient of this package with central differences and with the "
        "complex step; or check your own pair of functions.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "functions", nargs="?", metavar="FILE.py:FORWARD,BACKWARD", help="your own functions"
    )
    parser.add_argument("--inputs", metavar="'NAME=SHAPE ...'", help="what forward takes")
    parser.add_argument("--wrt", metavar="NAME,...", help="check these arguments (default: all)")
    parser.add_argument("--frozen", action="store_true", help="pin r and d of batch renorm")
    parser.add_argument("--method", choices=("richardson", "central", "complex"))
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="(default 0)")
    parser.add_argument("--json", metavar="OUT", help="write the results to this file")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run the check that was asked for; return the exit code."""
    own_file = (options.functions or "").rpartition(":")[0]
    check_writable(options.json, own_file)
    if options.seed < 0:
        raise UserError(f"--seed must be at least 0, got {options.seed}")
    if options.functions is not None:
        return _check_own(options)
    for name in ("inputs", "wrt", "method"):
        if getattr(options, name) is not None:
            raise UserError(f"--{name} goes with your own functions: FILE.py:FORWARD,BACKWARD")
    if options.frozen:
        raise UserError("--frozen goes with your own functions: FILE.py:FORWARD,BACKWARD")
    return _check_package(options)


def _check_package(options: argparse.Namespace) -> int:
    """Print a line for every gradient of the package, and the totals."""
    line = "{:<22}{:<19}{:<14}{:<9}{:<12}{:>9}{:>10}  {}"
    print("largest error, relative to the size of the terms that add up to the gradient")
    print(line.format("operation", "mode", "layout", "dtype", "by", "central", "complex", ""))
    started = time.perf_counter()
    rows = []
    for case in selfcheck.cases(options.seed):
        for row in selfcheck.check(case, options.seed):
            rows.append(row)
            numbers = f"{row.central:.1e}", f"{row.complex_step:.1e}"
            verdict = "ok" if row.ok else "WRONG"
            where = (row.operation, row.mode, row.layout, row.dtype, row.argument)
            print(line.format(*where, *numbers, verdict), flush=True)
    for report in dict.fromkeys(row.report for row in rows if not row.ok):
        print(f"\n{report}")
    wrong = sum(not row.ok for row in rows)
    exact = [row for row in rows if row.dtype == "float64"]
    print(
        f"\n{len(rows)} gradients, {wrong} wrong, {time.perf_counter() - started:.0f} s; float64: "
        f"at most {max(row.central for row in exact):.0e} from central differences, "
        f"{max(row.complex_step for row in exact):.0e} from the complex step"
    )
    if options.json is not None:
        results = [row.to_dict() for row in rows]
        write_json(options.json, {"ok": not wrong, "seed": options.seed, "results": results})
    return 1 if wrong else 0


def _check_own(options: argparse.Namespace) -> int:
    """Check a reader's own pair of functions."""
    forward, backward = _load(options.functions)
    if not options.inputs:
        raise UserError("--inputs is missing, for example --inputs 'x=7,6 gamma=6 beta=6'")
    rng = np.random.default_rng([options.seed, 1])  # another stream than that of dy
    try:
        inputs = _read_inputs(options.inputs, rng)
        report = gradcheck.check_gradients(
            forward,
            backward,
            inputs,
            wrt=options.wrt.split(",") if options.wrt else None,
            frozen=True if options.frozen else None,
            method=options.method or "richardson",
            seed=options.seed,
        )
    except UserError:
        raise
    except (Exception, SystemExit) as error:  # theirs, or ours about what they gave us
        place = _place(error, Path(options.functions.rpartition(":")[0]))
        raise UserError(f"{type(error).__name__}: {error}{place}") from None
    print(report)
    if options.json is not None:
        write_json(options.json, report.to_dict())
    return 0 if report.ok else 1


def _load(text: str) -> list[Callable[..., Any]]:
    """Return the two functions that FILE.py:FORWARD,BACKWARD names."""
    name, _, functions = text.rpartition(":")
    names = functions.split(",")
    if not name or len(names) != 2:
        raise UserError(f"expected FILE.py:FORWARD,BACKWARD, got {text!r}")
    path = Path(name)
    if not path.is_file():
        raise UserError(f"there is no file {path}")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise UserError(f"{path} is no Python file; its name must end in .py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up there
    sys.path.insert(0, str(path.parent))  # as when the file itself is run
    try:
        spec.loader.exec_module(module)
    except SyntaxError as error:
        raise UserError(f"SyntaxError: {error.msg} ({path.name}, line {error.lineno})") from None
    except (Exception, SystemExit) as error:
        text = f"{type(error).__name__}: {error}{_place(error, path)}"
        raise UserError(f"{text}, while it was loaded") from None
    for wanted in names:
        if not callable(getattr(module, wanted, None)):
            found = [k for k, v in vars(module).items() if callable(v) and not k.startswith("_")]
            raise UserError(
                f"{path} has no function {wanted!r}; it has {', '.join(found) or 'none'}"
            )
    return [getattr(module, wanted) for wanted in names]


def _read_inputs(text: str, rng: np.random.Generator) -> dict[str, Any]:
    """Read NAME=SHAPE and NAME=NUMBER, with blanks between them."""
    inputs: dict[str, Any] = {}
    for part in text.split():
        name, value = _read_input(part, rng)
        if name in inputs:
            raise UserError(f"--inputs names {name} twice")
        inputs[name] = value
    return inputs


def _read_input(text: str, rng: np.random.Generator) -> tuple[str, Any]:
    """Read NAME=SHAPE or NAME=NUMBER."""
    name, _, value = text.partition("=")
    try:
        parsed = ast.literal_eval(value)
    except (SyntaxError, ValueError):
        parsed = None
    if name.isidentifier() and isinstance(parsed, float):
        return name, parsed
    shape = parsed if isinstance(parsed, tuple) else (parsed,)
    if not name.isidentifier() or not all(type(n) is int and n > 0 for n in shape):
        raise UserError(f"--inputs: expected NAME=SHAPE such as x=7,6 or eps=0.1, got {text!r}")
    positive = any(part in name for part in ("std", "sigma", "var"))
    kind = "std" if positive else "scale" if len(shape) == 1 else ""
    return name, selfcheck.odd_values(rng, shape, kind)


def _place(error: BaseException, path: Path) -> str:
    """Say in which line of the reader's file an exception arose, if it did there."""
    lines = [
        frame.lineno
        for frame in traceback.extract_tb(error.__traceback__)
        if Path(frame.filename).resolve() == path.resolve()
    ]
    return f" ({path.name}, line {lines[-1]})" if lines else ""
