"""python -m brn_numpy check: the gradients of this package, or of a reader's own functions."""

from __future__ import annotations

import argparse
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from .. import gradcheck, selfcheck
from ..gradcheck.report import wrapped
from .common import UserError, check_writable, write_json
from .inputs import described, read_inputs
from .own_code import load, place

EXAMPLES = """\
examples:
  every gradient of this package, two ways:
    %(prog)s
  your own y, cache = forward(x, gamma, beta), and backward(dy, cache), which
  returns dx, dgamma, dbeta:
    %(prog)s mine.py:forward,backward \\
      --inputs 'x=7,6 gamma=6 beta=6'
  two backward functions of a notebook:
    %(prog)s bn.ipynb:forward,backward,backward_alt \\
      --inputs "x=7,6 gamma=6 beta=6 bn_param={'mode':'train'}"
  batch renorm:
    %(prog)s brn.py:forward,backward --frozen \\
      --inputs 'x=7,6 gamma=6 beta=6 running_mean=6 running_std=6 eps=0.2' \\
      --wrt x,gamma,beta

  --inputs: NAME=SHAPE is an array of random values (positive where the
  name holds "std", "sigma" or "var"); NAME=VALUE is that number with a point,
  text in quotes, list or dict. One whole number is a vector of that length,
  but for what counts: groups=2, stride=1, axis=1, G=2, an int by its default.
  --frozen: pins r and d, which batch renorm's backward pass holds constant.
  Your forward takes correction=(r, d) for it, and the cache has r and d as
  attributes or keys.

exit codes: 0 all gradients agree, 1 one does not, 2 wrong arguments,
130 interrupted (Ctrl-C)
"""
HEAD = f"{'operation':<22}{'dtype':<10}{'gradients':>9}{'central':>10}{'complex':>10}"
DETAILS = f"  {'mode':<19}{'layout':<14}{'by':<11}{'central':>9}{'complex':>9}"


def add_parser(commands: Any) -> None:
    """Add the command and its options."""
    parser = commands.add_parser(
        "check",
        help="compare gradients with numeric ones",
        description="Compare every gradient of this package with central differences and with the "
        "complex step; or check your own functions.",
        epilog=EXAMPLES,
    )
    parser.add_argument(
        "functions", nargs="?", metavar="FILE:FORWARD,BACKWARD", help="your own, in .py or .ipynb"
    )
    parser.add_argument("--inputs", metavar="'NAME=SHAPE ...'", help="what forward takes")
    parser.add_argument("--wrt", metavar="NAME,...", help="check these arguments (default: all)")
    parser.add_argument("--frozen", action="store_true", help="pin r and d of batch renorm")
    parser.add_argument(
        "--method", choices=("richardson", "central", "complex"), help="(default richardson)"
    )
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="(default 0)")
    parser.add_argument("--verbose", action="store_true", help="a line for every gradient")
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
    for name in ("inputs", "wrt", "method", "frozen"):
        if getattr(options, name) not in (None, False):
            raise UserError(f"--{name} goes with your own functions: FILE.py:FORWARD,BACKWARD")
    return _check_package(options)


def _check_package(options: argparse.Namespace) -> int:
    """Print a line for every operation and dtype, or for every gradient; and the totals."""
    groups: dict[tuple[str, str], list[selfcheck.Case]] = {}
    for case in selfcheck.cases(options.seed):
        groups.setdefault((case.operation, case.dtype), []).append(case)
    print("largest error, relative to the size of the terms that add up to the gradient")
    if not options.verbose:
        print(HEAD)
    started = time.perf_counter()
    rows: list[selfcheck.Row] = []
    for (operation, dtype), cases in groups.items():
        if options.verbose:
            print(f"{operation}, {dtype}\n{DETAILS}", flush=True)
        of_group = []
        for case in cases:
            for row in selfcheck.check(case, options.seed):
                of_group.append(row)
                if options.verbose:
                    where = f"  {row.mode:<19}{row.layout:<14}{row.argument:<11}"
                    print(where + _errors([row], 9), flush=True)
        if not options.verbose:
            line = f"{operation:<22}{dtype:<10}{len(of_group):>9}"
            print(line + _errors(of_group, 10), flush=True)
        rows += of_group
    for report in dict.fromkeys(row.report for row in rows if not row.ok):
        print(f"\n{report}")
    wrong = sum(not row.ok for row in rows)
    exact = [row for row in rows if row.dtype == "float64"]
    print(
        f"\n{len(rows)} gradients, {wrong} wrong, {time.perf_counter() - started:.0f} s; float64: "
        f"at most\n{max(row.central for row in exact):.0e} from central differences, "
        f"{max(row.complex_step for row in exact):.0e} from the complex step"
    )
    if options.json is not None:
        results = [asdict(row) for row in rows]
        write_json(options.json, {"ok": not wrong, "seed": options.seed, "results": results})
    return 1 if wrong else 0


def _errors(rows: list[selfcheck.Row], width: int) -> str:
    """Return the largest errors of some gradients, and whether all are right."""
    central, exact = (max(getattr(row, k) for row in rows) for k in ("central", "complex_step"))
    verdict = "ok" if all(row.ok for row in rows) else "WRONG"
    return f"{central:>{width}.1e}{exact:>{width}.1e}  {verdict}"


def _check_own(options: argparse.Namespace) -> int:
    """Check a reader's own forward pass with one backward pass or several."""
    forward, *backwards = load(options.functions)
    path, _, names = options.functions.rpartition(":")
    if not options.inputs:
        raise UserError("--inputs is missing, for example --inputs 'x=7,6 gamma=6 beta=6'")
    reports: dict[str, gradcheck.GradientReport] = {}
    for name, backward in zip(names.split(",")[1:], backwards, strict=True):
        try:
            inputs = read_inputs(options.inputs, forward, options.seed)
            report = gradcheck.check_gradients(
                forward,
                backward,
                inputs,
                wrt=options.wrt,
                frozen=options.frozen or None,
                method=options.method or "richardson",
                seed=options.seed,
            )
        except UserError:
            raise
        except (Exception, SystemExit) as error:  # theirs, or ours about what they gave us
            where = place(error, Path(path))
            raise UserError(f"{type(error).__name__}: {error}{where}") from None
        if not reports:
            print("\n".join(wrapped(f"inputs: {described(inputs)}", 0)))
        if len(backwards) > 1:
            print(f"\n{name}")
        print(report, flush=True)
        reports[name] = report
    ok = all(report.ok for report in reports.values())
    if options.json is not None:
        results = {name: report.to_dict() for name, report in reports.items()}
        one = next(iter(results.values()))
        write_json(options.json, one if len(results) == 1 else {"ok": ok, "backward": results})
    return 0 if ok else 1
