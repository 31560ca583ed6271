"""The table of mistakes as a text: keys, sentences, and the lines that a student runs."""

import re
from collections import Counter

import numpy as np
import pytest

from brn_numpy.grading.candidates import candidates, solution_with
from brn_numpy.grading.catalogue import BY_KEY, MISTAKES, SAME
from brn_numpy.grading.contract import CONTRACT, REFERENCE
from brn_numpy.grading.findings import of_candidate
from brn_numpy.grading.naming import spoilt
from brn_numpy.grading.probe import make_probe
from brn_numpy.grading.seeing import names_for

SEEDS = range(2)
WITHOUT = {  # no sum or mean over all shows these, made in this place only
    ("forward-per-image", "the mean"),
    ("dx-means-per-position", "the term of the mean"),
}


def test_the_table_is_whole():
    """Keys and titles are there once, every function has mistakes and another right road."""
    assert len(BY_KEY) == len(MISTAKES)
    assert {(m.function, m.verdict) for m in MISTAKES} == {
        (function, verdict) for function in CONTRACT for verdict in ("wrong", "equal")
    }
    titles = Counter((m.function, m.title) for m in MISTAKES)
    assert max(titles.values()) == 1
    assert all(pair <= set(BY_KEY) and len(pair) == 2 and reason for pair, reason in SAME.items())


def test_the_texts_are_sentences_on_one_line():
    """A key in kebab-case, a title and a reason that end with a full stop, a plain topic."""
    for mistake in MISTAKES:
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", mistake.key)
        for text in (mistake.title, mistake.why):
            assert text == text.strip()
            assert text.endswith(".")
            assert "\n" not in text
            assert 10 < len(text) <= 110
        assert re.fullmatch(r"[a-z ]+", mistake.topic)
        assert mistake.why.startswith("Correct") == (mistake.verdict == "equal"), mistake.key


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
    """Run with the planted solution the two values differ, with the reference they agree."""
    for seed in SEEDS:
        for solution, right in (
            (REFERENCE, True),
            (mistake.solution(), mistake.verdict != "wrong"),
        ):
            run, should_be = (
                eval(expression, names_for(solution, make_probe(seed)))
                for expression in mistake.see
            )
            assert alike(run, should_be) == right, f"{run} should be {should_be}"


@pytest.mark.parametrize("function", CONTRACT)
def test_the_line_shows_a_mistake_made_elsewhere_or_in_one_place_only(function):
    """It is another line than that of the whole mistake in its own function."""
    for candidate in candidates(function):
        own = candidate.mistake.function == function and not candidate.only
        if own or not spoilt(function, candidate.planted, 0):
            continue
        finding = of_candidate(candidate, function)
        assert (f"For {candidate.only} only: " in finding.what) == bool(candidate.only)
        if not finding.line:
            about = candidate.mistake.key, candidate.only
            assert about in WITHOUT or candidate.mistake.function != function
            continue
        expressions = finding.line.removeprefix("print(").removesuffix(")").split(", 'should be', ")
        for solution, right in (
            (REFERENCE, True),
            (solution_with(function, candidate.planted), False),
        ):
            run, should_be = (eval(e, names_for(solution, make_probe(0))) for e in expressions)
            assert alike(run, should_be) == right, (candidate.mistake.key, candidate.only)


def test_the_line_is_one_line_that_prints_both_values(capsys):
    """It is Python as it stands."""
    for mistake in MISTAKES:
        assert "\n" not in mistake.line
        exec(mistake.line, names_for(mistake.solution(), make_probe(0)))
        assert " should be " in capsys.readouterr().out, mistake.key


def test_a_solution_may_be_in_parts():
    """A student who has only BN's forward pass has its names, and no others."""
    names = names_for({"batch_norm_forward": REFERENCE["batch_norm_forward"]}, make_probe(0))
    assert {"y", "cache", "y4", "cache4", "x", "xhat", "np", "batch_norm_forward"} <= set(names)
    assert not {"renorm_y", "batch_norm_backward"} & set(names)
