"""One mistake of the catalogue, and the shelf on which a file collects its mistakes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal, NamedTuple, TypeAlias

from . import textbook
from .parts import NAMES, Part

Function: TypeAlias = Callable[..., Any]


class See(NamedTuple):
    """Two expressions, which agree for a correct solution; see `grading.seeing` for the names."""

    run: str
    should_be: str

    @property
    def line(self) -> str:
        """The line that a student can run."""
        return f"print({self.run}, 'should be', {self.should_be})"


@dataclass(frozen=True, eq=False)
class Mistake:
    """One line of the catalogue.

    Attributes
    ----------
    key : str
        Short and stable, in kebab-case.
    function : str
        The contract name of the function that it concerns.
    title : str
        What was computed. "{}" stands for a number that is written into the function.
    why : str
        Why that is wrong, or, for an equal one, why it is right.
    see : See
        What the student can run, and what it should give.
    verdict : "wrong" or "equal"
        Equal ones are the correct result by another road.
    topic : str
        Where it is taught.
    parts : mapping of str to function
        The parts of the textbook's function that it replaces; "whole" is the function itself.
    step : int
        The step of the tutorial on BN's backward pass that it concerns; 0 if none does.
    constants : tuple of float
        Usual values of the number that is written into the function; the first one is planted.
    """

    key: str
    function: str
    title: str
    why: str
    see: See
    verdict: Literal["wrong", "equal"]
    topic: str
    parts: Mapping[str, Part]
    step: int = 0
    constants: tuple[float, ...] = ()

    @property
    def line(self) -> str:
        """The line that a student can run."""
        return self.see.line

    def told(self, constant: float | None = None) -> str:
        """Return the title with the number that is written into the function."""
        if constant is None:
            constant = self.constants[0] if self.constants else 0.0
        return self.title.format(f"{constant:g}")

    def with_constant(self, constant: float) -> dict[str, Part]:
        """Return the parts with another number written into them."""
        return {name: partial(part, constant=constant) for name, part in self.parts.items()}

    @property
    def variant(self) -> Function:
        """The function with this mistake in it, in the contract."""
        return textbook.planted(self.function, self.parts)

    def solution(self) -> dict[str, Any]:
        """Return a textbook solution with this one mistake planted in it."""
        return textbook.solution(self.function, self.parts)


@dataclass
class Shelf:
    """The mistakes of one file, with a topic that most of them share."""

    function: str
    topic: str
    mistakes: list[Mistake] = field(default_factory=list)

    def wrong(
        self, title: str, why: str, see: See, part: str = textbook.WHOLE, **more: Any
    ) -> Callable[[Function], Function]:
        """Plant the decorated function as a mistake; its key is the name of the function.

        `part` are the names of the parts in whose place it stands, with blanks between them;
        `more` are other attributes of the mistake: topic, step, constants.
        """
        return self._put("wrong", title, why, see, part, **more)

    def equal(
        self, title: str, why: str, see: See, part: str = textbook.WHOLE, **more: Any
    ) -> Callable[[Function], Function]:
        """Plant the decorated function as one that is equal in mathematics."""
        return self._put("equal", title, why, see, part, **more)

    def _put(
        self,
        verdict: Literal["wrong", "equal"],
        title: str,
        why: str,
        see: See,
        part: str,
        *,
        topic: str = "",
        step: int = 0,
        constants: tuple[float, ...] = (),
    ) -> Callable[[Function], Function]:
        def put(variant: Function) -> Function:
            key = variant.__name__.replace("_", "-")
            planted = partial(variant, constant=constants[0]) if constants else variant
            parts = dict.fromkeys(part.split(), planted)
            assert parts.keys() <= NAMES | {textbook.WHOLE}, part
            about = title, why, see, verdict, topic or self.topic
            self.mistakes.append(Mistake(key, self.function, *about, parts, step, constants))
            return variant

        return put
