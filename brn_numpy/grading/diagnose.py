"""Judge one function of a student's solution, by itself, and say what is wrong with it.

A backward pass needs a cache, which only the student's own forward pass makes. If that is wrong,
the backward pass may be right all the same, see `after_forward`; if that cannot be told, it is not
judged.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from . import tell
from .after_forward import GRADIENT, right_after_it
from .blame import built_on, kept_elsewhere
from .caches import forwards
from .contract import FORWARD_OF, Solution
from .describe import unknown
from .edges import note_on_edges
from .images import for_rows_only, right_for_rows
from .name import name
from .observe import Seen, differing, look, right
from .see import shown
from .tidy import Failure, tidy
from .verdict import FAILED, NOT_JUDGED, NOT_STARTED, PASSED, Finding, Verdict

PATIENCE = 3.0  # seconds: what takes longer is not asked for more than is needed
ONCE = (
    "It empties its cache: a second call with the same one fails. That is no mistake, but a "
    "gradient check that calls it twice will stumble."
)

__all__ = ["FAILED", "NOT_JUDGED", "NOT_STARTED", "PASSED", "Finding", "Verdict", "judge"]


def judge(
    solution: Solution, function: str, seed: int, before: Mapping[str, Verdict] | None = None
) -> Verdict:
    """Judge a function; `before` are the verdicts on those that were judged already."""
    before = before or {}
    if function not in solution:
        return Verdict(function, NOT_STARTED, works=False)
    forward = before.get(FORWARD_OF.get(function, ""))
    early = _without_cache(solution, function, forward) if function in FORWARD_OF else None
    if early is not None:
        return early
    notes: dict[str, list[str]] = {}
    tidied = tidy(solution, notes)
    began = time.monotonic()
    with np.errstate(all="ignore"):
        try:
            seen = look(tidied, function, seed)
        except Exception as error:
            verdict = _failed(function, error, forward)
            tried = verdict.status == FAILED and not getattr(error, "ended", False)
            return for_rows_only(tidied, verdict, seed) if tried else verdict
        quick = time.monotonic() - began < PATIENCE
        verdict = _Case(tidied, function, seed, before, forward, seen, quick).judged()
        findings = (
            replace(f, seen=shown(f.see, tidied, seed)) if f.see else f for f in verdict.findings
        )
        half = verdict.status == FAILED and right_for_rows(tidied, function, seed)
        verdict = replace(verdict, findings=tuple(findings), right_for_rows=half)
    arrays = (f"{', '.join(sorted(set(names)))}: {text}" for text, names in notes.items())
    return replace(verdict, notes=(*arrays, *verdict.notes))


def _without_cache(solution: Solution, function: str, verdict: Verdict | None) -> Verdict | None:
    """Return the verdict on a backward pass whose forward pass makes no cache; None if it does."""
    forward = FORWARD_OF[function]
    if forward in solution and (verdict is None or verdict.works):
        return None
    try:
        tidy(solution)[function](np.ones((2, 3)), None)
    except Exception as error:  # it got no cache: only that it is not started says something
        if _failed(function, error).status == NOT_STARTED:
            return Verdict(function, NOT_STARTED, works=False)
    why = "" if verdict is None or verdict.status != FAILED else ", which fails"
    if verdict is not None and verdict.right_for_rows:
        why += " for images"
    finding = Finding(f"It needs the cache of {forward}{why}.")
    return Verdict(function, NOT_JUDGED, (finding,), works=False)


def _failed(function: str, error: Exception, forward: Verdict | None = None) -> Verdict:
    """Return the verdict on a function that raises, in the child or, in a test, in this process."""
    if isinstance(error, NotImplementedError) or getattr(error, "not_started", False):
        return Verdict(function, NOT_STARTED, works=False)
    text = str(error) if isinstance(error, Failure) else f"{type(error).__name__}: {error}"
    text = " ".join(text.split()).removesuffix(":")
    if forward is not None and text.startswith(("KeyError", "IndexError", "AttributeError")):
        text += f"; is it what {forward.function} puts into the cache?"
    found = [Finding(text)]
    status = NOT_JUDGED if getattr(error, "needs", "") else FAILED
    if forward is not None and forward.spoils_cache:
        status = NOT_JUDGED
        found.append(Finding(f"It was given the cache of {forward.function}, which is wrong."))
    return Verdict(function, status, tuple(found), works=False)


@dataclass(frozen=True)
class _Case:
    """A function that returns something: what is to be compared."""

    solution: Solution
    function: str
    seed: int
    before: Mapping[str, Verdict]
    forward: Verdict | None
    seen: Seen
    quick: bool  # whether there is time for more

    def judged(self) -> Verdict:
        """Compare what was seen with what is right, also after what came before."""
        seen, function, seed, forward = self.seen, self.function, self.seed, self.forward
        wrong = differing(seen, right(function, seed))
        flaws = tell.of_arrays(function, seen, seed) if seen.flaws else []
        if forward is not None and forward.few_digits:
            flaws = [f for f in flaws if "float32" not in f.what]
        verdict = Verdict(
            function, FAILED if flaws else PASSED, tuple(flaws), differs=bool(wrong),
            few_digits=("dtype", "y") in seen.flaws,
        )  # fmt: skip
        if not wrong:
            notes = [ONCE] * seen.once
            if self.quick and not flaws:
                notes += note_on_edges(self.solution, function, seed)
            return self._with_others(replace(verdict, notes=tuple(notes)))
        if forward is not None and (forward.differs or forward.few_digits):
            accepted = right_after_it(self.solution, function, seen, wrong, seed, forward)
            wrong = [result for result in wrong if result not in accepted]
            if accepted:
                verdict = replace(verdict, notes=(self._accepted(accepted, bool(wrong)),))
            if not wrong:
                return self._with_others(verdict)
        bad = {*wrong, *(result for _, result in seen.flaws)}
        fine = tuple(result for result in seen.values if result not in bad)
        return self._named(replace(verdict, right=fine), wrong)

    def _with_others(self, verdict: Verdict) -> Verdict:
        """Return the verdict on a right function; a backward pass must be so after others too."""
        if self.function not in FORWARD_OF:
            return verdict
        found = kept_elsewhere(self.solution, self.function, self.seed)
        if found is None:
            return verdict
        return replace(verdict, status=FAILED, findings=(*verdict.findings, found))

    def _accepted(self, accepted: Mapping[str, str], partly: bool) -> str:
        reasons = set(accepted.values())
        reason = sorted(reasons - {GRADIENT} or reasons)[0]
        which = f" for {' and '.join(accepted)}," if partly else ""
        assert self.forward is not None
        return f"Judged with your own {self.forward.function}, which is wrong:{which} {reason}."

    def _named(self, verdict: Verdict, wrong: list[str]) -> Verdict:
        """Name what is wrong, or describe it."""
        seen, function, seed, forward = self.seen, self.function, self.seed, self.forward
        earlier = reversed(list(self.before.values()))
        known = {key: v.name.partition(":")[0] for v in earlier for key in v.mistakes}
        lines = forward.lines if forward is not None else ()
        tried = []
        for before in forwards(FORWARD_OF.get(function, ""), lines):
            tried.append(name(function, seen, wrong, seed, before, frozenset(known)))
            if not tried[-1].unexplained and len(tried[-1].found) == 1:
                break
        best = min(tried, key=lambda n: (len(n.unexplained), len(n.found)))
        order = tell.in_another_order(seen, right(function, seed))
        if order is not None and best.unexplained:
            return replace(verdict, status=FAILED, findings=(order,), right=())
        found = [tell.of_mistake(candidate, function, known) for candidate in best.found]
        blocks = built_on(self.solution, function, self.before, seed) if best.unexplained else ()
        for blamed, expected in blocks:
            if not differing(seen, expected):
                found = tell.of_blocks(blamed)
                return replace(verdict, status=FAILED, findings=(*verdict.findings, *found))
        if forward is not None and forward.spoils_cache:
            if best.unexplained:
                status = FAILED if found else NOT_JUDGED
                found.append(tell.too_early(best.unexplained, forward.function))
                return replace(verdict, status=status, findings=(*verdict.findings, *found))
            if not verdict.notes:
                note = f"It was given the cache of your own {forward.function}, which is wrong."
                verdict = replace(verdict, notes=(note,))
        found += unknown(self.solution, function, best.unexplained, seen, seed)
        lines = () if best.unexplained else tuple(line for c in best.found for line in c.lines)
        every = (*verdict.findings, *found)
        return replace(verdict, status=FAILED, findings=every, lines=lines)
