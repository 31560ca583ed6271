"""cs231n's layers.py: right ones have full marks, and each of its mistakes is named."""

import contextlib
import io
import re
import runpy
from pathlib import Path

import pytest
from grading_cases import source

from brn_numpy import cli
from brn_numpy.grading.adapter import CONTRACTS, contract_of
from brn_numpy.grading.calls import grade_functions
from brn_numpy.grading.diagnose import FAILED, NOT_JUDGED, NOT_STARTED, PASSED
from brn_numpy.grading.grade import grade, judge_task
from brn_numpy.grading.mistakes.candidates import candidates
from brn_numpy.grading.report import student_text
from brn_numpy.grading.see import names_of

FOLDER = Path(__file__).parent / "cs231n"
FILES = sorted(FOLDER.glob("*.py"))
CONTRACT = CONTRACTS["cs231n"]
SEED = 4
F, B, ALT = "batchnorm_forward", "batchnorm_backward", "batchnorm_backward_alt"
SF, SB = "spatial_batchnorm_forward", "spatial_batchnorm_backward"
PARTS = "training", "running statistics", "test mode"
TRAINING, RUNNING, TEST = (f"{F}: {part}" for part in PARTS)
S_TRAINING, S_RUNNING, S_TEST = (f"spatial_{title}" for title in (TRAINING, RUNNING, TEST))
FLAT, BACK = "transpose(0, 2, 3, 1).reshape(-1, C)", "reshape(N, H, W, C).transpose(0, 3, 1, 2)"


def judged(names, seed, only=None):
    """Judge what a file defines, here: all, or one thing and the forward pass that it needs."""
    written = {name: names[name] for name in CONTRACT.functions if name in names}
    found = {}
    for task in CONTRACT.tasks:
        forward = only in (B, ALT, SB) and task.title in (TRAINING, S_TRAINING)
        if only in (None, task.title) or forward:
            found[task] = judge_task(task, written, seed, found)
    return {task.title: verdict for task, verdict in found.items()}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_right_file_has_full_marks(path, deep):
    """Ten ways to write it, each with two seeds, or with 20; one through the child process."""
    if path.stem == "layers":  # it imports what is not here
        assert grade(path, 1).passed
        return
    names = runpy.run_path(str(path))
    for seed in range(20 if deep else 2):
        assert {v.status for v in judged(names, seed).values()} == {PASSED}, seed


