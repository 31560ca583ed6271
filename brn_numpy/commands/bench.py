"""python -m brn_numpy bench: how fast it is, as ratios measured side by side."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from ..bench import ablation, layers, machine, norms
from ..bench.frameworks import torch
from ..bench.timing import Timings, in_turn, ratio
from .common import Progress, check_writable, positive, write_json

EXAMPLES = """\
examples:
  %(prog)s --quick                    fewer shapes and rounds, about ten seconds
  %(prog)s --ablate                   what each step of the kernels buys
  %(prog)s --json bench.json          write all medians and quartiles as well

Only the ratios mean something: all columns are timed in turn, in one process. PyTorch is timed only
where it is installed. For steady figures, keep the machine quiet and pages with malloc:
  MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=100000000000 python -m brn_numpy bench

exit codes: 0 done, 2 wrong arguments, 130 interrupted (Ctrl-C)
"""
DTYPES = (np.float32, np.float64)


def add_parser(commands: Any) -> None:
    """Add the command and its options."""
    parser = commands.add_parser(
        "bench",
        help="time forward and backward against textbook NumPy and, where installed, PyTorch",
        description="Time BN, BRN, convolution, pooling and a training step, forward and backward, "
        "against textbook NumPy and, where it is installed, PyTorch.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
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
    bench = _Bench(rounds, rows=2 * len(shapes) + (0 if options.ablate else len(growth) + 10))
    print(machine.describe(), flush=True)
    try:
        if options.ablate:
            bench.ablate(shapes)
        else:
            bench.norms(shapes)
            bench.growth(growth)
            bench.layers()
            bench.calls()
            bench.memory(shapes[1])
            bench.bandwidth()
    finally:
        bench.progress.clear()
    if options.json is not None:
        about = {"machine": machine.facts(), "rounds": rounds, "torch": torch is not None}
        write_json(options.json, {**about, "rows": bench.rows})
        print(f"\nresults written to {options.json}")
    return 0


class _Bench:
    """The tables, and the rows of the JSON file."""

    def __init__(self, rounds: int, rows: int) -> None:
        self.rounds = rounds
        self.rows: list[dict[str, Any]] = []
        self.progress = Progress(rows)

    def time(
        self,
        label: str,
        functions: dict[str, Callable[[], object]],
        pairs: Iterable[tuple[str, str]] = (("ours", "torch"),),
    ) -> Timings:
        """Time the functions of one row, and keep the quartiles, also those of some ratios."""
        self.progress.begin(label, len(self.rows))
        self.progress.after_step(-1, 0.0)
        timings = in_turn(functions, self.rounds)
        quartiles = {k: np.quantile(v, [0.25, 0.5, 0.75]).tolist() for k, v in timings.items()}
        ratios = {
            f"{one} / {other}": ratio(timings, one, other) for one, other in pairs if one in timings
        }
        self.rows.append({"row": label, "seconds": quartiles, "ratios": ratios})
        self.progress.clear()
        return timings

    def norms(self, shapes: tuple[tuple[int, ...], ...]) -> None:
        """Time forward and backward of BN and BRN."""
        heads = "".join(f"{head:>13}" for head in norms.RATIOS)
        print(f"\nforward + backward   {'BN, ms':>9}{heads}   BRN - BN")
        print("('/ torch' is with the update of the running statistics on both sides)")
        pairs = norms.RATIOS.values()
        for dtype in DTYPES:
            for shape in shapes:
                label = f"{np.dtype(dtype).name} {_times(shape)}"
                timings = self.time(label, norms.passes(shape, dtype), pairs)
                more = float(np.median(timings["brn"] - timings["bn"]))
                cells = "".join(_cell(timings, *pair) for pair in pairs)
                print(
                    f"{label:<21}{1e3 * np.median(timings['bn']):9.3f}{cells}{1e6 * more:8.0f} us",
                    flush=True,
                )

    def growth(self, shapes: tuple[tuple[int, ...], ...]) -> None:
        """Time BN at growing sizes: the time of one value should stay the same."""
        print("\ngrowth, float32                 values   ns a value")
        for shape in shapes:
            functions = {"bn": norms.passes(shape, np.float32)["bn"]}
            seconds = float(np.median(self.time(f"growth {_times(shape)}", functions)["bn"]))
            size = int(np.prod(shape))
            print(f"{_times(shape):<24}{size:>14,}{1e9 * seconds / size:>13.2f}", flush=True)

    def layers(self) -> None:
        """Time convolution, pooling and a training step."""
        print("\nlayers, float32, forward + backward       ms      / torch")
        rows = {
            f"Conv2d 3x3 {_times(shape)} to {filters}": layers.convolution(shape, filters)
            for shape, filters in layers.CONVOLUTIONS
        }
        rows[f"MaxPool2d 2x2 {_times(layers.POOLING)}"] = layers.pooling()
        for batch in layers.BATCHES:
            rows[f"training step, batch {batch}"] = layers.training_step(batch)
        for label, functions in rows.items():
            timings = self.time(label, functions)
            ours = 1e3 * np.median(timings["ours"])
            print(f"{label:<36}{ours:8.3f}{_cell(timings, 'ours', 'torch')}", flush=True)

    def calls(self) -> None:
        """Time what layers and the update of the running statistics add to the functions."""
        pairs = {
            "update / forward": ("update", "forward"),
            "BatchNorm / functions": ("BatchNorm", "functions"),
            "BatchRenorm / BatchNorm": ("BatchRenorm", "BatchNorm"),
        }
        print(f"\ncalls   {''.join(f'{head:>24}' for head in pairs)}")
        print("(functions: batch_norm_forward, update_running, batch_norm_backward; float32)")
        for shape in layers.NORMS:
            functions = {**norms.update(shape), **layers.norms(shape)}
            timings = self.time(f"calls {_times(shape)}", functions, pairs.values())
            cells = "".join(f"{_cell(timings, *pair):>24}" for pair in pairs.values())
            print(f"{_times(shape):<8}{cells}", flush=True)

    def memory(self, shape: tuple[int, ...]) -> None:
        """Count the bytes of one forward and one backward."""
        print(f"\nmemory in units of x, float32 {_times(shape)}      peak     kept")
        found = norms.memory(shape, np.float32)
        for name in ("forward", "backward", "textbook forward", "textbook backward"):
            print(f"{name:<40}{found[f'{name} peak']:>10.2f}{found[f'{name} kept']:>9.2f}")
        self.rows.append({"row": f"memory {_times(shape)}", "in units of x": found})

    def bandwidth(self) -> None:
        """Compare the bytes that BN moves in a second with those of a plain copy."""
        moved = machine.bandwidth(self.rounds)
        print(f"\nbandwidth: {machine.sentence(moved)}")
        self.rows.append({"row": "bandwidth", "bytes a second": moved})

    def ablate(self, shapes: tuple[tuple[int, ...], ...]) -> None:
        """Switch off one step after the other."""
        names = list(ablation.STEPS)
        print("\ntime without a step / with all" + "".join(f"{name:>22}" for name in names))
        for dtype in DTYPES:
            for shape in shapes:
                label = f"{np.dtype(dtype).name} {_times(shape)}"
                functions = ablation.variants(norms.passes(shape, dtype)["bn"])
                timings = self.time(label, functions, [(name, "all steps") for name in names])
                cells = "".join(f"{ratio(timings, name, 'all steps')!s:>22}" for name in names)
                print(f"{label:<30}{cells}", flush=True)


def _times(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape))


def _cell(timings: Timings, one: str, other: str) -> str:
    found = ratio(timings, one, other)
    return f"{'-' if found is None else str(found):>13}"
