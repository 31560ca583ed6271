"""Notes on functions that are right, where it is worth knowing how they behave at the edges."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .contract import CONTRACT, CORRECT, FORWARD_OF, Solution
from .observe import observe
from .probe import Probe, make_probe

OFFSET = 1e6  # in standard deviations, about: mean(x**2) - mean(x)**2 then has four digits left


def note_on_edges(solution: Solution, function: str, seed: int) -> list[str]:
    """Return notes on a right function: far from zero, and where gamma is 0."""
    probe = make_probe(seed)
    if function in FORWARD_OF.values():
        edge = replace(
            probe,
            x=probe.x + OFFSET,
            x4=probe.x4 + OFFSET,
            running_mean=probe.running_mean + OFFSET,
        )
        if not _right(solution, function, edge):
            return [
                "Far from zero y has few digits left. If the variance is mean(x**2) - mean(x)**2: "
                "that is right in mathematics, but the two are nearly equal there."
            ]
    if function in FORWARD_OF or function in FORWARD_OF.values():
        flat, flat4 = probe.x.copy(), probe.x4.copy()
        flat[:, 0] = flat4[:, 0] = probe.batch_mean[0]
        if not _right(solution, function, replace(probe, x=flat, x4=flat4)):
            return ["For a constant channel it is wrong: is something divided by std without eps?"]
    if function in FORWARD_OF:
        gamma = np.where(np.arange(probe.gamma.size) == 0, 0, probe.gamma)
        if not _right(solution, function, replace(probe, gamma=gamma)):
            return ["Where gamma is 0 the gradients are wrong: is something divided by gamma?"]
    return []


def _right(solution: Solution, function: str, probe: Probe) -> bool:
    expected = observe(CORRECT, function, probe)
    try:
        found = observe(solution, function, probe)
    except Exception:  # of the student's function, which is right elsewhere
        return False
    return all(
        np.allclose(found[key], value, rtol=0, atol=1e-6 * np.abs(value).max())
        for key, value in expected.items()
        if key.split()[0] in CONTRACT[function].results and "small" not in key
    )
