"""python -m brn_numpy compare: the main job."""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np

from .. import data
from ..experiments import compare
from .common import Progress, UserError, check_writable, positive, write_json

EXAMPLES = """\
examples:
  %(prog)s                            three seeds on the shipped Fashion-MNIST images
  %(prog)s --steps 300 --seeds 1      a first look in a few seconds
  %(prog)s --json results.json        write every single training as well
  %(prog)s --data mnist/              your own images: a folder with the four IDX files of
                                      MNIST (.gz or not), or an .npz file with X and y

exit codes: 0 done, 2 wrong arguments or data, 130 interrupted (Ctrl-C)
"""


def add_parser(commands: Any) -> None:
    """Add the command and its options."""
    parser = commands.add_parser(
        "compare",
        help="train with BN and with BRN on real images, in the paper's three regimes",
        description="Train the same small network with BN and with BRN on real images, in the "
        "three regimes of the paper: i.i.d. minibatches of 32; the same, normalised in groups of "
        "4; and minibatches of few classes. BN and BRN start from the same weights and see the "
        "same minibatches.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--seeds", type=positive, default=3, metavar="N", help="trainings of each kind (default 3)"
    )
    parser.add_argument(
        "--steps",
        type=positive,
        default=compare.DEFAULT_STEPS,
        metavar="N",
        help=f"minibatches in a training (default {compare.DEFAULT_STEPS})",
    )
    parser.add_argument("--json", metavar="OUT", help="write the results to this file")
    parser.add_argument("--data", metavar="PATH", help="train on your own images")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run all trainings, then print the table and write the JSON; return the exit code."""
    check_writable(options.json, options.data)
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
    if options.json is not None:
        write_json(
            options.json,
            {
                "results": [result.to_dict() for result in results],
                "steps": options.steps,
                "seeds": options.seeds,
                "data": options.data or "fashion_mnist_14x14",
            },
        )
    print(compare.report(results))
    if options.json is not None:
        print(f"\nresults written to {options.json}")
    return 0


def _images(path: str | None) -> data.Dataset:
    """Return standardised images: the user's, or the shipped ones."""
    try:
        found = data.load_fashion_mnist() if path is None else data.load_data(path)
        return data.standardize(found)
    except (ValueError, TypeError, OSError) as error:
        raise UserError(str(error)) from None
