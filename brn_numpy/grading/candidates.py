"""The wrong solutions that a student's function is compared with.

Besides the mistakes of a function itself, those that come along from another: a wrong correction is
felt in BRN's forward pass, and who writes BRN from a wrong BN makes BN's mistakes there too.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

from .._checks import Array
from .catalogue import MISTAKES, Mistake, textbook
from .catalogue.brn_statistics import corrected
from .catalogue.textbook import Cache, RenormCache
from .contract import FORWARD_OF, Solution
from .seen import Seen, look

CORRESPONDING = {
    "batch_renorm_forward": "batch_norm_forward",
    "batch_renorm_backward": "batch_norm_backward",
}


class Candidate(NamedTuple):
    """A mistake, and a solution in which the function has it."""

    mistake: Mistake
    solution: Solution


@lru_cache(maxsize=16)
def candidates(function: str) -> tuple[Candidate, ...]:
    """Return what a wrong function may be equal to, the mistakes of its own first."""
    wrong = [m for m in MISTAKES if m.verdict == "wrong"]
    own = [Candidate(m, m.solution()) for m in wrong if m.function == function]
    if function == "batch_renorm_forward":
        own += [Candidate(m, m.solution()) for m in wrong if m.function == "renorm_correction"]
    other = CORRESPONDING.get(function)
    for m in wrong:
        if m.function == other:
            variant = _forward(m) if function not in FORWARD_OF else _backward(m)
            own.append(Candidate(m, textbook.solution(function, variant)))
    return tuple(own)


@lru_cache(maxsize=4096)
def observed(function: str, number: int, seed: int, forward: int | None = None) -> Seen | None:
    """Return what candidate `number` does, after the forward pass of candidate `forward`.

    None if it cannot run, as where it needs another cache.
    """
    solution = dict(candidates(function)[number].solution)
    if forward is not None:
        name = FORWARD_OF[function]
        solution[name] = candidates(name)[forward].solution[name]
    try:
        return look(solution, function, seed)
    except (ValueError, IndexError, AttributeError):
        return None


def right_after(function: str, forward: int, seed: int) -> Seen:
    """Return what a right backward pass does with the cache of a wrong forward pass."""
    name = FORWARD_OF[function]
    return look(textbook.solution(name, candidates(name)[forward].solution[name]), function, seed)


def _forward(mistake: Mistake) -> Any:
    """Return BRN's forward pass with the mean and the deviation of a wrong BN."""

    def forward(x: Array, gamma: Array, beta: Array, m: Array, s: Array, *rest: Any) -> Any:
        cache: Cache = mistake.variant(x.copy(), gamma, beta, rest[2])[1]
        return corrected(x, gamma, beta, (m, s), rest[:2], cache.x - cache.xc, cache.std)

    return forward


def _backward(mistake: Mistake) -> Any:
    """Return BRN's backward pass with the dx of a wrong BN, gamma * r for gamma."""

    def backward(dy: Array, cache: RenormCache) -> tuple[Array, Array, Array]:
        _, dgamma, dbeta = textbook.batch_renorm_backward(dy, cache)
        gamma, xc = cache.gamma * cache.r, cache.z * cache.std
        bn = Cache(xc, xc, cache.std, cache.z, cache.gamma * cache.xhat, gamma, 0.0)
        return mistake.variant(dy, bn)[0], dgamma, dbeta

    return backward
