"""The diagnosis, in this process: right solutions pass, mistakes are named, also two at once."""

import contextlib
import io
import random

import numpy as np
import pytest
from grading_cases import RIGHT

from brn_numpy.grading.catalogue import BY_KEY, MISTAKES, SAME, textbook
from brn_numpy.grading.contract import CONTRACT
from brn_numpy.grading.diagnose import FAILED, NOT_JUDGED, NOT_STARTED, PASSED, judge

WRONG = [m for m in MISTAKES if m.verdict == "wrong"]
SEED = 4


def verdicts(solution, seed=SEED):
    """Judge all functions, in order."""
    found = {}
    with contextlib.redirect_stdout(io.StringIO()):
        for name in CONTRACT:
            found[name] = judge(solution, name, seed, found)
    return found


def keys(verdict):
    """Return the keys of all mistakes that a verdict names."""
    return {f.mistake for f in verdict.findings if f.mistake}


@pytest.mark.parametrize("name", RIGHT)
def test_right_solutions_have_full_marks(name):
    """In ten styles, three seeds each."""
    for seed in range(3):
        found = verdicts(RIGHT[name], seed)
        assert {v.status for v in found.values()} == {PASSED}, found


@pytest.mark.parametrize("mistake", WRONG, ids=lambda m: m.key)
def test_a_mistake_is_named(mistake):
    """It fails its function, is named, and nothing that does not depend on it fails."""
    found = verdicts(mistake.solution())
    verdict = found[mistake.function]
    assert verdict.status == FAILED
    alike = next((set(pair) for pair in SAME if mistake.key in pair), {mistake.key})
    assert len(keys(verdict)) == 1 and keys(verdict) <= alike
    assert verdict.findings[0].line == BY_KEY[verdict.mistake].line
    follows = {"batch_renorm_forward"} if mistake.function == "renorm_correction" else set()
    failed = {name for name, v in found.items() if v.status != PASSED}
    assert failed == {mistake.function} | follows


def planted(one, two):
    """Return the textbook with two mistakes in it, which are in different functions."""
    solution = {**one.solution(), two.function: two.solution()[two.function]}
    if two.function == "renorm_correction" and one.function != "batch_renorm_forward":
        solution["batch_renorm_forward"] = two.solution()["batch_renorm_forward"]
    return solution


def test_pairs_in_different_functions_are_named():
    """Of 150 pairs, drawn at random, at least 95 % have both named, each in its function."""
    draw, named = random.Random(0), 0
    pairs = []
    while len(pairs) < 150:
        one, two = draw.sample(WRONG, 2)
        if one.function != two.function and not {one.key, two.key} & set().union(*SAME):
            pairs.append((one, two))
    for one, two in pairs:
        found = verdicts(planted(one, two))
        named += all(m.key in keys(found[m.function]) for m in (one, two))
    assert named >= 0.95 * len(pairs), named


G = {  # gamma in dx, and what the mistake is called
    "": lambda c: c.gamma,
    "dx-gamma-missing": lambda c: 1.0,
    "dx-gamma-twice": lambda c: c.gamma**2,
    "dx-sign": lambda c: -c.gamma,
}
S = {
    "": lambda c: c.std,
    "dx-std-missing": lambda c: 1.0,
    "dx-divided-by-variance": lambda c: c.std**2,
}
MEAN = {"": 1, "dx-mean-term-missing": 0, "dx-mean-term-sign": -1, "dx-mean-term-without-m": "m"}
VAR = {
    "": 1,
    "dx-variance-term-missing": 0,
    "dx-variance-term-sign": -1,
    "dx-variance-term-doubled": 2,
    "dx-variance-term-halved": 0.5,
    "dx-variance-term-without-m": "m",
}
WHOLE = {
    frozenset({"dx-mean-term-without-m", "dx-variance-term-without-m"}): "dx-sums-for-means",
    frozenset({"dx-mean-term-missing", "dx-variance-term-missing"}): "dx-statistics-constant",
}


