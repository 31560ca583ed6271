"""A wrong forward pass, and the backward pass after it; a wrong function that others call."""

import numpy as np
import pytest
from grading_cases import changed, source, verdicts

from brn_numpy import textbook
from brn_numpy.grading.diagnose import FAILED, NOT_JUDGED, PASSED, judge
from brn_numpy.grading.mistakes import BY_KEY, plant

SEED = 4


@pytest.mark.parametrize(
    "key", ["forward-variance-unbiased", "forward-eps-missing", "forward-over-everything"]
)
def test_the_right_formula_passes_with_what_a_wrong_forward_pass_stores(key):
    """And the report says so."""
    found = verdicts(BY_KEY[key].solution(), SEED)["batch_norm_backward"]
    assert found.status == PASSED
    assert "your own batch_norm_forward, which is wrong" in found.notes[0]


def test_the_gradient_of_a_wrong_forward_pass_passes():
    """It is no mistake of the page."""

    def forward(x, gamma, beta, eps):
        return textbook.batch_norm_forward(x, 3 * gamma, 7 - beta, eps)

    def backward(dy, cache):
        dx, dgamma, dbeta = textbook.batch_norm_backward(dy, cache)
        return dx, 3 * dgamma, -dbeta

    solution = plant.solution("batch_norm_forward", forward)
    found = verdicts(solution | {"batch_norm_backward": backward}, SEED)
    assert found["batch_norm_forward"].status == FAILED
    assert found["batch_norm_backward"].status == PASSED
    assert "this is its gradient" in found["batch_norm_backward"].notes[0]


def test_the_gradient_of_a_trivial_forward_pass_is_no_exercise():
    """y = x with dx = dy is consistent, and worth nothing."""
    solution = {
        "batch_norm_forward": lambda x, gamma, beta, eps: (x.copy(), None),
        "batch_norm_backward": lambda dy, cache: (dy.copy(), np.zeros(6), np.zeros(6)),
    }
    assert verdicts(solution, SEED)["batch_norm_backward"].status != PASSED


@pytest.mark.parametrize(
    ("style", "old", "new"),
    [
        ("graph", "vareps = var + eps", "vareps = var"),
        ("graph", "sqrtvar = np.sqrt(vareps)", "sqrtvar = vareps"),
        ("graph", "xhat = xmu * ivar", "xhat = a * ivar"),
        ("graph", "ivar = 1.0 / sqrtvar", "ivar = 1.0 / N"),
        ("graph", "var = sumsq / N", "var = sumsq / (N - 1)"),
        ("keepdims", "(x - mean) / np.sqrt(var + eps)", "x - mean"),
        ("keepdims", "np.sqrt(var + eps)", "(np.sqrt(var) + eps)"),
        ("keepdims", "np.sqrt(var + eps)", "np.sqrt(var ** 1.5 + eps)"),
        ("keepdims", "y = g * x_norm + b", "y = g * x_norm"),
        ("loops", "channel(x, c), eps)", "channel(x, c), 3 * eps)"),
    ],
)
def test_whatever_the_cache_has_in_it(style, old, new):
    """The backward pass is right once the forward pass is: it uses some of the wrong numbers."""
    found = verdicts(changed(style, "batch_norm_forward", old, new), SEED)
    assert found["batch_norm_forward"].status == FAILED
    assert found["batch_norm_backward"].status == PASSED, found["batch_norm_backward"]


@pytest.mark.parametrize(
    ("style", "old", "new"),
    [
        ("graph", "xhat = z * r + d", "xhat = z + d"),
        ("graph", "z = xmu / sigma", "z = xmu / running_std"),
        ("graph", "sigma = np.sqrt(var + eps)", "sigma = np.sqrt(var) + eps"),
        ("graph", "    z = xmu", "    r = r ** 1.5\n    z = xmu"),
        ("keepdims", "axis=axes", "axis=1"),
    ],
)
def test_so_it_is_in_batch_renormalization(style, old, new):
    """Also if r or d is wrong, or the axis, where the formula is written by another road."""
    found = verdicts(changed(style, "batch_renorm_forward", old, new), SEED)
    assert found["batch_renorm_forward"].status == FAILED
    assert found["batch_renorm_backward"].status == PASSED, found["batch_renorm_backward"]


@pytest.mark.parametrize("back", [np.float32, float])
def test_a_forward_pass_in_float32_leaves_few_digits(back):
    """Which is no mistake of the backward pass, whatever y is in the end."""
    solution = plant.solution()
    own = solution["batch_norm_forward"]

    def forward(*given):
        y, cache = own(*(np.float32(a) for a in given))
        return y.astype(back), cache

    verdict = verdicts(solution | {"batch_norm_forward": forward}, SEED)["batch_norm_backward"]
    assert verdict.status == PASSED, verdict
    assert "right in the digits" in verdict.notes[0]


