"""What a student's process may not do: set up in the child, before the student's code runs.

It imports nothing of the package. It stops accidents and pranks and is no wall: Python cannot be
locked in by Python.
"""

from __future__ import annotations

import _imp
import importlib.util
import os
import sys
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

REFUSED = {  # in words, and how begins what Python tells its audit hooks of it
    "starting processes": (
        "os.fork os.posix_spawn os.spawn os.startfile os.exec os.system pty.spawn subprocess. "
        "_winapi.CreateProcess"
    ),
    "signals to other processes": "os.kill",
    "the network": "socket.",
    "ctypes": "ctypes.",
    "looking around in the grader": "gc.get_",
    "changing limits": "resource.",
    "the log of the system": "syslog.",
    "the registry": "winreg.",
}
_CLOSED = {  # what modules in C do of which no audit hook is told, and these modules
    # _posixsubprocess may be loaded anew; the one that is there is mended. Tcl starts processes
    "starting processes": "_posixsubprocess _tkinter",
    "interpreters without these rules": (
        "_interpreters _xxsubinterpreters _testcapi _testinternalcapi"
    ),
    "writing elsewhere": "_sqlite3 _dbm _gdbm _ssl readline",
    "shared memory": "_posixshmem _multiprocessing",
}
CLOSED = {name: words for words, names in _CLOSED.items() for name in names.split()}
_OF_OTHERS = "setpriority sched_setaffinity sched_setparam sched_setscheduler mkfifo mknod"
TAKEN = {  # functions of which no audit hook is told: for other processes, or writing elsewhere
    "os": _OF_OTHERS,
    "posix": _OF_OTHERS,
    "signal": "pidfd_send_signal",
    "_signal": "pidfd_send_signal",
    "_posixsubprocess": "fork_exec",
}
CHANGING = [  # events whose paths must lie in the process's own folder
    f"os.{name}"
    for name in "mkdir remove rename rmdir link symlink truncate chmod chown chflags utime "
    "setxattr removexattr".split()
]
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
FILES = 100  # how often a file may be opened for writing, or a folder made


def limit(memory: int, seconds: int) -> None:
    """Limit memory, processor time, processes and the size of files, where the system can."""
    try:
        import resource
    except ImportError:  # Windows
        return
    for name, value in (
        ("RLIMIT_AS", memory),
        ("RLIMIT_CPU", seconds),
        ("RLIMIT_CORE", 0),
        ("RLIMIT_FSIZE", 10_000_000),
        ("RLIMIT_NPROC", 0),
    ):
        try:
            resource.setrlimit(getattr(resource, name), (value, value))
        except (AttributeError, ValueError, OSError):  # not on this system, or lower already
            pass


class Refusing:
    """A finder of modules that refuses some packages, however they are imported."""

    def __init__(self, forbidden: tuple[str, ...]) -> None:
        self.forbidden = forbidden

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> None:
        """Raise for a forbidden package; leave the others to the next finder."""
        root = name.partition(".")[0]
        if root in self.forbidden:
            raise ImportError(f"importing {root} is not allowed in an exercise")


def _refuse(words: str) -> Callable[..., NoReturn]:
    """Return what stands in the place of a function that must not be called."""

    def refused(*_: Any, **__: Any) -> NoReturn:
        raise PermissionError(f"{words}: not allowed in an exercise")

    return refused


def _take_away() -> None:
    """Replace the functions that raise no event of their own."""
    try:
        import _posixsubprocess  # noqa: F401  `import subprocess` needs it
    except ImportError:
        pass
    for module, functions in TAKEN.items():
        for name in functions.split():
            if hasattr(sys.modules.get(module), name):
                setattr(sys.modules[module], name, _refuse(CLOSED.get(module, name)))
    create = _imp.create_builtin

    def create_builtin(spec: Any) -> Any:
        if spec.name in TAKEN:
            raise ImportError(f"loading {spec.name} anew is not allowed in an exercise")
        return create(spec)

    _imp.create_builtin = create_builtin


def _rules_for_files(closed: tuple[str, ...]) -> tuple[Callable[..., Any], ...]:
    """Return what says whether a path is inside, what counts files, and what allows to open one."""
    here, devnull, sep = os.path.realpath(os.getcwd()) + os.sep, os.devnull, os.sep
    real, absolute, is_folder = os.path.realpath, os.path.abspath, os.path.isdir
    decode, left = os.fsdecode, [FILES]

    def is_inside(path: Any) -> bool:
        return bool((real(path) + sep).startswith(here))

    def count() -> None:
        left[0] -= 1
        if left[0] < 0:
            raise PermissionError("writing so many files is not allowed in an exercise")

    def opened(path: Any, mode: Any, flags: int) -> None:
        if isinstance(path, int):
            return
        path = decode(path)
        if path == devnull:
            return
        if any((p + sep).startswith(closed) for p in (absolute(path), real(path))):
            raise PermissionError(f"reading {path} is not allowed in an exercise")
        if is_inside(path):
            if flags & WRITING:
                count()
        elif flags & WRITING:
            raise PermissionError(f"writing {path} is not allowed in an exercise")
        elif mode is None and is_folder(path):  # from there, files could be opened unseen
            raise PermissionError(f"opening the folder {path} is not allowed in an exercise")

    return is_inside, count, opened


def guard(forbidden: list[str], folders: list[str]) -> None:
    """Refuse forbidden imports and folders, processes, the network, and writing elsewhere.

    An audit hook cannot be taken out again by the code that it watches.
    """
    names, changing = tuple(forbidden), tuple(CHANGING)
    refused = tuple((words, tuple(starts.split())) for words, starts in REFUSED.items())
    _take_away()
    closed = (os.path.join(os.sep, "proc", ""), *_places(names, folders))
    is_inside, count, opened = _rules_for_files(closed)

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            opened(*arguments)
        elif event == "import":
            root = str(arguments[0]).partition(".")[0]
            if root in names or root in CLOSED:
                why = f" ({CLOSED[root]})" if root in CLOSED else ""
                raise ImportError(f"importing {root} is not allowed in an exercise{why}")
        elif event in changing:
            paths = [a for a in arguments if not isinstance(a, (int, float, tuple, type(None)))]
            if event == "os.symlink":
                paths = paths[1:]  # where it leads is looked at when it is opened
            if isinstance(arguments[0], int) or not all(is_inside(p) for p in paths[:2]):
                raise PermissionError(f"changing files: not allowed in an exercise ({event})")
            if event == "os.mkdir":
                count()
        else:
            for words, starts in refused:
                if event.startswith(starts):
                    raise PermissionError(f"{words}: not allowed in an exercise ({event})")

    sys.meta_path.insert(0, Refusing(names))
    sys.addaudithook(hook)


def _places(names: tuple[str, ...], folders: list[str]) -> Iterator[str]:
    """Go through the folders of forbidden packages."""
    for folder in folders:
        yield os.path.realpath(folder) + os.sep
    for name in names:
        spec = importlib.util.find_spec(name)
        for folder in (spec and spec.submodule_search_locations) or ():
            yield os.path.realpath(folder) + os.sep
