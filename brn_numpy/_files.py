"""Files that are written whole or not at all."""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO


@contextmanager
def whole_file(path: str | os.PathLike[str]) -> Iterator[IO[bytes]]:
    """Open a file for writing bytes; it appears under its name when all of it is written.

    Until then it has another name in the same folder, and after an error it is removed: whoever
    looks sees the old file or the new one, never a part.

    Raises
    ------
    OSError
        If the file cannot be written. The old file, if there is one, stays.
    """
    target = _target(path)
    if target.is_dir():
        raise IsADirectoryError(f"{target} is a folder, expected the name of a file")
    part = _part(target)
    try:
        with part.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, target)
    finally:
        part.unlink(missing_ok=True)


def try_out(path: str | os.PathLike[str]) -> None:
    """Raise the OSError that `whole_file` would raise, before the work and not after it."""
    part = _part(_target(path))
    part.touch(exist_ok=False)
    part.unlink()


def _target(path: str | os.PathLike[str]) -> Path:
    """Return what a link points to, so that the link stays."""
    target = Path(os.path.realpath(path))
    if target.is_symlink():  # it leads to itself; Path.resolve says so in some versions only
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(target))
    return target


def _part(target: Path) -> Path:
    return target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
