"""What a function may return: numbers in any wrapping, in the number and order of the contract."""

import numpy as np
import pytest

from brn_numpy.grading.contract import CONTRACT
from brn_numpy.grading.sandbox.message import failure
from brn_numpy.grading.tidy import Failure, Listed, Odd, tidy

PAIR, Y = "update_running", "batch_norm_inference"


@pytest.mark.parametrize(
    ("name", "found", "says"),
    [
        (Y, None, "it returns None, expected y: is the return missing?"),
        (Y, Odd("None"), "it returns None, expected y: is the return missing?"),
        (Y, (1.0, 2.0), "it returns 2 values, expected y"),
        (Y, np.array("text"), "y is an array of <U4, expected an array of numbers"),
        (Y, {1: 2}, "y is a dict, expected an array of numbers"),
        (Y, Odd("a generator"), "y is a generator, expected an array of numbers"),
        (PAIR, np.float64(1), "it returns one value, expected (running_mean, running_std)"),
        (PAIR, Odd("a dict"), "it returns a dict, expected (running_mean, running_std)"),
        (PAIR, np.ones((3, 2)), "it returns one array, expected (running_mean, running_std)"),
        ("batch_norm_forward", ({}, 0), "are y and the cache in the wrong order?"),
    ],
)
def test_what_cannot_be_compared(name, found, says):
    """One line that says what came and what was expected."""
    with pytest.raises(Failure) as error:
        tidy({name: lambda: found})[name]()
    assert says in str(error.value)


@pytest.mark.parametrize(
    ("found", "note"),
    [
        ([1.0, 2.0], "return an array, and not a list or a number."),
        (np.array([1.0, 2.0]).view(Listed), "return an array, and not a list or a number."),
        (np.array([1, 2], np.longdouble), "float64, the dtype of x, would do."),
        (np.array([1.0, 2.0], ">f8"), None),
        (np.array([1, 2]), None),
    ],
)
def test_what_is_taken_all_the_same(found, note):
    """Lists, wider floats and the other order of bytes are numbers, with a note where it helps."""
    notes = {}
    value = tidy({Y: lambda: found}, notes)[Y]()
    assert value.tolist() == [1, 2] and value.dtype.isnative and value.dtype.itemsize <= 8
    if note is None or (np.dtype(np.longdouble).itemsize == 8 and "float64" in note):
        assert notes == {}
    else:
        assert notes == {note: ["y"]}


@pytest.mark.parametrize(
    ("error", "says"),
    [
        ({"error": "SystemExit", "line": 3}, "it calls sys.exit, in line 3"),
        ({"error": "MemoryError"}, "it needs more memory than it may have"),
        ({"error": "ValueError", "text": "no.", "line": 2}, "ValueError: no, in line 2"),
        ({"error": "KeyError", "text": "", "line": "2"}, "KeyError"),
    ],
)
def test_exceptions_in_words(error, says):
    """The type, the text and the line, if there is one."""
    assert str(failure(error, Y, CONTRACT)) == says
