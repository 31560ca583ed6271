"""The arrays in a file or directory, with the name that a message about each of them needs."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from . import _checks
from .idx import read_idx

# What a source holds: "X", "y" and perhaps "X_test", "y_test" → (name for messages, array).
Found: TypeAlias = dict[str, tuple[str, NDArray[Any]]]

IDX_FILES = {
    "X": "train-images-idx3-ubyte",
    "y": "train-labels-idx1-ubyte",
    "X_test": "t10k-images-idx3-ubyte",
    "y_test": "t10k-labels-idx1-ubyte",
}

KERAS = {"X": "x_train", "y": "y_train", "X_test": "x_test", "y_test": "y_test"}


def _spellings(name: str) -> tuple[str, ...]:
    dotted = name.replace("-idx", ".idx")
    return (name, f"{name}.gz", dotted, f"{dotted}.gz")


def is_idx_name(name: str) -> bool:
    """Whether a file of this name is one of the four that MNIST comes in."""
    return any(name in _spellings(standard) for standard in IDX_FILES.values())


def read_idx_directory(directory: Path) -> Found:
    """Read the four IDX files of a directory."""
    there = {}  # plain before .gz: the same content, quicker to read
    for key, standard in IDX_FILES.items():
        paths = [directory / spelling for spelling in _spellings(standard)]
        there[key] = [path for path in paths if path.is_file()]
    missing = [IDX_FILES[key] for key, paths in there.items() if not paths]
    if missing:
        names = sorted(path.name for path in directory.iterdir())
        listed = ", ".join(names[:8]) + (", …" if len(names) > 8 else "")
        raise FileNotFoundError(
            f"{directory} does not hold {', '.join(missing)} (plain or .gz); "
            f"found: {listed or 'nothing'}; expected the four IDX files, or give an .npz file"
        )
    return {key: (str(path), read_idx(path)) for key, (path, *_) in there.items()}


def read_npz(file: Path) -> Found:
    """Read X, y and, if they are there, X_test and y_test; or the same under Keras' names."""
    how = "np.savez_compressed('my.npz', X=images, y=labels) writes such a file"
    with file.open("rb") as stream:
        head = stream.read(64)
        if head[:2] != b"PK":  # an .npz file is a zip file
            kind = _checks.another_kind(head)
            raise ValueError(
                f"{file} begins with the bytes {head[:4]!r} and is no .npz file; "
                + (kind or f"expected an .npz file or a directory of IDX files; {how}")
            )
        stream.seek(0)
        key = "the list of arrays"
        arrays: dict[str, Any] = {}
        called = {k: k for k in IDX_FILES}
        # A damaged zip file fails in a dozen ways (BadZipFile, zlib.error, EOFError, KeyError,
        # NotImplementedError, …), and all of them mean the same: this file cannot be read.
        try:
            with np.load(stream, allow_pickle=False) as archive:
                names = list(archive.files)
                if "x_train" in names and "X" not in names:
                    called = KERAS
                for key in (k for k in IDX_FILES if called[k] in names):
                    arrays[key] = archive[called[key]]
        except Exception as error:
            raise ValueError(
                f"{file}: {key} cannot be read ({type(error).__name__}: {error}); expected plain "
                "arrays of numbers. Python objects are refused, since unpickling them could run "
                "any code: np.stack(list(X)) makes one array of a list of images. If the file is "
                f"damaged, write it again: {how}"
            ) from error

    has_test = "X_test" in arrays or "y_test" in arrays
    lacking = [k for k in IDX_FILES if k not in arrays and (has_test or k in ("X", "y"))]
    if lacking:
        raise ValueError(
            f"{file} lacks {' and '.join(called[k] for k in lacking)}; found the arrays {names}; "
            "expected X and y, and X_test with y_test or neither, or Keras' x_train, y_train, ...; "
            f"{how}"
        )
    for key, value in arrays.items():
        if not isinstance(value, np.ndarray):  # a member that is no .npy file comes as bytes
            raise ValueError(f"{file}: {called[key]} is no NumPy array but other data; {how}")
    return {key: (f"{file}: {called[key]}", value) for key, value in arrays.items()}
