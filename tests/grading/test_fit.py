"""Numbers that are written into a function: found out whatever they are, and only if they are."""

import numpy as np
import pytest

from brn_numpy import textbook
from brn_numpy.grading.diagnose import judge
from brn_numpy.grading.mistakes import MISTAKES, plant
from brn_numpy.grading.mistakes.fit import fit

NUMBERED = [m for m in MISTAKES if m.number is not None]
SEED = 4


def test_a_number_is_fitted():
    """From the smallest to the largest; none where no number gives what was seen."""
    x = np.array([2.0, -3.0, 5.0])
    for number in (2e-12, 1e-5, 0.37, 1.0):
        assert fit(lambda c: x / np.sqrt(1e-3 + c), x / np.sqrt(1e-3 + number)) == pytest.approx(
            number, rel=1e-3
        )
    assert fit(lambda c: x * c, -x) is None
    assert fit(lambda c: x * c, np.nan * x) is None
    assert fit(lambda c: x * c, x[:2]) is None


@pytest.mark.parametrize("number", [3.3e-6, 2.5e-4, 0.37])
@pytest.mark.parametrize("mistake", NUMBERED, ids=lambda m: m.key)
def test_a_mistake_is_named_with_its_number(mistake, number):
    """None of these is on the page."""
    lines = {
        name: text.replace("number", repr(number)) for name, text in mistake.open_lines.items()
    }
    verdict = judge(plant.solution(mistake.function, lines), mistake.function, SEED)
    assert verdict.mistakes == [mistake.key]
    if "{}" in mistake.title:
        assert mistake.title.format(f"{number:.3g}") in verdict.findings[0].what


def test_two_mistakes_one_of_which_has_a_number():
    """The number is fitted with the other mistake made."""
    lines = {"std": "std = np.sqrt(var + 2.5e-4)", "y": "y = gamma * (xhat + beta)"}
    verdict = judge(plant.solution("batch_norm_forward", lines), "batch_norm_forward", SEED)
    assert set(verdict.mistakes) == {"forward-eps-fixed", "forward-gamma-scales-beta"}
    assert any("0.00025 is written" in f.what for f in verdict.findings)


def without_eps(x, gamma, beta, eps):
    y, cache = textbook.batch_norm_forward(x, gamma, beta, 0.0)
    return y + 1, cache


def shifted(*arguments):
    return textbook.batch_norm_inference(*arguments) + 1


def shifted_in_images(x, *arguments):
    return textbook.batch_norm_inference(x, *arguments) + (x.ndim == 4)


@pytest.mark.parametrize(
    ("function", "wrong"),
    [
        ("batch_norm_forward", without_eps),
        ("batch_norm_inference", shifted),
        ("batch_norm_inference", shifted_in_images),
    ],
)
def test_rounding_is_no_number(function, wrong, deep):
    """What is 0 but for rounding is not said to be added, whatever the seed is."""
    for seed in range(15 if deep else 3):
        assert judge(plant.solution(function, wrong), function, seed).mistakes == []
