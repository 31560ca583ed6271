"""The diagnosis, in this process: right solutions pass, mistakes are named, others described."""

import numpy as np
import pytest
from grading_cases import RIGHT, SAME, changed, verdicts

from brn_numpy import textbook
from brn_numpy.grading.contract import CONTRACT, FORWARD_OF
from brn_numpy.grading.diagnose import FAILED, NOT_JUDGED, NOT_STARTED, PASSED, judge
from brn_numpy.grading.mistakes import BY_KEY, MISTAKES, plant

WRONG = [m for m in MISTAKES if not m.equal]
SEED = 4


@pytest.mark.parametrize("name", RIGHT)
def test_right_solutions_have_full_marks(name):
    """In ten styles, three seeds each."""
    for seed in range(3):
        found = verdicts(RIGHT[name], seed)
        assert {v.status for v in found.values()} == {PASSED}, found


@pytest.mark.parametrize("mistake", WRONG, ids=lambda m: m.key)
def test_a_mistake_is_named(mistake):
    """It fails its function, is named, and what only depends on it does not fail."""
    follows = {"batch_renorm_forward"} if mistake.function == "renorm_correction" else set()
    behind = {back for back, forward in FORWARD_OF.items() if forward == mistake.function}
    found = {}
    for name in CONTRACT:
        if name in {mistake.function} | follows | behind:
            found[name] = judge(mistake.solution(), name, SEED, found)
    verdict = found[mistake.function]
    assert verdict.status == FAILED
    alike = next((set(pair) for pair in SAME if mistake.key in pair), {mistake.key})
    assert len(verdict.mistakes) == 1 and set(verdict.mistakes) <= alike
    assert verdict.findings[0].line == BY_KEY[verdict.mistake].see.line and verdict.findings[0].seen
    failed = {name for name, v in found.items() if v.status == FAILED}
    assert failed == {mistake.function} | follows


def unknown(function, change):
    """Return what is said of the textbook's function with its results changed."""
    right = plant.solution()[function]

    def changed(*arguments):
        return change(right(*arguments))

    verdict = judge(plant.solution(function, changed), function, SEED)
    assert verdict.status == FAILED
    return " ".join(f.what + f.why for f in verdict.findings)


@pytest.mark.parametrize(
    ("function", "change", "says"),
    [
        ("batch_norm_backward", lambda r: (3.5 * r[0], *r[1:]), "dx is the right value times 3.5"),
        ("batch_norm_backward", lambda r: (np.nan * r[0], *r[1:]), "42 of 42 values of dx are NaN"),
        ("batch_norm_backward", lambda r: (0 * r[0], *r[1:]), "dx is 0 everywhere"),
        ("batch_norm_backward", lambda r: (r[0][:-1], *r[1:]), "dx has shape (6, 6), expected (7"),
        (
            "batch_norm_backward",
            lambda r: (r[0] ** 3, *r[1:]),
            "something in it besides its three terms",
        ),
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
        ("update_running", lambda r: (r[0], r[1] * (1 + 1e-7)), "right in 6 digits only"),
        ("renorm_correction", lambda r: (r[0] * np.float64("inf"), r[1]), "of r are infinite"),
        ("batch_norm_backward", lambda r: (np.round(r[0], 3), *r[1:]), "rounded to 3 decimals"),
        ("batch_norm_backward", lambda r: (r[0], r[1], r[1]), "in the right order?"),
        ("batch_norm_backward", lambda r: (np.nan * r[0], *r[1:]), "the root of a negative number"),
    ],
)
def test_unknown_mistakes_are_described(function, change, says):
    """Where, by which factor or pattern, and which property fails."""
    assert says in unknown(function, change)


