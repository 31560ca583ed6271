"""load_data: the kinds of source, the spellings of their names, and the split."""

import gzip
import struct
from fractions import Fraction

import numpy as np
import pytest

from brn_numpy.data import load_data

RNG = np.random.default_rng(0)
X = RNG.integers(0, 256, size=(20, 4, 3)).astype(np.uint8)
Y = np.arange(20) % 3
STANDARD = [
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
]


def idx(array):
    head = bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    return head + array.astype(np.uint8).tobytes()


def write_idx(folder, names=STANDARD, parts=(X[:14], Y[:14], X[14:], Y[14:])):
    folder.mkdir(exist_ok=True)
    for name, part in zip(names, parts, strict=True):
        raw = idx(part)
        (folder / name).write_bytes(gzip.compress(raw) if name.endswith(".gz") else raw)
    return folder


def same(data, x_train, y_train, x_test, y_test):
    expected = (x_train, y_train, x_test, y_test)
    return all(np.array_equal(a, b) for a, b in zip(data[:4], expected, strict=True))


# -------------------------------------------------------------------------------------- .npz


def test_npz_is_split_by_the_documented_permutation(tmp_path):
    """The first entries of a seeded permutation are the test part."""
    np.savez(tmp_path / "mine.npz", X=X, y=Y)
    order = np.random.default_rng(1234).permutation(20)
    test, train = order[:4], order[4:]
    data = load_data(tmp_path / "mine.npz")
    assert same(data, X[train], Y[train], X[test], Y[test])
    assert data.x_train.dtype == np.uint8 and data.y_train.dtype == np.int64
    assert data.class_names == ("0", "1", "2") and data.name == "mine"

    test, train = np.split(np.random.default_rng(7).permutation(20), [6])
    for fraction in (0.3, Fraction(3, 10), np.float32(0.3)):
        again = load_data(str(tmp_path / "mine.npz"), test_fraction=fraction, seed=7)
        assert same(again, X[train], Y[train], X[test], Y[test])


def test_names_of_keras(tmp_path):
    """x_train, y_train, x_test and y_test mean X, y, X_test and y_test; these come first."""
    parts = {"x_train": X[:14], "y_train": Y[:14], "x_test": X[14:], "y_test": Y[14:]}
    np.savez(tmp_path / "mnist.npz", **parts)
    assert same(load_data(tmp_path / "mnist.npz"), X[:14], Y[:14], X[14:], Y[14:])
    np.savez(tmp_path / "both.npz", X=X, y=Y, x_train=X[:1])
    assert len(load_data(tmp_path / "both.npz").x_train) == 16


def test_npz_with_its_own_test_part_is_not_shuffled(tmp_path):
    """What the user has split stays as it is."""
    np.savez_compressed(tmp_path / "m.npz", X=X[:14], y=Y[:14], X_test=X[14:], y_test=Y[14:])
    assert same(load_data(tmp_path / "m.npz"), X[:14], Y[:14], X[14:], Y[14:])


@pytest.mark.parametrize("dtypes", [("u1", "i8"), ("f4", "f8")], ids="-".join)
def test_a_test_part_may_be_stored_otherwise(tmp_path, dtypes):
    """In another dtype of the same kind of number, and without images of some classes."""
    x, x_test = (
        X[part].astype(t) for part, t in zip((slice(14), slice(14, 20)), dtypes, strict=True)
    )
    np.savez(tmp_path / "m.npz", X=x, y=Y[:14], X_test=x_test, y_test=np.full(6, 1))
    data = load_data(tmp_path / "m.npz")
    assert same(data, x, Y[:14], x_test, np.full(6, 1))
    assert data.class_names == ("0", "1", "2")


def test_the_ending_does_not_matter_and_other_arrays_may_be_there(tmp_path):
    """A file is known by its bytes."""
    np.savez(tmp_path / "m.npz", X=X, y=Y, note=np.array(["by hand"]))
    (tmp_path / "m.npz").rename(tmp_path / "archive")
    assert load_data(tmp_path / "archive").name == "archive"


@pytest.mark.parametrize("dtype", ["u1", "i4", ">i2", "f2", "f4", "f8", ">f4"])
@pytest.mark.parametrize("shape", [(12,), (4, 3), (1, 4, 3)])
def test_every_dtype_and_shape_of_images_is_kept(tmp_path, dtype, shape):
    """But for the byte order, which becomes this computer's."""
    x = X.reshape(20, *shape).astype(dtype)
    np.savez(tmp_path / "m.npz", X=x, y=Y.astype(">u2"))
    data = load_data(tmp_path / "m.npz")
    assert data.x_train.dtype == np.dtype(dtype).newbyteorder("=") and data.x_train.dtype.isnative
    assert data.x_train.shape == (16, *shape)
    assert sorted(data.x_train.sum(axis=tuple(range(1, x.ndim)), dtype=float)) == sorted(
        x[np.random.default_rng(1234).permutation(20)[4:]].reshape(16, -1).sum(1, dtype=float)
    )


