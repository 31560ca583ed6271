"""The folder of results that `experiment --json` writes and --resume goes on with."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path

from ..experiments import store
from ..experiments.spec import AnySpec, Result, Results
from .common import UserError

SAVE_EVERY = 2.0  # seconds


class ResultsFolder:
    """A file for each experiment, written at most every few seconds; or nothing, with no path."""

    def __init__(self, path: str | None, resume: bool, data: str) -> None:
        if path is None and resume:
            raise UserError("--resume needs --json DIR, the folder to go on from")
        self.path = None if path is None else _opened(Path(path), resume)
        self.data = data
        self.files: dict[str, dict[AnySpec, Result]] = {}  # by the names of experiments
        self.changed: set[str] = set()
        self.saved = time.monotonic()
        self.found = [] if self.path is None else sorted(self.path.glob("*.json"))
        for file in self.found:
            try:
                self.files[file.stem] = store.load(file, data)
            except (ValueError, OSError) as error:
                raise UserError(str(error)) from None

    def known(self) -> dict[AnySpec, Result]:
        """Return the results of all files: experiments share trainings."""
        return {spec: result for file in self.files.values() for spec, result in file.items()}

    def check_versions(self) -> None:
        """Refuse to write new results beside those of another version or another processor."""
        now = store.versions()
        for file in self.found:
            then = store.read(file).versions
            other = [
                f"{key} {then[key]}, this is {now[key]}"
                for key in ("brn_numpy", "numpy", "arithmetic")
                if then.get(key, now[key]) != now[key]
            ]
            if other:
                raise UserError(
                    f"{file} was made with {'; and '.join(other)} (arithmetic stands for "
                    "processor and BLAS library): go on with those, or choose another folder"
                )

    def lacks(self, name: str, specs: Iterable[AnySpec]) -> bool:
        """Return whether the file of an experiment must be written, if there are files."""
        return self.path is not None and not set(specs) <= self.files.get(name, {}).keys()

    def keep(self, name: str, results: Results) -> None:
        """Note results of an experiment, and write them from time to time."""
        if self.lacks(name, results):
            self.files.setdefault(name, {}).update(results)
            self.changed.add(name)
            if time.monotonic() - self.saved > SAVE_EVERY:
                self.save(name)

    def save(self, name: str) -> None:
        """Write all results of an experiment; the file changes as a whole or not at all."""
        if self.path is None or name not in self.changed:
            return
        in_order = sorted(self.files[name].items(), key=lambda item: str(item[0]))
        try:
            store.save(self.path / f"{name}.json", name, self.data, dict(in_order))
        except OSError as error:
            raise UserError(f"--json: {error}") from None
        self.saved = time.monotonic()


def _opened(folder: Path, resume: bool) -> Path:
    try:
        folder.mkdir(exist_ok=True)
    except FileExistsError:
        raise UserError(f"--json {folder} is a file, expected a folder") from None
    except FileNotFoundError:
        raise UserError(f"--json {folder}: there is no folder {folder.parent}") from None
    except OSError as error:
        raise UserError(f"--json {folder}: {error.strerror}") from None
    if not resume and any(folder.glob("*.json")):
        raise UserError(
            f"--json {folder} holds results already: add --resume to go on with them, or choose "
            "another folder"
        )
    return folder
