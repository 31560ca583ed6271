"""Two mistakes at once: in two functions, in two results, or in the same result."""

import random
from itertools import combinations

import numpy as np
import pytest
from grading_cases import SAME, verdicts

from brn_numpy import textbook
from brn_numpy.grading.contract import CONTRACT
from brn_numpy.grading.diagnose import FAILED, judge
from brn_numpy.grading.mistakes import BY_KEY, MISTAKES, plant
from brn_numpy.grading.name import spoilt
from brn_numpy.grading.observe import differing, look, right

SEED = 4
WRONG = [m for m in MISTAKES if not m.equal and not any(m.key in pair for pair in SAME)]


def planted(one, two):
    """Return the textbook with two mistakes in it, which are in different functions."""
    solution = {**one.solution(), two.function: two.solution()[two.function]}
    if two.function == "renorm_correction" and one.function != "batch_renorm_forward":
        solution["batch_renorm_forward"] = two.solution()["batch_renorm_forward"]
    return solution


def test_pairs_in_different_functions_are_named():
    """Of 25 pairs, drawn at random, all but one have both named, each in its function."""
    pairs = [(a, b) for a, b in combinations(WRONG, 2) if a.function != b.function]
    pairs = random.Random(0).sample(pairs, 25)
    named = 0
    for one, two in pairs:
        found = verdicts(planted(one, two), SEED)
        named += all(m.key in found[m.function].mistakes for m in (one, two))
    assert named >= len(pairs) - 1, named


@pytest.mark.parametrize("function", CONTRACT)
def test_pairs_in_one_function_are_named(function):
    """Of 12 pairs that replace different parts; or they are equal to fewer or other mistakes."""
    own = [m for m in WRONG if m.function == function and "textbook." not in m.text]
    own = [m for m in own if spoilt(function, tuple(m.lines.items()), SEED)]
    pairs = [(a, b) for a, b in combinations(own, 2) if not a.lines.keys() & b.lines.keys()]
    unnamed, both = [], 0
    for one, two in random.Random(0).sample(pairs, 12):
        solution = plant.solution(function, {**one.lines, **two.lines})
        with np.errstate(all="ignore"):
            seen = look(solution, function, SEED)
        if not differing(seen, right(function, SEED)):
            continue
        verdict = judge(solution, function, SEED)
        assert verdict.status == FAILED
        both += set(verdict.mistakes) == {one.key, two.key}
        if any(f.mistake is None for f in verdict.findings):
            unnamed.append((one.key, two.key))
    assert len(unnamed) <= 1, unnamed
    assert both >= 6


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

    return plant.solution("batch_norm_backward", backward)


def test_two_mistakes_in_dx_are_named():
    """Of 20 pairs of choices that differ from the formula in two places, all but one."""
    choices = [(g, s, m, v) for g in G for s in S for m in MEAN for v in VAR]
    pairs = [c for c in choices if sum(map(bool, c)) == 2]
    unnamed = []
    for choice in random.Random(0).sample(pairs, 20):
        expected = {key for key in choice if key}
        found = set(judge(written(*choice), "batch_norm_backward", SEED).mistakes)
        if found not in (expected, {WHOLE.get(frozenset(expected))}):
            unnamed.append((choice, found))
    assert len(unnamed) <= 1, unnamed


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
            _, cache = BY_KEY[other].solution()["batch_norm_forward"](x, gamma, beta, eps)
            return affine(cache.xhat, cache.gamma, textbook.wide(beta, x)), cache

        solution = plant.solution("batch_norm_forward", forward)
        assert set(judge(solution, "batch_norm_forward", SEED).mistakes) == {key, other}


def test_each_result_is_judged_by_itself():
    """Mistakes in dx, dgamma and dbeta at once are three findings."""

    def backward(dy, cache):
        dx = BY_KEY["dx-mean-term-missing"].solution()["batch_norm_backward"](dy, cache)[0]
        return (
            dx,
            BY_KEY["dgamma-from-x"].solution()["batch_norm_backward"](dy, cache)[1],
            textbook.mean(dy).ravel(),
        )

    found = judge(plant.solution("batch_norm_backward", backward), "batch_norm_backward", SEED)
    assert set(found.mistakes) == {"dx-mean-term-missing", "dgamma-from-x", "dbeta-averaged"}


def test_a_mistake_that_would_spoil_a_right_result_is_not_named():
    """dgamma = dbeta is no exchange of the two, as dbeta is right; nor is one mean two means."""

    def backward(dy, cache):
        return textbook.batch_norm_backward(dy, cache)[0], textbook.total(dy), textbook.total(dy)

    dbeta = plant.solution("batch_norm_backward", backward)
    assert judge(dbeta, "batch_norm_backward", SEED).mistakes == ["dgamma-is-dbeta"]
    solution = plant.solution("batch_renorm_backward", {"dbeta": "dbeta = np.ravel(mean(dy))"})
    assert judge(solution, "batch_renorm_backward", SEED).mistakes == ["dbeta-averaged"]


def test_results_in_another_order_are_recognised():
    """Also where the shapes say the same."""

    def backward(dy, cache):
        dx, dgamma, dbeta = textbook.batch_norm_backward(dy, cache)
        return dgamma, dbeta, dx

    solution = plant.solution("batch_norm_backward", backward)
    [finding] = judge(solution, "batch_norm_backward", SEED).findings
    assert "in the order dgamma, dbeta, dx; expected dx, dgamma, dbeta" in finding.what
