"""IDX, the file format of MNIST: a header of a few bytes, then the numbers.

bytes 0–1   zero
byte  2     code of the dtype (`DTYPES`)
byte  3     number of dimensions D
4·D bytes   the D sizes, big-endian unsigned 32-bit
the rest    the values, row by row, big-endian
"""

from __future__ import annotations

import gzip
import math
import os
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import _checks

DTYPES: dict[int, np.dtype[Any]] = {
    0x08: np.dtype(">u1"),
    0x09: np.dtype(">i1"),
    0x0B: np.dtype(">i2"),
    0x0C: np.dtype(">i4"),
    0x0D: np.dtype(">f4"),
    0x0E: np.dtype(">f8"),
}


def read_idx(path: str | os.PathLike[str]) -> NDArray[Any]:
    """Read one IDX file, gzipped or not (its first bytes tell, not its name).

    The array has the shape and the dtype that the header gives, in the byte order of this computer;
    it may be written to.

    Raises
    ------
    FileNotFoundError, TypeError
        If there is no such file, or `path` is no path.
    ValueError
        If it is a directory or a pipe, the gzip data is damaged, the first four bytes are not those
        of an IDX file, or the rest is shorter or longer than the header says.
    """
    file = _checks.existing_path("path", path)
    if file.is_dir():
        raise ValueError(
            f"{file} is a directory, expected one IDX file; load_data reads a directory"
        )
    raw = file.read_bytes()
    if raw[:2] == _checks.GZIP:
        try:
            raw = gzip.decompress(raw)
        except (EOFError, OSError, zlib.error) as error:
            raise ValueError(
                f"{file}: the gzip data is damaged or cut short ({error}); download it again"
            ) from error
        if raw[:2] == _checks.GZIP:
            raise ValueError(f"{file} is gzipped twice; expected once: unpack it with gunzip")

    if len(raw) < 4 or raw[:2] != b"\0\0" or raw[2] not in DTYPES or raw[3] == 0:
        codes = ", ".join(f"{code:02x}" for code in DTYPES)
        kind = _checks.another_kind(raw[:64])
        expected = f"expected 00 00, a dtype code ({codes}) and a number of dimensions ≥ 1"
        raise ValueError(
            f"{file} begins with the bytes '{raw[:4].hex(' ')}', which is no IDX file; "
            + (kind or f"{expected}; is it another format?")
        )
    dtype, ndim = DTYPES[raw[2]], raw[3]
    start = 4 + 4 * ndim  # where the values begin
    if len(raw) < start:
        raise ValueError(
            f"{file} is cut short inside its header: found {len(raw)} bytes, expected {start} for "
            f"{ndim} sizes; download it again"
        )
    shape = tuple(int(size) for size in np.frombuffer(raw, ">u4", count=ndim, offset=4))
    size = start + dtype.itemsize * math.prod(shape)  # Python's integers: no overflow
    if len(raw) != size:
        wrong = "is cut short" if len(raw) < size else "has bytes after its end"
        raise ValueError(
            f"{file} {wrong}: found {len(raw)} bytes, expected {size} for shape {shape} of "
            f"{dtype.newbyteorder('=')}; download it again"
        )
    try:
        values = np.frombuffer(raw, dtype, offset=start).reshape(shape)
    except ValueError as error:  # 65 dimensions, or 0 images of 2³² × 2³² pixels
        raise ValueError(
            f"{file}: NumPy cannot hold an array of shape {shape} ({error})"
        ) from error
    # A copy: frombuffer gives a view of `raw` that cannot be written to.
    return values.astype(dtype.newbyteorder("="))
