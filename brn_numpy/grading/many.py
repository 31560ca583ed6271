"""Many files, side by side: each is graded, whatever becomes of the others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import BrokenExecutor
from typing import NamedTuple

from .._processes import workers
from .grade import grade
from .tidy import clean
from .verdict import Graded


class Job(NamedTuple):
    """How files are graded: the arguments of `grade`."""

    seed: int
    timeout: float
    only: str | None = None
    contract: str | None = None

    def of(self, path: str) -> Graded:
        """Grade a file; what fails in the grader itself is said, and is no zero."""
        try:
            return grade(path, *self)
        except OSError as error:
            return self.failed(path, str(error.strerror))
        except Exception as error:
            return self.failed(path, f"the grader failed: {type(error).__name__}: {error}")

    def failed(self, path: str, reason: str) -> Graded:
        """Return that a file was not graded."""
        return Graded(path, (), error=clean(reason), seed=self.seed)


def grade_all(paths: Sequence[str], job: Job, processes: int) -> Iterator[Graded]:
    """Go through the grades of many files in their order, each as soon as it is there."""
    processes = min(processes, len(paths))
    if processes == 1:
        yield from map(job.of, paths)
        return
    with workers(processes) as executor:
        futures = [executor.submit(job.of, path) for path in paths]
        for path, future in zip(paths, futures, strict=True):
            try:
                yield future.result()
            except BrokenExecutor:  # for lack of memory, say: it takes all others with it
                yield _alone(path, job)


def _alone(path: str, job: Job) -> Graded:
    with workers(1) as executor:
        try:
            return executor.submit(job.of, path).result()
        except BrokenExecutor:
            return job.failed(path, "the process that graded it was ended, for lack of memory?")
