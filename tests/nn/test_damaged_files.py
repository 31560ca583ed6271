"""load: files that are missing, of another kind, cut short, or damaged in one bit."""

import gc
import io
import pickle
import warnings
import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nn_cases import same_bits

from brn_numpy import nn

# Files left open have a test of their own, the last one.
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")

STATE = {"0.weight": np.arange(6.0).reshape(2, 3), "empty": np.zeros((0, 2)), "n": np.array(3)}


def saved(folder):
    path = folder / "good.npz"
    nn.save(STATE, path)
    return path.read_bytes()


def refused(path, content):
    """Load a file of these bytes and expect a ValueError that names it."""
    path.write_bytes(content)
    with pytest.raises(ValueError) as caught:
        nn.load(path)
    assert str(path) in str(caught.value)


def zipped(members):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def npy(array, **options):
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, np.asarray(array), **options)
    return buffer.getvalue()


class Trap:
    """Unpickling this would print."""

    def __reduce__(self):
        return print, ("code of the file was run",)


def test_missing(tmp_path):
    """A FileNotFoundError that names the path, as for any other file."""
    with pytest.raises(FileNotFoundError, match="nothing"):
        nn.load(tmp_path / "nothing.npz")


@pytest.mark.parametrize(
    "content",
    [b"", b"0.weight = 3\n", b"PK", b"PK\x03\x04", b"PK\x05\x06", b"\x93NUMPY", bytes(1000)],
)
def test_no_npz_at_all(tmp_path, content):
    """Nothing, text, beginnings of a zip and of an .npy, zeros: a ValueError."""
    refused(tmp_path / "x.npz", content)


def test_a_single_array(tmp_path):
    """An .npy is no .npz."""
    refused(tmp_path / "x.npz", npy(np.ones(3)))


@pytest.mark.parametrize("again", ["a.npy", "a"])
def test_an_array_that_is_there_twice(tmp_path, again):
    """Which of the two is meant? Neither is taken."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # zipfile warns of the second name, and writes it
        for name in ("a.npy", "b.npy", again):
            archive.writestr(name, npy(np.ones(3)))
    refused(tmp_path / "x.npz", buffer.getvalue())
    with pytest.raises(ValueError, match="it holds 'a' twice"):
        nn.load(tmp_path / "x.npz")


def test_pickles_are_not_read(tmp_path, capsys):
    """A pickle, an .npy of objects and an .npz of objects are refused, and none of it is run."""
    objects = npy(np.array([Trap()], object), allow_pickle=True)
    refused(tmp_path / "x.npz", pickle.dumps(Trap()))
    refused(tmp_path / "x.npz", objects)
    refused(tmp_path / "x.npz", zipped({"x.npy": objects}))
    refused(tmp_path / "x.npz", zipped({"fine.npy": npy(np.ones(2)), "x.npy": objects}))
    assert capsys.readouterr().out == ""


def test_a_zip_of_other_things(tmp_path):
    """A zip of texts has no arrays in it: a ValueError, and no bytes in place of arrays."""
    refused(tmp_path / "x.npz", zipped({"readme.txt": b"hello"}))
    refused(tmp_path / "x.npz", zipped({"fine.npy": npy(np.ones(2)), "x.npy": b"no array"}))


def test_a_zip_of_damaged_arrays(tmp_path):
    """Arrays cut short, or with a nonsense header, are found although the zip is sound."""
    whole = npy(np.arange(50.0))
    for content in (whole[:-8], whole[:60], whole[:10], whole.replace(b"<f8", b"<q9")):
        refused(tmp_path / "x.npz", zipped({"x.npy": content}))


def test_cut_short(tmp_path):
    """Every beginning of a file is refused, wherever it was cut."""
    content = saved(tmp_path)
    for length in range(0, len(content), 7):
        refused(tmp_path / "x.npz", content[:length])
    refused(tmp_path / "x.npz", content[:-1])


@given(data=st.data())
def test_one_wrong_bit(tmp_path_factory, data):
    """A flipped bit is found, or every array that is loaded is the same as before.

    The directory of a zip has no checksum, so a bit in it can hide an array (3 of 1000 bits do);
    load_state_dict then misses its key.
    """
    folder = tmp_path_factory.getbasetemp()
    content = bytearray(saved(folder))
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= 1 << data.draw(st.integers(0, 7))
    path = folder / "flipped.npz"
    path.write_bytes(content)
    try:
        loaded = nn.load(path)
    except ValueError as error:
        assert str(path) in str(error)
    else:
        assert same_bits(loaded, {key: STATE[key] for key in loaded})


def test_a_wrong_bit_in_the_numbers(tmp_path):
    """Every flipped bit among the numbers of an array is found."""
    content = saved(tmp_path)
    start = content.index(STATE["0.weight"].tobytes())
    for place in range(start, start + STATE["0.weight"].nbytes, 5):
        wrong = bytearray(content)
        wrong[place] ^= 0x10
        refused(tmp_path / "x.npz", bytes(wrong))


def test_no_file_is_left_open(tmp_path):
    """A refused file is closed: on Windows it could not be replaced or removed otherwise."""
    content = saved(tmp_path)
    gc.collect()  # what other tests have left
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        for wrong in (b"", b"text", content[:30], content[:-1], zipped({"x.npy": npy(1)[:-1]})):
            refused(tmp_path / "x.npz", wrong)
        gc.collect()
    assert not [str(warning.message) for warning in seen]


def test_an_array_with_something_behind_it(tmp_path):
    """A member that goes on after its array was not written by us: something is wrong with it."""
    refused(tmp_path / "x.npz", zipped({"x.npy": npy(1) + b"more"}))
