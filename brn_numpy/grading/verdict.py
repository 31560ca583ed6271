"""What the grader says: of one function, and of a whole file."""

from __future__ import annotations

from dataclasses import dataclass, field

from .. import __version__
from .mistakes import See
from .mistakes.plant import Lines
from .tidy import clean

PASSED, FAILED, NOT_STARTED, NOT_JUDGED = "passed", "failed", "not started", "not judged"
UNLOADED = "something fails when the file is loaded"


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong: what was computed, why that is wrong, and how to see it."""

    what: str
    why: str = ""
    see: See | None = None
    mistake: str | None = None  # its key
    seen: str = ""  # what there is to see, in words and with both values
    read: tuple[str, str] = ("", "")  # a page of the tutorials and the place there

    @property
    def line(self) -> str:
        """The line that a student can run, or nothing."""
        return self.see.line if self.see else ""

    @property
    def measured(self) -> bool:
        """Whether there is a slope to see, which a gradient check measures better."""
        return self.see is not None and "slope" in self.see.words


@dataclass(frozen=True)
class Verdict:
    """What is said of one function. A passed one may have notes.

    Attributes
    ----------
    title : str
        What a report calls it, if not by the name of the function.
    works : bool
        Whether it returns what the contract says, right or wrong.
    differs : bool
        Whether it returns other values than the right function, also if it passes.
    few_digits : bool
        Whether y has another dtype than x.
    right_for_rows : bool
        Whether it is right for x of (N, C), but not for images.
    right : tuple
        The results that are right where others are wrong.
    lines : tuple
        The lines of the mistakes that explain everything, if there are such.
    """

    function: str
    status: str
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()
    title: str = ""
    works: bool = field(default=True, compare=False)
    differs: bool = field(default=False, compare=False)
    few_digits: bool = field(default=False, compare=False)
    right_for_rows: bool = field(default=False, compare=False)
    right: tuple[str, ...] = field(default=(), compare=False)
    lines: Lines = field(default=(), compare=False)

    @property
    def name(self) -> str:
        """What a report calls it."""
        return self.title or self.function

    @property
    def spoils_cache(self) -> bool:
        """Whether a forward pass may have stored something wrong, too."""
        lines = self.lines or [("", "")]
        return self.differs and any(name != "y" or "textbook." in text for name, text in lines)

    @property
    def mistakes(self) -> list[str]:
        """The keys of all findings that have one."""
        return [f.mistake for f in self.findings if f.mistake]

    @property
    def mistake(self) -> str | None:
        """The key of the first finding that has one."""
        return next(iter(self.mistakes), None)


@dataclass(frozen=True)
class Graded:
    """The verdicts on one file, of the functions that were asked for."""

    path: str
    verdicts: tuple[Verdict, ...]
    problem: str = ""  # why nothing could be judged
    note: str = ""
    seed: int = 0
    sha256: str = ""  # of the file
    error: str = ""  # why it was not graded, through no fault of its own
    version: str = __version__  # of the grader

    @property
    def name(self) -> str:
        """The path on one line, whatever its letters would do to a terminal."""
        return clean(self.path, 300)

    @property
    def score(self) -> int:
        """How many functions are right."""
        return sum(v.status == PASSED for v in self.verdicts)

    @property
    def passed(self) -> bool:
        """Whether all are right."""
        return not self.error and self.score == len(self.verdicts)
