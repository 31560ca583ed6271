"""Caches of which some fields are right and some wrong, and the right formulas run on them.

What a student's cache holds is not known, but what may be in it is: each of its fields is the right
one, or that of the wrong forward pass, or computed from the other fields.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from itertools import product
from types import SimpleNamespace
from typing import Any, NamedTuple, TypeAlias

from .._checks import Array
from .contract import CORRECT
from .mistakes import MISTAKES
from .mistakes.candidates import ERRORS, lines_in
from .mistakes.plant import Lines, plant
from .observe import close, results_of

Fields: TypeAlias = Mapping[str, Any]
RIGHT, WRONG, MADE = "right", "wrong", "made from the other fields"
WHOSE = {  # what a field may be
    "xc": (RIGHT, WRONG),
    "std": (RIGHT, WRONG),
    "z": (MADE, WRONG, RIGHT),
    "r": (RIGHT, WRONG),
    "d": (RIGHT, WRONG),
    "xhat": (MADE, WRONG),
}
INNER = {"inner": "z", "inner_std": "std"}  # fields for one place in the formula, see `_roads`


class Call(NamedTuple):
    """A call of the backward pass: dy, the right and the wrong cache, and what was seen."""

    dy: Array
    right: Fields
    wrong: Fields
    seen: Mapping[str, Array]


def forwards(forward: str, lines: Lines) -> Iterator[Callable[..., Any] | None]:
    """Go through what may make the cache after a forward pass with these lines; None is right."""

    def partly(*fields: str) -> Callable[..., Any]:
        def run(*given: Any) -> tuple[Any, SimpleNamespace]:
            y, cache = wrong(*given)
            pair = _as_renorm(vars(CORRECT[forward](*given)[1]), vars(cache))
            return y, mixed(*pair, dict.fromkeys(fields, WRONG))

        return run

    if lines:
        wrong = plant(forward, lines)
        yield wrong
        yield partly("y", "z", "xhat")
    yield None
    if lines:
        yield partly("r", "d")


def _as_renorm(correct: Fields, wrong: Fields) -> tuple[Fields, Fields]:
    """Return a right and a wrong cache with BRN's fields: BN is BRN with r = 1 and d = 0."""
    if "r" in correct:
        return correct, wrong
    one, other = ({**fields, "z": fields["xhat"]} for fields in (correct, wrong))
    return {**one, "r": 1.0, "d": 0.0}, other


def mixed(correct: Fields, wrong: Fields, whose: Mapping[str, str]) -> SimpleNamespace:
    """Return a cache whose fields are right, wrong, or made from those before."""
    cache = SimpleNamespace(**correct)
    for name in ("y", "xc", "std", "inner_std", "z", "inner", "r", "d", "xhat"):
        choice, source = whose.get(name, MADE), INNER.get(name, name)
        value = correct[source]
        if choice == WRONG and source in wrong:
            value = wrong[source]
        elif choice == MADE and source == "z":
            value = cache.xc / cache.std
        elif choice == MADE and name == "xhat":
            value = cache.z * cache.r + cache.d
        setattr(cache, name, value)
    return cache


def right_formula(function: str, results: set[str], calls: list[Call]) -> set[str]:
    """Return the results that a right formula gives on caches some of whose fields are wrong."""
    found: set[str] = set()
    pairs = [_as_renorm(call.right, call.wrong) for call in calls]
    for names, roads in _roads(function):
        names = [name for name in names if INNER.get(name, name) in pairs[0][1]]
        for chosen in product(*(WHOSE[INNER.get(name, name)] for name in names)):
            if found == results:
                break
            caches = [mixed(*pair, dict(zip(names, chosen, strict=True))) for pair in pairs]
            for road in roads:
                found |= _fitting(function, results - found, calls, caches, road)
    return found


def _fitting(
    function: str, left: set[str], calls: list[Call], caches: list[Any], road: Callable[..., Any]
) -> set[str]:
    """Return the results that a backward pass gives on these caches as they were seen."""
    for call, cache in zip(calls, caches, strict=True):
        try:
            made = results_of(function, road(call.dy, cache)) if left else {}
        except ERRORS:
            return set()
        left = {result for result in left if close(made[result], call.seen[result])}
    return left


@lru_cache(maxsize=2)
def _roads(function: str) -> list[tuple[list[str], list[Callable[..., Any]]]]:
    """Return right formulas, and the fields that they use.

    They are the textbook's and those of the page; and the textbook's with fields of its own for
    what stands inside the term of the variance, so that these may be others than elsewhere.
    """
    lines = [lines_in(mistake, function) for mistake in MISTAKES if mistake.equal]
    z, dz = ("z", "dz") if function == "batch_renorm_backward" else ("xhat", "dxhat")
    apart = {
        "through_std": f"through_std = cache.{z} * mean({dz} * cache.inner) / cache.inner_std",
        "dx": f"dx = ({dz} - through_mean) / cache.std - through_std",
    }
    last = apart | {"dx": apart["dx"] + " + mean(through_std)"}
    return [
        (list(WHOSE), [CORRECT[function], *(plant(function, own) for own in lines if own)]),
        ([*WHOSE, *INNER], [plant(function, tuple(own.items())) for own in (apart, last)]),
    ]