def written(g, s, mean, var):
    """Return dx with these choices, written with einsum."""

    def backward(dy, cache):
        m = dy.size // dy.shape[1]
        dy3, xhat3 = (a.reshape(*dy.shape[:2], -1) for a in (dy, cache.xhat))  # (N, C, H W)
        total, along = np.einsum("ncp->c", dy3), np.einsum("ncp,ncp->c", dy3, xhat3)
        mean_factor, var_factor = (m if v == "m" else v for v in (MEAN[mean], VAR[var]))
        inner = dy - mean_factor * textbook.wide(total / m, dy)
        inner = inner - var_factor * cache.xhat * textbook.wide(along / m, dy)
        return G[g](cache) / S[s](cache) * inner, along, total

    return textbook.solution("batch_norm_backward", backward)


def test_two_mistakes_in_dx_are_named():
    """All pairs of choices that differ from the formula in two places, at least 90 %."""
    choices = [(g, s, m, v) for g in G for s in S for m in MEAN for v in VAR]
    pairs = [c for c in choices if sum(map(bool, c)) == 2]
    named = []
    for choice in pairs:
        expected = {key for key in choice if key}
        found = keys(judge(written(*choice), "batch_norm_backward", SEED))
        named.append(found in (expected, {WHOLE.get(frozenset(expected))}))
    assert sum(named) >= 0.9 * len(pairs), [p for p, n in zip(pairs, named, strict=True) if not n]


AFFINE = {
    "forward-gamma-missing": lambda h, g, b: h + b,
    "forward-beta-missing": lambda h, g, b: g * h,
    "forward-gamma-scales-beta": lambda h, g, b: g * (h + b),
    "forward-beta-sign": lambda h, g, b: g * h - b,
    "forward-affine-missing": lambda h, g, b: h,
}


@pytest.mark.parametrize(
    "other",
    ["forward-variance-unbiased", "forward-eps-outside-root", "forward-eps-missing",
     "forward-per-position", "forward-not-centred", "forward-divides-by-variance"],
)  # fmt: skip
def test_two_mistakes_in_y_are_named(other):
    """A wrong normalisation with a wrong affine map on top."""
    for key, affine in AFFINE.items():

        def forward(x, gamma, beta, eps, affine=affine):
            _, cache = BY_KEY[other].variant(x, gamma, beta, eps)
            return affine(cache.xhat, cache.gamma, textbook.wide(beta, x)), cache

        solution = textbook.solution("batch_norm_forward", forward)
        assert keys(judge(solution, "batch_norm_forward", SEED)) == {key, other}


def test_each_result_is_judged_by_itself():
    """Mistakes in dx, dgamma and dbeta at once are three findings."""

    def backward(dy, cache):
        dx = BY_KEY["dx-mean-term-missing"].variant(dy, cache)[0]
        return dx, BY_KEY["dgamma-from-x"].variant(dy, cache)[1], textbook.mean(dy).ravel()

    found = judge(textbook.solution("batch_norm_backward", backward), "batch_norm_backward", SEED)
    assert keys(found) == {"dx-mean-term-missing", "dgamma-from-x", "dbeta-averaged"}


def test_a_wrong_forward_pass_does_not_drown_the_backward_pass():
    """Right for what the wrong forward pass stores, or its gradient: passed, and said so."""
    for key in ("forward-variance-unbiased", "forward-eps-missing", "forward-over-everything"):
        found = verdicts(BY_KEY[key].solution())["batch_norm_backward"]
        assert found.status == PASSED
        assert "your own batch_norm_forward, which is wrong" in found.notes[0]

    def forward(x, gamma, beta, eps):  # no mistake of the catalogue
        return textbook.batch_norm_forward(x, 3 * gamma, 7 - beta, eps)

    solution = textbook.solution("batch_norm_forward", forward)

    def backward(dy, cache):
        dx, dgamma, dbeta = textbook.batch_norm_backward(dy, cache)
        return dx, 3 * dgamma, -dbeta

    found = verdicts(solution | {"batch_norm_backward": backward})
    assert found["batch_norm_forward"].status == FAILED
    assert found["batch_norm_backward"].status == PASSED
    assert "this is its gradient" in found["batch_norm_backward"].notes[0]


def test_the_gradient_of_a_trivial_forward_pass_is_no_exercise():
    """y = x with dx = dy is consistent, and worth nothing."""
    solution = {
        "batch_norm_forward": lambda x, gamma, beta, eps: (x.copy(), None),
        "batch_norm_backward": lambda dy, cache: (dy.copy(), np.zeros(6), np.zeros(6)),
    }
    found = verdicts(solution)
    assert found["batch_norm_backward"].status == FAILED