def test_mistakes_of_the_backward_pass_are_named_after_a_wrong_forward_pass():
    """With a note that the cache may be wrong."""
    solution = changed("keepdims", "batch_norm_forward", "np.sqrt(var + eps)", "np.sqrt(var)")
    broken = changed("keepdims", "batch_norm_backward", "M * dy - s1 -", "M * dy -")
    found = verdicts(solution | {"batch_norm_backward": broken["batch_norm_backward"]}, SEED)
    verdict = found["batch_norm_backward"]
    assert verdict.mistakes == ["dx-mean-term-missing"]
    assert "which is wrong" in verdict.notes[0]


def test_what_cannot_be_told_is_not_judged():
    """No mistake is blamed on a backward pass whose forward pass stores nobody knows what."""
    solution = changed(
        "keepdims", "batch_norm_forward", "np.var(x, axis=axes, keepdims=True)", "np.exp(x)"
    )
    verdict = verdicts(solution, SEED)["batch_norm_backward"]
    assert verdict.status == NOT_JUDGED
    assert "Mend batch_norm_forward first" in verdict.findings[0].what
    solution = changed("keepdims", "batch_norm_forward", "    return y, cache", "    return y")
    verdict = verdicts(solution, SEED)["batch_norm_backward"]
    assert verdict.status == NOT_JUDGED
    assert "It needs the cache of batch_norm_forward, which fails" in verdict.findings[0].what


def test_statistics_computed_anew_are_right_after_a_wrong_forward_pass():
    """Of a forward pass without eps, the backward pass takes r and d alone."""
    solution = changed(
        "keepdims", "batch_renorm_forward", "keepdims=True) + eps)", "keepdims=True))",
        '"axes": axes}', '"axes": axes, "eps": eps}',
    )  # fmt: skip
    text = source(
        "keepdims", "batch_renorm_backward", '    x_hat = cache["x_hat"]\n',
        '    std = np.sqrt(np.var(x, axis=axes, keepdims=True) + cache["eps"])\n'
        '    x_hat = (x - mean) / std * r + cache["d"]\n',
    )  # fmt: skip
    names = {}
    exec(text, names)
    forward = solution["batch_renorm_forward"]

    def with_d(x, gamma, beta, m, s, r_max, d_max, eps):
        y, cache = forward(x, gamma, beta, m, s, r_max, d_max, eps)
        shape = cache["mean"].shape
        d = (cache["mean"] - m.reshape(shape)) / s.reshape(shape)
        return y, cache | {"d": np.clip(d, -d_max, d_max)}

    own = {"batch_renorm_forward": with_d, "batch_renorm_backward": names["batch_renorm_backward"]}
    found = verdicts(solution | own, SEED)
    assert found["batch_renorm_forward"].status == FAILED
    assert found["batch_renorm_backward"].status == PASSED, found["batch_renorm_backward"]


def test_a_gradient_through_the_correction_is_none_after_any_forward_pass():
    """A wrong forward pass, of a known mistake or not, does not make it right."""
    keys = [f"renorm-gradient-through-{way}" for way in ("r-and-d", "r", "d")]

    def bent(*arguments):
        y, cache = textbook.batch_renorm_forward(*arguments)
        return 2 * y, type(cache)(**{**vars(cache), "gamma": 2 * cache.gamma})

    for forward in (BY_KEY["renorm-d-missing"].solution()["batch_renorm_forward"], bent):
        solution = plant.solution("batch_renorm_forward", forward)
        before = {name: judge(solution, name, SEED) for name in ("batch_renorm_forward",)}
        assert judge(solution, "batch_renorm_backward", SEED, before).status == PASSED
        for key in keys:
            wrong = solution | {k: v for k, v in BY_KEY[key].solution().items() if "_back" in k}
            assert judge(wrong, "batch_renorm_backward", SEED, before).status != PASSED


def test_a_function_that_is_right_but_for_another_one_says_so():
    """BRN built on a wrong correction, or on a wrong BN of no known mistake."""
    solution = changed("graph", "renorm_correction", "np.clip(shift", "np.clip(shift**3")
    verdict = verdicts(solution, SEED)["batch_renorm_forward"]
    assert verdict.status == FAILED and len(verdict.findings) == 1
    assert (
        "wrong in the same way as renorm_correction and right otherwise" in verdict.findings[0].what
    )
    solution = changed("rows", "batch_norm_backward", "dxc + dmu / m", "dxc + dmu**3 / m")
    verdict = verdicts(solution, SEED)["batch_renorm_backward"]
    assert (
        "wrong in the same way as batch_norm_backward and right otherwise"
        in verdict.findings[0].what
    )
    solution = changed("graph", "renorm_correction", "np.clip(ratio, 1 / r_max, r_max)", "ratio")
    verdict = verdicts(solution, SEED)["batch_renorm_forward"]
    assert verdict.mistakes == ["r-not-clipped"]
    assert "As in renorm_correction" in verdict.findings[0].what
