"""IDX files: each dtype, plain and gzipped, and every way in which a file can be broken."""

import gzip
import os
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brn_numpy.data import read_idx

CODES = {0x08: "u1", 0x09: "i1", 0x0B: "i2", 0x0C: "i4", 0x0D: "f4", 0x0E: "f8"}


def encode(array, code):
    """The bytes of an IDX file, written from the description of the format."""
    header = bytes([0, 0, code, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    return header + array.astype(">" + CODES[code]).tobytes()


@pytest.fixture(scope="module")
def file(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("idx") / "some-file"


def test_bytes_written_by_hand(file):
    """Big-endian two-byte integers with signs."""
    # Independent of encode(): a reader and a writer with the same mistake would agree.
    file.write_bytes(bytes.fromhex("00000b02 00000002 00000003 0102 0001 ffff 8000 0000 7fff"))
    found = read_idx(file)
    assert found.dtype == np.int16
    assert found.tolist() == [[258, 1, -1], [-32768, 0, 32767]]


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("compress", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_every_dtype_and_compression(file, code, compress):
    """The array comes back, in this computer's byte order, and can be written to."""
    # The file has no ending: gzip must be seen in the bytes.
    array = np.array([[[0, 1], [2, 100]], [[3, 4], [5, 127]], [[9, 8], [7, 6]]])
    file.write_bytes(compress(encode(array, code)))
    found = read_idx(str(file))
    assert found.dtype == np.dtype(CODES[code]) and found.dtype.isnative
    np.testing.assert_array_equal(found, array)
    found[0] = 1  # a read-only view of the file's bytes would raise


@given(st.lists(st.integers(0, 4), min_size=1, max_size=5), st.sampled_from(list(CODES)))
@settings(max_examples=25, deadline=None)
def test_every_shape_comes_back(file, shape, code):
    """Up to five dimensions, also of size 0."""
    array = np.arange(np.prod(shape)).reshape(shape) % 100
    file.write_bytes(encode(array, code))
    found = read_idx(file)
    assert found.shape == tuple(shape)
    np.testing.assert_array_equal(found, array)


GOOD = encode(np.arange(12).reshape(3, 4), 0x08)  # 12 bytes of header and 12 of data


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", ["''", "expected 00 00"]),
        (b"\0\0\x08", ["'00 00 08'"]),
        (b"\x93NUMPY data", ["'93 4e 55 4d'", "another format"]),
        (b"\0\1" + GOOD[2:], ["'00 01 08 02'"]),
        (b"\0\0\x0a" + GOOD[3:], ["'00 00 0a 02'", "08, 09, 0b, 0c, 0d, 0e"]),
        (b"\0\0\x08\0" + b"7", ["'00 00 08 00'", "dimensions ≥ 1"]),
        (GOOD[:11], ["header", "found 11 bytes", "expected 12"]),
        (GOOD[:-1], ["cut short", "found 23 bytes", "expected 24", "(3, 4)", "uint8"]),
        (GOOD + b"\n", ["after its end", "found 25 bytes", "expected 24"]),
        (gzip.compress(GOOD + b"\n"), ["after its end"]),
        (gzip.compress(GOOD)[:-9], ["gzip", "cut short"]),
        (gzip.compress(GOOD)[:5], ["gzip", "cut short"]),
        (gzip.compress(GOOD)[:10] + b"\xff" * 20, ["gzip", "damaged"]),
        (gzip.compress(GOOD) + b"rest", ["gzip", "damaged"]),
        (gzip.compress(gzip.compress(GOOD)), ["gzipped twice", "gunzip"]),
        (b"\n<!DOCTYPE html><title>Not found</title>", ["this is a web page", "download"]),
        # sizes whose product overflows 64 bits: 2³² · 2³² · 8 must not become 0
        (bytes([0, 0, 8, 3]) + struct.pack(">3I", 2**31, 2**31, 4), ["cut short", str(2**64 + 16)]),
        (bytes([0, 0, 8, 70]) + struct.pack(">70I", *[1] * 70) + b"1", ["NumPy cannot hold"]),
    ],
)
def test_a_broken_file_is_refused_in_words(file, content, words):
    """The file, what was found, what was expected."""
    file.write_bytes(content)
    with pytest.raises(ValueError) as caught:
        read_idx(file)
    for word in [str(file), *words]:
        assert word in str(caught.value)


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_damage_gives_an_array_or_a_ValueError(file, data):
    """Random bytes changed or cut off: no other error, and none without the path."""
    content = bytearray(data.draw(st.sampled_from([GOOD, gzip.compress(GOOD, mtime=0)])))
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    file.write_bytes(content[: data.draw(st.integers(0, len(content)))])
    try:
        assert isinstance(read_idx(file), np.ndarray)
    except ValueError as error:
        assert str(file) in str(error)  # written by us, not by a library below


def test_what_is_no_file(tmp_path):
    """Nothing there, an empty path, a directory, a number."""
    with pytest.raises(FileNotFoundError, match=r"'.*missing-idx' does not exist"):
        read_idx(tmp_path / "missing-idx")
    with pytest.raises(FileNotFoundError, match="path '' does not exist"):
        read_idx("")
    with pytest.raises(ValueError, match="is a directory"):
        read_idx(tmp_path)
    with pytest.raises(TypeError, match="path must be a str or a Path, got 3"):
        read_idx(3)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no such pipes")
def test_a_pipe_is_not_waited_for(tmp_path):
    """Reading one that nobody writes to would wait for ever."""
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", "/dev/null"):
        with pytest.raises(ValueError, match=f"path '{path}' is a pipe or a device; expected an"):
            read_idx(path)
