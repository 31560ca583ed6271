"""The shipped images: what is in them, that the split stays, that they work from a zip file."""

import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

import brn_numpy.data
from brn_numpy.data import Dataset, load_data, load_fashion_mnist

FOLDER = Path(brn_numpy.data.__file__).parent


@pytest.fixture(scope="module")
def fashion() -> Dataset:
    return load_fashion_mnist()


def test_shapes_dtypes_and_range(fashion):
    """8,000 and 2,000 images of 14 x 14 pixels from 0 to 15."""
    assert fashion.x_train.shape == (8000, 14, 14) and fashion.x_test.shape == (2000, 14, 14)
    assert fashion.x_train.dtype == fashion.x_test.dtype == np.uint8
    assert fashion.y_train.dtype == fashion.y_test.dtype == np.int64
    assert fashion.x_train.min() == 0 and fashion.x_train.max() == 15


def test_a_thousand_images_of_each_class(fashion):
    """Over both parts."""
    counts = np.bincount(fashion.y_train) + np.bincount(fashion.y_test)
    assert counts.tolist() == [1000] * 10
    assert len(fashion.class_names) == 10


def test_the_split_is_the_documented_one(fashion):
    """Every published number rests on it; a new NumPy that shuffles otherwise must be noticed."""
    assert fashion.y_train[:12].tolist() == [0, 3, 3, 5, 8, 1, 3, 3, 2, 2, 0, 5]
    assert fashion.y_test[:8].tolist() == [6, 9, 2, 5, 3, 4, 9, 0]
    with np.load(FOLDER / "fashion_mnist_14x14.npz") as archive:
        order = np.random.default_rng(1234).permutation(10_000)
        np.testing.assert_array_equal(fashion.x_test, archive["X"][order[:2000]])
        np.testing.assert_array_equal(fashion.x_train, archive["X"][order[2000:]])


def test_load_data_reads_the_shipped_file_alike(fashion):
    """The shipped file is what load_data documents, and its default split is the same."""
    own = load_data(FOLDER / "fashion_mnist_14x14.npz")
    for mine, shipped in zip(own[:4], fashion[:4], strict=True):
        np.testing.assert_array_equal(mine, shipped)


def test_names_belong_to_their_labels(fashion):
    """Trousers are narrow, sneakers flat: two names exchanged would break this."""
    high, wide = {}, {}  # mean number of rows, and of columns, that a garment reaches
    for label, name in enumerate(fashion.class_names):
        ink = fashion.x_train[fashion.y_train == label] > 2
        high[name] = ink.any(axis=2).sum(axis=1).mean()
        wide[name] = ink.any(axis=1).sum(axis=1).mean()
    assert high["Sneaker"] < 7 < high["Sandal"] < 9 < high["Ankle boot"] < 11 < high["Bag"] < 12
    assert wide["Trouser"] < 7 < wide["Dress"] < 8
    for name in ("T-shirt/top", "Pullover", "Coat", "Shirt"):  # tall and wide, all four
        assert high[name] > 13 and 10 < wide[name] < 11


def test_each_call_gives_fresh_arrays(fashion):
    """Whoever writes into the images does not change those of the next call."""
    other = load_fashion_mnist()
    other.x_train[:] = 7
    assert fashion.x_train.min() == 0
    assert load_fashion_mnist().x_train.min() == 0


def test_works_from_a_zip_file(tmp_path):
    """No path on the disk: open("fashion_mnist_14x14.npz") would fail here."""
    with zipfile.ZipFile(tmp_path / "package.zip", "w") as archive:
        for file in FOLDER.parent.rglob("*"):
            if file.is_file() and file.suffix != ".pyc":
                archive.write(file, f"brn_numpy/{file.relative_to(FOLDER.parent).as_posix()}")
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path / 'package.zip')!r})\n"
        "import brn_numpy.data as data\n"
        "assert 'package.zip' in data.__file__, data.__file__\n"
        "print(data.load_fashion_mnist().x_train.shape)"
    )
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert run.stdout == "(8000, 14, 14)\n", run.stderr


def test_the_licence_lies_beside_the_images():
    """With the owner, the permission, and the paper."""
    text = (FOLDER / "LICENSE-fashion-mnist").read_text(encoding="utf-8")
    assert "Copyright © 2017 Zalando SE, https://tech.zalando.com" in text
    assert "Permission is hereby granted, free of charge" in text
    assert "arXiv:1708.07747" in text


def test_every_public_name_exists():
    """Sorted, and each with a docstring."""
    assert sorted(brn_numpy.data.__all__) == brn_numpy.data.__all__
    for name in brn_numpy.data.__all__:
        assert getattr(brn_numpy.data, name).__doc__
