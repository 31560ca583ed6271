"""Notes on functions that are right, where it is worth knowing how they behave at the edges."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache

import numpy as np

from .._checks import Array
from .contract import CONTRACT, CORRECT, FORWARD_OF, Solution
from .observe import SMALLER, observe
from .probe import Probe, make_probe

OFFSET = 1e6  # in standard deviations, about: mean(x**2) - mean(x)**2 then has four digits left


def note_on_edges(solution: Solution, function: str, seed: int) -> list[str]:
    """Return a note on a right function: on far from zero, or a constant channel, or gamma 0."""
    for probe, expected, note in _edges(function, seed):
        try:
            found = observe(solution, function, probe, twice=False)
        except Exception as error:  # of the student's function, which is right elsewhere
            return [] if getattr(error, "ended", False) else [note]  # no time is no lost digits
        if not all(
            np.allclose(found[key], value, rtol=0, atol=1e-6 * np.abs(value).max())
            for key, value in expected.items()
        ):
            return [note]
    return []


@lru_cache(maxsize=128)
def _edges(function: str, seed: int) -> list[tuple[Probe, dict[str, Array], str]]:
    """Return probes at the edges, what the textbook does there, and the note on what does not."""
    return [
        (probe, {
            key: value for key, value in observe(CORRECT, function, probe, twice=False).items()
            if key.split()[0] in CONTRACT[function].results and SMALLER not in key
        }, note)
        for probe, note in _probes(function, make_probe(seed))
    ]  # fmt: skip


def _probes(function: str, probe: Probe) -> Iterator[tuple[Probe, str]]:
    if function in FORWARD_OF.values():
        far = {name: getattr(probe, name) + OFFSET for name in ("x", "x4", "running_mean")}
        yield (
            replace(probe, **far),
            (
                "Far from zero y has few digits left. If the variance is mean(x**2) - mean(x)**2: "
                "that is right in mathematics, but the two are nearly equal there."
            ),
        )
    if function in FORWARD_OF or function in FORWARD_OF.values():
        flat, flat4 = probe.x.copy(), probe.x4.copy()
        flat[:, 0] = flat4[:, 0] = probe.batch_mean[0]
        note = "For a constant channel it is wrong: is something divided by std without eps?"
        yield replace(probe, x=flat, x4=flat4), note
    if function in FORWARD_OF:
        gamma = np.where(np.arange(probe.gamma.size) == 0, 0, probe.gamma)
        note = "Where gamma is 0 the gradients are wrong: is something divided by gamma?"
        yield replace(probe, gamma=gamma), note
