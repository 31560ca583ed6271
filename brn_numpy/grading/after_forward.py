"""A backward pass behind a wrong forward pass: the textbook's formula on caches partly wrong.

What a student's cache holds is not known, but what may be in it is: each of its fields is the right
one, or that of the wrong forward pass, or computed from the other fields. The wrong one is known if
the mistake has a name; else it is read off y.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from itertools import product
from types import SimpleNamespace
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from .._checks import Array
from ..textbook import mean, total, wide
from .contract import CONTRACT, CORRECT, FORWARD_OF, Solution
from .mistakes import MISTAKES
from .mistakes.candidates import ERRORS, lines_in
from .mistakes.plant import Lines, plant
from .observe import FEW, Seen, arguments_of, close, probe_of, results_of, right, same
from .probe import make_probe
from .properties import PROPERTIES
from .properties.base import TIGHT, y_of
from .straight import line
from .verdict import Verdict

FORMULA = "this is the right formula, applied to what that one stores"
GRADIENT = "this is its gradient"
DIGITS = "this is right in the digits that that one leaves"

Fields: TypeAlias = Mapping[str, Any]
WHOSE = {  # the fields that may be wrong: "wrong", "right", or "made" from the other fields
    "batch_norm_forward": {"xc": "rw", "std": "rw", "xhat": "mwr"},
    "batch_renorm_forward": {
        "xc": "rw", "std": "rw", "z": "mwr", "r": "rw", "d": "rw", "xhat": "mw",
    },
}  # fmt: skip


class _Call(NamedTuple):
    """A call of the backward pass: dy, the fields of the right cache and of a wrong one."""

    dy: Array
    right: Fields
    wrong: Fields


def forwards(forward: str, lines: Lines) -> Iterator[Callable[..., Any] | None]:
    """Go through what may make the cache after a forward pass with these lines; None is right."""

    def partly(*fields: str) -> Callable[..., Any]:
        def run(*given: Any) -> tuple[Any, SimpleNamespace]:
            y, cache = wrong(*given)
            correct = vars(CORRECT[forward](*given)[1])
            return y, mixed(correct, vars(cache), dict.fromkeys(fields, "w"))

        return run

    if lines:
        wrong = plant(forward, lines)
        yield wrong
        yield partly("y", "z", "xhat")
    yield None
    if lines:
        yield partly("r", "d")


def mixed(correct: Fields, wrong: Fields, whose: Mapping[str, str]) -> SimpleNamespace:
    """Return a cache whose fields are right, wrong, or made from the others.

    `inner` and `inner_std` are what stands for xhat, in BRN for z, and for std in the sum of the
    term of the variance, where that is not the same as elsewhere.
    """
    cache = SimpleNamespace(**correct)
    z = "z" if "z" in correct else "xhat"
    cache.inner, cache.inner_std = correct[z], correct["std"]
    aliases = {"inner": z, "inner_std": "std"}
    for name in ("y", "xc", "std", "inner_std", z, "inner", "r", "d", "xhat"):
        choice, source = whose.get(name, "m"), aliases.get(name, name)
        if choice == "w" and source in wrong:
            setattr(cache, name, wrong[source])
        elif choice == "m" and source == z:
            setattr(cache, name, cache.xc / cache.std)
        elif choice == "m" and name == "xhat":
            cache.xhat = cache.z * cache.r + cache.d
    return cache


def right_after_it(
    solution: Solution, function: str, seen: Seen, wrong: list[str], seed: int, verdict: Verdict
) -> dict[str, str]:
    """Return which of the wrong results are right for the student's own forward pass, and why.

    `verdict` is the one on that forward pass, whose mistakes are known or not.
    """
    forward = FORWARD_OF[function]
    keys = right(forward, seed).values["y"].items()
    given = {key: _given(forward, key, seed) for key, _ in keys if "small" not in key}
    own_y = {key: np.asarray(solution[forward](*g)[0]) for key, g in given.items()}
    digits = all(close(own_y[key], y, FEW) for key, y in keys if key in own_y)

    def by_formula(results: set[str], wrongs: Mapping[str, Fields]) -> dict[str, str]:
        calls = {
            key: _Call(probe_of(key, seed)[2], vars(CORRECT[forward](*g)[1]), wrongs[key])
            for key, g in given.items()
        }
        return dict.fromkeys(_right_formula(function, seen, results, calls), FORMULA)

    expected = right(function, seed).values
    found = {r: DIGITS for r in wrong if digits and same(seen.values[r], expected[r], FEW)}
    if verdict.planted:
        planted = plant(forward, verdict.planted)
        known = {key: vars(planted(*g)[1]) for key, g in given.items()}
        found |= by_formula(set(wrong) - found.keys(), known)
    if len(found) < len(wrong) and _normalises(solution, forward, seed):
        faulty = _far_from_numeric(solution, function, seed)
        found |= {r: GRADIENT for r in wrong if r not in faulty and r not in found}
    if verdict.spoils_cache and len(found) < len(wrong):
        read = {key: _read_off(function, key, y, seed) for key, y in own_y.items()}
        for i in range(min(map(len, read.values()))):
            left = set(wrong) - found.keys()
            found |= by_formula(left, {key: cases[i] for key, cases in read.items()})
    return found


def _given(forward: str, key: str, seed: int) -> list[Any]:
    return arguments_of(forward, probe_of(key, seed)[0], images="H, W" in key)


def _right_formula(
    function: str, seen: Seen, results: set[str], calls: Mapping[str, _Call]
) -> set[str]:
    """Return the results that a right formula gives on caches some of whose fields are wrong."""
    found: set[str] = set()
    for whose, roads in _roads(function):
        for choices in product(*whose.values()):
            if found == results:
                break
            chosen = dict(zip(whose, choices, strict=True))
            caches = {key: mixed(c.right, c.wrong, chosen) for key, c in calls.items()}
            for road in roads:
                found |= _fitting(function, seen, results - found, calls, caches, road)
    return found


def _fitting(
    function: str,
    seen: Seen,
    left: set[str],
    calls: Mapping[str, _Call],
    caches: Mapping[str, Any],
    road: Callable[..., Any],
) -> set[str]:
    """Return the results that a backward pass gives on these caches as they were seen."""
    for key, call in calls.items():
        try:
            made = results_of(function, road(call.dy, caches[key])) if left else {}
        except ERRORS:
            return set()
        of = {result: seen.values[result][key.replace(" y ", f" {result} ")] for result in left}
        left = {result for result in left if close(made[result], of[result])}
    return left


@lru_cache(maxsize=2)
def _roads(function: str) -> list[tuple[Mapping[str, str], list[Callable[..., Any]]]]:
    """Return right formulas, and whose the fields may be that they use.

    They are the textbook's and those of the page; and the textbook's with fields of its own for
    what stands inside the term of the variance.
    """
    lines = [lines_in(mistake, function) for mistake in MISTAKES if mistake.equal]
    z, dz = ("z", "dz") if function == "batch_renorm_backward" else ("xhat", "dxhat")
    apart = {
        "through_std": f"through_std = cache.{z} * mean({dz} * cache.inner) / cache.inner_std",
        "dx": f"dx = ({dz} - through_mean) / cache.std - through_std",
    }
    last = apart | {"dx": apart["dx"].replace("- through_std", "- through_std + mean(through_std)")}
    whose = WHOSE[FORWARD_OF[function]]
    return [
        (whose, [CORRECT[function], *(plant(function, own) for own in lines if own)]),
        (
            {**whose, "inner": "mwr", "inner_std": "rw"},
            [plant(function, tuple(own.items())) for own in (apart, last)],
        ),
    ]


def _read_off(function: str, key: str, y: Array, seed: int) -> list[Fields]:
    """Return the wrong fields, if y is wrong by its statistics, or by its correction."""
    probe, x, _ = probe_of(key, seed)
    if y.shape != x.shape or not np.isfinite(y).all():
        return []
    correct = vars(CORRECT[FORWARD_OF[function]](*_given(FORWARD_OF[function], key, seed))[1])
    xhat = (y - wide(probe.beta, x)) / wide(probe.gamma, x)
    z, cases = xhat, list[Fields]()
    if function == "batch_renorm_backward":
        r = line(correct["z"], xhat)[0]
        if np.abs(r).min() > 1e-6:
            cases.append({"r": r, "d": mean(xhat), "xhat": xhat})
        z = (xhat - correct["d"]) / correct["r"]
    slope, shift = line(x, z)
    if np.abs(slope).min() < 1e-6:  # y hardly depends on x: with that, anything could be right
        return cases
    fields = {"z": z, "xhat": xhat}
    if close(slope * x + shift, z):
        fields |= {"xc": x + shift / slope, "std": 1 / slope}
    return [fields, *cases]


def _far_from_numeric(solution: Solution, function: str, seed: int) -> set[str]:
    """Return the results that are not the numeric gradient of the own forward pass."""
    faults: list[str] = []
    for prop in PROPERTIES:
        if prop.uses[0] == function and "numeric" in prop.name:
            try:
                faults += prop.faults(solution, seed)
            except Exception:  # of the student's functions, whatever it is
                return set(CONTRACT[function].results)
    return {r for r in CONTRACT[function].results if any(f.startswith(r) for f in faults)}


def _normalises(solution: Solution, forward: str, seed: int) -> bool:
    """Return whether y ignores a constant added to x and its means, and feels gamma and the others.

    The gradient of a forward pass without these, such as y = x, would be no exercise.
    """
    p, f = make_probe(seed), SimpleNamespace(**solution)
    other = p.x.copy()
    other[0] += 1
    changes: list[dict[str, Any]] = [
        {},
        {"x": p.x + 3, "running_mean": p.running_mean + 3},
        {"gamma": -2 * p.gamma},
        {"x": other},
    ]
    y, shifted, scaled, moved = (y_of(f, forward, p, **TIGHT, **change) for change in changes)
    if not all(a.shape == p.x.shape for a in (y, shifted, scaled, moved)):
        return False
    return bool(
        close(shifted, y)
        and np.abs(total(scaled * p.dy) - total(y * p.dy)).min() > 1e-6
        and np.abs(moved[1:] - y[1:]).max() > 1e-6
    )
