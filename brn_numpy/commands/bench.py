"""python -m brn_numpy bench: how fast it is, as ratios measured side by side."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from itertools import zip_longest
from textwrap import wrap
from typing import Any

import numpy as np

from ..bench import ablation, layers, machine, norms
from ..bench.frameworks import torch
from ..bench.timing import Calls, Timings, in_turn, is_noisy, ratio
from ..experiments.tables import paragraph
from ..experiments.verdicts import NOISY, is_more
from .common import Progress, check_writable, positive, show, terminal_width, write_json

EXAMPLES = """\
examples:
  fewer shapes and rounds, about ten seconds:
    %(prog)s --quick
  what each step of the kernels buys:
    %(prog)s --ablate
  write all medians and quartiles as well:
    %(prog)s --json bench.json

Only the ratios mean something: all columns are timed in turn, in one process.
Where three standard errors over the rounds decide nothing, the cell says "too
noisy". PyTorch is timed only where it is installed. For steady figures, keep
the machine quiet and pages with malloc:

  export MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=100000000000

exit codes: 0 done, 2 wrong arguments, 130 interrupted (Ctrl-C)
"""
DTYPES = (np.float32, np.float64)


def add_parser(commands: Any) -> None:
    """Add the command and its options."""
    parser = commands.add_parser(
        "bench",
        help="time forward and backward against textbook.py and, where installed, PyTorch",
        description="Time BN, BRN, their relatives, convolution, pooling and a training step, "
        "forward and backward, against textbook.py and, where it is installed, PyTorch.",
        epilog=EXAMPLES,
    )
    parser.add_argument("--quick", action="store_true", help="fewer shapes and rounds")
    parser.add_argument(
        "--ablate", action="store_true", help="switch off the steps of the kernels, one by one"
    )
    parser.add_argument(
        "--rounds", type=positive, metavar="N", help="rounds of each row (default 15; quick: 5)"
    )
    parser.add_argument("--json", metavar="OUT", help="write the results to this file")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print the tables as they are measured; return the exit code."""
    check_writable(options.json)
    rounds = options.rounds or (5 if options.quick else 15)
    shapes = norms.QUICK_SHAPES if options.quick else norms.SHAPES
    growth = norms.GROWTH[:5] if options.quick else norms.GROWTH
    bench = _Bench(rounds, rows=2 * len(shapes) + (0 if options.ablate else len(growth) + 14))
    show(paragraph(machine.describe(), terminal_width()))
    try:
        if options.ablate:
            bench.ablate(shapes)
        else:
            bench.norms(shapes)
            bench.growth(growth)
            bench.relatives()
            bench.layers()
            bench.calls()
            bench.memory(shapes[1])
            bench.bandwidth()
    finally:
        bench.progress.clear()
    if options.json is not None:
        about = {"machine": machine.facts(), "rounds": rounds, "torch": torch is not None}
        write_json(options.json, {**about, "rows": bench.rows})
        show(f"\nresults written to {options.json}")
    return 0


