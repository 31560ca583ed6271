"""Which mistakes of the catalogue a wrong result is equal to: one, one for each result, or two."""

from __future__ import annotations

from functools import lru_cache
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np

from .._checks import Array
from .candidates import RIGHT, After, Candidate, Planted, candidates, observed, solution_with
from .catalogue import textbook
from .factors import term_names
from .observe import given_in, results_of
from .seen import Seen, close, differing, probes, right


class Named(NamedTuple):
    """The mistakes, and the results that they do not explain."""

    found: tuple[Candidate, ...]
    unexplained: tuple[str, ...]


def name(
    function: str,
    seen: Seen,
    wrong: list[str],
    seed: int,
    after: After = RIGHT,
    known: frozenset[str] = frozenset(),
) -> Named:
    """Name the mistakes that make results wrong.

    `after` is the forward pass before it, `known` are the keys of mistakes that were found
    elsewhere.
    """
    trial = _Trial(function, seen, seed, after)
    concerned: list[tuple[Candidate, set[str]]] = []
    for candidate in sorted(candidates(function), key=lambda c: _rank(c, function, known)):
        results = spoilt(function, candidate.planted, seed)
        if results and results <= set(wrong):  # else it would make a right result wrong
            concerned.append((candidate, results))
    found = _one_by_one(trial, wrong, concerned)
    left = set(wrong).difference(*found.values())
    for result in sorted(left):
        if result not in left or (after == RIGHT and _is_one_factor(function, result, seen, seed)):
            continue
        pair = _two(trial, result, concerned)
        if pair:
            both = {r for r in wrong if trial.explains(r, *pair)}
            found = {c: results for c, results in found.items() if not results <= both}
            found |= dict.fromkeys(pair, both)
            left -= both
    return Named(tuple(found), tuple(sorted(left)))


@lru_cache(maxsize=4096)
def spoilt(function: str, planted: Planted, seed: int) -> set[str]:
    """Return the results that these mistakes make wrong; none if they cannot be tried."""
    seen = observed(function, planted, seed)
    return set(differing(seen, right(function, seed))) if seen else set()


def _rank(candidate: Candidate, function: str, known: frozenset[str]) -> tuple[bool, int]:
    """Return which candidates come first where two look the same.

    Mistakes that are made in one place only come last. A correction that was found wrong is the
    likely reason of what is wrong with r and d; then come the mistakes of the function itself.
    """
    mistake = candidate.mistake
    order = 1 if mistake.function == function else 3
    if mistake.key in known:
        order = 0 if mistake.function == "renorm_correction" else min(order, 2)
    return bool(candidate.only), order


def _one_by_one(
    trial: _Trial, wrong: list[str], concerned: list[tuple[Candidate, set[str]]]
) -> dict[Candidate, set[str]]:
    """Return mistakes that explain a result each or more, and these results."""
    fitting: list[tuple[Candidate, set[str], set[str]]] = []
    for candidate, results in concerned:
        equal = {result for result in results if trial.explains(result, candidate)}
        if equal:
            fitting.append((candidate, equal, results - equal))
    found: dict[Candidate, set[str]] = {}
    left = set(wrong)
    while any(equal & left for _, equal, _ in fitting):
        best, equal, _ = max(fitting, key=lambda f: (len(f[1] & left), -len(f[2]), not f[0].only))
        found[best] = equal & left
        left -= equal
    return found


class _Trial:
    """Mistakes made, one or two at once, and compared with what was seen."""

    def __init__(self, function: str, seen: Seen, seed: int, after: After) -> None:
        self.function, self.seen, self.seed = function, seen, seed
        self.solution = solution_with(function, (), after)
        self.given: dict[str, list[Any]] = {}

    def explains(self, result: str, *made: Candidate) -> bool:
        """Return whether these mistakes together give a result that was seen."""
        parts = dict(part for candidate in made for part in candidate.planted)
        f = textbook.planted(self.function, parts)
        try:
            return all(
                self._gives(f, result, key, value)
                for key, value in self.seen.values[result].items()
            )
        except (ValueError, IndexError, AttributeError, TypeError):  # they do not fit together
            return False

    def _gives(self, f: Any, result: str, key: str, value: Array) -> bool:
        number, _, situation = key.split(" ", 2)
        call = f"{number} {situation}"
        if call not in self.given:
            probe = probes(self.seed)[int(number)]
            self.given[call] = given_in(self.solution, self.function, probe, situation)
        with np.errstate(all="ignore"):
            found = np.asarray(results_of(self.function, f(*self.given[call]))[result])
        if found.size == value.size and found.ndim > value.ndim:
            found = found.reshape(value.shape)  # (1, C) for (C,): that is another matter
        return close(found, value)


def _is_one_factor(function: str, result: str, seen: Seen, seed: int) -> bool:
    """Return whether dx is right but for one factor of one of its terms: that is simpler to say."""
    mine, expected = seen.values[result], right(function, seed).values[result]
    if result != "dx" or any(mine[key].shape != dx.shape for key, dx in expected.items()):
        return False
    names = term_names(mine, expected, seed) or []
    odd = [name for name in names if name != "1"]
    return len(odd) == 1 and odd[0] is not None and " and " not in odd[0]


def _two(
    trial: _Trial, result: str, concerned: list[tuple[Candidate, set[str]]]
) -> list[Candidate]:
    """Return two mistakes that together give what is seen; none if there are no such two.

    Both concern this result, unless one of them exchanges results: then they must give all these.
    """
    if not all(np.isfinite(v).all() for v in trial.seen.values[result].values()):
        return []
    for (one, here), (two, there) in combinations(concerned, 2):
        exchanged = here if one.reorders else there if two.reorders else set()
        if one.goes_with(two) and (result in here & there or result in exchanged):
            if all(trial.explains(r, one, two) for r in {result, *exchanged}):
                return [one, two]
    return []
