"""Results on disk: one JSON file an experiment, one training a line."""

from __future__ import annotations

import hashlib
import json
import math
import platform
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from .. import __version__
from .._files import whole_file
from .rl.spec import CriticSpec
from .spec import AnySpec, Result, Results, Spec, from_dict


def versions() -> dict[str, str]:
    """Return what a result depends on, besides its Spec and the images."""
    return {
        "brn_numpy": __version__,
        "numpy": np.__version__,
        "python": platform.python_version(),
        "arithmetic": arithmetic(),
    }


def arithmetic() -> str:
    """Return a checksum of the last digits that this processor and BLAS library give.

    Libraries choose other code for other processors, which adds in another order. Over a training
    that makes up to two points.
    """
    rng = np.random.default_rng(0)
    x, w = (rng.standard_normal(shape).astype(np.float32) for shape in ((32, 196), (196, 64)))
    h = x @ w  # (32, 64)
    parts = (h, x.T @ h, h @ w.T, np.exp(h / 16), np.log(np.abs(h)), h.sum(axis=0), h.var(axis=0))
    return hashlib.sha256(b"".join(part.tobytes() for part in parts)).hexdigest()[:8]


class Stored(NamedTuple):
    """What a file of results holds: on which images, made with which versions, and the results."""

    data: str
    versions: dict[str, str]
    results: dict[AnySpec, Result]


def save(path: Path, name: str, data: str, results: Results) -> None:
    """Write the results of an experiment; the file changes as a whole or not at all."""
    some = next(iter(results), Spec())
    lines = [
        json.dumps({"spec": spec.to_dict(), **result}, allow_nan=False, separators=(",", ":"))
        for spec, result in results.items()
    ]
    head = {
        "experiment": name,
        "data": some.data or data,
        "versions": versions(),
        "defaults": asdict(type(some)()),
    }
    head["sha256"] = _digest(head, [json.loads(line) for line in lines])
    text = json.dumps(head)[:-1] + ',\n"results": [\n' + ",\n".join(lines) + "\n]}\n"
    with whole_file(path) as file:
        file.write(text.encode())


def _digest(head: Mapping[str, Any], rows: list[Any]) -> str:
    """Return the checksum of a file's content, whatever its spaces and line ends."""
    content = {key: value for key, value in head.items() if key not in ("sha256", "results")}
    return hashlib.sha256(json.dumps([content, rows], sort_keys=True).encode()).hexdigest()[:16]


def read(path: Path) -> Stored:
    """Read a file of results.

    Raises
    ------
    ValueError
        If the file is no file of results, or damaged.
    OSError
        If it cannot be read.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        rows = [dict(row) for row in content["results"]]
        # files that were written before there were checksums have none
        if "sha256" in content and content["sha256"] != _digest(content, rows):
            raise ValueError("it is damaged: its checksum is another")
        kind = CriticSpec if content["data"] == CriticSpec.data else Spec
        results = {from_dict({**content["defaults"], **row.pop("spec")}, kind): row for row in rows}
        if not all(_is_result(row, kind) for row in rows):
            raise ValueError("a result is not made of numbers")
        if not all(isinstance(v, str) for v in (content["data"], *content["versions"].values())):
            raise ValueError("its head is not made of words")
        return Stored(content["data"], content["versions"], results)
    except (KeyError, TypeError, AttributeError, ValueError, RecursionError) as error:
        raise ValueError(
            f"{path} holds no results of an experiment ({error}): expected a file that "
            "`experiment --json` wrote; move it away, or choose another folder"
        ) from None


def _is_result(row: dict[str, Any], kind: type[AnySpec]) -> bool:
    """Return whether a row has a score and seconds, and nothing but numbers and lists."""
    numbers, (low, high) = (row[kind.score], row["seconds"]), kind.bounds
    plain = all(isinstance(n, int | float) and math.isfinite(n) for n in numbers)
    in_bounds = plain and low <= numbers[0] <= high and numbers[1] >= 0
    return in_bounds and all(_is_plain(value) for value in row.values())


def _is_plain(value: Any) -> bool:
    if isinstance(value, list):
        return len(value) > 0 and all(_is_plain(part) for part in value)
    return value is None or isinstance(value, int | float)


def load(path: Path, data: str | None = None) -> dict[AnySpec, Result]:
    """Return the results in a file. ValueError, besides those of `read`: they are of other images.

    Parameters
    ----------
    path : Path
    data : str, optional
        The name of the images that the results must be of.
    """
    stored = read(path)
    on_images = all(spec.data is None for spec in stored.results)
    if on_images and data is not None and stored.data != data:
        raise ValueError(
            f"{path} holds results on {stored.data}, expected {data}; choose another folder"
        )
    return stored.results