def unknown(function, change):
    """Return what is said of the textbook's function with its results changed."""
    right = textbook.solution()[function]

    def changed(*arguments):
        return change(right(*arguments))

    verdict = judge(textbook.solution(function, changed), function, SEED)
    assert verdict.status == FAILED
    return " ".join(f.what + f.why for f in verdict.findings)


@pytest.mark.parametrize(
    ("function", "change", "says"),
    [
        ("batch_norm_backward", lambda r: (3.5 * r[0], *r[1:]), "dx is the right value times 3.5"),
        ("batch_norm_backward", lambda r: (np.nan * r[0], *r[1:]), "42 of 42 values of dx are NaN"),
        ("batch_norm_backward", lambda r: (0 * r[0], *r[1:]), "dx is 0 everywhere"),
        ("batch_norm_backward", lambda r: (r[0][:-1], *r[1:]), "dx has shape (6, 6), expected (7"),
        ("batch_norm_backward", lambda r: (r[0] ** 3, *r[1:]), "dx is no sum of"),
        (
            "batch_norm_backward",
            lambda r: (r[0].astype(np.float32).astype(float), *r[1:]),
            "digits only",
        ),
        ("update_running", lambda r: (r[0] + 2, r[1]), "running_mean is 2 too large everywhere"),
        ("update_running", lambda r: (r[0][None], r[1]), "shape (1, 6), expected (6,)"),
        ("renorm_correction", lambda r: (r[0], r[1] ** 3), "For example, d is "),
        ("batch_norm_inference", lambda y: 3 * y, "y is the right value times 3"),
        (
            "batch_norm_inference",
            lambda y: y if y.ndim == 2 else y + 1,
            "wrong only for images",
        ),
        ("batch_norm_forward", lambda r: (np.sort(r[0], axis=1), r[1]), "no straight line of x"),
    ],
)
def test_unknown_mistakes_are_described(function, change, says):
    """Where, by which factor or pattern, and which property fails."""
    assert says in unknown(function, change)


def test_numbers_written_into_a_function_are_named_whatever_they_are():
    """Another momentum, another eps than those of the catalogue: the same mistakes."""
    solution = textbook.solution(
        "update_running", lambda m, s, mb, sb, a: (0.9 * m + 0.1 * mb, 0.9 * s + 0.1 * sb)
    )
    verdict = judge(solution, "update_running", SEED)
    assert keys(verdict) == {"running-momentum-ignored"}
    assert "The weight of the new value is 0.1" in verdict.findings[0].what

    def forward(x, gamma, beta, eps):
        return textbook.batch_norm_forward(x, gamma, beta, 1e-3)

    verdict = judge(textbook.solution("batch_norm_forward", forward), "batch_norm_forward", SEED)
    assert keys(verdict) == {"forward-eps-fixed"}
    assert "eps is 0.001 in effect" in verdict.findings[0].what


def test_stubs_and_parts():
    """One function done: the others are not started, or wait for their forward pass."""

    def stub(*arguments):
        raise NotImplementedError

    solution = dict.fromkeys(CONTRACT, stub)
    assert {v.status for v in verdicts(solution).values()} == {NOT_STARTED}
    done = {"update_running": textbook.update_running}
    found = verdicts(solution | done)
    assert [n for n, v in found.items() if v.status == PASSED] == ["update_running"]
    assert {v.status for n, v in found.items() if n not in done} == {NOT_STARTED}
    early = solution | {"batch_norm_backward": textbook.batch_norm_backward}
    assert verdicts(early)["batch_norm_backward"].status == NOT_JUDGED


def test_notes_teach():
    """The one-pass variance, and a division by gamma, pass with a note."""
    one_pass = judge(BY_KEY["variance-in-one-pass"].solution(), "batch_norm_forward", SEED)
    assert one_pass.status == PASSED and "Far from zero" in one_pass.notes[0]
    undone = judge(BY_KEY["dgamma-from-y-undone"].solution(), "batch_norm_backward", SEED)
    assert undone.status == PASSED and "Where gamma is 0" in undone.notes[0]
