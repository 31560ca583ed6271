"""The script that runs a student's file, run here: what it reads, calls, answers and says."""

import base64
import json
import os
import sys
import types
import warnings

import numpy as np
import pytest

from brn_numpy.grading.sandbox import child


def request_of(function="f", results=1, cache=None, number=1, arguments=()):
    return {
        "token": "t",
        "function": function,
        "arguments": list(arguments),
        "results": results,
        "cache": cache,
        "number": number,
    }


@pytest.fixture(autouse=True)
def no_caches(monkeypatch):
    """Start every test without caches."""
    monkeypatch.setattr(child, "caches", type(child.caches)())


@pytest.mark.parametrize("value", [np.arange(6.0).reshape(2, 3), np.float32(1.5), [[1, 2]], 3])
def test_numbers_survive_the_way_there(value):
    """Bytes, dtype and shape give the array back; it may be written into."""
    item = child.packed(value)
    back = child.unpacked(item)
    assert back.dtype == np.asarray(value).dtype and np.array_equal(back, value)
    assert item["array"] == isinstance(value, np.ndarray)
    back[...] = 0


class Unwilling:
    def __array__(self, *_, **__):
        raise RuntimeError


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, "None"),
        ("text", "a str"),
        ((1, 2), "a tuple"),
        ([[1], [1, 2]], "a list"),
        (Unwilling(), "a Unwilling"),
        (np.array([None]), "an array of object"),
        (object(), "a object"),
        (np.zeros(200_000), "an array of shape (200000,), too large to look at"),
    ],
)
def test_what_is_no_array_of_numbers_is_said_in_words(value, said):
    """The parent gets a description, and nothing that it would have to run."""
    assert child.packed(value) == {"odd": said}


def test_a_call_returns_what_the_function_does():
    """Results in their order; the cache stays here under its number and comes back as itself."""
    x = np.arange(4.0)
    cache = object()
    asked = request_of(results=2, cache=1, number=7, arguments=[child.packed(x), {"number": 2}])
    reply = child.call(lambda a, k: (k * a, cache), asked)
    assert reply["results"][1] == {"cache": 7} and reply["after"] == {}
    assert np.array_equal(child.unpacked(reply["results"][0]), 2 * x)
    assert child.unpacked({"cache": 7}) is cache


def test_a_changed_argument_comes_back():
    """What the function did to its arguments is reported, under their places."""

    def spoil(x, y):
        y += 1
        return x

    given = [child.packed(np.zeros(2)), child.packed(np.ones(2))]
    reply = child.call(spoil, request_of(arguments=given))
    assert list(reply["after"]) == ["1"]
    assert child.unpacked(reply["after"]["1"]).tolist() == [2, 2]


@pytest.mark.parametrize(
    ("found", "wanted", "counted"),
    [
        ((np.ones(2), np.ones(2)), 2, 2),
        (np.ones((2, 3)), 2, 2),
        (np.ones((3, 2)), 2, 1),
        ([1.0, 2.0], 1, 1),
        ([1.0] * 20, 2, 9),
    ],
)
def test_results_are_counted(found, wanted, counted):
    """A tuple, a list or one array of the right length can be unpacked; nothing else."""
    reply = child.call(lambda: found, request_of(results=wanted))
    assert len(reply["results"]) == counted


def test_a_tuple_in_the_place_of_one_result():
    """It is told from an array of the same numbers."""
    reply = child.call(lambda: (1.0, 2.0), request_of())
    assert reply["results"] == [{"odd": "a tuple of 2 values"}]


def test_old_caches_go_first(monkeypatch):
    """Memory does not grow with the calls."""
    monkeypatch.setattr(child, "CACHES", 2)
    for number in (1, 2, 3):
        child.call(lambda: (1.0, "c"), request_of(results=2, cache=1, number=number))
    assert list(child.caches) == [2, 3]


