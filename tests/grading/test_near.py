"""What need not be run: near names, arguments in another order, functions that are not started."""

import ast

import pytest

from brn_numpy.grading.adapter import CONTRACTS
from brn_numpy.grading.contract import EXERCISES
from brn_numpy.grading.diagnose import FAILED, NOT_JUDGED, NOT_STARTED, PASSED
from brn_numpy.grading.grade import grade
from brn_numpy.grading.near import order_of_cache, told


def found(text, functions=EXERCISES):
    """Return what is told of a text, by the name of the function."""
    return told(ast.parse(text), functions)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("batchnorm_forward", "batch_norm_forward"),
        ("batchNormBackward", "batch_norm_backward"),
        ("batch_norm_foward", "batch_norm_forward"),
        ("batchrenorm_forward", "batch_renorm_forward"),
        ("BATCH_RENORM_BACKWARD", "batch_renorm_backward"),
        ("updatе_running", "update_running"),  # its е is Cyrillic
        ("bаtсh_nоrm_fоrwаrd", "batch_norm_forward"),  # and so are its а, с, о
        ("renorm_corection", "renorm_correction"),
        ("batch_norm_inference_", "batch_norm_inference"),
    ],
)
def test_a_near_name_is_asked_about(written, meant):
    """For the one function that it is nearest to, and not for others."""
    [(name, verdict)] = found(f"def {written}(x):\n    return x\n").items()
    assert name == meant and verdict.status == NOT_JUDGED
    assert f"has {written}, and no {meant}: did you mean {meant}?" in verdict.findings[0].what
    assert ("Latin: " in verdict.findings[0].what) == (not written.isascii())


@pytest.mark.parametrize("other", ["layernorm_forward", "forward", "wide", "instance_norm", "mean"])
def test_another_name_is_none(other):
    """Functions of one's own, and other layers."""
    for contract in CONTRACTS.values():
        assert not found(f"def {other}(x):\n    return x\n", contract.functions)


def test_what_is_there_is_not_asked_about(tmp_path):
    """A second version of a function, cs231n's own near names, a name that is assigned."""
    both = "def batch_norm_forward(x):\n    return x\ndef batch_norm_forward2(x):\n    return x\n"
    assert not found(both)
    own = "".join(f"def {name}(a):\n    return a\n" for name in CONTRACTS["cs231n"].functions)
    assert not found(own, CONTRACTS["cs231n"].functions)
    near = "def update_runing(m, s, mb, sb, a):\n    return m + a * (mb - m), s + a * (sb - s)\n"
    file = tmp_path / "mine.py"
    file.write_text(f"{near}update_running = update_runing\n")
    assert grade(file, 1).score == 1


def test_arguments_in_another_order_are_told():
    """Only the order: other names for them are free."""
    text = "def batch_norm_backward({}):\n    return 1\n"
    [verdict] = found(text.format("cache, dy")).values()
    assert verdict.status == FAILED
    assert "takes (cache, dy), expected (dy, cache)" in verdict.findings[0].what
    assert not found(text.format("dout, cache")) and not found(text.format("dy, cache"))


@pytest.mark.parametrize(
    "body",
    ["pass", "...", "return None", "return", '"""Nothing."""', '"""A."""\n    pass\n    return',
     "raise NotImplementedError", 'raise NotImplementedError("exercise 1")'],
)  # fmt: skip
def test_a_function_that_does_nothing_is_not_started(body):
    """Whatever it is that does nothing."""
    [verdict] = found(f"def update_running(m, s, mb, sb, a):\n    {body}\n").values()
    assert verdict.status == NOT_STARTED


@pytest.mark.parametrize("body", ["return m", "m = 2 * m", "raise ValueError", "print(m)"])
def test_a_function_that_does_something_is_run(body):
    """Also one whose return is missing."""
    assert not found(f"def update_running(m, s, mb, sb, a):\n    {body}\n")


def test_the_last_definition_counts():
    """A stub above it is none any more; a name may also be assigned."""
    stub, real = "def update_running(*a):\n    pass\n", "def update_running(*a):\n    return 1\n"
    for text in (stub + real, stub + "update_running = max\n", real):
        assert not found(text), text
    assert found(real + stub)["update_running"].status == NOT_STARTED


def test_all_of_it_in_one_file(tmp_path):
    """The others are judged, and what is asked about has no points."""
    file = tmp_path / "mine.py"
    file.write_text(
        "def update_running(m, s, mb, sb, a):\n    return m + a * (mb - m), s + a * (sb - s)\n"
        "def batchnorm_forward(x, gamma, beta, eps):\n    return x, None\n"
        "def batch_norm_backward(dy, cache):\n    return None, None, None\n"
        "def batch_norm_inference(x, beta, gamma, running_mean, running_std):\n    return x\n"
        "def renorm_correction(*a):\n    pass\n"
        "def batch_renorm_forward(*a):\n    return None, None\n"
    )
    graded = grade(file, 1)
    assert graded.score == 1
    assert {v.function: v.status for v in graded.verdicts} == {
        "batch_norm_forward": NOT_JUDGED,
        "batch_norm_backward": NOT_STARTED,
        "update_running": PASSED,
        "batch_norm_inference": FAILED,
        "renorm_correction": NOT_STARTED,
        "batch_renorm_forward": NOT_STARTED,
        "batch_renorm_backward": NOT_STARTED,
    }


@pytest.mark.parametrize(
    ("made", "taken", "says"),
    [
        ("y, (xhat, var, gamma)", "xhat, gamma, var", True),
        ("y, [xhat, sample_var, gamma]", "gamma, var, xhat", True),  # not all names are the same
        ("y, (xhat, var, gamma)", "xhat, var, gamma", False),
        ("y, (xhat, var, gamma)", "a, b, c", False),
        ("y, (xhat, var, gamma, eps)", "xhat, gamma, var", False),  # another number fails anyway
        ("y, {}", "xhat, gamma, var", False),
        ("()", "xhat, gamma, var", False),
    ],
)
@pytest.mark.parametrize("named", [False, True])
def test_a_cache_in_another_order(made, taken, says, named):
    """Is told by the names; what has other names may be the same."""
    made = f"    return {made}\n"
    if named and "y, " in made:
        made = made.replace("return y,", "cache =") + "    return y, cache\n"
    text = f"def f(x):\n{made}def b(dy, cache):\n    {taken} = cache\n    return dy\n"
    assert bool(order_of_cache(ast.parse(text), "f", "b")) == says


UNPACKED = """
import numpy as np
def batch_norm_forward(x, gamma, beta, eps):
    over, shape = (0, *range(2, x.ndim)), (1, -1, *[1] * (x.ndim - 2))
    mu, var = x.mean(over, keepdims=True), x.var(over, keepdims=True)
    xhat = (x - mu) / np.sqrt(var + eps)
    return xhat * gamma.reshape(shape) + beta.reshape(shape), (xhat, var, eps)
def batch_norm_backward(dy, cache):
    xhat, eps, var = cache
    over = (0, *range(2, dy.ndim))
    return dy / var, (dy * xhat).sum(over), dy.sum(over)
"""


def test_a_cache_in_another_order_is_noted(tmp_path):
    """At the backward pass, if that is wrong."""
    file = tmp_path / "mine.py"
    for text, noted in ((UNPACKED, 1), (UNPACKED.replace("eps, var = c", "var, eps = c"), 0)):
        file.write_text(text)
        verdict = next(v for v in grade(file, 1).verdicts if v.function == "batch_norm_backward")
        assert verdict.status == FAILED
        assert sum("(xhat, eps, var) out of the cache" in note for note in verdict.notes) == noted
