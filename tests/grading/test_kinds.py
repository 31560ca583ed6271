"""Kinds of hand-ins of which something false, or nothing, was said once."""

import re

import numpy as np
import pytest
from grading_cases import changed, source, verdicts

from brn_numpy import textbook
from brn_numpy.grading import diagnose
from brn_numpy.grading.calls import grade_functions
from brn_numpy.grading.diagnose import FAILED, PASSED, judge
from brn_numpy.grading.grade import Graded, grade
from brn_numpy.grading.marks import frequent, row
from brn_numpy.grading.mistakes import BY_KEY, SEEN_BY, plant
from brn_numpy.grading.report import student_text
from brn_numpy.grading.see import shown

SEED = 4
F, B, U = "batch_norm_forward", "batch_norm_backward", "update_running"
INF, C = "batch_norm_inference", "renorm_correction"
RF, RB = "batch_renorm_forward", "batch_renorm_backward"
STD, SUMS = "istd = 1 / np.sqrt(var + eps)", "    s1 = "
AGAIN = "\n    x_norm = cache['xc'] * istd\n    s1 = "
OUTER = ("dmu = -np.sum(dxc, axis=0)", "dmu = -np.sum(dxhat * inverse, axis=0)")
WITH_X = {
    "keepdims": ('cache = {"xc"', 'cache = {"x": x, "b": b, "xc"'),
    "rows": ('{"xc": xc,', '{"x": a, "var": var, "xc": xc,'),
}


def hand_in(style, function, *changes):
    """Return a solution with changes, whose forward pass may keep more than it did."""
    solution = changed(style, function, *changes)
    if style in WITH_X and function == B:
        forward = changed(style, F, *WITH_X[style])
        solution[F] = forward[F]
    return solution


@pytest.mark.parametrize(
    ("key", "only", "style", "function", "changes"),
    [
        ("dx-eps-fixed", "the division", "keepdims", B, (STD, "istd = 1 / np.sqrt(var + 1e-5)")),
        ("dx-eps-missing", "the division", "keepdims", B, (STD, "istd = 1 / np.sqrt(var)")),
        ("dx-eps-outside-root", "the division", "keepdims", B,
         (STD, "istd = 1 / (np.sqrt(var) + eps)")),
        ("dx-std-unbiased", "the division", "keepdims", B,
         (STD, "istd = 1 / np.sqrt(var * M / (M - 1) + eps)")),
        ("dx-std-unbiased", "dx", "keepdims", B,
         (SUMS, "    istd = 1 / np.sqrt(var * M / (M - 1) + eps)" + AGAIN)),
        ("dx-variance-for-std", "", "keepdims", B, (STD, "istd = 1 / var")),
        ("dx-eps-fixed", "", "graph", B,
         ("    dout = rows(dy)", "    dout = rows(dy)\n    eps = 3e-5\n"
          "    sqrtvar = np.sqrt(var + eps)\n    ivar = 1 / sqrtvar\n    xhat = xmu * ivar")),
        ("dx-eps-missing-in-dvar", "", "graph", B,
         ("    dsq = ", "    dvar = -0.5 * divar * var ** -1.5\n    dsq = ")),
        ("dx-eps-fixed-in-dvar", "", "graph", B,
         ("    dsq = ", "    dvar = -0.5 * divar * (var + 1e-6) ** -1.5\n    dsq = ")),
        ("dx-gamma-and-std-exchanged", "", "plain", B, ("std, gamma =", "gamma, std =")),
        ("dx-beta-for-gamma", "", "keepdims", B, ("M = dy", "g = cache['b']\n    M = dy")),
        ("backward-x-for-xhat", "", "keepdims", B,
         ("    dgamma", "    x_norm = cache['x']\n    dgamma")),
        ("backward-x-not-centred", "what is outside", "rows", B,
         ("m * xc * dvar", "m * cache['x'] * dvar", *OUTER)),
        ("backward-x-minus-variance", "what is outside", "rows", B,
         ("m * xc * dvar", "m * (cache['x'] - cache['var']) * dvar", *OUTER)),
        ("backward-x-minus-variance", "what is inside", "rows", B,
         ("dxhat * xc,", "dxhat * (cache['x'] - cache['var']),")),
        ("dgamma-updated-parameters", "", "keepdims", B,
         ("return dx, dgamma, dbeta",
          "return dx, g.ravel() - 0.03 * dgamma, cache['b'].ravel() - 0.03 * dbeta")),
        ("inference-brackets-missing", "", "keepdims", INF, ("(x - mu) / sigma", "x - mu / sigma")),
        ("renorm-r-and-d-exchanged", "", "graph", RF, ("r, d = renorm", "d, r = renorm")),
    ],
)  # fmt: skip
def test_what_stands_in_another_place_has_a_name(key, only, style, function, changes, deep):
    """On two seeds, or ten; with the part of the function, if it is made in one part only."""
    for seed in range(10) if deep else (0, SEED):
        verdict = judge(hand_in(style, function, *changes), function, seed)
        assert verdict.mistakes == [key], verdict.findings
        what = verdict.findings[0].what
        assert what.startswith(f"For {only}") if only else not what.startswith("For ")


