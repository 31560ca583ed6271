"""save writes all of a file or nothing; load gives back the same bits."""

import errno
import os
import signal
import subprocess
import sys
import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nn_cases import same_bits

from brn_numpy import nn
from brn_numpy._files import try_out, whole_file

DTYPES = ["f4", "f8", "c16", "i8", "u1", "?", "f2", ">f8", "U3", "M8[s]"]


@given(
    seed=st.integers(0, 2**32 - 1),
    kinds=st.lists(st.tuples(st.sampled_from(DTYPES), st.lists(st.integers(0, 3), max_size=3))),
    fortran=st.booleans(),
)
def test_roundtrip(tmp_path_factory, seed, kinds, fortran):
    """Any dtype and any shape, of 0 axes or 0 values too, comes back bit for bit."""
    rng = np.random.default_rng(seed)
    state = {}
    for number, (dtype, shape) in enumerate(kinds):
        values = rng.integers(0, 100, shape)
        state[f"a{number}.x"] = np.asarray(values, dtype, order="F" if fortran else "C")
    path = tmp_path_factory.getbasetemp() / "roundtrip.npz"
    nn.save(state, path)
    loaded = nn.load(path)
    assert list(loaded) == list(state)
    for key, value in state.items():
        assert loaded[key].dtype == value.dtype
        assert loaded[key].shape == value.shape
        assert (loaded[key] == value).all()


def test_special_values(tmp_path):
    """NaN with its payload, infinities, -0.0 and subnormals keep their bits."""
    bits = np.array([0x7FF8000000000123, 0xFFF0000000000000, 1 << 63, 1], np.uint64)
    state = {"x": bits.view(np.float64), "noncontiguous": np.arange(12.0).reshape(3, 4)[::2, ::-1]}
    nn.save(state, tmp_path / "s.npz")
    loaded = nn.load(tmp_path / "s.npz")
    assert same_bits(loaded["x"], state["x"])
    assert same_bits(loaded["noncontiguous"], state["noncontiguous"])


def test_numpy_reads_it(tmp_path):
    """The file is what np.savez writes: np.load reads it, and load reads what np.savez wrote."""
    state = {"0.weight": np.arange(6.0).reshape(2, 3), "steps": np.array(7)}
    nn.save(state, tmp_path / "ours.npz")
    with np.load(tmp_path / "ours.npz", allow_pickle=False) as archive:
        assert same_bits(dict(archive), state)
    with zipfile.ZipFile(tmp_path / "ours.npz") as archive:
        assert archive.namelist() == ["0.weight.npy", "steps.npy"]
    np.savez(tmp_path / "theirs.npz", **state)
    assert same_bits(nn.load(tmp_path / "theirs.npz"), state)
    np.savez_compressed(tmp_path / "small.npz", **state)
    assert same_bits(nn.load(tmp_path / "small.npz"), state)


@pytest.mark.parametrize("key", ["file", "allow_pickle", "0.weight", "a b", "σ", "x/y", "self"])
def test_keys(tmp_path, key):
    """Keys that np.savez takes for arguments, spaces, Greek and slashes are keys like others."""
    state = {key: np.arange(3.0), "other": np.ones(2)}
    nn.save(state, tmp_path / "k.npz")
    assert same_bits(nn.load(tmp_path / "k.npz"), state)


def test_keys_that_end_in_npy(tmp_path):
    """The keys "x" and "x.npy" are two keys."""
    state = {"x": np.zeros(2), "x.npy": np.ones(2)}
    nn.save(state, tmp_path / "k.npz")
    assert same_bits(nn.load(tmp_path / "k.npz"), state)


def test_the_name_is_used_as_it_is(tmp_path):
    """No ending is added; a str is as good as a Path; nothing else is left in the folder."""
    nn.save({"x": np.ones(2)}, str(tmp_path / "checkpoint"))
    assert os.listdir(tmp_path) == ["checkpoint"]
    assert list(nn.load(str(tmp_path / "checkpoint"))) == ["x"]
    nn.save({"y": np.ones(3)}, tmp_path / "checkpoint")  # over the old file
    assert os.listdir(tmp_path) == ["checkpoint"]
    assert list(nn.load(tmp_path / "checkpoint")) == ["y"]


OLD = {"old": np.arange(4.0)}


@pytest.fixture
def old(tmp_path):
    """A folder with an older file in it."""
    nn.save(OLD, tmp_path / "s.npz")
    return tmp_path / "s.npz"


def is_untouched(path):
    return os.listdir(path.parent) == [path.name] and same_bits(nn.load(path), OLD)


@pytest.mark.parametrize(
    "state, text",
    [
        ({"x": np.array([None])}, "'x'"),
        ({"y": np.ones(2), "x": np.array([{}], object)}, "'x'"),
        ({"x": np.zeros(2, [("a", object), ("b", float)])}, "'x'"),
        ({1: np.ones(2)}, "keys, got 1"),
        ({"": np.ones(2)}, "keys, got ''"),
        ({"a": np.ones(2), b"b": np.ones(2)}, "keys, got b'b'"),
    ],
)
def test_refused_states(old, state, text):
    """Python objects and keys that are no text: a TypeError, and the old file stays."""
    with pytest.raises(TypeError, match=text):
        nn.save(state, old)
    assert is_untouched(old)