class _Bench:
    """The tables, and the rows of the JSON file."""

    def __init__(self, rounds: int, rows: int) -> None:
        self.rounds = rounds
        self.rows: list[dict[str, Any]] = []
        self.progress = Progress(rows)

    def time(self, label: str, functions: Calls, pairs: Iterable[tuple[str, str]] = ()) -> Timings:
        """Time the functions of one row, and keep the quartiles, also those of some ratios."""
        self.progress.begin(label, len(self.rows))
        self.progress.after_step(-1)
        timings = in_turn(functions, self.rounds)
        quartiles = {k: np.quantile(v, [0.25, 0.5, 0.75]).tolist() for k, v in timings.items()}
        ratios = {f"{one} / {other}": ratio(timings, one, other) for one, other in pairs}
        self.rows.append({"row": label, "seconds": quartiles, "ratios": ratios})
        self.progress.clear()
        return timings

    def norms(self, shapes: tuple[tuple[int, ...], ...]) -> None:
        """Time forward and backward of BN and BRN."""
        heads = "".join(f"{head:>13}" for head in norms.RATIOS)
        show(f"\n{'forward + backward':<20}{'BN, ms':>9}{heads}{'BRN - BN':>12}")
        show("('/ torch' is with the update of the running statistics on both sides)")
        pairs = norms.RATIOS.values()
        for dtype in DTYPES:
            for shape in shapes:
                label = f"{np.dtype(dtype).name} {_times(shape)}"
                timings = self.time(label, norms.passes(shape, dtype), pairs)
                more = timings["brn"] - timings["bn"]
                noisy = is_more(more).word == NOISY
                difference = "too noisy" if noisy else f"{1e6 * np.median(more):.0f} us"
                ours = f"{1e3 * np.median(timings['bn']):>9.3f}"
                show(f"{label:<20}{ours}{_cells(timings, pairs, 13)}{difference:>12}")

    def growth(self, shapes: tuple[tuple[int, ...], ...]) -> None:
        """Time BN at growing sizes: the time of one value should stay the same."""
        show("\ngrowth, float32                 values   ns a value")
        for shape in shapes:
            functions = {"bn": norms.passes(shape, np.float32)["bn"]}
            seconds = float(np.median(self.time(f"growth {_times(shape)}", functions)["bn"]))
            size = int(np.prod(shape))
            show(f"{_times(shape):<24}{size:>14,}{1e9 * seconds / size:>13.2f}")

    def relatives(self) -> None:
        """Time GroupNorm and LayerNorm."""
        show("\nrelatives, float32, forward + backward    ms      / torch   / textbook")
        for groups, shape in norms.RELATIVES:
            name = "LayerNorm" if groups == 1 else f"GroupNorm({groups})"
            functions = norms.group_norm(groups, shape, np.float32)
            self._ours(f"{name} {_times(shape)}", functions, "torch", "textbook")

    def layers(self) -> None:
        """Time convolution, pooling and a training step."""
        show("\nlayers, float32, forward + backward       ms      / torch")
        rows = {
            f"Conv2d 3x3 {_times(shape)} to {filters}": layers.convolution(shape, filters)
            for shape, filters in layers.CONVOLUTIONS
        }
        rows[f"MaxPool2d 2x2 {_times(layers.POOLING)}"] = layers.pooling()
        for batch in layers.BATCHES:
            rows[f"training step, batch {batch}"] = layers.training_step(batch)
        for label, functions in rows.items():
            self._ours(label, functions, "torch")

    def _ours(self, label: str, functions: Calls, *others: str) -> None:
        """Show a row: our milliseconds, and the ratios to others."""
        pairs = [("ours", other) for other in others]
        timings = self.time(label, functions, pairs)
        show(f"{label:<36}{1e3 * np.median(timings['ours']):8.3f}{_cells(timings, pairs, 13)}")

    def calls(self) -> None:
        """Time what layers and the update of the running statistics add to the functions."""
        pairs = {
            "update / forward": ("update", "forward"),
            "BatchNorm / functions": ("BatchNorm", "functions"),
            "BatchRenorm / BatchNorm": ("BatchRenorm", "BatchNorm"),
        }
        show(f"\ncalls   {''.join(f'{head:>24}' for head in pairs)}")
        show("(functions: batch_norm_forward, update_running, batch_norm_backward; float32)")
        for shape in layers.NORMS:
            functions = {**norms.update(shape), **layers.norms(shape)}
            timings = self.time(f"calls {_times(shape)}", functions, pairs.values())
            show(f"{_times(shape):<8}{_cells(timings, pairs.values(), 24)}")

    def memory(self, shape: tuple[int, ...]) -> None:
        """Count the bytes of one forward and one backward."""
        show(f"\nmemory in units of x, float32 {_times(shape)}      peak     kept")
        found = norms.memory(shape, np.float32)
        for name in ("forward", "backward", "textbook forward", "textbook backward"):
            show(f"{name:<40}{found[f'{name} peak']:>10.2f}{found[f'{name} kept']:>9.2f}")
        self.rows.append({"row": f"memory {_times(shape)}", "in units of x": found})

    def bandwidth(self) -> None:
        """Compare the bytes that BN moves in a second with those of a plain copy."""
        moved = machine.bandwidth(self.rounds)
        show("\n" + paragraph(f"bandwidth: {machine.sentence(moved)}", terminal_width()))
        self.rows.append({"row": "bandwidth", "bytes a second": moved})

    def ablate(self, shapes: tuple[tuple[int, ...], ...]) -> None:
        """Switch off one step after the other."""
        pairs = [(name, "all steps") for name in ablation.STEPS]
        show("\ntime without a step, in units of that with all steps")
        for words in zip_longest(*(wrap(name, 11) for name in ablation.STEPS), fillvalue=""):
            show(" " * 20 + "".join(f"{word:>12}" for word in words))
        for dtype in DTYPES:
            for shape in shapes:
                label = f"{np.dtype(dtype).name} {_times(shape)}"
                functions = ablation.variants(norms.passes(shape, dtype)["bn"])
                show(f"{label:<20}{_cells(self.time(label, functions, pairs), pairs, 12)}")


def _times(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape))


def _cells(timings: Timings, pairs: Iterable[tuple[str, str]], width: int) -> str:
    """Return the ratios of a row, flush right."""
    return "".join(f"{_cell(timings, *pair):>{width}}" for pair in pairs)


def _cell(timings: Timings, one: str, other: str) -> str:
    found = ratio(timings, one, other)
    if found is None:
        return "-"
    return "too noisy" if is_noisy(timings, one, other) else str(found)
