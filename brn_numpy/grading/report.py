"""The verdicts as text, for a student and for a lecturer, and as Gradescope's JSON."""

from __future__ import annotations

import shlex
import textwrap
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from .grade import Graded
from .mistakes import BY_KEY, TAUGHT
from .tidy import clean
from .verdict import FAILED, NOT_STARTED, PASSED, Finding, Verdict

WORDS = {PASSED: "right", FAILED: "not yet right"}
WIDTH = 100
CHECK = (
    "Check: python -m brn_numpy check {}:batch_norm_forward,batch_norm_backward "
    "--inputs 'x=7,6 gamma=6 beta=6 eps=0.2' --wrt x,gamma,beta"
)


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
            lines += _verdict_lines(verdict, width, graded.path)
    if waiting:
        lines.append(_wrapped(f"not started: {', '.join(waiting)}", "  "))
    if graded.note:
        lines.append(_wrapped(graded.note, "  "))
    if any(line.startswith("      Run: ") for line in lines):
        lines += [
            "",
            "For the lines after Run, start Python and enter first:",
            "  from brn_numpy.grading.see import names_of",
            f"  globals().update(names_of({graded.path!r}, {seed}))",
        ]
    return "\n".join(lines)


def _verdict_lines(verdict: Verdict, width: int, path: str) -> list[str]:
    word = WORDS.get(verdict.status, verdict.status)
    if verdict.status == FAILED and verdict.right:
        word += f", but {' and '.join(verdict.right)} {'are' if verdict.right[1:] else 'is'}"
    lines = [f"  {verdict.name:<{width}} {word}"]
    return lines + [_wrapped(text, "      ", "           ") for text in _parts(verdict, path)]


def _parts(verdict: Verdict, path: str) -> list[str]:
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
        if numeric and verdict.name == "batch_norm_backward":
            parts.append(CHECK.format(shlex.quote(path)))
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


def _wrapped(text: str, indent: str, more: str | None = None) -> str:
    """Break a text into lines; a line of code stays whole."""
    if text.startswith(("Run:", "Check:")):
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
            "output": "\n".join(_parts(v, graded.path)) or v.status,
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
            kinds += v.mistakes or [f"{v.name}: {clean(v.findings[0].what, 60)}"]
    return list(dict.fromkeys(kinds))
