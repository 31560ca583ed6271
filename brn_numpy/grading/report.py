"""The verdicts as text, for a student and for a lecturer, and as Gradescope's JSON."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from .grade import Graded
from .mistakes import BY_KEY, TAUGHT
from .verdict import FAILED, NOT_STARTED, PASSED, Verdict

WORDS = {PASSED: "right", FAILED: "WRONG"}
WIDTH = 100


def student_text(graded: Graded, seed: int) -> str:
    """Return the report on one file."""
    if graded.problem:
        return f"{graded.path}: not judged. {_sentence(graded.problem)}"
    of = len(graded.verdicts)
    lines = [
        f"{graded.path}: {graded.score} of {of} right (--seed {seed} repeats these numbers)",
        "",
    ]
    width = max(22, *(len(v.name) for v in graded.verdicts))
    waiting = [v.name for v in graded.verdicts if v.status == NOT_STARTED]
    for verdict in graded.verdicts:
        if verdict.status != NOT_STARTED:
            lines += _verdict_lines(verdict, width)
    if waiting:
        lines.append(_wrapped(f"not started: {', '.join(waiting)}", "  "))
    if graded.note:
        lines.append(_wrapped(graded.note, "  "))
    if any(f.line for v in graded.verdicts for f in v.findings):
        lines += [
            "",
            "To run the lines under See, start Python and enter first:",
            "  from brn_numpy.grading.see import names_of",
            f"  globals().update(names_of({graded.path!r}, {seed}))",
        ]
    return "\n".join(lines)


def _verdict_lines(verdict: Verdict, width: int) -> list[str]:
    word = WORDS.get(verdict.status, verdict.status)
    lines = [f"  {verdict.name:<{width}} {word}"]
    return lines + [_wrapped(text, "      ", "           ") for text in _parts(verdict)]


def _parts(verdict: Verdict) -> list[str]:
    """Return what is said of a function, line by line."""
    parts, said = [], set()
    for finding in verdict.findings:
        parts.append(_sentence(finding.what))
        if finding.why and finding.why not in said:
            parts.append(f"Why: {finding.why}")
        if finding.line and finding.line not in said:
            parts.append(f"See: {finding.line}")
        said |= {finding.why, finding.line}
    if verdict.works and verdict.findings:
        keys = [finding.mistake for finding in verdict.findings]
        parts.append(f"Read: {where_to_read(verdict.function, keys)}.")
    return parts + [f"Note: {note}" for note in verdict.notes]


def where_to_read(function: str, keys: Iterable[str | None]) -> str:
    """Return where in the tutorials mistakes are taught, by their keys; None is an unknown one."""
    found: dict[str, dict[str, None]] = {}
    for key in keys:
        page = BY_KEY[key].page if key else TAUGHT[function]
        place = BY_KEY[key].place if key else ""
        quoted = place if place.startswith("step ") else f'"{place}"'
        found.setdefault(page, {}).update({quoted: None} if place else {})
    texts = [
        f"tutorials/{page}.md" + ", " * bool(at) + " and ".join(at) for page, at in found.items()
    ]
    return "; ".join(texts)


def _sentence(text: str) -> str:
    """Return a text that begins like a sentence and ends like one; names stay as they are."""
    first = text.split(" ")[0]
    text = text[0].upper() + text[1:] if first in ("it", "the") else text
    return text if text.endswith((".", "?", "!")) else text + "."


def _wrapped(text: str, indent: str, more: str | None = None) -> str:
    """Break a text into lines; a line of code stays whole."""
    if text.startswith("See:"):
        return indent + text
    return textwrap.fill(
        text, WIDTH, initial_indent=indent, subsequent_indent=more or indent, break_on_hyphens=False
    )


def gradescope(graded: Graded, seed: int) -> dict[str, Any]:
    """Return the results of one file as Gradescope reads them."""
    tests = [
        {
            "name": f"{v.name}: {v.mistake or v.status}",
            "score": int(v.status == PASSED),
            "max_score": 1,
            "status": "passed" if v.status == PASSED else "failed",
            "output": "\n".join(_parts(v)) or v.status,
            "extra_data": {
                "verdict": v.status,
                "mistake": v.mistake,
                "mistakes": v.mistakes,
            },
        }
        for v in graded.verdicts
    ]
    return {
        "score": graded.score,
        "output": student_text(graded, seed).partition("\n")[0],
        "tests": tests,
        "extra_data": {"seed": seed, "file": graded.path},
    }


def lecturer_table(files: Sequence[Graded]) -> str:
    """Return the scores of several files, and their mistakes, the most frequent first."""
    width = max(len(g.path) for g in files)
    lines = [f"{'file':<{width}}  right  not started  wrong"]
    for graded in sorted(files, key=lambda g: (g.score, _kinds(g))):
        waiting = sum(v.status == NOT_STARTED for v in graded.verdicts)
        score = f"{graded.score} of {len(graded.verdicts)}"
        row = f"{graded.path:<{width}}  {score:<5}  {waiting:>11}  {', '.join(_kinds(graded))}"
        lines.append(row.rstrip())
    counts = Counter(kind for g in files for kind in dict.fromkeys(_kinds(g)))
    if counts:
        lines += ["", f"mistakes in {len(files)} files, the most frequent first"]
    for kind, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        title = f": {BY_KEY[kind].title.format('a number')}" if kind in BY_KEY else ""
        lines.append(_wrapped(f"{count:>4} of {len(files)}  {kind}{title}", "", " " * 12))
    return "\n".join(lines)


def _kinds(graded: Graded) -> list[str]:
    """Return the mistakes of a file: their keys, or the function whose mistake has none."""
    if graded.problem:
        return [f"not judged ({graded.problem})"]
    kinds = []
    for v in graded.verdicts:
        if v.status == FAILED:
            kinds += v.mistakes or [f"{v.name} (no known mistake)"]
    return kinds
