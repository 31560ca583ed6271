"""Run many trainings, here or on any executor of `concurrent.futures`.

With two processes on this machine, which need a BLAS library of one thread each:

    with ProcessPoolExecutor(2) as executor:
        results = run(specs, executor=executor)

and on a cluster, with Dask or with MPI, the same call:

    results = run(specs, executor=dask.distributed.Client(address).get_executor())
    results = run(specs, executor=mpi4py.futures.MPIPoolExecutor())
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterable
from concurrent.futures import Executor, Future, as_completed
from typing import Any

from .one import run_one
from .spec import Spec

Result = dict[str, Any]


def run(
    specs: Iterable[Spec],
    *,
    executor: Executor | None = None,
    path: str | None = None,
    on_result: Callable[[Spec, Result], None] | None = None,
) -> dict[Spec, Result]:
    """Run each of the trainings once.

    Parameters
    ----------
    specs : iterable of Spec
        Equal ones run once.
    executor : concurrent.futures.Executor, optional
        Runs them side by side, in any order: the results do not depend on it. Without one they run
        here, one after the other.
    path : str, optional
        Of the user's images; each worker reads them.
    on_result : callable, optional
        Called here with each training and its result, as they come in.

    Returns
    -------
    dict
        From Spec to result, in the order of `specs`; see `run_one`.
    """
    wanted = list(dict.fromkeys(specs))
    results: dict[Spec, Result] = {}

    def take(spec: Spec, result: Result) -> None:
        results[spec] = result
        if on_result is not None:
            on_result(spec, result)

    if executor is None:
        for spec in wanted:
            take(spec, run_one(spec, path))
    else:
        futures: dict[Future[Result], Spec] = {
            executor.submit(run_one, spec, path): spec for spec in wanted
        }
        try:
            for future in as_completed(futures):
                take(futures[future], future.result())
        except BaseException:
            for future in futures:
                future.cancel()
            raise
    return {spec: results[spec] for spec in wanted}


def start_workers(executor: Executor, count: int) -> None:
    """Start the processes of an executor; they ignore Ctrl-C from the start, as their parent does.

    Those that start later would take it until their `leave_interrupts_to_the_parent` has run.
    """
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        for _ in range(count):
            executor.submit(int)
    finally:
        signal.signal(signal.SIGINT, before)


def leave_interrupts_to_the_parent() -> None:
    """Ignore Ctrl-C in a worker process: the parent ends it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
