"""Whether a backward pass is right for the student's own forward pass, which is wrong.

Each result is right if it is one of these: what the right formula gives with what the wrong forward
pass stores, or with some of it; the gradient of the wrong forward pass; or right in the digits that
a forward pass in float32 leaves. What it stores is known if its mistake has a name; else it is read
off y.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np

from .._checks import Array
from ..textbook import mean, total, wide
from .caches import Call, Fields, right_formula
from .contract import CONTRACT, CORRECT, FORWARD_OF, Solution
from .factors import line
from .mistakes.plant import plant
from .observe import FEW, Seen, arguments_of, close, probe_of, right, same
from .probe import make_probe
from .properties import PROPERTIES
from .properties.base import TIGHT, y_of
from .verdict import Verdict

FORMULA = (
    "the formula is right for what your cache holds. If a wrong line from there stands here, too, "
    "mend it in both"
)
GRADIENT = "this is its gradient"
DIGITS = "this is right in the digits that that one leaves"


def right_after_it(
    solution: Solution, function: str, seen: Seen, wrong: list[str], seed: int, verdict: Verdict
) -> dict[str, str]:
    """Return which of the wrong results are right for the student's own forward pass, and why.

    `verdict` is the one on that forward pass, whose mistakes are known or not.
    """
    forward = FORWARD_OF[function]
    backward, y = right(function, seed).values, right(forward, seed).values["y"]
    given = {  # the arguments of the forward pass, by the call
        _call(key): arguments_of(forward, probe_of(key, seed)[0], images="H, W" in key)
        for key in backward["dx"]
    }
    own_y = {call: np.asarray(solution[forward](*g)[0]) for call, g in given.items()}
    digits = all(close(own_y[_call(key)], a, FEW) for key, a in y.items() if _call(key) in own_y)
    found = {r: DIGITS for r in wrong if digits and same(seen.values[r], backward[r], FEW)}

    def by_formula(wrongs: Mapping[str, Fields]) -> dict[str, str]:
        values = {r: {_call(key): a for key, a in seen.values[r].items()} for r in wrong}
        calls = [
            Call(
                probe_of(call, seed)[2],
                vars(CORRECT[forward](*given[call])[1]),
                fields,
                {r: values[r][call] for r in wrong},
            )
            for call, fields in wrongs.items()
        ]
        return dict.fromkeys(right_formula(function, set(wrong) - found.keys(), calls), FORMULA)

    if verdict.lines:
        planted = plant(forward, verdict.lines)
        found |= by_formula({call: vars(planted(*g)[1]) for call, g in given.items()})
    if len(found) < len(wrong) and _normalises(solution, forward, seed):
        faulty = _far_from_numeric(solution, function, seed)
        found |= {r: GRADIENT for r in wrong if r not in faulty and r not in found}
    if verdict.spoils_cache and len(found) < len(wrong):
        read = {call: _read_off(forward, call, y, seed) for call, y in own_y.items()}
        for i in range(min(map(len, read.values()))):
            found |= by_formula({call: cases[i] for call, cases in read.items()})
    return found


def _call(key: str) -> str:
    """Return the call that a value is from, without the name of the result."""
    number, _, situation = key.split(" ", 2)
    return f"{number} {situation}"


def _read_off(forward: str, call: str, y: Array, seed: int) -> list[Fields]:
    """Return the wrong fields, if y is wrong by its statistics, or by its correction."""
    probe, x, _ = probe_of(call, seed)
    if y.shape != x.shape or not np.isfinite(y).all():
        return []
    xhat = (y - wide(probe.beta, x)) / wide(probe.gamma, x)
    z, cases = xhat, list[Fields]()
    if forward == "batch_renorm_forward":
        given = arguments_of(forward, probe, images=x.ndim == 4)
        correct = vars(CORRECT[forward](*given)[1])
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