@pytest.mark.parametrize(
    "state, text",
    [
        (nn.Linear(2, 2, rng=0), r"got Linear; pass its state_dict\(\)"),
        (nn.SGD([nn.Parameter(np.ones(2))], 0.1), r"got SGD; pass its state_dict\(\)"),
        ("s.npz", "got str 's.npz'"),
        ({"x": np.ma.masked_less(np.arange(3.0), 1)}, r"state\['x'\] must be a plain array"),
        (
            {"good": np.ones(2), "bad": [[1.0], [2.0, 3.0]]},
            r"state\['bad'\] must be an array",
        ),
    ],
)
def test_what_is_no_state(old, state, text):
    """A layer or optimizer for its state, the path first, a ragged list: the old file stays."""
    with pytest.raises(TypeError, match=text):
        nn.save(state, old)
    assert is_untouched(old)


def test_the_target_is_a_folder(tmp_path):
    """An OSError; the folder and what is in it stay, and nothing comes beside it."""
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "inside").write_text("text")
    with pytest.raises(OSError, match="folder"):
        nn.save(OLD, folder)
    assert os.listdir(tmp_path) == ["folder"] and os.listdir(folder) == ["inside"]


def test_the_folder_is_missing(tmp_path):
    """An OSError; no folder is made."""
    with pytest.raises(OSError, match="missing"):
        nn.save(OLD, tmp_path / "missing" / "s.npz")
    assert os.listdir(tmp_path) == []
    (tmp_path / "file").write_text("text")
    with pytest.raises(OSError):
        nn.save(OLD, tmp_path / "file" / "s.npz")
    assert os.listdir(tmp_path) == ["file"]


@pytest.mark.parametrize("error", [OSError("disk full"), KeyboardInterrupt()])
@pytest.mark.parametrize("arrays", [0, 1])
def test_an_error_while_writing(old, monkeypatch, error, arrays):
    """After some bytes, at the first array or the second: the old file stays, no part of a new."""
    write, calls = np.lib.format.write_array, []

    def failing(file, array, **options):
        calls.append(array)
        if len(calls) > arrays:
            file.write(b"some bytes")
            raise error
        write(file, array, **options)

    monkeypatch.setattr(np.lib.format, "write_array", failing)
    with pytest.raises(type(error)):
        nn.save({"x": np.ones(5), "y": np.ones(5)}, old)
    monkeypatch.undo()
    assert len(calls) == arrays + 1
    assert is_untouched(old)


def test_an_error_while_renaming(old, monkeypatch):
    """When the last step fails, the old file stays, and the part is removed."""

    def failing(*names):
        raise PermissionError("in use")

    monkeypatch.setattr(os, "replace", failing)
    with pytest.raises(PermissionError):
        nn.save({"x": np.ones(5)}, old)
    assert is_untouched(old)


def test_whole_file(old):
    """The bytes are invisible until all are written; until then the old file can be read."""
    with whole_file(old) as file:
        file.write(b"new")
        file.flush()
        assert same_bits(nn.load(old), OLD)
    assert old.read_bytes() == b"new" and os.listdir(old.parent) == [old.name]


KILLED = """
import os, signal, sys
import numpy as np
from brn_numpy import nn

def kill(*args, **options):
    os.kill(os.getpid(), signal.SIGKILL)

moment, path = sys.argv[1:]
if moment == "bytes":
    def write(file, array, **options):
        file.write(b"some bytes" * 1000)
        kill()
    np.lib.format.write_array = write
else:
    setattr(os, moment, kill)
nn.save({"new": np.ones(10_000), "more": np.ones(3)}, path)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
@pytest.mark.parametrize("moment", ["bytes", "fsync", "replace"])
def test_a_process_that_is_killed(old, moment):
    """Killed between the bytes, before they are on the disk, before the rename: the old file."""
    done = subprocess.run(
        [sys.executable, "-c", KILLED, moment, str(old)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        timeout=60,
    )
    assert done.returncode == -signal.SIGKILL
    assert same_bits(nn.load(old), OLD)
    nn.save({"next": np.ones(2)}, old)  # what the dead process left is in nobody's way
    assert list(nn.load(old)) == ["next"]


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_a_link_stays_a_link(tmp_path):
    """Saving to a link writes the file that it points to."""
    (tmp_path / "link.npz").symlink_to(tmp_path / "real.npz")
    nn.save({"a": np.ones(2)}, tmp_path / "link.npz")
    assert (tmp_path / "link.npz").is_symlink()
    assert np.array_equal(nn.load(tmp_path / "real.npz")["a"], np.ones(2))


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_a_link_to_itself(tmp_path):
    """An OSError that names it, on every Python; the link stays."""
    link = tmp_path / "link.npz"
    link.symlink_to(link)
    for write in (lambda: nn.save(OLD, link), lambda: try_out(link)):
        with pytest.raises(OSError, match=r"link\.npz") as caught:
            write()
        assert caught.value.errno == errno.ELOOP
        assert link.is_symlink() and os.listdir(tmp_path) == ["link.npz"]


@pytest.mark.parametrize("key", ["a\0b", "x" * 70_000], ids=["NUL", "long"])
def test_keys_that_a_zip_file_cannot_hold(tmp_path, key):
    """One would be cut and take another's place; nothing is written."""
    with pytest.raises(ValueError, match="state must have keys of at most 65000 bytes"):
        nn.save({key: np.ones(2), "a": np.zeros(2)}, tmp_path / "state.npz")
    assert not list(tmp_path.iterdir())
