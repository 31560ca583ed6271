"""Judge one function of a student's solution, by itself, and say what is wrong with it.

A backward pass needs a cache, which only the student's own forward pass makes. If that is wrong,
the backward pass is right all the same if it is the gradient of that forward pass, or if it gives
what the right formula gives with what that forward pass has stored.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from .candidates import candidates, observed, right_after
from .catalogue import BY_KEY
from .contract import CONTRACT, FORWARD_OF, Solution
from .edges import note_on_edges
from .naming import name
from .own_forward import is_gradient_of_own_forward
from .patterns import describe
from .properties import MATHEMATICS
from .results import Failure, tidy
from .seen import Seen, differing, look, right

PASSED, FAILED, NOT_STARTED, NOT_JUDGED = "passed", "failed", "not started", "not judged"


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong: what was computed, why that is wrong, and how to see it."""

    what: str
    why: str = ""
    line: str = ""
    topic: str = ""
    mistake: str | None = None


@dataclass(frozen=True)
class Verdict:
    """What is said of one function. A passed one may have notes."""

    function: str
    status: str
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()
    candidate: int | None = field(default=None, compare=False)  # if one mistake explains it all

    @property
    def mistake(self) -> str | None:
        """The key of the first finding that has one."""
        return next((f.mistake for f in self.findings if f.mistake), None)


def judge(
    solution: Solution, function: str, seed: int, before: Mapping[str, Verdict] | None = None
) -> Verdict:
    """Judge a function; `before` are the verdicts on those that were judged already."""
    before = before or {}
    if function not in solution:
        return Verdict(function, NOT_STARTED)
    forward = FORWARD_OF.get(function)
    if forward is not None:
        early = _without_cache(solution, function, before.get(forward))
        if early is not None:
            return early
    listed: set[str] = set()
    tidied = tidy(solution, listed)
    try:
        with np.errstate(all="ignore"):
            seen = look(tidied, function, seed)
    except Failure as failure:
        if failure.not_started:
            return Verdict(function, NOT_STARTED)
        return Verdict(function, FAILED, (Finding(str(failure)),))
    except Exception as error:  # of a solution that runs in this process
        if isinstance(error, NotImplementedError):
            return Verdict(function, NOT_STARTED)
        text = " ".join(f"{type(error).__name__}: {error}".split())
        return Verdict(function, FAILED, (Finding(text),))
    notes = (
        [f"{', '.join(sorted(listed))}: return an array, and not a list or a number."]
        if listed
        else []
    )
    with np.errstate(all="ignore"):
        return _compared(tidied, function, seen, seed, before, notes)


def _without_cache(solution: Solution, function: str, forward: Verdict | None) -> Verdict | None:
    """Return the verdict on a backward pass whose forward pass makes no cache; None if it does."""
    name = FORWARD_OF[function]
    if name in solution and (forward is None or forward.status in (PASSED, FAILED)):
        return None
    try:
        solution[function](np.ones((2, 3)), None)
    except NotImplementedError:
        return Verdict(function, NOT_STARTED)
    except Failure as failure:
        if failure.not_started:
            return Verdict(function, NOT_STARTED)
    except Exception:  # it got no cache: that it fails says nothing
        pass
    return Verdict(function, NOT_JUDGED, (Finding(f"It needs the cache of {name}."),))


def _compared(
    solution: Solution,
    function: str,
    seen: Seen,
    seed: int,
    before: Mapping[str, Verdict],
    notes: list[str],
) -> Verdict:
    expected, planted = right(function, seed), None
    findings = [] if not seen.flaws else _flaws(function, seen, seed)
    forward = before.get(FORWARD_OF.get(function, ""))
    wrong = differing(seen, expected)
    if wrong and forward is not None and forward.status == FAILED:
        planted = forward.candidate
        if planted is not None and not differing(seen, right_after(function, planted, seed)):
            wrong = []
            notes.append(
                f"Judged with your own {forward.function}, which is wrong: this is the right "
                "formula, applied to what that one stores."
            )
        elif is_gradient_of_own_forward(solution, function, seed):
            wrong = []
            notes.append(
                f"Judged with your own {forward.function}, which is wrong: this is its gradient."
            )
        elif planted is not None:
            expected = right_after(function, planted, seed)
    if not wrong and not findings:
        if not differing(seen, expected):
            notes += note_on_edges(solution, function, seed)
        return Verdict(function, PASSED, notes=tuple(notes))
    candidate = None
    if wrong:
        known = frozenset(v.mistake for v in before.values() if v.mistake)
        named = name(function, seen, expected, seed, planted, known)
        findings += [
            _catalogued(candidates(function)[n].mistake.key, function) for n in named.numbers
        ]
        if len(named.numbers) == 1 and not named.unexplained:
            candidate = named.numbers[0]
        unknown: list[Finding] = []
        for result in named.unexplained:
            unknown += _unknown(function, result, seen, expected, seed)
        findings += unknown
        if any(f.mistake is None for f in unknown):
            findings += _violated(solution, function, seed)
    return Verdict(function, FAILED, tuple(findings), tuple(notes), candidate)


def _catalogued(key: str, function: str, text: str = "") -> Finding:
    """Return the finding of a mistake of the catalogue."""
    mistake = BY_KEY[key]
    if mistake.function == function:
        return Finding(text or mistake.title, mistake.why, mistake.line, mistake.topic, key)
    if mistake.function == "renorm_correction":
        return Finding(
            f"r and d are wrong, as in renorm_correction: {mistake.title}",
            mistake.why, mistake.line, mistake.topic, key,
        )  # fmt: skip
    return Finding(text or mistake.title, mistake.why, "", mistake.topic, key)


def _flaws(function: str, seen: Seen, seed: int) -> list[Finding]:
    """Name what is amiss with the arrays: of the wrong shape or dtype, or changed by the call."""
    left, findings = dict(seen.details), []
    for number, candidate in enumerate(candidates(function)):
        rival = observed(function, number, seed)
        if rival is None or differing(rival, right(function, seed)):
            continue
        kinds = {kind for kind, _ in rival.flaws}
        mine = {flaw for flaw in left if flaw[0] in kinds}
        if rival.flaws and (rival.flaws <= set(left) or (kinds == {"second call"} and mine)):
            findings.append(_catalogued(candidate.mistake.key, function))
            left = {flaw: text for flaw, text in left.items() if flaw not in mine}
    reasons = {
        "changed": "The array still belongs to the caller, who may need it.",
        "second call": "The same arguments must give the same results.",
        "shape": CONTRACT[function].signature,
        "dtype": "Results have the dtype of x; anything else loses digits.",
    }
    wrong = differing(seen, right(function, seed))
    for (kind, result), text in left.items():
        if kind != "shape" or result not in wrong:  # else its pattern says so
            findings.append(Finding(f"{text}.", reasons[kind], topic="arrays"))
    return findings


def _unknown(function: str, result: str, seen: Seen, expected: Seen, seed: int) -> list[Finding]:
    """Return what can be said of a result that no mistake of the catalogue explains."""
    found = list(describe(function, result, seen.values[result], expected.values[result], seed))
    for key, text in found:
        if key is not None:
            return [_catalogued(key, function, text)]
    return [Finding(" ".join(text for _, text in found))]


def _violated(solution: Solution, function: str, seed: int) -> list[Finding]:
    """Return the first property of a correct function that this one does not have."""
    for prop in MATHEMATICS:
        if prop.uses[-1] == function and prop.applies_to(solution):
            text = prop(solution, seed)
            if text is not None:
                return [Finding(f"Not so here: {prop.statement}", f"In numbers, {text}.")]
    return []
