"""The wrong solutions that a student's function is compared with.

Besides the mistakes of a function itself, those that come along from another: a wrong correction is
felt in BRN's forward pass, and who writes BRN from a wrong BN makes BN's mistakes there too. Some
mistakes concern several results, and may be made in one of them only; some have a number in them.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple, TypeAlias

from .catalogue import MISTAKES, Mistake, textbook
from .catalogue.parts import Part
from .contract import FORWARD_OF
from .seen import Seen, look

Planted: TypeAlias = tuple[tuple[str, Part], ...]
"""Parts that stand in the place of the right ones, by name."""

BORROWED = {  # functions that are partly written like others
    "batch_renorm_forward": ("renorm_correction", "batch_norm_forward"),
    "batch_renorm_backward": ("batch_norm_backward",),
    "batch_norm_inference": ("batch_norm_forward",),
}
PARTS_OF_INFERENCE = {"affine"}  # that it shares with the forward pass
ONLY = {  # what a part concerns, of a mistake that may be made there alone
    "mean_over": "the mean",
    "variance_over": "the variance",
    "mean_average": "the term of the mean",
    "variance_average": "the term of the variance",
    "gamma_sum": "dgamma",
    "beta_sum": "dbeta",
    "mean_weight": "running_mean",
    "std_weight": "running_std",
    "mean_weights": "running_mean",
    "std_weights": "running_std",
    "r_bounds": "r",
    "d_bounds": "d",
}


ORDERS = {"parameters", "pair", "updated"}  # parts that exchange results


class Candidate(NamedTuple):
    """A mistake as it may be in a function."""

    mistake: Mistake
    planted: Planted
    only: str = ""  # the one place that it is made in
    constant: float | None = None  # the number that is written into the function

    @property
    def whole(self) -> bool:
        """Whether it cannot be made together with another one."""
        return any(name == textbook.WHOLE for name, _ in self.planted)

    @property
    def reorders(self) -> bool:
        """Whether it returns results in another order."""
        return any(name in ORDERS for name, _ in self.planted)

    def goes_with(self, other: Candidate) -> bool:
        """Whether both can be made at once: they replace different parts."""
        mine, theirs = dict(self.planted), dict(other.planted)
        return not (self.whole or other.whole or mine.keys() & theirs.keys())


def _as_made(mistake: Mistake) -> Iterator[Candidate]:
    yield Candidate(mistake, tuple(mistake.parts.items()))
    if len(mistake.parts) > 1 and mistake.parts.keys() <= ONLY.keys():
        for name, part in mistake.parts.items():
            yield Candidate(mistake, ((name, part),), only=ONLY[name])
    for constant in mistake.constants[1:]:
        planted = tuple(mistake.with_constant(constant).items())
        yield Candidate(mistake, planted, constant=constant)


@lru_cache(maxsize=16)
def candidates(function: str) -> tuple[Candidate, ...]:
    """Return what a wrong function may be equal to, the mistakes of its own first."""
    found: list[Candidate] = []
    for name in (function, *BORROWED.get(function, ())):
        for mistake in MISTAKES:
            if mistake.verdict == "wrong" and mistake.function == name:
                fits = name == function or textbook.WHOLE not in mistake.parts
                if function == "batch_norm_inference" and name != function:
                    fits = mistake.parts.keys() <= PARTS_OF_INFERENCE
                found += _as_made(mistake) if fits else ()
    return tuple(found)


class After(NamedTuple):
    """The forward pass whose cache a backward pass gets: its mistakes, and what is stored of them.

    That is "all", or only the "values", normalised and y, or only the "correction", r and d; what
    else is stored, or computed anew from x in the backward pass, is then right.
    """

    planted: Planted = ()
    stored: str = "all"


RIGHT = After()


def contexts(planted: Planted) -> list[After]:
    """Return what the cache may hold after a forward pass with these mistakes."""
    if not planted:
        return [RIGHT]
    return [After(planted), After(planted, "values"), RIGHT, After(planted, "correction")]


@lru_cache(maxsize=4096)
def observed(function: str, planted: Planted, seed: int, after: After = RIGHT) -> Seen | None:
    """Return what a function with these mistakes does; None if it cannot run."""
    try:
        return look(solution_with(function, planted, after), function, seed)
    except (ValueError, IndexError, AttributeError, TypeError):
        return None


def solution_with(function: str, planted: Planted, after: After = RIGHT) -> dict[str, Any]:
    """Return the textbook's functions with mistakes in one of them, and in its forward pass."""
    functions = textbook.solution(function, dict(planted))
    forward = FORWARD_OF.get(function)
    if forward is not None and after.planted:
        wrong, right = textbook.planted(forward, dict(after.planted)), functions[forward]

        def values(*arguments: Any) -> tuple[Any, textbook.Cache]:
            y, cache = wrong(*arguments)
            kept = {"z": cache.z, "xhat": cache.xhat, "y": cache.y}
            return y, right(*arguments)[1]._replace(**kept)

        def correction(*arguments: Any) -> tuple[Any, textbook.Cache]:
            y, cache = wrong(*arguments)
            z = right(*arguments)[1].z
            kept = {"r": cache.r, "d": cache.d, "xhat": z * cache.r + cache.d}
            return y, right(*arguments)[1]._replace(**kept)

        stores = {"all": wrong, "values": values, "correction": correction}
        functions[forward] = stores[after.stored]
    return functions
