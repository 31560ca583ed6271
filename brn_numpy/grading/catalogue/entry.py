"""One mistake of the catalogue, and the shelf on which a file collects its mistakes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, TypeAlias

from . import textbook

Function: TypeAlias = Callable[..., Any]


class See(NamedTuple):
    """Two expressions, which agree for a correct solution; see `grading.seeing` for the names."""

    run: str
    should_be: str


@dataclass(frozen=True)
class Mistake:
    """One line of the catalogue.

    Attributes
    ----------
    key : str
        Short and stable, in kebab-case.
    function : str
        The contract name of the function that it concerns.
    title : str
        What was computed.
    why : str
        Why that is wrong, or, for an equal one, why it is right.
    see : See
        What the student can run, and what it should give.
    verdict : "wrong" or "equal"
        Equal ones are the correct result by another road.
    topic : str
        Where it is taught.
    variant : function
        The mistake itself, in the contract, over the textbook's cache.
    """

    key: str
    function: str
    title: str
    why: str
    see: See
    verdict: Literal["wrong", "equal"]
    topic: str
    variant: Function

    @property
    def line(self) -> str:
        """The line that a student can run."""
        return f"print({self.see.run}, 'should be', {self.see.should_be})"

    def solution(self) -> dict[str, Any]:
        """Return a textbook solution with this one mistake planted in it."""
        return textbook.solution(self.function, self.variant)


@dataclass
class Shelf:
    """The mistakes of one file.

    `complete` turns a planted function into one of the contract, if it is only a part of it: dx
    alone, for example.
    """

    function: str
    topic: str
    complete: Callable[[Function], Function] = lambda variant: variant
    mistakes: list[Mistake] = field(default_factory=list)

    def wrong(
        self, title: str, why: str, see: See, topic: str | None = None
    ) -> Callable[[Function], Function]:
        """Plant the decorated function as a mistake; its key is the name of the function."""
        return self._put("wrong", title, why, see, topic)

    def equal(
        self, title: str, why: str, see: See, topic: str | None = None
    ) -> Callable[[Function], Function]:
        """Plant the decorated function as one that is equal in mathematics."""
        return self._put("equal", title, why, see, topic)

    def _put(
        self,
        verdict: Literal["wrong", "equal"],
        title: str,
        why: str,
        see: See,
        topic: str | None,
    ) -> Callable[[Function], Function]:
        def put(variant: Function) -> Function:
            key = variant.__name__.replace("_", "-")
            whole = self.complete(variant)
            self.mistakes.append(
                Mistake(key, self.function, title, why, see, verdict, topic or self.topic, whole)
            )
            return variant

        return put
