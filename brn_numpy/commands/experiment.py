"""python -m brn_numpy experiment: the claims of the papers, run."""

from __future__ import annotations

import argparse
import multiprocessing
import os
import time
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

import numpy as np

from ..experiments import store
from ..experiments.claims import EXPERIMENTS
from ..experiments.experiment import Experiment
from ..experiments.images import digest, draw, images_of, load_images
from ..experiments.measures import check_test_images
from ..experiments.networks import build
from ..experiments.report import bars_of, markdown_of, report
from ..experiments.runner import Result, leave_interrupts_to_the_parent, start_workers
from ..experiments.runner import run as run_specs
from ..experiments.spec import Spec
from .common import THREADS, Progress, UserError, positive, show

EXAMPLES = """\
examples:
  %(prog)s list                              the experiments, and what each asks
  %(prog)s iid --quick                       short trainings, two seeds: below a minute
  %(prog)s classes --seeds 5 --jobs 2        with error bars
  %(prog)s all --json results --resume       everything; run it again after Ctrl-C and it goes on
  %(prog)s depth --json results --resume --markdown     the tables for a page

A training runs on one core. Results do not depend on --jobs: on one machine, the same seed gives
the same numbers. On a cluster, see brn_numpy/experiments/runner.py.

exit codes: 0 done, 2 wrong arguments or data, 130 interrupted (Ctrl-C; with --json, what is
finished is kept)
"""
SAVE_EVERY = 2.0  # seconds