EPS_TWICE = ('    bn_param["running_mean', '    var = var + eps\n    bn_param["running_mean')
UPDATE = """        running_mean = momentum * running_mean + (1 - momentum) * {}
        running_var = momentum * running_var + (1 - momentum) * {}
"""
NOT_MOVED = ("x.transpose(0, 2, 3, 1)", "x", BACK, "reshape(N, C, H, W)")
CASES = [
    ("forward-eps-outside-root", TRAINING, "staged", F, "np.sqrt(var + eps)", "np.sqrt(var) + eps"),
    ("forward-root-of-deviation", TRAINING, "ufuncs", F, "np.var(x", "np.std(x"),
    ("forward-eps-twice", TRAINING, "keepdims", F, *EPS_TWICE),
    ("forward-variance-unbiased", TRAINING, "short", F, "x.var(0))", "x.var(0, ddof=1))"),
    ("forward-running-statistics", TRAINING, "staged", F, "    elif", "        out = gamma * (x - "
     "running_mean) / np.sqrt(running_var + eps) + beta\n    elif"),
    ("statistics-var-is-a-deviation", RUNNING, "ufuncs", F, "np.var(x", "np.std(x"),
    ("statistics-var-is-a-deviation-with-eps", RUNNING, "staged", F, ") * var", ") * sqrtvar"),
    ("statistics-var-contains-eps", RUNNING, "keepdims", F, *EPS_TWICE),
    ("statistics-var-unbiased", RUNNING, "short", F, "x.var(0))", "x.var(0, ddof=1))"),
    ("statistics-updated-twice", RUNNING, "staged", F, "    elif",
     UPDATE.format("mu", "var") + "    elif"),
    ("statistics-updated-twice", S_RUNNING, "staged", SF, "    out, cache =",
     "    batchnorm_forward(flat, gamma, beta, bn_param)\n    out, cache ="),
    ("statistics-not-stored", RUNNING, "staged", F, '    bn_param["running_mean"] = running_mean\n'
     '    bn_param["running_var"] = running_var\n', ""),
    ("statistics-not-stored", S_RUNNING, "staged", SF, "bn_param)\n", "dict(bn_param))\n"),
    ("statistics-var-not-stored", RUNNING, "staged", F,
     '    bn_param["running_var"] = running_var\n', ""),
    ("statistics-momentum-reversed", RUNNING, "loops", F, "old + (1 - momentum)", "old + momentum"),
    ("statistics-momentum-ignored", RUNNING, "loops", F, "old + (1 - momentum)", "old + 0.1"),
    ("statistics-without-decay", RUNNING, "recomputed", F, "= momentum * running_mean",
     "= running_mean", "= momentum * running_var", "= running_var"),
    ("statistics-replaced", RUNNING, "objects", F,
     "np.average([old, new], axis=0, weights=[momentum, 1 - momentum])", "new"),
    ("statistics-of-xhat", RUNNING, "staged", F, "momentum) * mu", "momentum) * xhat.mean(axis=0)",
     "momentum) * var", "momentum) * xhat.var(axis=0)"),
    ("statistics-of-xhat", RUNNING, "staged", F, "momentum) * mu", "momentum) * np.mean(xhat, 0)"),
    ("statistics-channel-by-channel", S_RUNNING, "staged", SF, "flat, gamma, beta, bn_param",
     "flat, gamma, beta, dict(bn_param)", "    flat = x.", "    for c in range(C):\n        "
     "batchnorm_forward(x[:, c].reshape(-1, 1), gamma[c], beta[c], bn_param)\n    flat = x."),
    ("statistics-keep-dimensions", RUNNING, "keepdims", F, "np.squeeze(", "("),
    ("test-statistics-updated", TEST, "separate", F, "    else:\n",
     "    else:\n" + UPDATE.format("x.mean(0)", "x.var(0)")),
    ("test-eps-outside-root", TEST, "staged", F,
     "np.sqrt(running_var + eps)", "(np.sqrt(running_var) + eps)"),
    ("test-eps-missing", TEST, "recomputed", F, "running_var + eps", "running_var"),
    ("test-eps-fixed", TEST, "objects", F, '["running_var"] + eps', '["running_var"] + 1e-8'),
    ("test-batch-statistics", TEST, "keepdims", F, '"test":\n', '"test":\n        rm, rv = '
     "x.mean(axis=axis, keepdims=True), x.var(axis=axis, keepdims=True)\n"),
    ("test-divides-by-variance", TEST, "staged", F, "np.sqrt(running_var", "(running_var"),
    ("test-brackets-missing", TEST, "staged", F, "(x - running_mean) /", "x - running_mean /"),
    ("inference-gamma-missing", TEST, "staged", F, "gamma * x_normalized", "x_normalized"),
    ("dx-mean-term-missing", B, "separate", B, "    dx -= dx_hat.mean(axis=0) / std\n", ""),
    ("dgamma-keeps-dimensions", B, "staged", B, "xhat, axis=0)", "xhat, axis=0, keepdims=True)"),
    ("dgamma-and-dbeta-swapped", B, "staged", B, "dx2, dgamma, dbeta", "dx2, dbeta, dgamma"),
    ("dx-divided-by-m", ALT, "objects", ALT, "std / N *", "std / N**2 *"),
    ("dx-gamma-missing", ALT, "staged", ALT, "dxhat = dout * gamma", "dxhat = dout"),
    ("dx-std-missing", ALT, "staged", ALT, " * ivar / N", " / N"),
    ("forward-per-position", S_TRAINING, "staged", SF, "x." + FLAT, "x.reshape(N, -1)",
     "flat, gamma, beta", "flat, *(np.repeat(v, H * W) for v in (gamma, beta))",
     BACK, "reshape(x.shape)"),
    ("forward-instance-norm", S_TRAINING, "separate", SF, "(0, 2, 3)", "(2, 3)",
     "[:, None, None]) / ", "[:, :, None, None]) / ", "eps)[:,", "eps)[:, :,"),
    ("forward-rows-without-transpose", S_TRAINING, "staged", SF, *NOT_MOVED),
    ("statistics-rows-without-transpose", S_RUNNING, "staged", SF, *NOT_MOVED),
    ("test-rows-without-transpose", S_TEST, "staged", SF, *NOT_MOVED),
    ("forward-not-moved-back", S_TRAINING, "staged", SF, *NOT_MOVED[2:]),
    ("dx-rows-without-transpose", SB, "staged", SB, "dout.transpose(0, 2, 3, 1)", "dout",
     *NOT_MOVED[2:]),
    ("dx-not-moved-back", SB, "staged", SB, *NOT_MOVED[2:]),
    ("dx-conv-divides-by-n", SB, "separate", SB, "m = dout[:, 0].size", "m = len(dout)"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[0]}-{case[2]}")
def test_a_mistake_is_named(case):
    """It alone, in the part where it is made."""
    key, title, style, function, *changes = case
    names = {"__name__": style}
    exec(compile(source(f"../cs231n/{style}", function, *changes), style, "exec"), names)
    verdict = judged(names, SEED, title)[title]
    assert verdict.status == FAILED
    assert verdict.mistakes == [key], verdict.findings


def test_a_file_is_recognised():
    """By most of its names; one that takes bn_param is cs231n's, and one that takes eps is not."""
    param, plain = ["x", "gamma", "beta", "bn_param"], ["x", "gamma", "beta", "eps"]
    for functions, name in (
        ({F: param, B: ["dout", "cache"]}, "cs231n"),
        ({SB: ["dout", "cache"]}, "cs231n"),
        ({"BatchNormForward": param}, "cs231n"),
        ({F: plain, B: ["dy", "cache"]}, "exercises"),
        ({F: plain, "update_running": []}, "exercises"),
        ({"batch_norm_forward": plain}, "exercises"),
        ({}, "exercises"),
    ):
        assert contract_of(functions).name == name, functions
    assert contract_of({}, F).name == "cs231n"


@pytest.mark.parametrize(
    ("changes", "titles"),
    [
        (
            ("np.sqrt(var + eps)\n        ivar", "(np.sqrt(var) + eps)\n        ivar",
             "= momentum * running_mean", "= running_mean", "gamma * x_normalized", "x_normalized"),
            {TRAINING, RUNNING, TEST},
        ),
        (
            ("dgamma = np.sum", "dgamma = np.mean", "- dxhat.sum(axis=0)", "", "return dx.",
             "return dx[::-1].", "flat, gamma, beta, bn_param)\n    return out",
             "flat, gamma, 0 * beta, dict(bn_param))\n    return out"),
            {B, ALT, SB, S_TRAINING, S_RUNNING},
        ),
    ],
)  # fmt: skip
def test_the_lines_of_a_report_are_in_the_words_of_the_file(tmp_path, changes, titles):
    """They say out and dout, call the functions of the file, and run: the values differ."""
    file = tmp_path / "layers.py"
    text = "from .no_such import *\n" + (FOLDER / "staged.py").read_text()
    for old, new in zip(changes[::2], changes[1::2], strict=True):
        assert old in text, old
        text = text.replace(old, new)
    file.write_text(text)
    found = {v.name: v for v in grade(file, SEED).verdicts}
    names = names_of(file, SEED)
    assert found[ALT].status == (FAILED if ALT in titles else PASSED)  # after a wrong forward pass
    for title, verdict in found.items():
        said = [t for f in verdict.findings for t in (f.what, f.why, f.line)] + [*verdict.notes]
        assert not re.search(r"\b(batch_norm_\w+|y4?|dy4?)\b", " ".join(said)), said
        assert verdict.status == FAILED or title not in titles
        for finding in verdict.findings:
            if finding.line and title in titles:
                printed = io.StringIO()
                with contextlib.redirect_stdout(printed):
                    exec(finding.line, names)
                one, two = printed.getvalue().split(" should be ")
                assert one.split() != two.split(), finding.line


def test_the_parts_that_are_not_there(tmp_path):
    """What returns None is not started, if it is a part of a function; layer norm is not judged."""
    file = tmp_path / "layers.py"
    formula = "out = gamma * (x - running_mean) / np.sqrt(running_var + eps) + beta"
    text = source("../cs231n/layers", F, formula, "pass")
    start, end = text.index(f"def {ALT}"), text.index("def layernorm")
    stub = f"def {ALT}(dout, cache):\n    dx, dgamma, dbeta = None, None, None\n"
    file.write_text(text[:start] + stub + "    return dx, dgamma, dbeta\n\n\n" + text[end:])
    graded = grade(file, SEED)
    waiting = {v.name for v in graded.verdicts if v.status == NOT_STARTED}
    assert waiting == {TEST, ALT} and graded.score == 6
    for words in (
        "contract of cs231n;",
        "Not judged: layernorm_forward, spatial_groupnorm_forward.",
        "Line 5 imports no_such_plots, which is not here",
        "Line 9 imports .fast_layers",
    ):
        assert words in graded.note, graded.note
    lines = student_text(graded).splitlines()
    assert "6 of 9 right" in lines[0] and max(map(len, lines[1:])) <= 100


def test_functions_of_a_notebook_are_recognised():
    """As those of a file."""
    graded = grade_functions(runpy.run_path(str(FOLDER / "short.py")), SEED)
    assert graded.passed and len(graded.verdicts) == 9


def test_a_contract_can_be_forced(capsys):
    """--contract and --only, and what does not go together."""
    file = str(FOLDER / "short.py")
    assert cli.main(["grade", file, "--only", F]) == 0
    assert "3 of 3 right" in capsys.readouterr().out
    assert cli.main(["grade", file, "--contract", "exercises"]) == 1
    assert "did you mean batch_norm_backward?" in " ".join(capsys.readouterr().out.split())
    assert cli.main(["grade", file, "--contract", "exercises", "--only", F]) == 2
    assert "batchnorm_forward is no function of --contract exercises" in capsys.readouterr().err


def changed(function, *changes):
    """Return the names of the staged file with changes in one function."""
    names = {"__name__": "staged"}
    exec(compile(source("../cs231n/staged", function, *changes), "staged", "exec"), names)
    return names


def test_what_bn_param_holds():
    """It may come without eps, 1e-5 then, and momentum, 0.9 then; it holds both statistics."""
    for changes, only, says in (
        (('bn_param.get("eps", 1e-5)', 'bn_param["eps"]'), TRAINING, "It does not take 1e-05"),
        (('"eps", 1e-5)', '"eps", 1e-4)'), TRAINING, "It does not take 1e-05 for eps"),
        (('"momentum", 0.9)', '"momentum", 0.99)'), RUNNING, "It does not take 0.9 for momentum"),
        (("    return out", '    del bn_param["running_mean"]\n    return out'), RUNNING,
         "running_mean is not in bn_param"),
    ):  # fmt: skip
        names = changed(F, *changes)
        verdict = judged(names, SEED, only)[only]
        assert verdict.status == FAILED and says in verdict.findings[0].what, verdict.findings
        assert judged(names, SEED, TEST)[TEST].status == PASSED


def test_what_is_changed_in_place_is_said_once():
    """Where x is overwritten, and not where bn_param is looked at."""
    found = judged(changed(F, "    return out", "    x[:] = 0\n    return out"), SEED)
    assert "x is normalised in place" in found[TRAINING].findings[0].what
    assert found[RUNNING].status == PASSED


def test_what_was_found_in_another_function_is_said_to_be_so():
    """By the name of that function, which is the file's."""
    found = judged(changed(F, "gamma * x_normalized", "x_normalized"), SEED)
    assert found[TEST].findings[0].what == "Test mode leaves out gamma."
    said = found[S_TEST].findings[0].what
    assert said.lower() == "as in batchnorm_forward: test mode leaves out gamma."


def test_images_of_another_shape():
    """They are told as they are: with the channels last, or right for images of one pixel only."""
    found = judged(changed(SF, BACK, "reshape(N, H, W, C)"), SEED)
    assert "out has shape (3, 2, 4, 6), expected" in found[S_TRAINING].findings[0].what
    per_pixel = changed(SF, "x." + FLAT, "x.reshape(N, -1)", BACK, "reshape(x.shape)")
    text = judged(per_pixel, SEED)[S_RUNNING].findings[0].what
    assert text.startswith("It is right for x of (N, C, 1, 1), but not for images: ValueError")


def test_what_is_said_of_test_mode_is_of_a_variance():
    """Mistakes of inference whose words are about running_std are not its own."""
    assert not any("running_std" in c.title for c in candidates(CONTRACT.tasks[2].function))


def test_a_reshape_spoils_the_cache_too():
    """A right backward pass after a forward pass that mixes the channels is not blamed for that."""
    found = judged(changed(SF, "x." + FLAT, "x.reshape(-1, C)", BACK, "reshape(x.shape)"), SEED)
    assert found[S_TRAINING].mistakes == ["forward-rows-without-transpose"]
    assert found[SB].status == NOT_JUDGED
