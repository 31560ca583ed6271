"""Results on disk: one JSON file an experiment, one training a line."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from .. import __version__
from .._files import whole_file
from .spec import DEFAULTS, Spec, from_dict

Result = dict[str, Any]


def versions() -> dict[str, str]:
    """Return the versions that a result depends on."""
    return {
        "brn_numpy": __version__,
        "numpy": np.__version__,
        "python": platform.python_version(),
    }


def save(path: Path, name: str, data: str, results: Mapping[Spec, Result]) -> None:
    """Write the results of an experiment; the file changes as a whole or not at all."""
    head = {"experiment": name, "data": data, "versions": versions(), "defaults": DEFAULTS}
    lines = [
        json.dumps({"spec": spec.to_dict(), **result}, allow_nan=False, separators=(",", ":"))
        for spec, result in results.items()
    ]
    text = json.dumps(head)[:-1] + ',\n"results": [\n' + ",\n".join(lines) + "\n]}\n"
    with whole_file(path) as file:
        file.write(text.encode())


def load(path: Path, data: str | None = None) -> dict[Spec, Result]:
    """Read results.

    Parameters
    ----------
    path : Path
    data : str, optional
        The name of the images that the results must be of.

    Raises
    ------
    ValueError
        If the file is no file of results, or one of other images.
    OSError
        If it cannot be read.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        rows = [dict(row) for row in content["results"]]
        results = {from_dict({**content["defaults"], **row.pop("spec")}): row for row in rows}
        of = content["data"]
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ValueError(
            f"{path} holds no results of an experiment ({error}): expected a file that "
            "`experiment --json` wrote; move it away, or choose another folder"
        ) from None
    if data is not None and of != data:
        raise ValueError(f"{path} holds results on {of}, expected {data}; choose another folder")
    return results


def versions_of(path: Path) -> dict[str, str]:
    """Return the versions that a file of results was made with."""
    found: dict[str, str] = json.loads(path.read_text(encoding="utf-8")).get("versions", {})
    return found


def checksum(folder: Path) -> str:
    """Return the SHA-256 of all results in a folder; figures tell by it what they were drawn from.

    Line ends do not count: git may change them.
    """
    found = hashlib.sha256()
    for path in sorted(folder.glob("*.json")):
        found.update(path.read_text(encoding="utf-8").encode())
    return found.hexdigest()
