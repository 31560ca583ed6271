"""Points for a hand-in, and how they are handed on: to Gradescope, to a spreadsheet, as a table.

What follows from a mistake that was counted already is known, so that one mistake need not cost
several functions.
"""

from __future__ import annotations

import csv
import io
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from .mistakes import BY_KEY
from .report import parts, student_text, wrapped
from .verdict import FAILED, NOT_STARTED, PASSED, Graded, Verdict

SHOWN = 5  # files below a mistake


@dataclass(frozen=True)
class Points:
    """How many points each function is worth."""

    each: tuple[float, ...] = ()  # in the order of the contract; empty for one point each
    halves: bool = False  # half of them for what is right for (N, C), but not for images
    follow_through: bool = False  # all for what only follows from a mistake in another function

    def whole(self, graded: Graded) -> list[float]:
        """Return the points that each function can have."""
        return list(self.each) or [1.0] * len(graded.verdicts)

    def of(self, graded: Graded) -> list[float]:
        """Return the points that each function has."""
        return [
            points * self._share(graded, verdict)
            for points, verdict in zip(self.whole(graded), graded.verdicts, strict=True)
        ]

    def _share(self, graded: Graded, verdict: Verdict) -> float:
        follows = self.follow_through and bool(because_of(graded, verdict))
        if verdict.status == PASSED or follows:
            return 1.0
        return 0.5 if self.halves and verdict.right_for_rows else 0.0


def because_of(graded: Graded, verdict: Verdict) -> list[str]:
    """Return the functions whose mistakes are all that is wrong with a later one; else nothing."""
    if verdict.status != FAILED or not all(f.mistake for f in verdict.findings):
        return []
    before = graded.verdicts[: graded.verdicts.index(verdict)]
    first = {key: v.name for v in reversed(before) for key in v.mistakes}
    if not all(key in first for key in verdict.mistakes):
        return []
    return list(dict.fromkeys(first[key] for key in verdict.mistakes))


def number(points: float) -> float | int:
    """Return points without a fraction of nothing."""
    return int(points) if points == int(points) else round(points, 2)


def gradescope(graded: Graded, points: Points = Points()) -> dict[str, Any]:
    """Return the results of one file as Gradescope reads them; without a score if not graded."""
    about = {"seed": graded.seed, "file": graded.path, "sha256": graded.sha256}
    about["version"] = graded.version
    if graded.error:
        return {"output": f"not graded: {graded.error}", "extra_data": about}
    tests = [
        {
            "name": f"{v.name}: {v.mistake or v.status}",
            "score": number(has),
            "max_score": number(whole),
            "status": "passed" if v.status == PASSED else "failed",
            "output": "\n".join(parts(v, graded.path)) or v.status,
            "extra_data": {
                "verdict": v.status,
                "mistake": v.mistake,
                "mistakes": v.mistakes,
                "because_of": because_of(graded, v),
            },
        }
        for v, has, whole in zip(
            graded.verdicts, points.of(graded), points.whole(graded), strict=True
        )
    ]
    return {
        "score": number(sum(points.of(graded))),
        "output": student_text(graded).partition("\n")[0],
        "tests": tests,
        "extra_data": about,
    }


def table(files: Sequence[Graded], points: Points = Points()) -> str:
    """Return the CSV of several files: a header, and a row for each."""
    functions = list(dict.fromkeys(v.name for g in files for v in g.verdicts))
    columns = ["name", "score", *functions, "mistakes", "reason", "seed", "sha256", "version"]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    for graded in files:
        found = [] if graded.error else points.of(graded)
        names = (v.name for v in graded.verdicts)
        each = dict.fromkeys(functions, "") | dict(zip(names, map(number, found), strict=True))
        score = "" if graded.error else number(sum(found))
        mistakes = dict.fromkeys(key for v in graded.verdicts for key in v.mistakes)
        reason = graded.error or graded.problem
        last = [" ".join(mistakes), reason, graded.seed, graded.sha256, graded.version]
        writer.writerow([graded.path, score, *each.values(), *last])
    return text.getvalue()


def row(graded: Graded, width: int, points: Points = Points()) -> str:
    """Return the line of one file among several: its points, and what is wrong."""
    if graded.error:
        return f"{graded.name:<{width}}  not graded ({graded.error})"
    waiting = sum(v.status == NOT_STARTED for v in graded.verdicts)
    whole = number(sum(points.whole(graded)))
    score = f"{number(sum(points.of(graded)))} of {whole}"
    line = f"{graded.name:<{width}}  {score:<8}  {waiting or '':>11}  {', '.join(_kinds(graded))}"
    return line.rstrip()


def head(width: int) -> str:
    """Return the line above the rows."""
    return f"{'file':<{width}}  points    not started  mistakes"


def frequent(files: Sequence[Graded]) -> Iterable[str]:
    """Go through the mistakes of several files, the most frequent first, and who made them."""
    who: dict[str, list[str]] = {}
    for graded in files:
        for kind in _kinds(graded):
            who.setdefault(kind, []).append(graded.name)
    for kind, paths in sorted(who.items(), key=lambda item: (-len(item[1]), item[0])):
        title = f": {BY_KEY[kind].title.format('a number')}" if kind in BY_KEY else ""
        count = f"{len(paths):>4} of {len(files)}"
        yield wrapped(f"{count}  {kind}{title}", "", " " * 12)
        more = f" and {len(paths) - SHOWN} more" if len(paths) > SHOWN else ""
        names = (os.path.basename(path) for path in paths[:SHOWN])
        yield wrapped(f"in {', '.join(names)}{more}", " " * 12)


def _kinds(graded: Graded) -> list[str]:
    """Return the mistakes of a file, each once: their keys, or what is said of those without."""
    if graded.error or graded.problem:
        return [f"not judged ({_short(graded.problem)})"] if graded.problem else []
    kinds = []
    for v in graded.verdicts:
        if v.status == FAILED:
            kinds += [f.mistake or f"{v.name}: {_short(f.what)}" for f in v.findings]
    return list(dict.fromkeys(kinds))


def _short(text: str) -> str:
    """Return the beginning of a finding, without its numbers, so that equal ones are counted."""
    first = re.split(r"[.:;(] ?", text + " ", maxsplit=1)[0].strip()
    return first if len(first) <= 60 else first[:57] + "…"
