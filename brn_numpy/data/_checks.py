"""Checks of what a user hands over. A refusal says what was found, what was expected, what to do.

`name` is what the message calls the thing: an argument, or a file and the array in it.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

GZIP = b"\x1f\x8b"  # the two bytes that every gzip file begins with


def existing_path(name: str, path: str | os.PathLike[str]) -> Path:
    """Return `path`, of a file or a directory, as a Path; ~ is the home directory."""
    if not isinstance(path, (str, os.PathLike)):
        raise TypeError(f"{name} must be a str or a Path, got {path!r} of {type(path).__name__}")
    expanded = os.path.expanduser(path)
    if not os.path.exists(expanded):  # before Path, which takes "" for the current directory
        raise FileNotFoundError(
            f"{name} '{expanded}' does not exist, looked for from {os.getcwd()}; expected a file "
            "or directory: check the spelling"
        )
    if not (os.path.isfile(expanded) or os.path.isdir(expanded)):  # reading might wait for ever
        raise ValueError(
            f"{name} '{expanded}' is a pipe or a device; expected an ordinary file or a directory: "
            "write what it gives to a file first"
        )
    return Path(expanded)


def another_kind(head: bytes) -> str:
    """Return what a file is whose first bytes are not those that were expected, or nothing."""
    if head.lstrip().startswith(b"<"):
        return "this is a web page, not the file that it speaks of: download the file itself"
    if head.startswith(GZIP):
        return "it is gzipped: unpack it with gunzip"
    return ""


def images(name: str, x: NDArray[Any]) -> NDArray[Any]:
    """Return the images `x` in native byte order, otherwise as they are."""
    if x.dtype.kind not in "iuf":
        raise TypeError(
            f"{name} has dtype {x.dtype}, expected integers or floats; "
            "convert it, for example with X.astype(np.float32), and save it again"
        )
    if x.ndim not in (2, 3, 4):
        raise ValueError(
            f"{name} has shape {x.shape}, expected (n, features), (n, H, W) or (n, C, H, W); "
            "reshape it so that the first axis counts the images, and save it again"
        )
    if x.size == 0:
        raise ValueError(f"{name} has shape {x.shape}: it is empty; expected at least one image")
    bad = ~np.isfinite(x)
    if bad.any():
        where = tuple(int(i) for i in np.argwhere(bad)[0])
        raise ValueError(
            f"{name} has {int(bad.sum())} values that are NaN or infinite, the first at {where}; "
            "expected finite numbers: drop these images, or fill the gaps (np.nan_to_num)"
        )
    return x.astype(x.dtype.newbyteorder("="), copy=False)


def labels(name: str, y: NDArray[Any], images_name: str, n: int) -> NDArray[np.int64]:
    """Return the labels `y` of `n` images as int64."""
    if y.ndim != 1:
        raise ValueError(
            f"{name} has shape {y.shape}, expected (n,), one label per image; use y.ravel() if it "
            "is a column, or np.argmax(y, axis=1) if it is one-hot, and save it again"
        )
    if len(y) != n:
        raise ValueError(
            f"{images_name} has {n} images but {name} has {len(y)} labels; expected as many labels "
            "as images, in the same order"
        )
    if y.dtype.kind not in "iu":
        raise TypeError(
            f"{name} has dtype {y.dtype}, expected integers 0 … K−1; use y.astype(np.int64) if "
            "it holds whole numbers, or np.unique(y, return_inverse=True)[1] if it holds words"
        )
    whole = y.astype(np.int64)  # a uint64 of 2⁶³ or more turns negative here: refused as well
    if whole.min() < 0:
        raise ValueError(
            f"{name} has labels from {y.min()} to {y.max()}, expected 0 … K−1; renumber them "
            "with np.unique(y, return_inverse=True)[1]"
        )
    return whole


def classes(name: str, y: NDArray[np.int64], largest: int, remedy: str) -> int:
    """Return K = largest + 1, at least 2, if each of the labels 0 … largest is in `y`."""
    present = np.unique(y)  # sorted, so without a gap it is 0, 1, 2, …
    if len(present) < 2:
        raise ValueError(
            f"{name} has the label {present[0]} alone; expected at least two classes: "
            "there is nothing to tell apart"
        )
    if len(present) != largest + 1:
        gaps = np.flatnonzero(present != np.arange(len(present)))
        missing = int(gaps[0]) if len(gaps) else len(present)
        raise ValueError(
            f"{name} has labels up to {largest} but no training image of class {missing}; "
            f"expected each of 0 … {largest} at least once: {remedy}"
        )
    return largest + 1
