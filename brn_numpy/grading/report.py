"""The verdicts on one file as text, for a student."""

from __future__ import annotations

import shlex
import textwrap
from collections.abc import Iterable

from .mistakes import BY_KEY, TAUGHT
from .verdict import FAILED, NOT_STARTED, PASSED, UNLOADED, Finding, Graded, Verdict

WORDS = {PASSED: "right", FAILED: "not yet right"}
WIDTH = 80
CHECK = (
    "Check: python -m brn_numpy check {}:batch_norm_forward,batch_norm_backward "
    "--inputs 'x={} eps=0.2' --wrt x,gamma,beta"
)
ROWS, IMAGES = "7,6 gamma=6 beta=6", "4,3,2,2 gamma=3 beta=3"


def student_text(graded: Graded) -> str:
    """Return the report on one file."""
    if graded.error:
        return f"{graded.name}: not graded. {_sentence(graded.error)}"
    if graded.problem:
        return f"{graded.name}: not judged. {_sentence(graded.problem)}"
    of, is_file = len(graded.verdicts), bool(graded.sha256)
    lines = [
        f"{graded.name}: {graded.score} of {of} right (--seed {graded.seed} repeats these numbers)",
        "",
    ]
    width = max(22, *(len(v.name) for v in graded.verdicts))
    waiting = [v.name for v in graded.verdicts if v.status == NOT_STARTED]
    for verdict in graded.verdicts:
        if verdict.status != NOT_STARTED:
            lines += _verdict_lines(verdict, width, graded.path if is_file else "YOUR_FILE")
    if waiting:
        lines.append(wrapped(f"not started: {', '.join(waiting)}", "  "))
    if graded.note:
        checks = any(line.startswith("      Check: ") for line in lines)
        more = " The command after Check works once the file loads."
        lines.append(wrapped(graded.note + more * (checks and UNLOADED in graded.note), "  "))
    if is_file:  # so that a dispute can be settled
        lines.append(f"  (brn_numpy {graded.version}, SHA-256 of the file {graded.sha256[:16]})")
    own, where = "globals()", ""  # of functions that are there already, as in a notebook
    if is_file:
        own, where = repr(graded.path), "start Python in the same folder and "
    if any(line.startswith("      Run: ") for line in lines):
        lines += [
            "",
            f"For the lines after Run, {where}enter first:",
            "  from brn_numpy.grading.see import names_of",
            f"  globals().update(names_of({own}, {graded.seed}))",
        ]
    return "\n".join(lines)


def _verdict_lines(verdict: Verdict, width: int, path: str) -> list[str]:
    word = WORDS.get(verdict.status, verdict.status)
    if verdict.status == FAILED and verdict.right:
        word += f", but {' and '.join(verdict.right)} {'are' if verdict.right[1:] else 'is'}"
    lines = [f"  {verdict.name:<{width}} {word}"]
    return lines + [wrapped(text, "      ", "           ") for text in parts(verdict, path)]


def parts(verdict: Verdict, path: str) -> list[str]:
    """Return what is said of a function, line by line."""
    parts, said = [], set()
    for finding in verdict.findings:
        parts.append(_sentence(finding.what))
        if finding.why and finding.why not in said:
            parts.append(f"Why: {finding.why}")
        if finding.seen and finding.seen not in said:
            parts.append(f"See: {finding.seen}.")
            if not finding.measured:
                parts.append(f"Run: {finding.line}")
        said |= {finding.why, finding.seen}
    if verdict.findings and (verdict.works or verdict.findings[0].read[0]):
        numeric = any(finding.measured or finding.read[0] for finding in verdict.findings)
        if numeric and verdict.works and verdict.name == "batch_norm_backward":
            parts.append(
                CHECK.format(shlex.quote(path), IMAGES if verdict.right_for_rows else ROWS)
            )
        parts.append(f"Read: {where_to_read(verdict.function, verdict.findings)}.")
    return parts + [f"Note: {note}" for note in verdict.notes]


def where_to_read(function: str, findings: Iterable[Finding]) -> str:
    """Return where in the tutorials what was found is taught; known mistakes have their place."""
    found: dict[str, dict[str, None]] = {}
    for finding in findings:
        mistake = BY_KEY.get(finding.mistake or "")
        page, place = (mistake.page, mistake.place) if mistake else finding.read
        page = page or TAUGHT[function]
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


def wrapped(text: str, indent: str, more: str | None = None) -> str:
    """Break a text into lines; a line of code stays whole."""
    if text.startswith(("Run:", "Check:")):
        return indent + text
    return textwrap.fill(
        text, WIDTH, initial_indent=indent, subsequent_indent=more or indent, break_on_hyphens=False
    )
