"""The verdicts on one file as text, for a student."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

from .mistakes import BY_KEY, TAUGHT
from .verdict import FAILED, NOT_STARTED, PASSED, Graded, Verdict

WORDS = {PASSED: "right", FAILED: "WRONG"}
WIDTH = 100


def student_text(graded: Graded) -> str:
    """Return the report on one file."""
    if graded.error:
        return f"{graded.name}: not graded. {_sentence(graded.error)}"
    if graded.problem:
        return f"{graded.name}: not judged. {_sentence(graded.problem)}"
    of = len(graded.verdicts)
    lines = [
        f"{graded.name}: {graded.score} of {of} right (--seed {graded.seed} repeats these numbers)",
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
            f"  globals().update(names_of({graded.path!r}, {graded.seed}))",
        ]
    return "\n".join(lines)


def _verdict_lines(verdict: Verdict, width: int) -> list[str]:
    word = WORDS.get(verdict.status, verdict.status)
    lines = [f"  {verdict.name:<{width}} {word}"]
    return lines + [_wrapped(text, "      ", "           ") for text in parts(verdict)]


def parts(verdict: Verdict) -> list[str]:
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
