"""load_data refuses every broken file in words: what was found, what was expected, what to do."""

import os
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brn_numpy.data import load_data

X = np.random.default_rng(0).integers(0, 256, size=(20, 4, 3)).astype(np.uint8)
Y = np.arange(20) % 3


def with_value(array, value):
    array = array.astype(float)
    array[3, 2, 1] = value
    return array


OBJECTS = np.empty(20, object)
OBJECTS[:] = [np.zeros((4, 3))] * 20
FIRST = f"the first at {tuple(map(int, np.argwhere(X <= 99)[0]))}"
ONE_LATE = np.where(np.arange(20) == np.random.default_rng(1234).permutation(20)[0], 2, Y % 2)


@pytest.mark.parametrize(
    ("arrays", "error", "words"),
    [
        ({}, ValueError, ["lacks X and y", "found the arrays []", "savez"]),
        ({"X": X}, ValueError, ["lacks y;", "['X']"]),
        ({"x_train": X, "Y": Y}, ValueError, ["lacks y_train;", "['x_train', 'Y']", "Keras' x_"]),
        ({"x_train": X, "y_train": Y - 1}, ValueError, [": y_train has labels from -1"]),
        ({"X": X, "y": Y, "X_test": X}, ValueError, ["lacks y_test;"]),
        ({"X": X, "y": Y, "y_test": Y}, ValueError, ["lacks X_test;"]),
        ({"X": X, "y": Y[:-1]}, ValueError, [": X has 20 images but", ": y has 19 labels"]),
        (
            {"X": X, "y": Y, "X_test": X[:5], "y_test": Y},
            ValueError,
            [": X_test has 5 images but", ": y_test has 20 labels"],
        ),
        ({"X": X, "y": Y.astype(float)}, TypeError, [": y has dtype float64", "astype(np.int64)"]),
        ({"X": X, "y": Y > 0}, TypeError, [": y has dtype bool"]),
        ({"X": X, "y": Y.astype(str)}, TypeError, [": y has dtype <U", "return_inverse"]),
        ({"X": X, "y": Y - 1}, ValueError, [": y has labels from -1 to 1", "renumber"]),
        ({"X": X, "y": np.uint64(2**63) + Y.astype("u8")}, ValueError, [str(2**63), "renumber"]),
        ({"X": X, "y": Y + 1}, ValueError, ["no training image of class 0", "renumber"]),
        ({"X": X, "y": Y * 2}, ValueError, ["no training image of class 1", "0 … 4"]),
        ({"X": X, "y": Y * 10**15}, ValueError, ["no training image of class 1"]),
        ({"X": X, "y": Y * 0}, ValueError, ["the label 0 alone", "at least two classes"]),
        ({"X": X, "y": ONE_LATE}, ValueError, ["training part", "class 2", "change seed"]),
        (
            {"X": X, "y": Y, "X_test": X, "y_test": Y + 1},
            ValueError,
            ["up to 3 but no training image of class 3"],
        ),
        (
            {"X": X, "y": Y, "X_test": X, "y_test": Y + 9},
            ValueError,
            ["no training image of class 3"],
        ),
        ({"X": X, "y": Y[:, None]}, ValueError, [": y has shape (20, 1)", "ravel"]),
        ({"X": X, "y": np.eye(3)[Y]}, ValueError, [": y has shape (20, 3)", "argmax"]),
        ({"X": X, "y": 3}, ValueError, [": y has shape ()"]),
        ({"X": X[:, 0, 0], "y": Y}, ValueError, [": X has shape (20,)", "(n, features)"]),
        ({"X": X[..., None, None], "y": Y}, ValueError, [": X has shape (20, 4, 3, 1, 1)"]),
        ({"X": X[:0], "y": Y[:0]}, ValueError, [": X has shape (0, 4, 3)", "empty"]),
        ({"X": X[:, :0], "y": Y}, ValueError, [": X has shape (20, 0, 3)", "empty"]),
        ({"X": X, "y": Y, "X_test": X[:0], "y_test": Y[:0]}, ValueError, [": X_test", "empty"]),
        ({"X": with_value(X, np.nan), "y": Y}, ValueError, [": X has 1 values", "at (3, 2, 1)"]),
        (
            {"X": np.where(X > 99, X, np.nan), "y": Y},
            ValueError,
            [f"{(X <= 99).sum()} values", FIRST],
        ),
        ({"X": with_value(X, -np.inf), "y": Y}, ValueError, [": X has 1 values", "(3, 2, 1)"]),
        ({"X": X.astype(str), "y": Y}, TypeError, [": X has dtype <U", "astype(np.float32)"]),
        ({"X": X > 9, "y": Y}, TypeError, [": X has dtype bool"]),
        ({"X": X * 1j, "y": Y}, TypeError, [": X has dtype complex128"]),
        ({"X": OBJECTS, "y": Y}, ValueError, ["X cannot be read", "Object arrays", "np.stack"]),
        ({"X": X, "y": Y.astype(object)}, ValueError, ["y cannot be read", "Object arrays"]),
        ({"X": X[:1], "y": Y[:1]}, ValueError, ["the label 0 alone"]),
        ({"X": X[:2], "y": Y[:2]}, ValueError, ["0.2 of 2 images gives 0 to test on"]),
        (
            {"X": X, "y": Y, "X_test": X[:, :3], "y_test": Y},
            ValueError,
            [": X_test has images of shape (3, 3)", "(4, 3)"],
        ),
        (
            {"X": X, "y": Y, "X_test": X.swapaxes(1, 2), "y_test": Y},
            ValueError,
            [": X_test has images of shape (3, 4)", "(4, 3)"],
        ),
        (
            {"X": X, "y": Y, "X_test": X / 255, "y_test": Y},
            TypeError,
            [": X_test has dtype float64", "has uint8", "same scale"],
        ),
        (
            {"X": X / 1.0, "y": Y, "X_test": X / 255, "y_test": Y},
            ValueError,
            [": X_test has values from 0", "to 1, ", "to 255; expected the same scale"],
        ),
        (
            {"X": X // 255, "y": Y, "X_test": X, "y_test": Y},
            ValueError,
            ["expected the same scale"],
        ),
    ],
)
def test_bad_arrays_are_refused_in_words(tmp_path, arrays, error, words):
    """The path, the array in it, what is wrong and what to do."""
    path = tmp_path / "m.npz"
    np.savez(path, **arrays)
    with pytest.raises(error) as caught:
        load_data(path)
    for word in [str(path), *words]:
        assert word in str(caught.value)


class Bomb:
    """Unpickling it would write a file: the test sees whether that happened."""

    def __init__(self, target):
        self.target = target

    def __reduce__(self):
        return (Path.touch, (self.target,))


def test_a_pickle_is_never_opened(tmp_path):
    """Neither as the file nor as an array in it."""
    bomb, target = tmp_path / "m.npz", tmp_path / "exploded"
    bomb.write_bytes(pickle.dumps(Bomb(target)))
    with pytest.raises(ValueError, match=r"is no \.npz file"):
        load_data(bomb)
    np.savez(bomb, X=np.array([Bomb(target)], object), y=Y)
    with pytest.raises(ValueError, match="X cannot be read"):
        load_data(bomb)
    assert not target.exists()


@pytest.mark.parametrize("content", [b"", b"1,2\n", b"\x93NUMPY\1\0", b"\0\0\x08\x03"])
def test_another_format_is_named_by_its_bytes(tmp_path, content):
    """Empty, CSV, .npy, IDX: by the first four bytes."""
    path = tmp_path / "data"
    path.write_bytes(content)
    with pytest.raises(ValueError) as caught:
        load_data(path)
    assert f"{path} begins with the bytes {content[:4]!r}" in str(caught.value)


def test_a_zip_file_with_other_things_in_it(tmp_path):
    """Members that are no arrays."""
    path = tmp_path / "m.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("X", "no array")
        archive.writestr("y", "no array")
    with pytest.raises(ValueError, match="X is no NumPy array but other data"):
        load_data(path)


@pytest.fixture(scope="module")
def good_npz(tmp_path_factory):
    path = tmp_path_factory.mktemp("npz") / "good.npz"
    np.savez_compressed(path, X=X, y=Y)
    return path.read_bytes(), path.with_name("damaged.npz")


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_damage_gives_a_dataset_or_a_ValueError_with_the_path(good_npz, data):
    """Random bytes changed or cut off: no other error."""
    good, path = good_npz
    content = bytearray(good)
    for _ in range(data.draw(st.integers(0, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content[: data.draw(st.integers(len(content) // 2, len(content)))])
    try:
        assert len(load_data(path)) == 6
    except (ValueError, TypeError) as error:
        assert str(path) in str(error)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"test_fraction": 0}, ValueError, "test_fraction must be a number between 0 and 1"),
        ({"test_fraction": 1.0}, ValueError, "got 1.0"),
        ({"test_fraction": 20}, ValueError, "got 20"),
        ({"test_fraction": float("nan")}, ValueError, "got nan"),
        ({"test_fraction": True}, TypeError, "got True of bool"),
        ({"test_fraction": "0.2"}, TypeError, "got '0.2' of str"),
        ({"test_fraction": 0.99}, ValueError, "gives 20 to test on and 0 to train on"),
        ({"seed": -1}, ValueError, "seed must be an integer >= 0, got -1"),
        ({"seed": None}, TypeError, "seed must be an integer >= 0, got None"),
        ({"seed": 1.5}, TypeError, "seed must be an integer >= 0, got 1.5"),
    ],
)
def test_bad_arguments(tmp_path, arguments, error, words):
    """Each names the argument, what came and what was expected."""
    np.savez(tmp_path / "m.npz", X=X, y=Y)
    with pytest.raises(error) as caught:
        load_data(tmp_path / "m.npz", **arguments)
    assert words in str(caught.value)


def test_paths_that_are_none(tmp_path):
    """Not there, or no path at all."""
    with pytest.raises(
        FileNotFoundError, match=r"no\.npz' does not exist, looked for from"
    ) as found:
        load_data(tmp_path / "no.npz")
    assert os.getcwd() in str(found.value)
    with pytest.raises(FileNotFoundError, match="does not exist"):
        load_data(tmp_path / "train-images-idx3-ubyte")
    with pytest.raises(TypeError, match="path must be a str or a Path, got None of NoneType"):
        load_data(None)
