"""What a student's process may not do, event by event: the guard is asked, not the system."""

import _imp
import importlib.util
import os
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from brn_numpy.grading.sandbox import guard


@pytest.fixture
def hook(tmp_path, monkeypatch):
    """Set the guard up in an empty folder, and return its audit hook, which is not installed."""
    home = tmp_path / "home"
    home.mkdir()
    (tmp_path / "library").mkdir()
    monkeypatch.chdir(home)
    hooks = []
    modules = {name: SimpleNamespace(**vars(sys.modules[name])) for name in ("os", "signal")}
    modules["_posixsubprocess"] = SimpleNamespace(fork_exec=print)
    system = SimpleNamespace(meta_path=[], addaudithook=hooks.append, modules=modules)
    monkeypatch.setattr(guard, "sys", system)
    monkeypatch.setattr(_imp, "create_builtin", _imp.create_builtin)
    guard.guard(["numpy", "no_such_package"], [str(tmp_path / "library")])
    [found] = hooks
    return found


@pytest.mark.parametrize(
    ("event", "arguments", "says"),
    [
        ("open", ("../x", "w", os.O_WRONLY), "writing ../x is not allowed"),
        ("open", (b"../x", "a", os.O_APPEND), "writing ../x is not allowed"),
        ("open", ("../library/x", "r", os.O_RDONLY), "reading ../library/x is not allowed"),
        ("open", ("link", "r", os.O_RDONLY), "reading link is not allowed"),
        ("open", (np.__file__, "r", os.O_RDONLY), "is not allowed"),
        ("open", ("..", None, os.O_RDONLY), "opening the folder .. is not allowed"),
        ("os.mkdir", ("../x", 0o777, -1), "changing files: not allowed in an exercise (os.mkdir)"),
        ("os.rename", ("x", "../y", -1, -1), "changing files"),
        ("os.truncate", (3, 0), "changing files"),
        ("os.link", ("../x", "y", -1, -1), "changing files"),
        ("os.symlink", ("x", "../y", -1), "changing files"),
        ("os.fork", (), "starting processes"),
        ("subprocess.Popen", ("ls", [], None, None), "starting processes"),
        ("os.kill", (1, 9), "signals"),
        ("socket.connect", (None, None), "the network"),
        ("ctypes.dlopen", ("libc",), "ctypes"),
        ("gc.get_objects", (-1,), "looking around"),
        ("resource.setrlimit", (1, 2, 3), "changing limits"),
    ],
)
def test_refused(hook, tmp_path, event, arguments, says):
    """A PermissionError that says what."""
    if arguments[:1] == ("link",):
        os.symlink(tmp_path / "library" / "x", "link")
    with pytest.raises(PermissionError) as found:
        hook(event, arguments)
    assert says in str(found.value) and "in an exercise" in str(found.value)


@pytest.mark.parametrize(
    ("event", "arguments"),
    [
        ("open", ("x", "w", os.O_WRONLY)),
        ("open", (3, "w", os.O_WRONLY)),
        ("open", (os.devnull, "w", os.O_WRONLY)),
        ("open", ("../x", "r", os.O_RDONLY)),
        ("open", (".", None, os.O_RDONLY)),
        ("open", ("../library_of_others/x", "r", os.O_RDONLY)),
        ("os.mkdir", ("x", 0o777, -1)),
        ("os.rename", ("x", "y", -1, -1)),
        ("os.symlink", ("../x", "y", -1)),
        ("os.utime", ("x", None, None, -1)),
        ("os.listdir", ("..",)),
        ("import", ("math", None, [], [], [])),
    ],
)
def test_allowed(hook, event, arguments):
    """Its own folder, reading what is not closed, and everything that nobody forbade."""
    hook(event, arguments)


def test_files_for_writing_are_counted(hook):
    """A hundred may be opened, not one more; reading stays free."""
    for _ in range(guard.FILES):
        hook("open", ("x", "w", os.O_WRONLY))
    with pytest.raises(PermissionError, match="so many files"):
        hook("open", ("x", "w", os.O_WRONLY))
    hook("open", ("x", "r", os.O_RDONLY))


def test_imports(hook):
    """Refused by the name of the package, by the hook and by the first of the finders."""
    with pytest.raises(ImportError, match="importing numpy is not allowed"):
        hook("import", ("numpy.linalg", None, [], [], []))
    [finder] = guard.sys.meta_path
    with pytest.raises(ImportError, match="importing no_such_package is not allowed"):
        finder.find_spec("no_such_package.part")
    assert finder.find_spec("numpy_of_others") is None


def test_what_raises_no_event_is_replaced(hook):
    """Processes, other processes' priority, pipes with a name; what a system lacks stays away."""
    modules = guard.sys.modules
    with pytest.raises(PermissionError, match="starting processes: not allowed"):
        modules["_posixsubprocess"].fork_exec()
    for module, name in (("os", "mkfifo"), ("os", "setpriority"), ("signal", "pidfd_send_signal")):
        if hasattr(sys.modules[module], name):
            with pytest.raises(PermissionError, match=f"{name}: not allowed"):
                getattr(modules[module], name)(1, 2, 3)


def test_modules_are_not_loaded_anew(hook):
    """With the functions that were replaced."""
    for name in ("_posixsubprocess", "_sqlite3", "readline", "_tkinter", "_interpreters"):
        with pytest.raises(ImportError, match=f"importing {name} is not allowed"):
            hook("import", (name, None, [], [], []))
    with pytest.raises(ImportError, match="loading posix anew"):
        _imp.create_builtin(SimpleNamespace(name="posix"))
    assert _imp.create_builtin(sys.__spec__ or importlib.util.find_spec("sys")) is sys


def test_without_these_modules(hook):
    """As on Windows: the rest is guarded all the same."""
    guard.sys.modules.clear()
    guard.guard([], [])
    assert len(guard.sys.meta_path) == 2


def test_limits(monkeypatch):
    """All that the system knows are set; one that it refuses does not keep the others."""
    found = {}

    def setrlimit(name, pair):
        if name == "cpu":
            raise ValueError("not allowed to raise maximum limit")
        found[name] = pair

    system = SimpleNamespace(
        setrlimit=setrlimit, RLIMIT_AS="memory", RLIMIT_CPU="cpu", RLIMIT_FSIZE="file"
    )
    monkeypatch.setitem(sys.modules, "resource", system)
    guard.limit(5, 6)
    assert found == {"memory": (5, 5), "file": (10_000_000, 10_000_000)}
    monkeypatch.setitem(sys.modules, "resource", None)
    guard.limit(5, 6)
