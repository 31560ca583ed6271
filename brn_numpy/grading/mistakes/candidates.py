"""The wrong solutions that a student's function is compared with.

Besides the mistakes of a function itself, those that come along from another: a wrong correction is
felt in BRN's forward pass, and who writes BRN from a wrong BN makes BN's mistakes there too. Some
mistakes concern several results, and may be made in one of them only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from ..observe import Seen, look
from .page import MISTAKES, SEEN_BY, Mistake, with_number
from .plant import THERE, Lines, in_place_of, solution

ERRORS = (ValueError, IndexError, AttributeError, TypeError, NameError)  # of lines that do not fit
BORROWED = {  # functions that are partly written like others
    "batch_renorm_forward": ("renorm_correction", "batch_norm_forward"),
    "batch_renorm_backward": ("batch_norm_backward",),
    "batch_norm_inference": ("batch_norm_forward",),
    "test_mode": ("batch_norm_inference", "batch_norm_forward"),
}
ONLY = {  # the name that a line assigns: what it is about, and what shows a mistake in it alone
    "mu": ("the mean", "mean of y"),
    "var": ("the variance", "spread of y"),
    "through_mean": ("the term of the mean", "sum of dx"),
    "through_std": ("the term of the variance", "dx along x"),
    "dgamma": ("dgamma", "dgamma"),
    "dbeta": ("dbeta", "dbeta"),
    "new_mean": ("running_mean", "running mean"),
    "new_std": ("running_std", "running std"),
    "new_var": ("running_var", "running var"),
    "r": ("r", "r"),
    "d": ("d", "d"),
    "dxhat": ("gamma", "gamma in dx"),
    "dx": ("the division of dx by std", "dx along x"),
    "in dx": ("dx", "dx along x"),
    "outside": ("what is outside the mean in the term of the variance", "sum of dx"),
    "inside": ("what is inside the mean in the term of the variance", "dx along x"),
    "half": ("one of two factors in the term of the variance", "dx along x"),
}


class Candidate(NamedTuple):
    """A mistake as it may be in a function."""

    mistake: Mistake
    open_lines: Lines  # a number in them is called `number`
    only: str = ""  # the name of the one line that it is made in
    number: float | None = None  # which number it is, once that is known

    @property
    def lines(self) -> Lines:
        """The lines with their number, or with a usual one."""
        number = self.mistake.number if self.number is None else self.number
        if number is None:
            return self.open_lines
        return tuple((name, with_number(text, number)) for name, text in self.open_lines)

    @property
    def is_open(self) -> bool:
        """Whether there is a number in it that is not known."""
        return self.mistake.number is not None and self.number is None

    @property
    def reorders(self) -> bool:
        """Whether it returns results in another order."""
        return any(name == "return" for name, _ in self.open_lines)

    @property
    def title(self) -> str:
        """What was computed, with the number."""
        text = self.mistake.title.format(f"{self.number or 0:.3g}")
        where = self.only and f"For {ONLY[self.only][0]} only: "
        return where + (text[0].lower() + text[1:] if where else text)


@lru_cache(maxsize=16)
def candidates(function: str) -> tuple[Candidate, ...]:
    """Return what a wrong function may be equal to, the mistakes of its own first."""
    wrong = [mistake for mistake in MISTAKES if not mistake.equal]
    places = (function, *BORROWED.get(function, ()))
    wrong.sort(key=lambda m: places.index(m.function) if m.function in places else len(places))
    return tuple(made for mistake in wrong for made in _as_made(mistake, function))


def _as_made(mistake: Mistake, function: str) -> Iterator[Candidate]:
    lines = lines_in(mistake, function)
    if lines:
        yield Candidate(mistake, lines)
    apart = mistake.open_lines.keys() <= ONLY.keys()
    if len(lines) > 1 and apart and (mistake.fields or "dx" not in mistake.open_lines):
        for name, line in zip(mistake.open_lines, lines, strict=True):
            yield Candidate(mistake, (line,), only=name)
    if lines and mistake.fields and "dgamma" in mistake.open_lines:
        if len(lines) > 2:
            yield Candidate(mistake, lines[1:], only="in dx")
        for at, name in enumerate(("half",) if "std" in mistake.fields else ("outside", "inside")):
            text = in_place_of(mistake.function, mistake.fields, at)["through_std"]
            yield Candidate(mistake, lines_in(mistake, function, through_std=text), only=name)


def lines_in(mistake: Mistake, function: str, **own: str) -> Lines:
    """Return the lines of a mistake, or its own ones, as they are made in a function, if so."""
    lines = tuple((own or mistake.open_lines).items())
    if mistake.function == function:
        return lines
    if mistake.function not in BORROWED.get(function, ()) or "textbook." in mistake.text:
        return ()
    if function in ("batch_norm_inference", "test_mode"):
        alike = mistake.function == "batch_norm_inference" or [name for name, _ in lines] == ["y"]
        other = "running_std" in mistake.text + mistake.title + mistake.why  # and not running_var
        return lines if alike and not other and (mistake.what, function) in SEEN_BY else ()
    return tuple(_in_renorm(mistake.function, *line) for line in lines)


def _in_renorm(function: str, name: str, text: str) -> tuple[str, str]:
    """Return a line of BN or of the correction as BRN has it: there, xhat and dxhat are z and dz.

    xhat and dxhat are in BRN what gamma is next to, after and before the correction.
    """
    if function == "renorm_correction":
        return THERE + name, text
    if function == "batch_norm_forward" and name == "xhat":
        return "z", re.sub(r"^xhat\b", "z", text, flags=re.M)
    if function == "batch_norm_backward" and name in ("through_mean", "through_std", "dx"):
        text = re.sub(r"\bdxhat\b", "dz", text.replace("cache.xhat", "cache.z"))
    return name, text


@lru_cache(maxsize=4096)
def observed(function: str, lines: Lines, seed: int) -> Seen | None:
    """Return what a function with these lines does; None if it cannot run."""
    try:
        return look(solution(function, dict(lines)), function, seed)
    except ERRORS:
        return None