@pytest.mark.parametrize(
    ("says", "style", "function", "changes"),
    [
        ("term of the mean is the same number in all channels, as if an axis", "plain", B,
         ("dy - w(dbeta, dy) / m", "dy - dy.mean()")),
        ("term of the mean is the same number in all channels, as if an axis", "graph", B,
         ("np.sum(dxmu1 + dxmu2, axis=0)", "np.sum(dxmu1 + dxmu2) / D")),
        ("term of the variance is the same number in all channels", "plain", B,
         ("xhat * w(dgamma, dy) / m", "xhat * (dy * xhat).mean()")),
        ("Gradients are linear in dy", "plain", B, ("(dy - w(", "(dy * dy - w(")),
        ("Gradients are linear in dy", "plain", B,
         ("    return dx", "    dx = dx / np.linalg.norm(dx)\n    return dx")),
        ("times 1 // m, which is 0", "graph", B, ("dx2 = 1.0 / N", "dx2 = 1 // N")),
        ("and 1 // m is 0", "graph", B,
         ("dx2 = 1.0 / N", "dx2 = 1 // N", "dsq = 1.0 / N", "dsq = 1 // N")),
        ("running_mean is no weighted sum of old and new values, alike in all channels", "plain", U,
         ("momentum * bm", "momentum * bm**2")),
        ("r and d are not clipped", "graph", RF,
         ("    z =", "    r, d = sigma / running_std, (mu - running_mean) / running_std\n    z =")),
        ("images with the channels last, (N, H, W, C)", "rows", F,
         ("to_rows(x)", "x.reshape(-1, x.shape[-1])", "back(gamma * xhat + beta, x)",
          "(gamma * xhat + beta).reshape(x.shape)")),
        ("images with the channels last, (N, H, W, C)", "keepdims", INF,
         ("(1, -1, 1, 1) if", "(1, 1, 1, -1) if")),
        ("in the order dgamma, dbeta, dx; expected dx", "keepdims", B,
         ("axis=axes)\n    istd", "axis=axes, keepdims=True)\n    istd",
          "x_norm, axis=axes)", "x_norm, axis=axes, keepdims=True)",
          "return dx, dgamma, dbeta", "return dgamma, dbeta, dx")),
        ("axis 0 only", "keepdims", RF, ("((0, 2, 3), (1", "(0, (1")),
        ("every image is normalised by itself", "keepdims", RF, ("((0, 2, 3), (1", "((2, 3), (1")),
        ("over its channels", "keepdims", RF, ("axis=axes", "axis=tuple(range(1, x.ndim))")),
    ],
)  # fmt: skip
def test_what_is_said_leads_to_the_line(says, style, function, changes):
    """Of what has no name, and of what was named misleadingly."""
    verdict = judge(hand_in(style, function, *changes), function, SEED)
    assert verdict.status == FAILED
    text = " ".join(f.what + f.why for f in verdict.findings)
    assert says in text and "r_max" not in text, text


@pytest.mark.parametrize(
    ("style", "function", "old", "new"),
    [
        ("plain", F, "    std =", "    assert x.shape[1] == 6\n    std ="),
        ("plain", F, "    std =", "    assert x.shape[-1] in (4, 6)\n    std ="),
        ("plain", F, "    std =", "    assert len(x) in (3, 7)\n    std ="),
        ("loops", U, "batch_std, strict=True)", "batch_std[:6])"),
        ("plain", C, "np.clip(bs / rs,", "np.clip((bs / rs)[[0, 1, 2, -3, -2, -1]],"),
    ],
)
def test_a_function_for_the_usual_shapes_only_is_not_right(style, function, old, new):
    """Other probes have other numbers of channels, samples and pixels, whatever the seed is."""
    for seed in range(5):
        assert judge(changed(style, function, old, new), function, seed).status == FAILED


