"""python -m brn_numpy experiment: the claims of the papers and questions of our own, run."""

from __future__ import annotations

import argparse
from concurrent.futures import Executor
from concurrent.futures.process import BrokenProcessPool
from contextlib import nullcontext
from typing import Any

from .._processes import workers
from .._start import one_thread
from ..experiments.claims import EXPERIMENTS
from ..experiments.experiment import Experiment
from ..experiments.images import chance, digest
from ..experiments.report import pages, pieces
from ..experiments.runner import run as run_specs
from ..experiments.spec import AnySpec, Result
from ..experiments.tables import View, paragraph
from .common import (
    Live,
    Progress,
    UserError,
    check_images,
    load_images,
    positive,
    show,
    terminal_width,
)
from .results_folder import ResultsFolder

EXAMPLES = """\
examples:
  the experiments, and what each asks:
    %(prog)s
  short trainings, two seeds: below a minute
    %(prog)s iid --quick
  with error bars and verdicts:
    %(prog)s classes --seeds 5 --jobs 2
  everything; run it again after Ctrl-C and it goes on:
    %(prog)s all --json results --resume
  the tables for a page:
    %(prog)s depth --json results --resume --markdown

A training runs on one core. Results do not depend on --jobs: on one machine,
the same seed gives the same numbers. On a cluster, see
brn_numpy/experiments/runner.py.

exit codes: 0 done, 2 wrong arguments or data, 130 interrupted (Ctrl-C; with
--json, what is finished is kept)
"""


def add_parser(commands: Any) -> None:
    """Add the command and its options."""
    parser = commands.add_parser(
        "experiment",
        help="run the claims of the papers and our own questions, with verdicts",
        description="Run experiments on the claims of the papers and on questions of our own. Each "
        "prints tables with standard errors over seeds, and for each claim a verdict computed "
        "from them: reproduced, not reproduced, or too noisy to say. Without a name it lists the "
        "experiments.",
        epilog=EXAMPLES,
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="experiments, or all, or list")
    parser.add_argument(
        "--seeds", type=positive, metavar="N", help="trainings of each kind (default 5; quick: 2)"
    )
    parser.add_argument(
        "--jobs", type=positive, default=2, metavar="N", help="processes (default 2)"
    )
    parser.add_argument("--json", metavar="DIR", help="keep results there, a file an experiment")
    parser.add_argument(
        "--resume", action="store_true", help="do not run again what is in the --json folder"
    )
    parser.add_argument(
        "--quick", action="store_true", help="a fifth of the steps, two seeds, no verdicts"
    )
    parser.add_argument("--data", metavar="PATH", help="train on your own images, see compare")
    parser.add_argument("--markdown", action="store_true", help="print tables for a Markdown page")
    parser.add_argument("--plot", action="store_true", help="print bars below each table")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run the experiments one after the other and print each; return the exit code."""
    if options.names in ([], ["list"]):
        for each in EXPERIMENTS.values():
            line = f"{each.name:<14}{each.question}"
            show(paragraph(line, terminal_width(), indent=" " * 14))
        return 0
    experiments = _chosen(options.names)
    images = load_images(options.data)
    for experiment in experiments:
        check_images(experiment, options.data)
    data = images.name if options.data is None else f"{images.name}, SHA-256 {digest(images)}"
    view = View(
        seeds=options.seeds or (2 if options.quick else 5),
        trained=lambda spec: spec.shorter(5 if options.quick else 1),
        chance=chance(images),
        width=terminal_width(),
    )
    folder = ResultsFolder(options.json, options.resume, data)
    session = _Session(experiments, view, folder, options)
    if any(folder.lacks(name, trained.values()) for name, trained in session.trained.items()):
        folder.check_versions()
    one_thread()  # for the workers; in this process NumPy is loaded already
    jobs = min(options.jobs, len(session.missing))
    with workers(jobs) if jobs else nullcontext() as executor:
        for experiment in experiments:
            session.run(experiment, executor)
    if folder.changed:
        show(f"results written to {folder.path}")
    return 0


class _Session:
    """What is known of all trainings while experiments run."""

    def __init__(
        self,
        experiments: list[Experiment],
        view: View,
        folder: ResultsFolder,
        options: argparse.Namespace,
    ) -> None:
        self.view, self.folder, self.options = view, folder, options
        self.known = folder.known()
        self.trained = {  # by experiment, its trainings and what is run in their place
            e.name: {spec: view.trained(spec) for spec in e.specs(view.seeds)} for e in experiments
        }
        everything = {run for trained in self.trained.values() for run in trained.values()}
        self.missing = everything - self.known.keys()
        self.progress = Progress(sum(spec.steps for spec in self.missing))
        self.done = 0  # steps

    def run(self, experiment: Experiment, executor: Executor | None) -> None:
        """Run what is missing of an experiment; show and keep it as it comes in."""
        trained = self.trained[experiment.name]
        wanted = [run for run in dict.fromkeys(trained.values()) if run not in self.known]
        shown = pieces(experiment, self.view, self.options.plot)
        live = Live(pages(experiment, self.view) if self.options.markdown else shown)
        names = {self.view.trained(spec): name for spec, name in experiment.names().items()}

        def update() -> None:
            live.update({s: self.known[run] for s, run in trained.items() if run in self.known})
            running = next((spec for spec in wanted if spec not in self.known), None)
            if running is not None:
                name = names.get(running.but(seed=0), "")
                self.progress.begin(f"{experiment.name}: {name}, seed {running.seed}", self.done)
                self.progress.after_step(-1)

        def take(spec: AnySpec, result: Result) -> None:
            self.known[spec] = result
            self.done += spec.steps
            self.folder.keep(experiment.name, {spec: result})
            self.progress.clear()
            update()

        shared = {run: self.known[run] for run in trained.values() if run in self.known}
        self.folder.keep(experiment.name, shared)
        _remarks(experiment, self.options, self.view.width)
        try:
            update()
            run_specs(wanted, executor=executor, path=self.options.data, on_result=take)
        except BrokenProcessPool:
            raise UserError(
                "a worker process ended by itself, for lack of memory perhaps; try --jobs 1, "
                "and --resume with --json"
            ) from None
        except BrokenPipeError:  # of our output, not of the images
            raise
        except (ValueError, OSError) as error:  # images that have changed meanwhile
            raise UserError(f"{experiment.name}: {error}") from None
        finally:
            self.folder.save(experiment.name)
            self.progress.clear()
        seconds = sum(self.known[run]["seconds"] for run in trained.values())
        show(f"\n({len(trained)} trainings, {seconds:.0f} seconds of one core)\n")


def _remarks(experiment: Experiment, options: argparse.Namespace, width: int) -> None:
    """Say what is different from the experiments that titles and claims speak of."""
    instead = experiment.specs(1)[0].data
    if options.data and instead:
        show(f"Not on your images: {experiment.name} is about {instead}.")
    elif options.data:
        said = "what is said of others is said of the shipped ones"
        show(paragraph(f"On your images, {options.data}; {said}.", width))
    if options.quick:
        show("With --quick: trainings of a fifth of the steps.")


def _chosen(names: list[str]) -> list[Experiment]:
    if names == ["all"]:
        return list(EXPERIMENTS.values())
    for name in ("all", "list"):
        if name in names:
            raise UserError(f"{name} stands alone, got {' '.join(names)}")
    for name in names:
        if name not in EXPERIMENTS:
            raise UserError(
                f"there is no experiment {name!r}; expected all, list or some of "
                + ", ".join(EXPERIMENTS)
            )
    return [EXPERIMENTS[name] for name in dict.fromkeys(names)]