# --------------------------------------------------------------------------------------- IDX

DOTTED = [name.replace("-idx", ".idx") for name in STANDARD]
MIXED = [STANDARD[0] + ".gz", DOTTED[1], DOTTED[2] + ".gz", STANDARD[3]]


@pytest.mark.parametrize(
    "names",
    [STANDARD, [n + ".gz" for n in STANDARD], DOTTED, [n + ".gz" for n in DOTTED], MIXED],
    ids=["plain", "gz", "dotted", "dotted gz", "mixed"],
)
def test_idx_directory_in_each_spelling(tmp_path, names, monkeypatch):
    """Plain, .gz, with a dot, and mixed; by the folder or by one of its files."""
    folder = write_idx(tmp_path / "digits", names)
    data = load_data(folder)
    assert same(data, X[:14], Y[:14], X[14:], Y[14:])
    assert data.name == "digits" and data.class_names == ("0", "1", "2")
    for name in names:  # one of the files stands for its directory
        assert same(load_data(folder / name), X[:14], Y[:14], X[14:], Y[14:])
    monkeypatch.chdir(folder)
    assert load_data(".").name == load_data(names[2]).name == "digits"


def test_a_plain_file_goes_before_a_gz(tmp_path):
    """A download that was unpacked: what is left of the .gz does not matter; a dot in a name."""
    folder = write_idx(tmp_path / "digits.v2")
    for name in STANDARD:
        (folder / f"{name}.gz").write_bytes(b"cut short")
    data = load_data(folder)
    assert same(data, X[:14], Y[:14], X[14:], Y[14:])
    assert data.name == "digits.v2"


def test_folders_named_like_the_files_are_passed_over(tmp_path):
    """Some archives unpack to a folder train-images-idx3-ubyte with the file in it."""
    write_idx(tmp_path, DOTTED)
    for name in STANDARD:
        (tmp_path / name).mkdir()
    assert load_data(tmp_path).x_train.shape == (14, 4, 3)
    write_idx(tmp_path / STANDARD[0], parts=(X[:9], Y[:9], X[9:], Y[9:]))
    assert load_data(tmp_path / STANDARD[0]).x_train.shape == (9, 4, 3)


def test_home_directory(tmp_path, monkeypatch):
    """~ is the home directory."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))  # its name on Windows
    write_idx(tmp_path / "digits")
    assert load_data("~/digits").name == "digits"


def test_missing_idx_files_are_listed(tmp_path):
    """What is missing, and what is there instead, up to eight names."""
    write_idx(tmp_path)
    (tmp_path / STANDARD[2]).unlink()
    with pytest.raises(FileNotFoundError) as caught:
        load_data(tmp_path / STANDARD[0])
    message = str(caught.value)
    assert f"does not hold {STANDARD[2]} (plain" in message  # this one alone
    assert f"found: {STANDARD[3]}, {STANDARD[0]}, {STANDARD[1]};" in message
    for number in range(9):
        (tmp_path / f"a{number}").touch()
    with pytest.raises(FileNotFoundError, match=r"found: a0, a1, .*, a7, …; expected"):
        load_data(tmp_path)
    with pytest.raises(FileNotFoundError, match="found: nothing; expected the four IDX files"):
        (tmp_path / "empty").mkdir()
        load_data(tmp_path / "empty")


def test_labels_for_images_in_an_idx_directory_are_refused(tmp_path):
    """Two files exchanged: the message names the file."""
    write_idx(tmp_path, parts=(Y[:14], Y[:14], X[14:], Y[14:]))
    with pytest.raises(ValueError, match=r"train-images-idx3-ubyte has shape \(14,\), expected"):
        load_data(tmp_path)


def test_a_gz_cut_short_is_a_ValueError(tmp_path):
    """A download that broke off: the message names the file."""
    write_idx(tmp_path, [name + ".gz" for name in STANDARD])
    broken = tmp_path / (STANDARD[0] + ".gz")
    broken.write_bytes(broken.read_bytes()[:-20])
    with pytest.raises(ValueError, match=r"train-images-idx3-ubyte\.gz: the gzip data is"):
        load_data(tmp_path)
