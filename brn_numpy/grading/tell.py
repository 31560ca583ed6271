"""What is wrong with a function, put into words: what was computed, why that is wrong, a line."""

from __future__ import annotations

from collections.abc import Mapping

from .._checks import Array
from .contract import CONTRACT
from .mistakes.candidates import Candidate, candidates, observed
from .observe import Seen, close, differing, right
from .see import see_for
from .verdict import Finding, Verdict

REASONS = {
    "changed": "The array still belongs to the caller, who may need it.",
    "second call": "The same arguments must give the same results.",
    "shape": "{signature}",
    "dtype": "Results have the dtype of x; others lose digits, or mean something else.",
}


def of_mistake(
    candidate: Candidate, function: str, known: Mapping[str, str] | None = None
) -> Finding:
    """Return the finding of a mistake; `known` has the functions of those that were found before.

    What was explained once is only named again.
    """
    mistake, text = candidate.mistake, candidate.title
    if known and mistake.key in known:
        return Finding(f"As in {known[mistake.key]}: {text}", mistake=mistake.key)
    if mistake.function == "renorm_correction" != function:
        text = f"In the correction: {text}"
    return Finding(text, mistake.why, see_for(candidate, function), mistake.key)


def of_arrays(function: str, seen: Seen, seed: int) -> list[Finding]:
    """Name what is amiss with the arrays: of the wrong shape or dtype, or changed by the call."""
    left, findings = dict(seen.details), []
    for candidate in candidates(function):
        rival = observed(function, candidate.lines, seed)
        if rival is None or not rival.flaws or differing(rival, right(function, seed)):
            continue
        kinds = {kind for kind, _ in rival.flaws}
        mine = {flaw for flaw in left if flaw[0] in kinds}
        if rival.flaws <= set(left) or (kinds == {"second call"} and mine):
            findings.append(of_mistake(candidate, function))
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


def too_early(results: tuple[str, ...], forward: str) -> Finding:
    """Return that results cannot be judged with the cache of a wrong forward pass."""
    return Finding(
        f"Not to be judged yet: {', '.join(results)}. {forward} is wrong, and so may be its cache. "
        f"Mend {forward} first."
    )


def in_another_order(seen: Seen, expected: Seen) -> Finding | None:
    """Return that all results are right, but not in their places; None if that is not so."""
    order = []
    for mine in seen.values.values():
        fits = [
            name
            for name, other in expected.values.items()
            if all(map(_alike, mine.values(), other.values()))
        ]
        order += fits[:1]
    names = list(expected.values)
    if order == names or sorted(order) != sorted(names):
        return None
    return Finding(
        f"The results are right, but in the order {', '.join(order)}; expected {', '.join(names)}."
    )


def _alike(a: Array, b: Array) -> bool:
    return a.size == b.size and close(a.reshape(b.shape), b)  # (1, C) is (C,) here
