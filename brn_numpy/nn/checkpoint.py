"""States in files: .npz without pickle, written whole or not at all."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Mapping

import numpy as np

from .._checks import Array
from .._files import whole_file
from .states import as_array, mapping

LONGEST_KEY = 65_000  # bytes; a name in a zip file has at most 65,535


def save(state: Mapping[str, Array], path: str | os.PathLike[str]) -> None:
    """Write arrays by name, such as a `state_dict()`, to an .npz file.

    The file is written under another name in the same folder and then renamed: whoever looks sees
    the old file or the new one, also after a crash.

    Parameters
    ----------
    state : mapping of str to array
        Several states fit into one file: {**{"model." + k: v for k, v in ...}, ...}.
    path : str or path
        Used as it is; no ending is added.

    Raises
    ------
    TypeError
        If `state` is no mapping (a layer has a `state_dict()`), a key is no string, or a value is
        no array of numbers.
    ValueError
        If a key is one that a zip file cannot hold.
    OSError
        If the file cannot be written. The old file, if there is one, stays.
    """
    arrays = {key: as_array(f"state[{key!r}]", value) for key, value in mapping(state).items()}
    for key, array in arrays.items():
        if not isinstance(key, str) or not key:
            raise TypeError(f"state must have strings as keys, got {key!r}")
        if "\0" in key or len(key.encode()) > LONGEST_KEY:
            raise ValueError(
                f"state must have keys of at most {LONGEST_KEY} bytes and without NUL, which a zip "
                f"file can hold, got {key!r:.60}"
            )
        if array.dtype.hasobject:
            raise TypeError(f"state[{key!r}] holds Python objects, expected numbers")
    with whole_file(path) as file, zipfile.ZipFile(file, "w") as archive:  # as np.savez does
        for key, array in arrays.items():
            with archive.open(f"{key}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, array, allow_pickle=False)


def load(path: str | os.PathLike[str]) -> dict[str, Array]:
    """Read the arrays of a file that `save` or `np.savez` wrote.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is not an .npz file of plain arrays, is damaged, or holds an array twice.
    """
    with open(path, "rb") as file:
        try:
            with zipfile.ZipFile(file) as archive:
                arrays: dict[str, Array] = {}
                for name in archive.namelist():
                    key = name.removesuffix(".npy")
                    if key in arrays:  # a zip file may hold two of one name: which is meant?
                        raise ValueError(f"it holds {key!r} twice")
                    arrays[key] = _read(archive, name)
                return arrays
        except Exception as error:  # a damaged file fails in a dozen ways that all mean the same
            raise ValueError(
                f"{os.fspath(path)} is no readable .npz file of arrays: {error}"
            ) from error


def _read(archive: zipfile.ZipFile, name: str) -> Array:
    """Read one array; Python objects are refused, since unpickling them could run any code."""
    with archive.open(name) as member:
        array: Array = np.lib.format.read_array(member, allow_pickle=False)
        if member.read(1):  # also makes zipfile compare its checksum
            raise ValueError(f"{name} is longer than its array")
        return array
