"""Files that are written whole or not at all."""

from __future__ import annotations

import errno
import glob
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

STALE = 3600.0  # seconds: so old a part is of a run that was killed


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
    target = target_of(path)
    if target.is_dir():
        raise IsADirectoryError(f"{target} is a folder, expected the name of a file")
    _remove_stale_parts(target)
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
    part = _part(target_of(path))
    part.touch(exist_ok=False)
    part.unlink()


def target_of(path: str | os.PathLike[str]) -> Path:
    """Return what a link points to, so that the link stays; OSError if it leads to itself."""
    target = Path(os.path.realpath(path))
    if target.is_symlink():
        raise OSError(errno.ELOOP, "it is a link that leads to itself", str(path))
    return target


def _remove_stale_parts(target: Path) -> None:
    """Remove what runs that were killed while they wrote this file have left."""
    for part in target.parent.glob(f".{glob.escape(target.name)}.????????.part"):
        with suppress(OSError):  # another process has removed it
            if time.time() - part.stat().st_mtime > STALE:
                part.unlink()


def _part(target: Path) -> Path:
    return target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