def test_what_is_wrong_on_other_shapes_only_is_said_so():
    """It names the shapes on which it is right."""

    def inference(x, *arguments):
        return textbook.batch_norm_inference(x, *arguments) + (x.shape[1] != 6)

    text = judge(plant.solution(INF, inference), INF, SEED).findings[0].what
    assert "only with other numbers or shapes than the first, (7, 6) and (3, 6, 2, 4)" in text


def test_a_backward_pass_that_empties_its_cache_is_right():
    """With a note; the second call is the one that fails."""
    solution = changed("keepdims", B, "cache[k] for k", "cache.pop(k) for k")
    verdict = verdicts(solution, SEED)[B]
    assert verdict.status == PASSED and "empties its cache" in verdict.notes[0]


def test_what_ends_the_process_in_extra_calls_does_not_count(tmp_path):
    """Neither for the function itself, nor for the backward pass that needs it."""
    file = tmp_path / "mine.py"
    head = "import numpy as np\n\n\ndef wide(v, x):\n"
    file.write_text(
        head + "    return np.reshape(v, (1, -1, *[1] * (x.ndim - 2)))\n"
        "\n\ndef batch_norm_forward(x, gamma, beta, eps):\n"
        "    if np.ptp(x[:, 0]) == 0:\n        import os; os._exit(1)\n"
        "    axes = (0, *range(2, x.ndim))\n"
        "    xc = x - x.mean(axis=axes, keepdims=True)\n"
        "    std = np.sqrt((xc**2).mean(axis=axes, keepdims=True) + eps)\n"
        "    return wide(gamma, x) * xc / std + wide(beta, x), (xc / std, std, gamma, axes)\n"
        "\n\ndef batch_norm_backward(dy, cache):\n"
        "    xhat, std, gamma, axes = cache\n"
        "    dgamma, dbeta = (dy * xhat).sum(axis=axes), dy.sum(axis=axes)\n"
        "    m = dy.size // len(gamma)\n"
        "    dx = dy - wide(dbeta, dy) / m - xhat * wide(dgamma, dy) / m\n"
        "    return wide(gamma, dy) / std * dx, dgamma, dbeta\n"
    )
    found = {v.function: v for v in grade(file, SEED).verdicts}
    assert (found[F].status, found[B].status) == (PASSED, PASSED), found[B].findings


def test_a_slow_function_is_not_looked_at_where_it_need_not_be(monkeypatch):
    """So it is not told that it loses digits."""
    solution = BY_KEY["variance-in-one-pass"].solution()
    assert judge(solution, F, SEED).notes
    monkeypatch.setattr(diagnose, "PATIENCE", 0.0)
    assert judge(solution, F, SEED) == diagnose.Verdict(F, PASSED)


def test_a_right_formula_after_a_wrong_forward_pass_is_said_to_depend_on_it():
    """It may compute the same wrong number itself, which nobody can see from outside."""
    solution = changed("keepdims", F, "np.sqrt(var + eps)", "(np.sqrt(var) + eps)")
    [note] = verdicts(solution, SEED)[B].notes
    assert "If a wrong line from there stands here, too, mend it in both" in note


def report(solution, seed=SEED):
    """Return the report on a solution, its lines put together."""
    found = Graded("mine.py", tuple(verdicts(solution, seed).values()), sha256="abc")
    return " ".join(student_text(found).split()), found


def test_a_report_says_what_there_is_to_see():
    """Both values, what is right all the same, and a command for what has no name."""
    text, _ = report(BY_KEY["dx-mean-term-missing"].solution())
    assert "not yet right, but dgamma and dbeta are" in text and "WRONG" not in text
    numbers = re.search(
        r"See: the sum of dx over the minibatch: \[(.+?)\], should be \[(.+?)\]", text
    )
    assert len(numbers[1].split()) == 6 and numbers[2].split() == ["0"] * 6
    solution = changed(
        "plain", B, "    return dx", "    dx = dx + 0.3 * np.tanh(xhat)\n    return dx"
    )
    text, _ = report(solution)
    assert "Why: Gradients are linear in dy" in text and "Not so here" not in text
    assert "check mine.py:batch_norm_forward,batch_norm_backward --inputs 'x=7,6" in text
    assert "Read: tutorials/04_batch_norm_backward.md, step" in text


