"""python -m brn_numpy check: the package's own gradients, and those of a reader's functions."""

import contextlib
import io
import json

import numpy as np
import pytest

from brn_numpy import cli, selfcheck
from brn_numpy.selfcheck import functions

FUNCTIONS = """
import numpy as np

def forward(x, gamma, beta):
    xc = x - x.mean(axis=0)
    std = np.sqrt((xc * xc).mean(axis=0) + 1e-5)
    return gamma * xc / std + beta, (xc / std, std, gamma)

def backward(dy, cache):
    z, std, gamma = cache
    dx = gamma / std * (dy - dy.mean(axis=0) - z * (dy * z).mean(axis=0))
    return dx, (dy * z).sum(axis=0), dy.sum(axis=0)

def without_variance(dy, cache):
    z, std, gamma = cache
    return gamma / std * (dy - dy.mean(axis=0)), (dy * z).sum(axis=0), dy.sum(axis=0)

def broken(dy, cache):
    return undefined

def leaves(x, gamma, beta):
    raise SystemExit(0)

def renorm(x, gamma, beta, running_mean, running_std, eps, correction=None):
    xc = x - x.mean(axis=0)
    std = np.sqrt((xc * xc).mean(axis=0) + eps)
    r, d = correction or (std / running_std, (x.mean(axis=0) - running_mean) / running_std)
    z = xc / std
    return gamma * (z * r + d) + beta, {"z": z, "std": std, "gamma": gamma, "r": r, "d": d}

def renorm_backward(dy, c):
    dx, dg, db = backward(dy, (c["z"], c["std"], c["gamma"]))
    return dx * c["r"], c["r"] * dg + c["d"] * db, db
"""
TYPED = """
from __future__ import annotations
from dataclasses import dataclass

@dataclass
class Cache:
    x: tuple

def forward(x):
    return x * x, Cache(x)

def backward(dy, cache):
    return 2 * dy * cache.x
"""
COURSE = """
import numpy as np
from math import sqrt

def batchnorm_forward(x, gamma, beta, bn_param):
    assert bn_param.pop("mode") == "train"
    bn_param["running_mean"] = x.mean(axis=0)
    eps = bn_param.get("eps", 1e-5)
    std = np.sqrt(x.var(axis=0) + eps)
    z = (x - x.mean(axis=0)) / std
    return gamma * z + beta, (z, std, gamma)

def batchnorm_backward(dout, cache):
    z, std, gamma = cache
    dz = dout * gamma
    dx = (dz - dz.mean(axis=0) - z * (dz * z).mean(axis=0)) / std
    return dx, (dout * z).sum(axis=0), dout.sum(axis=0)

def batchnorm_backward_alt(dout, cache):
    z, std, gamma = cache
    dz = dout * gamma
    return (dz - z * (dz * z).mean(axis=0)) / std, (dout * z).sum(axis=0), dout.sum(axis=0)

def grouped(x, groups, G, count=3, k: int = None, *, conv_param=None, names=(), scale=None):
    assert (groups, G, count, k) == (2, 3, 4, 5), (groups, G, count, k)
    assert conv_param == {"stride": 1, "pad": [1, 2]} and names == ["a b", "c=d"]
    assert scale.shape == (7,)
    return x * groups, groups

def grouped_backward(dy, groups):
    return {"x": dy * groups, "scale": np.zeros(7)}
"""
BN = ["--inputs", "x=7,6 gamma=6 beta=6"]
BRN = [
    "--inputs",
    "x=7,6 gamma=6 beta=6 running_mean=6 running_std=6 eps=0.2",
    "--wrt",
    "x,gamma,beta",
]


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """Return a function that runs `check` beside mine.py and returns exit code, output, errors."""
    (tmp_path / "mine.py").write_text(FUNCTIONS)
    (tmp_path / "bad.py").write_text("def forward(:\n")
    (tmp_path / "leaves.py").write_text("import sys\nsys.exit(0)\n")
    (tmp_path / "typed.py").write_text(TYPED)
    (tmp_path / "course.py").write_text(COURSE)
    (tmp_path / "mine.txt").write_text(FUNCTIONS)
    (tmp_path / "bad.ipynb").write_text("{")
    (tmp_path / "list.ipynb").write_text("[1]")
    monkeypatch.chdir(tmp_path)

    def call(*arguments):
        code = cli.main(["check", *arguments], prog="brn-numpy")
        return code, *capsys.readouterr()

    return call


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Check the whole package once; return exit code, output, and what the JSON file holds."""
    path = tmp_path_factory.mktemp("whole") / "rows.json"
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        code = cli.main(["check", "--json", str(path)], prog="brn-numpy")
    return code, printed.getvalue(), json.loads(path.read_text())


def test_every_gradient_of_the_package_agrees(whole):
    """All rows are fine by both methods, in float64 to 1e-12 by the complex step; so says JSON."""
    code, output, saved = whole
    assert code == 0, output
    assert max(map(len, output.splitlines())) <= 80
    rows = saved["results"]
    assert saved["ok"] and all(row["ok"] for row in rows)
    assert f"{len(rows)} gradients, 0 wrong" in output
    groups = {(row["operation"], row["dtype"]) for row in rows}
    table = [line.split() for line in output.splitlines()[2:] if line.endswith(" ok")]
    assert {(line[0], line[1]) for line in table} == groups and len(table) == len(groups)
    for operation, dtype, count, central, exact, _ in table:  # the worst of each
        mine = [row for row in rows if (row["operation"], row["dtype"]) == (operation, dtype)]
        assert int(count) == len(mine)
        assert central == f"{max(row['central'] for row in mine):.1e}"
        assert exact == f"{max(row['complex_step'] for row in mine):.1e}"
    exact = [row for row in rows if row["dtype"] == "float64"]
    assert max(row["complex_step"] for row in exact) <= 1e-12
    assert max(row["central"] for row in exact) <= 1e-8
    assert {row["operation"] for row in rows} >= {
        *("batch_norm", "batch_renorm", "inference", "BatchNorm", "BatchRenorm", "network"),
        *("layer_norm", "group_norm", "instance_norm", "rms_norm"),
        *("LayerNorm", "GroupNorm", "InstanceNorm", "RMSNorm"),
        *("Linear", "Conv2d", "MaxPool2d", "AvgPool2d", "ReLU", "Flatten", "softmax_cross_entropy"),
    }
    for operation in ("batch_norm", "batch_renorm", "inference"):
        mine = [row for row in rows if row["operation"] == operation and row["mode"] != "2nd order"]
        assert {row["layout"] for row in mine} == set(selfcheck.LAYOUTS)
        assert {row["dtype"] for row in mine} == {"float32", "float64"}
        assert {row["argument"] for row in mine} == {"x", "gamma", "beta"}


def test_cases_clip_r_and_d_on_either_side():
    """The running pair is such that r and d are clipped high, clipped low, and free."""
    for seed in range(3):
        for case in selfcheck.cases(seed):
            if case.operation == "batch_renorm" and case.mode == "clipped":
                _, cache = case.forward(**case.inputs)
                low, high = np.float32(1 / 1.5), np.float32(1.5)
                r, d = cache.r.astype(np.float32), cache.d
                assert (r == low).any() and (r == high).any() and ((low < r) & (r < high)).any()
                assert (d == -0.5).any() and (d == 0.5).any() and (np.abs(d) < 0.5).any()


def test_a_wrong_gradient_of_the_package_is_found(run, monkeypatch):
    """With a backward pass that is off by a thousandth, the rows that use it say WRONG; exit 1."""
    right = functions.inference_backward

    def wrong(dy, cache):
        dx, dgamma, dbeta = right(dy, cache)
        return dx * 1.001, dgamma, dbeta

    def few(seed):
        return (case for case in all_cases(seed) if case.operation == "inference")

    all_cases = selfcheck.cases
    monkeypatch.setattr(functions, "inference_backward", wrong)
    monkeypatch.setattr(selfcheck, "cases", few)
    code, output, _ = run("--verbose")
    assert code == 1
    for line in output.splitlines():
        if line.endswith(("ok", "WRONG")) and line.startswith("   ") and "2nd order" not in line:
            assert line.endswith("WRONG") == (" x " in line)
    assert "Gradient check" in output  # the full report stands below the table


def test_own_functions_that_are_right(run):
    """A right pair: exit 0 and a table of all arguments."""
    code, output, _ = run("mine.py:forward,backward", *BN)
    assert code == 0
    assert all(name in output for name in ("x ", "gamma ", "beta "))
    assert run("mine.py:forward,backward", *BN, "--method", "complex")[0] == 0


def test_own_functions_that_are_wrong(run, tmp_path):
    """A wrong pair: exit 1; the table and the JSON say which gradient."""
    code, _, _ = run("mine.py:forward,without_variance", *BN, "--json", "out.json")
    assert code == 1
    saved = json.loads((tmp_path / "out.json").read_text())
    assert [argument["ok"] for argument in saved["arguments"]] == [False, True, True]
    assert not saved["ok"]
    assert run("mine.py:forward,without_variance", *BN, "--wrt", "gamma,beta")[0] == 0


def test_own_file_with_a_dataclass(run):
    """A file is loaded as an import would load it: dataclasses find their module."""
    assert run("typed.py:forward,backward", "--inputs", "x=3,4")[0] == 0


def test_own_batch_renorm(run):
    """BRN passes with --frozen; without it the report says that r and d must be held constant."""
    assert run("mine.py:renorm,renorm_backward", *BRN, "--frozen")[0] == 0
    code, output, _ = run("mine.py:renorm,renorm_backward", *BRN)
    assert code == 1
    assert "held constant" in output


def test_verbose_has_a_line_for_every_gradient(run, monkeypatch):
    """Below a head for each operation, so that it stays in sight; 80 columns suffice."""

    def few(seed):
        cases = (case for case in all_cases(seed) if case.layout == "(N, C)")
        return (case for case in cases if case.operation in ("inference", "Linear"))

    all_cases = selfcheck.cases
    monkeypatch.setattr(selfcheck, "cases", few)
    short, long = run()[1], run("--verbose")[1]
    assert "14 gradients, 0 wrong" in short and "14 gradients, 0 wrong" in long
    assert len([line for line in short.splitlines() if line.endswith("  ok")]) == 3
    assert len([line for line in long.splitlines() if line.endswith("  ok")]) == 14
    for head in ("inference, float64", "inference, float32", "Linear, float64"):
        below = long.splitlines()[long.splitlines().index(head) + 1]
        assert below.split() == ["mode", "layout", "by", "central", "complex"]
    assert max(map(len, long.splitlines())) <= 80


COURSE_INPUTS = ["--inputs", "x=7,6 gamma=6 beta=6 bn_param={'mode': 'train', 'eps': 1e-3}"]


def test_the_functions_of_a_course(run):
    """A dict among the inputs, also one that forward writes into, needs no adapter."""
    code, output, _ = run("course.py:batchnorm_forward,batchnorm_backward", *COURSE_INPUTS)
    assert code == 0, output
    assert "bn_param = {'mode': 'train', 'eps': 0.001}" in " ".join(output.split())
    assert "forward writes into bn_param" in output
    assert max(map(len, output.splitlines())) <= 80


def test_several_backward_functions(run, tmp_path):
    """Each is checked and named; one that is wrong is exit 1, and JSON has all."""
    both = "course.py:batchnorm_forward,batchnorm_backward,batchnorm_backward_alt"
    code, output, _ = run(both, *COURSE_INPUTS, "--json", "out.json")
    assert code == 1
    assert output.index("all gradients agree") < output.index("\nbatchnorm_backward_alt\n")
    assert output.index("\nbatchnorm_backward_alt\n") < output.index("FAILED")
    saved = json.loads((tmp_path / "out.json").read_text())
    assert not saved["ok"]
    assert [r["ok"] for r in saved["backward"].values()] == [True, False]
    assert "the term mean(dy) is missing" in " ".join(output.split())


def test_values_as_they_stand(run):
    """Numbers that count, lists, dicts and texts with blanks and signs are taken literally."""
    code, output, errors = run(
        "course.py:grouped,grouped_backward",
        "--inputs",
        "x=2,3 groups=2  G=3 count=4 k=5 conv_param={'stride': 1, 'pad': [1, 2]} "
        "names=['a b', 'c=d'] scale=7",
    )
    assert code == 0, errors
    assert "x (2, 3), groups = 2, G = 3, count = 4" in output


def test_other_names_are_told(run):
    """The functions that were found are named: those of the file, and not what it imports."""
    _, _, errors = run("course.py:batch_norm_forward,batchnorm_backward", *COURSE_INPUTS)
    assert "it has batchnorm_forward, batchnorm_backward, batchnorm_backward_alt, grouped" in errors
    assert "sqrt" not in errors


def notebook(*cells):
    """Return the JSON of a notebook with a text and these cells of code."""
    text = {"cell_type": "markdown", "source": ["def forward(: is no code"]}
    code = [{"cell_type": "code", "source": cell.splitlines(keepends=True)} for cell in cells]
    return json.dumps({"cells": [text, *code], "nbformat": 4})


@pytest.mark.parametrize("cell", [0, 1])
def test_a_notebook(run, tmp_path, cell):
    """Code cells run in order, without magics, commands of the shell, and other languages."""
    plain = "import numpy as np\nnumber = 7\nassert (number\n% 4) == 3"
    magic = (
        "%matplotlib inline\n!pip install x\nfiles = !ls\nif True:\n    %time np.ones(3)\nnp.sum?\n"
    )
    cells = [plain, magic, "%%bash\nls -l | sort", "%%time\nx = 1", FUNCTIONS]
    (tmp_path / "bn.ipynb").write_text(notebook(*cells))
    backward = ("backward", "without_variance")[cell]
    code, output, errors = run(f"bn.ipynb:forward,{backward}", *BN)
    assert code == cell, output + errors


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        (["x = 1", "a = 1\nb = undefined"], "(bn.ipynb, code cell 2, line 2), while it was loaded"),
        (
            ["x = 1", "%time x\ndef f(:"],
            "SyntaxError: invalid syntax (bn.ipynb, code cell 2, line 2)",
        ),
        ([FUNCTIONS], "name 'undefined' is not defined (bn.ipynb, code cell 1, line 19)"),
        (["def forward(x): pass"], "has no function 'broken'; it has forward"),
    ],
)
def test_errors_in_a_notebook(run, tmp_path, cells, said):
    """An error is told with its cell and line, whether it comes on loading or in a call."""
    (tmp_path / "bn.ipynb").write_text(notebook(*cells))
    code, _, errors = run("bn.ipynb:forward,broken", *BN)
    assert code == 2 and said in errors


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["mine.py"], "expected FILE.py:FORWARD,BACKWARD, got 'mine.py'"),
        (["mine.py:forward", *BN], "expected FILE.py:FORWARD,BACKWARD"),
        (["none.py:forward,backward", *BN], "there is no file none.py"),
        (["bad.py:forward,backward", *BN], "SyntaxError: invalid syntax (bad.py, line 1)"),
        (["leaves.py:forward,backward", *BN], "SystemExit: 0 (leaves.py, line 2), while it was"),
        (["mine.py:leaves,backward", *BN], "SystemExit: 0 (mine.py, line 22)"),
        (["mine.py:forward,backward", *BN, "--json", "mine.py"], "would replace what is read"),
        (["mine.py:forward,backward", "--inputs", "x=2 x=3"], "--inputs names x twice"),
        (["mine.py:forward,backward", "--inputs", "x=999999999,999999"], "MemoryError"),
        (
            ["mine.py:forward,back", *BN],
            "has no function 'back'; it has forward, backward, without",
        ),
        (["mine.py:forward,backward,alt", *BN], "has no function 'alt'; it has forward, backward"),
        (["mine.py:forward,", *BN], "expected FILE.py:FORWARD,BACKWARD"),
        (["mine.txt:forward,backward", *BN], "its name must end in .py or .ipynb"),
        (["bad.ipynb:forward,backward", *BN], "bad.ipynb is no notebook"),
        (["list.ipynb:forward,backward", *BN], "list.ipynb is no notebook"),
        (["mine.py:forward,backward", "--inputs", "x=7,6 mode=train"], "mode='train'"),
        (["mine.py:forward,backward", "--inputs", "x=7,6 x y=3"], "got 'x=7,6 x'"),
        (["mine.py:forward,backward", "--inputs", "x=7,0"], "expected NAME=SHAPE such as x=7,6"),
        (["mine.py:forward,backward"], "--inputs is missing"),
        (["mine.py:forward,backward", "--inputs", "x=7,b"], "expected NAME=SHAPE such as x=7,6"),
        (["mine.py:forward,backward", "--inputs", "x=7,-6"], "expected NAME=SHAPE such as x=7,6"),
        (["mine.py:forward,backward", "--inputs", "7,6"], "expected NAME=SHAPE such as x=7,6"),
        (["mine.py:forward,backward", "--inputs", "x=7,6"], "missing 2 required positional"),
        (["mine.py:forward,broken", *BN], "name 'undefined' is not defined (mine.py, line 19)"),
        (["mine.py:forward,backward", *BN, "--wrt", "delta"], "wrt names delta"),
        (["--frozen"], "--frozen goes with your own functions"),
        (["--inputs", "x=7,6"], "--inputs goes with your own functions"),
        (["--seed", "-1"], "--seed must be at least 0"),
        (["--json", "missing/out.json"], "there is no folder missing"),
    ],
)
def test_mistakes_of_the_user(run, arguments, said):
    """A user's mistake: exit 2 and a line that says what to do, also for errors in their code."""
    code, output, errors = run(*arguments)
    assert code == 2
    assert said in errors
    assert output == ""
    assert errors.count("\n") == 1


def test_inputs_are_odd_values():
    """The values that a reader's functions get hide nothing: both signs, no 0 or 1, not centred."""
    rng = np.random.default_rng(0)
    gamma = selfcheck.odd_values(rng, (50,), "scale")
    std = selfcheck.odd_values(rng, (50,), "std")
    x = selfcheck.odd_values(rng, (500, 3))
    assert (gamma < 0).any() and (gamma > 0).any() and np.abs(gamma).min() >= 0.5
    assert std.min() >= 0.5 and std.std() > 0.1
    assert np.all(np.abs(x.mean(axis=0) - 0.3) < 0.2)


def test_the_network_is_checked_through_its_loss(whole):
    """The whole network ends in one number, and every parameter of it has a row."""
    case = list(selfcheck.cases(0))[-1]
    assert case.operation == "network" and case.frozen
    assert case.forward.forward(case.inputs["x"]).shape == ()
    names = [row["argument"] for row in whole[2]["results"] if row["operation"] == "network"]
    assert names == ["x", *case.forward.named_parameters()]
