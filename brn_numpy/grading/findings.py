"""What is wrong with a function, put into words."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from .candidates import Candidate, candidates, observed, solution_with
from .catalogue import BY_KEY, Mistake
from .catalogue.entry import See
from .catalogue.lines import ELSEWHERE, ONLY
from .contract import CONTRACT, Solution
from .patterns import describe
from .properties import MATHEMATICS
from .seeing import shows
from .seen import Seen, close, differing, right
from .verdict import Finding, Verdict

REASONS = {
    "changed": "The array still belongs to the caller, who may need it.",
    "second call": "The same arguments must give the same results.",
    "shape": "{signature}",
    "dtype": "Results have the dtype of x; others lose digits, or mean something else.",
}


def of_candidate(candidate: Candidate, function: str, known: Collection[str] = ()) -> Finding:
    """Return the finding of a mistake; `known` are the keys of those that were found before."""
    text = candidate.mistake.told(candidate.constant)
    if not candidate.only:
        return of_mistake(candidate.mistake, function, text, known)
    text = f"For {candidate.only} only: {text[0].lower() + text[1:]}"
    found = of_mistake(candidate.mistake, function, text, known)
    solution = solution_with(function, candidate.planted)
    images = any(name in candidate.mistake.see.run for name in ("x4", "y4"))
    for see in (
        _elsewhere(ONLY[candidate.only, images], function),
        _see(candidate.mistake, function),
    ):
        if see is not None and shows(see, solution):
            return replace(found, line=see.line)
    return replace(found, line="")


def of_mistake(
    mistake: Mistake, function: str, text: str = "", known: Collection[str] = ()
) -> Finding:
    """Return the finding of a mistake, in its own function or in one that is written like it."""
    see, text = _see(mistake, function), text or mistake.told()
    if mistake.function == "renorm_correction" != function:
        text = (
            f"{'As in renorm_correction' if mistake.key in known else 'In the correction'}: {text}"
        )
    return Finding(text, mistake.why, see.line if see else "", mistake.key)


def _see(mistake: Mistake, function: str) -> See | None:
    """Return what shows a mistake in a function; None if there is no line for it there."""
    return mistake.see if mistake.function == function else _elsewhere(mistake.see, function)


def _elsewhere(see: See, function: str) -> See | None:
    return ELSEWHERE[function].get(see) if function in ELSEWHERE else see


def flaws(function: str, seen: Seen, seed: int) -> list[Finding]:
    """Name what is amiss with the arrays: of the wrong shape or dtype, or changed by the call."""
    left, findings = dict(seen.details), []
    for candidate in candidates(function):
        rival = observed(function, candidate.planted, seed)
        if rival is None or not rival.flaws or differing(rival, right(function, seed)):
            continue
        kinds = {kind for kind, _ in rival.flaws}
        mine = {flaw for flaw in left if flaw[0] in kinds}
        if rival.flaws <= set(left) or (kinds == {"second call"} and mine):
            findings.append(of_candidate(candidate, function))
            left = {flaw: text for flaw, text in left.items() if flaw not in mine}
    wrong = differing(seen, right(function, seed))
    for (kind, result), text in left.items():
        if kind != "shape" or result not in wrong:  # else its pattern says so
            reason = REASONS[kind].format(signature=CONTRACT[function].signature)
            findings.append(Finding(f"{text}.", reason))
    return findings


def of_blocks(verdicts: list[Verdict]) -> list[Finding]:
    """Return what is said of a function that is wrong as if it were built on wrong functions."""
    names = " and ".join(v.function for v in verdicts)
    text = f"It is wrong in the same way as {names} and right otherwise: mend that first."
    keys = [key for v in verdicts for key in v.mistakes]
    return [Finding(text, mistake=keys[0] if keys else None)]


def too_early(results: tuple[str, ...], forward: str) -> str:
    """Return that results cannot be judged with the cache of a wrong forward pass."""
    return (
        f"Not to be judged yet: {', '.join(results)}. With the cache of {forward}, which is wrong, "
        f"neither the right gradient nor that of {forward} comes out. Mend {forward} first."
    )


def in_another_order(seen: Seen, expected: Seen) -> Finding | None:
    """Return that all results are right, but not in their places; None if that is not so."""
    order = []
    for values in seen.values.values():
        mine = list(values.values())
        fits = [
            other
            for other, right_ones in expected.values.items()
            if len(mine) == len(right_ones) and all(map(close, mine, right_ones.values()))
        ]
        order += fits[:1]
    names = list(expected.values)
    if order == names or sorted(order) != sorted(names):
        return None
    return Finding(
        f"The results are right, but in the order {', '.join(order)}; expected {', '.join(names)}."
    )


def unknown(
    solution: Solution, function: str, results: tuple[str, ...], seen: Seen, seed: int
) -> list[Finding]:
    """Return what can be said of results that no mistake of the catalogue explains."""
    expected, findings, strange = right(function, seed), [], []
    for result in results:
        said = list(describe(function, result, seen, expected, seed))
        key = next((key for key, _ in said if key), None)
        if key is not None:
            text = next(text for k, text in said if k)
            findings.append(of_mistake(BY_KEY[key], function, text))
        else:
            findings.append(Finding(" ".join(text for _, text in said)))
            strange.append(result)
    fit = [r for r in strange if all(
        v.shape == expected.values[r][k].shape for k, v in seen.values[r].items())]  # fmt: skip
    return findings + (_violated(solution, function, fit, seed) if fit else [])


def _violated(solution: Solution, function: str, results: list[str], seed: int) -> list[Finding]:
    """Return a property of a correct function that this one does not have.

    One that fails in a result which is wrong comes before one that fails elsewhere.
    """
    found: list[tuple[bool, Finding]] = []
    for prop in MATHEMATICS:
        if prop.uses[-1] == function and prop.applies_to(solution):
            text = prop(solution, seed)
            if text is not None and "nan" not in text and "inf" not in text:
                told = any(f"{result}" in text for result in results)
                finding = Finding(f"Not so here: {prop.statement}", f"In numbers, {text}.")
                found.append((told, finding))
    found.sort(key=lambda f: not f[0])
    return [finding for _, finding in found[:1]]
