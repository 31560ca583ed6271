"""The table of mistakes as a text: keys, sentences, and the lines that a student runs."""

import re
from collections import Counter

import numpy as np
import pytest
from grading_cases import SAME

from brn_numpy.grading.contract import CONTRACT, CORRECT
from brn_numpy.grading.mistakes import BY_KEY, MISTAKES, plant
from brn_numpy.grading.mistakes.candidates import ONLY, candidates
from brn_numpy.grading.name import spoilt
from brn_numpy.grading.probe import make_probe
from brn_numpy.grading.see import names_for
from brn_numpy.grading.tell import of_mistake

SEEDS = range(2)
WITHOUT = {  # no sum or mean over all shows these, made in this place only
    ("forward-per-image", "the mean"),
    ("forward-instance-norm", "the mean"),
    ("dx-means-per-position", "the term of the mean"),
}


def test_the_table_is_whole():
    """Keys and titles are there once, every function has mistakes and another right road."""
    assert len(BY_KEY) == len(MISTAKES)
    assert {(m.function, m.equal) for m in MISTAKES} == {
        (function, equal) for function in CONTRACT for equal in (False, True)
    }
    titles = Counter((m.function, m.title) for m in MISTAKES)
    assert max(titles.values()) == 1
    assert all(pair <= set(BY_KEY) and len(pair) == 2 for pair in SAME)


def test_the_texts_are_sentences_on_one_line():
    """A key in kebab-case, a title and a reason that end with a full stop, a plain topic."""
    for mistake in MISTAKES:
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", mistake.key)
        for text in (mistake.title, mistake.why):
            assert text == text.strip()
            assert text.endswith(".")
            assert "\n" not in text
            assert 10 < len(text) <= 110
        assert mistake.why.startswith("Correct") == mistake.equal, mistake.key


def alike(a, b):
    """Return whether two values agree: shape, dtype and, for numbers, 1e-4 of the largest."""
    a, b = np.asarray(a), np.asarray(b)
    if a.shape != b.shape:
        return False
    if a.dtype.kind in "iuf" and b.dtype.kind in "iuf":
        return bool(np.abs(a - b).max() <= 1e-4 * max(1, np.abs(b).max()))
    return bool((a == b).all())


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda m: m.key)
def test_the_line_shows_the_mistake(mistake):
    """Run with the planted solution the two values differ, with the textbook they agree."""
    for seed in SEEDS:
        for solution, right in (
            (CORRECT, True),
            (mistake.solution(), mistake.equal),
        ):
            names = names_for(solution, make_probe(seed))
            run, should_be = (eval(e, names) for e in (mistake.see.run, mistake.see.should_be))
            assert alike(run, should_be) == right, f"{run} should be {should_be}"


@pytest.mark.parametrize("function", CONTRACT)
def test_the_line_shows_a_mistake_made_elsewhere_or_in_one_place_only(function):
    """It is another line than that of the whole mistake in its own function."""
    for candidate in candidates(function):
        own = candidate.mistake.function == function and not candidate.only
        if own or not spoilt(function, candidate.lines, 0):
            continue
        finding = of_mistake(candidate, function)
        place = candidate.only and ONLY[candidate.only][0]
        assert (f"For {place} only: " in finding.what) == bool(place)
        if not finding.line:
            about = candidate.mistake.key, place
            assert about in WITHOUT or candidate.mistake.function != function
            continue
        expressions = finding.line.removeprefix("print(").removesuffix(")").split(", 'should be', ")
        for solution, right in (
            (CORRECT, True),
            (plant.solution(function, dict(candidate.lines)), False),
        ):
            names = names_for(solution, make_probe(0))
            run, should_be = (eval(e, names) for e in expressions)
            assert alike(run, should_be) == right, (candidate.mistake.key, candidate.only)


def test_the_line_is_one_line_that_prints_both_values(capsys):
    """It is Python as it stands."""
    for mistake in MISTAKES:
        assert "\n" not in mistake.see.line
        exec(mistake.see.line, names_for(mistake.solution(), make_probe(0)))
        assert " should be " in capsys.readouterr().out, mistake.key


def test_a_solution_may_be_in_parts():
    """A student who has only BN's forward pass has its names, and no others."""
    names = names_for({"batch_norm_forward": CORRECT["batch_norm_forward"]}, make_probe(0))
    assert {"y", "cache", "y4", "cache4", "x", "xhat", "np", "batch_norm_forward"} <= set(names)
    assert not {"renorm_y", "batch_norm_backward"} & set(names)
