"""python -m brn_numpy compare: the main job."""

from __future__ import annotations

import argparse
from typing import Any

from ..data import Dataset
from ..experiments import compare
from ..experiments.images import chance
from ..experiments.report import pieces
from ..experiments.runner import run_one
from ..experiments.spec import AnySpec, Result
from ..experiments.tables import View, paragraph
from .common import (
    Live,
    Progress,
    check_images,
    check_writable,
    load_images,
    positive,
    show,
    terminal_width,
    write_json,
)

EXAMPLES = """\
examples:
  three seeds on the shipped Fashion-MNIST images:
    %(prog)s
  a first look in a few seconds:
    %(prog)s --steps 300 --seeds 1
  write every single training as well:
    %(prog)s --json results.json
  your own images, a folder with the four IDX files of MNIST (.gz or not) or
  an .npz file with X and y:
    %(prog)s --data mnist/

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
    )
    parser.add_argument(
        "--seeds", type=positive, default=3, metavar="N", help="trainings of each kind (default 3)"
    )
    parser.add_argument(
        "--steps",
        type=positive,
        default=compare.STEPS,
        metavar="N",
        help=f"minibatches in a training (default {compare.STEPS})",
    )
    parser.add_argument("--json", metavar="OUT", help="write the results to this file")
    parser.add_argument("--data", metavar="PATH", help="train on your own images")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run all trainings, print each row when it is done, write the JSON; return the exit code."""
    check_writable(options.json, options.data)
    images = load_images(options.data)
    classes = len(images.class_names)
    experiment = compare.experiment(classes)
    check_images(experiment, options.data)

    def trained(spec: AnySpec) -> AnySpec:
        return spec.but(steps=options.steps)

    view = View(options.seeds, trained, chance(images), terminal_width())
    specs = experiment.specs(options.seeds)
    show(
        paragraph(
            f"{images.name}: {len(images.x_train)} training and {len(images.x_test)} test images, "
            f"{len(specs)} trainings",
            view.width,
        )
        + "\n"
    )
    names, live = experiment.names(), Live(pieces(experiment, view))
    results: dict[AnySpec, Result] = {}
    progress = Progress(len(specs) * options.steps)
    live.update(results)
    try:
        for number, spec in enumerate(specs):
            progress.begin(f"{names[spec.but(seed=0)]}, seed {spec.seed}", number * options.steps)
            results[spec] = run_one(trained(spec), options.data, progress.after_step)
            if options.json is not None and number == len(specs) - 1:
                _write(options, images, results)  # before the last texts: a fault there costs none
            progress.clear()
            live.update(results)
    finally:
        progress.clear()
    show(f"\n({len(results)} trainings, {sum(r['seconds'] for r in results.values()):.0f} seconds)")
    if options.json is not None:
        show(f"\nresults written to {options.json}")
    return 0


def _write(options: argparse.Namespace, images: Dataset, results: dict[AnySpec, Result]) -> None:
    classes = len(images.class_names)
    rows = [
        compare.for_json(spec.but(steps=options.steps), result, classes)
        for spec, result in results.items()
    ]
    order = list(compare.regimes(classes))
    rows.sort(key=lambda row: (order.index(row["regime"]), row["seed"], row["method"]))
    about = {"steps": options.steps, "seeds": options.seeds}
    of = options.data or "fashion_mnist_14x14"
    write_json(options.json, {"results": rows, **about, "data": of})