def add_parser(commands: Any) -> None:
    """Add the command and its options."""
    parser = commands.add_parser(
        "experiment",
        help="run the claims of the papers, with seeds, error bars and verdicts",
        description="Run experiments on the claims of the papers. Each prints tables with standard "
        "errors over seeds, and for each claim a verdict computed from them: reproduced, not "
        "reproduced, or too noisy to say.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="+", metavar="NAME", help="experiments, or all, or list")
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
    parser.add_argument("--quick", action="store_true", help="a fifth of the steps, two seeds")
    parser.add_argument("--data", metavar="PATH", help="train on your own images, see compare")
    parser.add_argument("--markdown", action="store_true", help="print tables for a Markdown page")
    parser.add_argument("--plot", action="store_true", help="print bars below each table")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run the experiments one after the other and print each; return the exit code."""
    if options.names == ["list"]:
        print("\n".join(f"{e.name:<14}{e.question}" for e in EXPERIMENTS.values()))
        return 0
    experiments = _chosen(options.names)
    if options.quick:
        experiments = [experiment.shorter(5) for experiment in experiments]
    seeds = options.seeds or (2 if options.quick else 5)
    data_name = _check_data(options.data, experiments)
    folder = _folder(options)
    kept = {} if folder is None else _kept(folder, data_name)  # by the names of the files
    known = {spec: result for results in kept.values() for spec, result in results.items()}
    incomplete = [e.name for e in experiments if set(e.specs(seeds)) - set(kept.get(e.name, ()))]
    if folder is not None and incomplete:
        _check_versions(folder)
    missing = {spec for e in experiments for spec in e.specs(seeds)} - set(known)
    progress = Progress(sum(spec.steps for spec in missing))
    done = 0
    for name in THREADS if not any(name in os.environ for name in THREADS) else ():
        os.environ[name] = "1"  # for the workers; in this process NumPy is loaded already
    with ProcessPoolExecutor(
        options.jobs,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=leave_interrupts_to_the_parent,
    ) as executor:
        start_workers(executor, min(options.jobs, len(missing)))
        for experiment in experiments:
            specs = experiment.specs(seeds)
            wanted = [spec for spec in specs if spec not in known]
            keeper = _Keeper(
                folder if experiment.name in incomplete else None,
                experiment.name,
                data_name,
                kept.get(experiment.name, {}) | {s: known[s] for s in specs if s in known},
            )

            def take(spec: Spec, result: Result, keeper: _Keeper = keeper) -> None:
                nonlocal done
                done += spec.steps
                known[spec] = result
                keeper.add(spec, result)
                progress.begin(experiment.name, done)  # noqa: B023
                progress.after_step(-1, 0.0)

            try:
                run_specs(wanted, executor=executor, path=options.data, on_result=take)
            except BrokenProcessPool:
                raise UserError(
                    "a worker process ended by itself, for lack of memory perhaps; try --jobs 1, "
                    "and --resume with --json"
                ) from None
            except (ValueError, OSError) as error:  # images that have changed meanwhile
                raise UserError(f"{experiment.name}: {error}") from None
            finally:
                keeper.save()
                progress.clear()
            _print(experiment, {spec: known[spec] for spec in specs}, seeds, options)
    if folder is not None and incomplete:
        print(f"results written to {folder}")
    return 0


class _Keeper:
    """Writes results as they come in, at most every few seconds, if there is a folder."""

    def __init__(
        self, folder: Path | None, name: str, data: str, results: dict[Spec, Result]
    ) -> None:
        self.path = None if folder is None else folder / f"{name}.json"
        self.name, self.data, self.results = name, data, results
        self.saved = time.monotonic()

    def add(self, spec: Spec, result: Result) -> None:
        """Note a result."""
        self.results[spec] = result
        if time.monotonic() - self.saved > SAVE_EVERY:
            self.save()

    def save(self) -> None:
        """Write all results; the file changes as a whole or not at all."""
        if self.path is None or not self.results:
            return
        in_order = sorted(self.results.items(), key=lambda item: str(item[0]))
        try:
            store.save(self.path, self.name, self.data, dict(in_order))
        except OSError as error:
            raise UserError(f"--json: {error}") from None
        self.saved = time.monotonic()


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


def _check_data(path: str | None, experiments: list[Experiment]) -> str:
    """Refuse images that an experiment cannot use, before the first training; return which."""
    try:
        images = load_images(path)
    except (ValueError, TypeError, OSError) as error:
        raise UserError(f"these images do not suit: {error}") from None
    for experiment in experiments:
        try:
            for spec in experiment.specs(1):
                data = images_of(spec, path)
                draw(spec, data.y_train, np.random.default_rng(0))
                build(spec, data.x_train, len(data.class_names))
                check_test_images(spec, data)
        except (ValueError, TypeError) as error:
            reason = str(error).partition(";")[0]  # without the advice, which is for functions
            raise UserError(f"these images do not suit {experiment.name}: {reason}") from None
    return images.name if path is None else f"{images.name}, SHA-256 {digest(images)}"


def _folder(options: argparse.Namespace) -> Path | None:
    if options.json is None:
        if options.resume:
            raise UserError("--resume needs --json DIR, the folder to go on from")
        return None
    folder = Path(options.json)
    try:
        folder.mkdir(exist_ok=True)
    except FileExistsError:
        raise UserError(f"--json {folder} is a file, expected a folder") from None
    except FileNotFoundError:
        raise UserError(f"--json {folder}: there is no folder {folder.parent}") from None
    except OSError as error:
        raise UserError(f"--json {folder}: {error.strerror}") from None
    if not options.resume and any(folder.glob("*.json")):
        raise UserError(
            f"--json {folder} holds results already: add --resume to go on with them, or choose "
            "another folder"
        )
    return folder


def _kept(folder: Path, data: str) -> dict[str, dict[Spec, Result]]:
    """Read all results of a folder, file by file: experiments share trainings."""
    try:
        return {path.stem: store.load(path, data) for path in sorted(folder.glob("*.json"))}
    except (ValueError, OSError) as error:
        raise UserError(str(error)) from None


def _check_versions(folder: Path) -> None:
    """Refuse to write new results beside those of another version, or those under a new one."""
    now = store.versions()
    for path in sorted(folder.glob("*.json")):
        then = store.versions_of(path)
        if any(then.get(key) != now[key] for key in ("brn_numpy", "numpy")):
            raise UserError(
                f"{path} was made with brn_numpy {then.get('brn_numpy')} and NumPy "
                f"{then.get('numpy')}, these are {now['brn_numpy']} and {now['numpy']}: go on with "
                "those, or choose another folder"
            )


def _print(
    experiment: Experiment, results: dict[Spec, Result], seeds: int, options: argparse.Namespace
) -> None:
    if options.data:
        show(f"On your images, {options.data}; what is said of others is said of the shipped ones.")
    if options.quick:
        show("With --quick: trainings of a fifth of the steps that titles and notes speak of.")
    if options.markdown:
        for table in experiment.tables:
            show(f"{table.title}\n\n{markdown_of(table, results, seeds)}\n")
    else:
        show(report(experiment, results, seeds, bars=bars_of if options.plot else None) + "\n")
    seconds = sum(result["seconds"] for result in results.values())
    show(f"({len(results)} trainings, {seconds:.0f} seconds of one core)\n")
