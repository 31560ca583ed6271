"""Which mistakes of the page a wrong result is equal to: one, one for each result, or two."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np

from .._checks import Array
from .contract import CORRECT, FORWARD_OF
from .factors import term_names
from .mistakes.candidates import ERRORS, Candidate, candidates, observed
from .mistakes.fit import fit
from .mistakes.plant import Lines, plant
from .observe import Seen, close, differing, given_in, results_of, right, same
from .probe import probes

TOO_MUCH = 0.999  # for a number in one of two mistakes: with 0 or 1 in them, most lines are others


class Named(NamedTuple):
    """The mistakes, and the results that they do not explain."""

    found: tuple[Candidate, ...]
    unexplained: tuple[str, ...]


def name(
    function: str,
    seen: Seen,
    wrong: list[str],
    seed: int,
    forward: Callable[..., Any] | None = None,
    known: frozenset[str] = frozenset(),
) -> Named:
    """Name the mistakes that make results wrong.

    `forward` makes the cache of a backward pass, if that is not the textbook's; `known` are the
    keys of mistakes that were found elsewhere.
    """
    trial = _Trial(function, seen, seed, forward)
    concerned: list[tuple[Candidate, set[str]]] = []
    for candidate in sorted(candidates(function), key=lambda c: _rank(c, function, known)):
        results = spoilt(function, candidate.lines, seed)
        if results and results <= set(wrong):  # else it would make a right result wrong
            concerned.append((candidate, results))
    found = _one_by_one(trial, wrong, [c for c in concerned if not c[0].is_open])
    if set(wrong).difference(*found.values()):
        found = _one_by_one(trial, wrong, concerned)
    left = set(wrong).difference(*found.values())
    for result in sorted(left):
        if result not in left or (forward is None and _is_one_factor(function, result, seen, seed)):
            continue
        pair = _two(trial, result, concerned)
        if pair:
            both = {r for r in wrong if trial.explains(r, *pair)}
            found = {c: results for c, results in found.items() if not results <= both}
            found |= dict.fromkeys(pair, both)
            left -= both
    return Named(tuple(found), tuple(sorted(left)))


@lru_cache(maxsize=4096)
def spoilt(function: str, lines: Lines, seed: int) -> set[str]:
    """Return the results that these lines make wrong; none if they cannot run."""
    seen = observed(function, lines, seed)
    return set(differing(seen, right(function, seed))) if seen else set()


def _rank(candidate: Candidate, function: str, known: frozenset[str]) -> tuple[bool, int]:
    """Return what comes first where two look the same: not what is made in one place only.

    Before the function's own mistakes comes what was found elsewhere: it is likely here, too.
    """
    mistake = candidate.mistake
    order = 0 if mistake.key in known else 1 if mistake.function == function else 2
    return bool(candidate.only), order


def _one_by_one(
    trial: _Trial, wrong: list[str], concerned: list[tuple[Candidate, set[str]]]
) -> dict[Candidate, set[str]]:
    """Return mistakes that explain a result each or more, and these results."""
    fitting: list[tuple[Candidate, set[str], set[str]]] = []
    for candidate, results in concerned:
        for made in trial.with_number(results, candidate) or []:
            equal = {result for result in results if trial.explains(result, made)}
            if equal:
                fitting.append((made, equal, results - equal))
    found: dict[Candidate, set[str]] = {}
    left = set(wrong)
    while any(equal & left for _, equal, _ in fitting):
        best, equal, _ = max(fitting, key=lambda f: (len(f[1] & left), -len(f[2]), not f[0].only))
        found[best] = equal & left
        left -= equal
    return found


def _two(
    trial: _Trial, result: str, concerned: list[tuple[Candidate, set[str]]]
) -> list[Candidate]:
    """Return two mistakes that together give what is seen; none if there are no such two.

    Both concern this result, unless one of them exchanges results: then they must give all these.
    """
    if not all(np.isfinite(v).all() for v in trial.seen.values[result].values()):
        return []
    known = [
        (c, results, {name for name, _ in c.open_lines}, results if c.reorders else set())
        for c, results in concerned
        if not (c.is_open and c.only)  # a number in one part: that is too much to try
    ]
    for (one, here, lines, moved), (two, there, others, also) in combinations(known, 2):
        exchanged = moved or also
        if lines.isdisjoint(others) and (result in here & there or result in exchanged):
            made = trial.with_number([result], one, two)
            if made and all(trial.explains(r, *made) for r in {result, *exchanged}):
                return made
    return []


class _Trial:
    """Mistakes made, one or two at once, and compared with what was seen."""

    def __init__(
        self, function: str, seen: Seen, seed: int, forward: Callable[..., Any] | None
    ) -> None:
        self.function, self.seen, self.seed = function, seen, seed
        self.alone = forward is None  # or a backward pass with a cache that is not right
        self.solution = dict(CORRECT)
        if forward is not None:
            self.solution[FORWARD_OF[function]] = forward
        self.given: dict[str, list[Any]] = {}

    def explains(self, result: str, *made: Candidate) -> bool:
        """Return whether these mistakes together give a result that was seen."""
        lines, values = _together(made), self.seen.values[result]
        if self.alone and len(made) == 1:
            rival = observed(self.function, lines, self.seed)
            return rival is not None and same(values, rival.values[result])
        try:
            f = plant(self.function, lines)
            return all(close(self._run(f, result, key), value) for key, value in values.items())
        except ERRORS:
            return False

    def with_number(self, results: Iterable[str], *made: Candidate) -> list[Candidate] | None:
        """Return the mistakes with the number in one of them that fits; None if there is none."""
        at = next((i for i, c in enumerate(made) if c.is_open), None)
        if at is None:
            return list(made)
        others = [c for i, c in enumerate(made) if i != at]
        lines = (*made[at].open_lines, *_together(others))
        for result in results:
            number = self._number(result, lines)
            if number is not None and (not others or 0 < number < TOO_MUCH):
                return [c._replace(number=number) if i == at else c for i, c in enumerate(made)]
        return None

    def _number(self, result: str, lines: Lines) -> float | None:
        """Return the number in lines that explains a result; 0 counts, and rounding does not."""
        values = self.seen.values[result]
        key = [key for key in values if key[0] == "2"][-1]

        def run(number: float) -> Array:
            return self._run(plant(self.function, lines, number), result, key)

        try:
            return 0.0 if close(run(0.0), values[key]) else fit(run, values[key])
        except ERRORS:
            return None

    def _run(self, f: Any, result: str, key: str) -> Array:
        """Return a result of a call as it was seen under this key."""
        number, _, situation = key.split(" ", 2)
        call = f"{number} {situation}"
        if call not in self.given:
            probe = probes(self.seed)[int(number)]
            self.given[call] = given_in(self.solution, self.function, probe, situation)
        with np.errstate(all="ignore"):
            return np.asarray(results_of(self.function, f(*self.given[call]))[result])


def _together(made: Iterable[Candidate]) -> Lines:
    return tuple(dict(line for candidate in made for line in candidate.lines).items())


def _is_one_factor(function: str, result: str, seen: Seen, seed: int) -> bool:
    """Return whether dx is right but for one factor of one of its terms: that is simpler to say."""
    mine, expected = seen.values[result], right(function, seed).values[result]
    if result != "dx" or any(mine[key].shape != dx.shape for key, dx in expected.items()):
        return False
    names = term_names(mine, expected, seed) or []
    odd = [name for name in names if name != "1"]
    return len(odd) == 1 and odd[0] is not None and " and " not in odd[0]
