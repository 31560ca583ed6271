"""The page `mistakes.md`, read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from typing import Any, NamedTuple

from .plant import by_name, fields_in, solution


class See(NamedTuple):
    """Two expressions that are equal if a function is right; for their names see `grading.see`."""

    words: str  # what is looked at
    run: str
    should_be: str

    @property
    def line(self) -> str:
        """The line that a student can run."""
        return f"print({self.run}, 'should be', {self.should_be})"


@dataclass(frozen=True, eq=False)
class Mistake:
    """A mistake of one function, or the right result by another road."""

    key: str
    function: str
    text: str  # the lines as they stand on the page; {1e-5} is a number like 1e-5
    title: str  # what was computed; {} stands for that number
    why: str  # why that is wrong
    what: str  # what shows it: a name of the table `SEEN_BY`
    page: str  # of the tutorials, where it is taught
    place: str  # a heading there, or a step

    @property
    def equal(self) -> bool:
        """Whether it is right, by another road."""
        return self.why.startswith("Correct")

    @cached_property
    def number(self) -> float | None:
        """A usual number of those that are written into the function, if there is one."""
        found = re.search(r"\{(.+?)\}", self.text)
        return float(found[1]) if found else None

    @cached_property
    def open_lines(self) -> dict[str, str]:
        """The lines by name; the number in them is called `number`."""
        return by_name(self.function, re.sub(r"\{.+?\}", "number", self.text))

    @cached_property
    def fields(self) -> dict[str, str]:
        """What it puts in the place of the cache's fields, if it is a mistake of that kind."""
        return fields_in(self.function, re.sub(r"\{.+?\}", "number", self.text))

    @cached_property
    def lines(self) -> dict[str, str]:
        """The lines by name, with the usual number."""
        return {name: with_number(text, self.number) for name, text in self.open_lines.items()}

    def solution(self) -> dict[str, Callable[..., Any]]:
        """Return the textbook with this one mistake in it."""
        return solution(self.function, self.lines)

    @property
    def see(self) -> See:
        """The line that shows it in its own function."""
        return SEEN_BY[self.what, self.function]


def with_number(text: str, number: float | None) -> str:
    """Return lines with their number written into them."""
    return re.sub(r"\bnumber\b", repr(number), text)


def _read(page: str) -> Iterator[tuple[str, str, dict[str, See], list[Mistake]]]:
    """Go through functions: the name, where it is taught, what shows mistakes, and the mistakes."""
    for section in re.split(r"^## ", page, flags=re.M)[1:]:
        head, *groups = re.split(r"^### ", section, flags=re.M)
        function, found = head.partition("\n")[0], list[Mistake]()
        rows = re.findall(r"^\| (.+?) \| (.+?) \| `(.+?)` \| `(.+?)` \|$", head, flags=re.M)
        for group in groups:
            start, *parts = re.split(r"^#### ", group, flags=re.M)
            what = start.partition("\n")[0].partition(":")[0]
            place, taught = _link(start)
            for part in parts:
                key, code, text = re.split(r"\n+```(?:python)?\n", part)
                title, why = text.strip().split("\n")
                where = "" if place == taught else place
                found.append(Mistake(key, function, code, title, why, what, taught, where))
        yield function, _link(head)[1], {what: See(*line) for what, *line in rows}, found


def _link(text: str) -> tuple[str, str]:
    """Return the words of the first link into the tutorials, and the page that it leads to."""
    found = re.search(r"\[(.+?)\]\(.*?tutorials/(\w+)\.md", text)
    assert found, text
    return found[1], found[2]


def place_of(function: str, what: str) -> tuple[str, str]:
    """Return where a function is taught, the place too if mistakes seen in this way have one."""
    places = [(m.page, m.place) for m in MISTAKES if (m.function, m.what) == (function, what)]
    return next((p for p in places if p[1]), (TAUGHT[function], ""))


_TEXT = files(__package__).joinpath("mistakes.md").read_text(encoding="utf-8")
_PAGE = list(_read(_TEXT))
MISTAKES: list[Mistake] = [mistake for *_, found in _PAGE for mistake in found]
TAUGHT: dict[str, str] = {function: page for function, page, *_ in _PAGE}
"""The page of the tutorials on which a function is taught."""
SEEN_BY: dict[tuple[str, str], See] = {
    (what, function): see for function, _, sees, _ in _PAGE for what, see in sees.items()
}
"""What shows a mistake, by its name and the function."""
ONLY: dict[str, list[str]] = {
    line: about for line, *about in re.findall(r"^\| `(.+?)` \| (.+?) \| (.+?) \|$", _TEXT, re.M)
}
"""Where a mistake may be made in one place only: that place in words, and what shows it there."""