def test_numbers_written_into_a_function_are_named_whatever_they_are():
    """Another momentum, another eps than those of the page: the same mistakes."""
    solution = plant.solution(
        "update_running", lambda m, s, mb, sb, a: (0.9 * m + 0.1 * mb, 0.9 * s + 0.1 * sb)
    )
    verdict = judge(solution, "update_running", SEED)
    assert verdict.mistakes == ["running-momentum-ignored"]
    assert "the weight of the new value is always 0.1" in verdict.findings[0].what

    def forward(x, gamma, beta, eps):
        return textbook.batch_norm_forward(x, gamma, beta, 1e-3)

    verdict = judge(plant.solution("batch_norm_forward", forward), "batch_norm_forward", SEED)
    assert verdict.mistakes == ["forward-eps-fixed"]
    assert "0.001 is written into the function" in verdict.findings[0].what


def test_stubs_and_parts():
    """One function done: the others are not started, or wait for their forward pass."""

    def stub(*arguments):
        raise NotImplementedError

    solution = dict.fromkeys(CONTRACT, stub)
    assert {v.status for v in verdicts(solution, SEED).values()} == {NOT_STARTED}
    done = {"update_running": textbook.update_running}
    found = verdicts(solution | done, SEED)
    assert [n for n, v in found.items() if v.status == PASSED] == ["update_running"]
    assert {v.status for n, v in found.items() if n not in done} == {NOT_STARTED}
    early = solution | {"batch_norm_backward": textbook.batch_norm_backward}
    assert verdicts(early, SEED)["batch_norm_backward"].status == NOT_JUDGED


def test_a_function_for_rows_only_is_half_the_way():
    """An exception for images is told as such; one for rows, too, is not."""
    solution = changed("rows", "batch_norm_forward", "to_rows(x)", "x")
    verdict = judge(solution, "batch_norm_forward", SEED)
    assert "right for x of (N, C), but not for images: ValueError" in verdict.findings[0].what
    solution = changed("rows", "batch_norm_forward", "to_rows(x)", "x @ x")
    verdict = judge(solution, "batch_norm_forward", SEED)
    assert verdict.findings[0].what.startswith("ValueError")


def test_one_factor_comes_before_two_mistakes():
    """dx with dy for m * dy is one thing, and not two that contradict each other."""
    solution = changed("keepdims", "batch_norm_backward", "(M * dy - s1", "(dy - s1")
    verdict = judge(solution, "batch_norm_backward", SEED)
    assert "the direct term is the right one divided by m" in verdict.findings[0].what
    assert verdict.mistakes == []


def test_an_exception_about_the_cache_points_to_the_forward_pass():
    """A key that the forward pass does not store."""
    solution = changed("keepdims", "batch_norm_backward", '"var", ', '"variance", ')
    verdict = verdicts(solution, SEED)["batch_norm_backward"]
    assert "KeyError: 'variance'" in verdict.findings[0].what
    assert "is it what batch_norm_forward puts into the cache?" in verdict.findings[0].what


def test_notes_teach():
    """The one-pass variance, and a division by gamma, pass with a note."""
    one_pass = judge(BY_KEY["variance-in-one-pass"].solution(), "batch_norm_forward", SEED)
    assert one_pass.status == PASSED and "Far from zero" in one_pass.notes[0]
    undone = judge(BY_KEY["dgamma-from-y-undone"].solution(), "batch_norm_backward", SEED)
    assert undone.status == PASSED and "Where gamma is 0" in undone.notes[0]
    for old, new in (
        ("/ np.sqrt(var + eps)", "/ np.sqrt(var) * (np.sqrt(var) / np.sqrt(var + eps))"),
        ("    var = ", "    1 / np.ptp(x, axis=axes).min()\n    var = "),
    ):
        solution = changed("keepdims", "batch_norm_forward", old, new)
        flat = judge(solution, "batch_norm_forward", SEED)
        note = "For a constant channel it is wrong"
        assert flat.status == PASSED and (note in "".join(flat.notes)) == ("ptp" not in new)


def test_a_forward_pass_that_does_nothing():
    """Is said to be x itself; a factor and a mean would say the same in more words."""
    solution = {"batch_norm_forward": lambda x, gamma, beta, eps: (x.copy(), None)}
    [finding] = judge(solution, "batch_norm_forward", SEED).findings
    assert finding.what == "y is x itself."