def test_functions_are_told_from_other_names_and_from_patches():
    """What the file defines, and what it has put in the place of NumPy's own."""
    module = types.ModuleType("submission")
    module.f, module.g = len, 3
    before = {**vars(np), "sum": len}
    assert child.described(module, ["f", "g", "h"], before) == {
        "functions": {"f": "", "g": "int"},
        "patched": ["sum"],
    }


def failing(source):
    """Run the text of a file; return what is said of the exception."""
    try:
        exec(compile(source, "mine.py", "exec"), {})
    except BaseException as error:
        return child.failure(error, "mine.py")
    return None


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("\n1 / 0", ("ZeroDivisionError", "division by zero", 2, "<module>", False)),
        ("def f():\n    raise NotImplementedError\nf()", ("NotImplementedError", "", 2, "f", True)),
        ("import json\njson.loads('')", ("JSONDecodeError", None, 2, "<module>", False)),
        ("\n\nf(:", ("SyntaxError", None, 3, "", False)),
        (
            "class E(Exception):\n    def __str__(self): raise RuntimeError\nraise E",
            ("Exception", "", 3, "<module>", False),
        ),
        ("raise ValueError('x' * 5000)", ("ValueError", "x" * 1000, 1, "<module>", False)),
    ],
)
def test_an_exception_in_words(source, said):
    """Its type, its text, the last line that is the student's; a stub is told from a failure."""
    found = failing(source)
    kind, text, line, where, stub = said
    assert (found["error"], found["line"], found["where"], found["stub"]) == (
        kind,
        line,
        where,
        stub,
    )
    assert text is None or found["text"] == text


def conversation(tmp_path, monkeypatch, *requests):
    """Run `main` on these requests; return its replies, and with what it set up the guards."""
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setitem(sys.modules, "submission", None)
    asked, answered, calls = tmp_path / "asked", tmp_path / "answered", []
    asked.write_text("".join(json.dumps(request) + "\n" for request in requests))
    kept = os.dup(0), os.dup(1)
    with open(asked, "rb") as source, open(answered, "wb") as target:
        os.dup2(source.fileno(), 0)
        os.dup2(target.fileno(), 1)
        try:
            with warnings.catch_warnings():
                child.main(lambda *a: calls.append(a), lambda *a: calls.append(a))
        finally:
            for place, number in enumerate(kept):
                os.dup2(number, place)
                os.close(number)
    first, *lines = answered.read_bytes().splitlines()
    assert first == b"ready"
    return [json.loads(line) for line in lines], calls


def loading(tmp_path, source):
    return {
        "token": "first",
        "source": source,
        "file": str(tmp_path / "mine.py"),
        "folder": str(tmp_path),
        "functions": ["f", "g"],
        "forbidden": ["torch"],
        "closed": ["/secret"],
        "memory": 5,
        "seconds": 6,
    }


def test_a_conversation(tmp_path, monkeypatch):
    """Limits and guards before the file; then a reply for each request, under its token."""
    source = "import numpy as np\nprint('not a reply')\ndef f(x):\n    return x + 1\ng = 3\n"
    x = child.packed(np.ones(2))
    wrong = {**request_of(arguments=[x, x]), "token": "third"}
    replies, calls = conversation(
        tmp_path, monkeypatch, loading(tmp_path, source), request_of(arguments=[x]), wrong
    )
    assert calls == [(5, 6), (["torch"], ["/secret"])]
    assert [reply["token"] for reply in replies] == ["first", "t", "third"]
    assert replies[0]["functions"] == {"f": "", "g": "int"}
    number = base64.b64decode(replies[1]["results"][0]["bytes"])
    assert np.frombuffer(number).tolist() == [2, 2]
    assert replies[2]["error"] == "TypeError"


def test_a_file_that_fails_ends_the_conversation(tmp_path, monkeypatch):
    """What comes after it is not answered."""
    replies, _ = conversation(
        tmp_path,
        monkeypatch,
        loading(tmp_path, "import sys\nraise KeyboardInterrupt"),
        request_of(),
    )
    [reply] = replies
    assert (reply["error"], reply["line"]) == ("KeyboardInterrupt", 2)