def test_numbers_are_shown_with_the_digits_in_which_they_differ():
    """An eps of 1e-8 more is seen in the seventh digit."""
    lines = {"xhat": "xhat = (x - mu) / (std + 1e-8)"}
    [finding] = judge(plant.solution(INF, lines), INF, SEED).findings
    one, two = re.findall(r"\[(.+?)\]", finding.seen)
    assert one != two
    for odd in (lambda y: np.round(y).astype(int), lambda y: y + 0j):  # one line, or none
        solution = {INF: lambda *given, odd=odd: odd(textbook.batch_norm_inference(*given) * 2)}
        assert "\n" not in shown(SEEN_BY["mean of y", INF], solution, SEED)
    assert np.allclose(*(np.array(t.split(), float) for t in (one, two)), rtol=1e-4)


def test_the_same_finding_is_not_explained_twice():
    """The second function refers to the first; in the table it counts once."""
    solution = changed("graph", B, "dx2 = 1.0 / N", "dx2 = 0.0 / N")
    copy = changed("graph", RB, "dx = dxmu + dmu / N", "dx = dxmu")
    solution[RB] = copy[RB]
    text, found = report(solution)
    assert "As in batch_norm_backward: dx lacks the term of the mean" in text
    assert text.count(BY_KEY["dx-mean-term-missing"].why) == 1
    correction = changed("graph", C, "np.clip(ratio, 1 / r_max, r_max)", "ratio")
    table = " ".join(frequent([found, report(correction)[1]]))
    assert "1 of 2  r-not-clipped" in table
    assert row(report(correction)[1], 9).endswith("  r-not-clipped")


def test_of_two_backward_passes_the_first_is_referred_to():
    """By the name that a file gives it, as of the two in cs231n's contract."""

    def forward(x, gamma, beta, bn_param):
        y, cache = textbook.batch_norm_forward(x, gamma, beta, bn_param.get("eps", 1e-5))
        return y, cache

    names = dict.fromkeys(
        ("batchnorm_backward", "batchnorm_backward_alt"),
        BY_KEY["dx-mean-term-missing"].solution()[B],
    )
    found = {
        v.name: v for v in grade_functions({"batchnorm_forward": forward, **names}, 1).verdicts
    }
    texts = [found[name].findings[0].what for name in names]
    assert texts[0].startswith("dx lacks") and texts[1].startswith("As in batchnorm_backward: dx")


def test_the_table_says_what_the_report_says():
    """Of what is described and has no name."""
    _, found = report(changed("plain", INF, "+ w(beta, x)", "+ w(beta, x) ** 3"))
    says = "batch_norm_inference: In each channel, the mean of y is wrong"
    assert row(found, 9).endswith(says) and says in " ".join(frequent([found]))


def test_one_function_is_judged_with_the_others(tmp_path):
    """What is said of it is the same, whether the others are reported or not."""
    file = tmp_path / "mine.py"
    file.write_text(source("graph", C, "np.clip(ratio, 1 / r_max, r_max)", "ratio"))
    whole = {v.function: v for v in grade(file, SEED).verdicts}
    [alone] = grade(file, SEED, only=RF).verdicts
    assert alone == whole[RF]
    assert alone.findings[0].what.startswith("As in renorm_correction: ")


def test_every_place_of_a_stand_in_is_its_own():
    """The lines of the page with something else in the place of the cache's fields."""
    lines = BY_KEY["backward-x-not-centred"].lines
    assert list(lines) == ["dgamma", "through_std"]
    assert "cache.xhat" not in "".join(lines.values())
    inner = plant.in_place_of(B, {"xhat": "cache.x"}, 1)["through_std"]
    assert inner == "through_std = cache.xhat * mean(dxhat * cache.x)"
    exchanged = BY_KEY["dx-gamma-and-std-exchanged"].lines
    assert exchanged["dxhat"] == "dxhat = cache.std * dy" and exchanged["dx"].endswith(
        "cache.gamma"
    )
    assert {m.function for m in BY_KEY.values() if m.fields} == {B, RB}
