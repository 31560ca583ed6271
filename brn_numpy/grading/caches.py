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
    "xhat": (MADE, WRONG, RIGHT),
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
            correct = vars(CORRECT[forward](*given)[1])
            return y, mixed(correct, vars(cache), dict.fromkeys(fields, WRONG))

        return run

    if lines:
        wrong = plant(forward, lines)
        yield wrong
        yield partly("y", "z", "xhat")
    yield None
    if lines:
        yield partly("r", "d")


def mixed(correct: Fields, wrong: Fields, whose: Mapping[str, str]) -> SimpleNamespace:
    """Return a cache whose fields are right, wrong, or, if that is not said, made from others."""
    cache = SimpleNamespace(**correct, inner_std=correct["std"])
    renorm = "z" in correct
    for name in ("y", "xc", "std", "inner_std", "z", "inner", "r", "d", "xhat"):
        choice, source = whose.get(name, MADE), INNER.get(name, name)
        if source == "z" and not renorm:
            source = "xhat"
        if choice == WRONG and source in wrong:
            setattr(cache, name, wrong[source])
        elif choice == RIGHT and name == "inner":
            cache.inner = correct[source]
        elif choice == MADE and name in ("z", "inner"):
            setattr(cache, name, cache.xc / cache.std)
        elif choice == MADE and name == "xhat":
            cache.xhat = cache.z * cache.r + cache.d if renorm else cache.xc / cache.std
    return cache


def right_formula(function: str, results: set[str], calls: list[Call]) -> set[str]:
    """Return the results that a right formula gives on caches some of whose fields are wrong."""
    found: set[str] = set()
    for names, roads in _roads(function):
        whose = {
            name: choices
            for name, choices in ((name, WHOSE[INNER.get(name, name)]) for name in names)
            if INNER.get(name, name) in calls[0].wrong
        }
        for chosen in product(*whose.values()):
            if found == results:
                break
            caches = [mixed(c.right, c.wrong, dict(zip(whose, chosen, strict=True))) for c in calls]
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
    renorm = function == "batch_renorm_backward"
    names = ["xc", "std", *(("z", "r", "d") if renorm else ()), "xhat"]
    lines = [lines_in(mistake, function) for mistake in MISTAKES if mistake.equal]
    z, dz = ("z", "dz") if renorm else ("xhat", "dxhat")
    apart = {
        "through_std": f"through_std = cache.{z} * mean({dz} * cache.inner) / cache.inner_std",
        "dx": f"dx = ({dz} - through_mean) / cache.std - through_std",
    }
    last = apart | {"dx": apart["dx"] + " + mean(through_std)"}
    return [
        (names, [CORRECT[function], *(plant(function, own) for own in lines if own)]),
        ([*names, *INNER], [plant(function, tuple(own.items())) for own in (apart, last)]),
    ]
