"""Run one training; or many, here or on any executor of `concurrent.futures`.

With two processes on this machine, which need a BLAS library of one thread each:

    with ProcessPoolExecutor(2) as executor:
        results = run(specs, executor=executor)

and on a cluster, with Dask or with MPI, the same call:

    results = run(specs, executor=dask.distributed.Client(address).get_executor())
    results = run(specs, executor=mpi4py.futures.MPIPoolExecutor())
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Executor, as_completed

import numpy as np

from .. import nn
from ..data import Dataset
from .images import SHIFTS, draw, images_of
from .measures import check_test_images
from .networks import build, weight_norm
from .observer import Observer
from .rl import run as rl
from .rl.spec import CriticSpec
from .spec import AnySpec, Result, Spec
from .training import accuracy, train


def run_one(
    spec: AnySpec, path: str | None = None, after_step: Callable[[int], None] | None = None
) -> Result:
    """Train once and return what was measured: plain numbers and lists, for JSON.

    Parameters
    ----------
    spec : AnySpec
    path : str, optional
        Of the user's images, see `load_data`; the shipped ones if there is none.
    after_step : callable, optional
        Called with each step, counted from 0.

    Returns
    -------
    dict
        `accuracy` on the test images in inference mode after the last step, a share of 1;
        `validation`, the same on the images kept out, if there are any; `growth` of the norm of all
        weights; `seconds` of computing; and what `spec.measures` asks for. A training that
        diverges has `diverged`, and the accuracy of guessing. Of a critic, see `rl/run.py`.
    """
    if isinstance(spec, CriticSpec):
        return rl.run_one(spec, after_step)
    assert isinstance(spec, Spec)
    started = time.process_time()
    data = images_of(spec, path)
    try:
        with np.errstate(all="ignore"):  # a training that diverges overflows first
            result = trained_and_measured(spec, data, after_step)
    except (FloatingPointError, ValueError) as error:
        if isinstance(error, ValueError) and "finite" not in str(error):
            raise
        guessing = 1 / len(data.class_names)
        result = {"accuracy": guessing, "diverged": True}
        if spec.validation:
            result["validation"] = guessing
    result["seconds"] = round(time.process_time() - started, 3)
    return result


def trained_and_measured(
    spec: Spec, data: Dataset, after_step: Callable[[int], None] | None
) -> Result:
    """Return what was measured, or raise where the training diverges."""
    x, y = data.x_train, data.y_train
    net = build(spec, x, len(data.class_names))
    optimizer = nn.SGD(net.parameters(), spec.learning_rate, momentum=spec.sgd_momentum)
    domains = 1 if spec.shift is None else len(SHIFTS[spec.shift])
    part = len(y) - len(y) // 8 if spec.validation else len(y)
    batches = draw(spec, y[: part // domains], np.random.default_rng([spec.seed, 1]), domains)
    observer = Observer(spec, net, data)
    norm_before = weight_norm(net)

    def observe(step: int, loss: float) -> None:
        observer.after_step(step, loss)
        if after_step is not None:
            after_step(step)

    train(
        net,
        optimizer,
        x,
        y,
        batches,
        steps=spec.steps,
        after_step=observe,
        falling_rate=spec.falling_rate,
    )
    result: Result = {"accuracy": accuracy(net, data.x_test, data.y_test)}
    if spec.validation:
        result["validation"] = accuracy(net, x[part:], y[part:])
    growth = weight_norm(net) / norm_before
    result["growth"] = round(growth, 4) if math.isfinite(growth) else None
    return result | observer.result()


def check_images(spec: AnySpec, path: str | None) -> None:
    """Raise ValueError, TypeError or OSError if a training cannot use the images at `path`."""
    if not isinstance(spec, Spec):
        return
    data = images_of(spec, path)
    draw(spec, data.y_train, np.random.default_rng(0))
    build(spec, data.x_train, len(data.class_names))
    check_test_images(spec, data)


def run(
    specs: Iterable[AnySpec],
    *,
    executor: Executor | None = None,
    path: str | None = None,
    on_result: Callable[[AnySpec, Result], None] | None = None,
) -> dict[AnySpec, Result]:
    """Run each of the trainings once.

    Parameters
    ----------
    specs : iterable of AnySpec
        Equal ones run once.
    executor : concurrent.futures.Executor, optional
        Runs them side by side, with the same results; without one they run here, in order.
    path : str, optional
        Of the user's images; each worker reads them.
    on_result : callable, optional
        Called here with each training and its result, as they come in.

    Returns
    -------
    dict
        From each to its result, in the order of `specs`; see `run_one`.
    """
    wanted = list(dict.fromkeys(specs))
    results: dict[AnySpec, Result] = {}

    def take(spec: AnySpec, result: Result) -> None:
        results[spec] = result
        if on_result is not None:
            on_result(spec, result)

    if executor is None:
        for spec in wanted:
            take(spec, run_one(spec, path))
    else:
        futures = {executor.submit(run_one, spec, path): spec for spec in wanted}
        try:
            for future in as_completed(futures):
                take(futures[future], future.result())
        except BaseException:
            for future in futures:
                future.cancel()
            raise
    return {spec: results[spec] for spec in wanted}
