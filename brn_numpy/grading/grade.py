"""Grade a student's file: read it, run it apart, judge its functions one by one."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from .adapter import CONTRACTS, Contract, Task, contract_of
from .contract import FORWARD_OF, Solution
from .diagnose import judge
from .mistakes import See
from .near import functions_of, missing_imports, order_of_cache, told
from .sandbox import GRADER, OUTSIDE, Sandbox, forbidden_imports
from .submission import Submission, read
from .tidy import Failure
from .verdict import FAILED, NOT_JUDGED, NOT_STARTED, PASSED, UNLOADED, Finding, Graded, Verdict

TIMEOUT = 10.0  # seconds for a function; for a whole file twice as much
WHOLE, SHARE = 1.8, 0.05  # times that, for a whole file, and for each function in any case
CPU = 120  # seconds of the processor, besides, for what the clock does not end


def grade(
    path: str | Path,
    seed: int,
    timeout: float = TIMEOUT,
    only: str | None = None,
    contract: str | None = None,
) -> Graded:
    """Grade a file.

    Parameters
    ----------
    path : str or Path
        The student's file. It is run in a process of its own, see `sandbox`.
    seed : int
        Of the probes.
    timeout : float
        Seconds for each function; the whole file has twice as much.
    only : str, optional
        The one function whose verdicts are returned; all are judged.
    contract : {"exercises", "cs231n"}, optional
        What the file should have; by default, what its functions look like.

    Raises
    ------
    OSError
        If the file cannot be read.
    """
    about, problem, note = CONTRACTS[contract or "exercises"], "", ""
    with open(path, "rb") as file:  # an OSError here is the caller's mistake, not the student's
        sha256 = hashlib.sha256(file.read()).hexdigest()
    try:
        hand_in = read(Path(path))
        if contract is None:
            about = contract_of(functions_of(hand_in.tree), only)
        with Sandbox(hand_in, Path(path), about.functions, 2 * timeout + CPU) as box:
            found = _judged(box, about, hand_in, seed, timeout)
            note = " ".join(_notes(box, about, hand_in, found.values()))
    except Failure as failure:
        problem = str(failure)
        found = {t: Verdict(t.function, FAILED, (Finding(problem),), title=t.title)
                 for t in about.tasks}  # fmt: skip
    wanted = tuple(v for task, v in found.items() if only in (None, task.written))
    return Graded(str(path), wanted, problem, note, seed, sha256)


def _judged(
    box: Sandbox, about: Contract, hand_in: Submission, seed: int, timeout: float
) -> dict[Task, Verdict]:
    """Return the verdicts on all: what is said of one may depend on the others."""
    tree = hand_in.tree
    refused = _refused(hand_in, about)
    if "" in refused:
        raise Failure(refused[""])
    began, share = time.monotonic(), SHARE * timeout
    box.allow(timeout)
    box.load()
    gone = set(functions_of(tree)) & set(about.functions) - set(box.functions)
    reasons = refused | {
        name: f"its definition fails: {box.faults[0]}" for name in gone if box.faults
    }
    reasons |= {
        name: f"Python cannot read code cell {cell.number}, where it stands: {cell.why}"
        for cell in hand_in.left_out
        for name in set(cell.functions) & about.functions.keys()
        if name not in {*functions_of(tree), *box.functions}
    }
    early = told(tree, about.functions, box.functions) | {
        name: Verdict(name, FAILED, (Finding(text),), works=False) for name, text in reasons.items()
    }
    found: dict[Task, Verdict] = {}
    for i, task in enumerate(about.tasks):
        used = time.monotonic() - began - box.starting
        left = WHOLE * timeout - used - share * (len(about.tasks) - i)  # the others want some too
        box.allow(min(timeout, max(left, share)))
        if task.written in early:
            verdict = early[task.written]
            found[task] = replace(verdict, function=task.function, title=task.title)
        else:
            written = {n: f for n, f in box.solution().items() if n not in early}
            verdict = judge_task(task, written, seed, found)
            if task.function in FORWARD_OF and verdict.status in (FAILED, NOT_JUDGED):
                note = order_of_cache(tree, task.forward, task.written)
                verdict = replace(verdict, notes=(*verdict.notes, *note))
            found[task] = verdict
            if found[task].works:
                box.forgive(task.written)
    if not box.functions and all(v.status == NOT_STARTED for v in found.values()):
        if box.faults:
            raise Failure(f"{box.faults[0]}. {OUTSIDE}")
        lines = "".join(f". {text}" for text in missing_imports(hand_in, box.missing, ""))
        raise Failure(f"it defines none of the functions: {', '.join(about.functions)}{lines}")
    return found


def judge_task(task: Task, written: Solution, seed: int, found: Mapping[Task, Verdict]) -> Verdict:
    """Judge one thing in what a student wrote, after others, and in the words of its contract."""
    before = {t.title: v for t, v in found.items()} | {t.function: v for t, v in found.items()}
    verdict = judge(task.solution(written), task.function, seed, before)
    if verdict.status == PASSED and (text := task.other_default(written)):
        verdict = replace(verdict, status=FAILED, findings=(Finding(text),))
    findings = tuple(
        replace(
            f,
            what=task.say(f.what),
            why=task.say(f.why),
            seen=task.say(f.seen),
            see=f.see and See(f.see.words, task.line(f.see.run), task.line(f.see.should_be)),
        )
        for f in verdict.findings
    )
    notes, good = (tuple(map(task.say, texts)) for texts in (verdict.notes, verdict.right))
    return replace(verdict, title=task.title, findings=findings, notes=notes, right=good)


def _notes(
    box: Sandbox, about: Contract, hand_in: Submission, verdicts: Iterable[Verdict]
) -> Iterator[str]:
    """Go through what is to be said of a whole file."""
    for cell in hand_in.left_out:
        if not set(cell.functions) & about.functions.keys():  # else its functions say so
            yield f"Python cannot read code cell {cell.number}, which is left out: {cell.why}."
    for fault in box.faults:
        yield f"Outside functions, {UNLOADED}: {fault}."
    if about.name == "cs231n":
        yield "Judged by the contract of cs231n; --contract exercises asks for the exercises'."
        others = [n for n in functions_of(hand_in.tree) if "layernorm" in n or "groupnorm" in n]
        if others:
            yield f"Not judged: {', '.join(others)}."
    said = " ".join(f.what for v in verdicts for f in v.findings)
    missing = [each for each in box.missing if each[1] != GRADER]
    yield from (f"{text}." for text in missing_imports(hand_in, missing, said))
    if box.patched:
        patched = ", ".join(f"numpy.{name}" for name in box.patched)
        yield f"The file replaces {patched}; the grader does not use it."


def _refused(hand_in: Submission, about: Contract) -> dict[str, str]:
    """Return the functions that import what is not allowed, and a line on each; "" is the file."""
    return {
        function: f"it imports {name} in {hand_in.place(line)}: solve exercises with NumPy alone"
        for function, line, name in forbidden_imports(hand_in.tree, about.functions)
    }
