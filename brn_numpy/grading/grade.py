"""Grade a student's file: read it, run it apart, judge its functions one by one."""

from __future__ import annotations

import ast
import time
import tokenize
import warnings
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from .adapter import CONTRACTS, Contract, Task, contract_of
from .contract import Solution
from .diagnose import judge
from .mistakes import See
from .near import functions_of, missing_imports, told
from .sandbox import Sandbox, forbidden_imports
from .tidy import Failure, clean
from .verdict import FAILED, NOT_STARTED, PASSED, Finding, Verdict

TIMEOUT = 10.0  # seconds for a function; for a whole file twice as much
WHOLE, SHARE = 1.8, 0.05  # times that, for a whole file, and for each function in any case
CPU = 120  # seconds of the processor, besides, for what the clock does not end
LONGEST = 1_000_000  # bytes of a file


@dataclass(frozen=True)
class Graded:
    """The verdicts on one file, of the functions that were asked for."""

    path: str
    verdicts: tuple[Verdict, ...]
    problem: str = ""  # why nothing could be judged
    note: str = ""

    @property
    def score(self) -> int:
        """How many functions are right."""
        return sum(v.status == PASSED for v in self.verdicts)

    @property
    def passed(self) -> bool:
        """Whether all are right."""
        return self.score == len(self.verdicts)


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
    with open(path, "rb") as file:
        file.read(1)  # an OSError here is the caller's mistake, and not the student's
    try:
        source, tree = _source(Path(path))
        if contract is None:
            about = contract_of(functions_of(tree), only)
        with Sandbox(source, Path(path), about.functions, 2 * timeout + CPU) as box:
            found = _judged(box, about, tree, seed, timeout)
            note = " ".join(_notes(box, about, tree, found.values()))
    except Failure as failure:
        problem = str(failure)
        found = {t: Verdict(t.function, FAILED, (Finding(problem),), title=t.title)
                 for t in about.tasks}  # fmt: skip
    wanted = tuple(v for task, v in found.items() if only in (None, task.written))
    return Graded(str(path), wanted, problem, note)


def _judged(
    box: Sandbox, about: Contract, tree: ast.Module, seed: int, timeout: float
) -> dict[Task, Verdict]:
    """Return the verdicts on all: what is said of one may depend on the others."""
    refused = _refused(tree, about)
    if "" in refused:
        raise Failure(refused[""])
    began, share = time.monotonic(), SHARE * timeout
    box.allow(timeout)
    box.load()
    early = told(tree, about.functions, box.functions) | {
        name: Verdict(name, FAILED, (Finding(text),), works=False) for name, text in refused.items()
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
            found[task] = judge_task(task, written, seed, found)
            if found[task].works:
                box.forgive(task.written)
    if not box.functions and all(v.status == NOT_STARTED for v in found.values()):
        lines = "".join(f". {text}" for text in missing_imports(tree, box.missing, ""))
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
    box: Sandbox, about: Contract, tree: ast.Module, verdicts: Iterable[Verdict]
) -> Iterator[str]:
    """Go through what is to be said of a whole file."""
    if about.name == "cs231n":
        yield "Judged by the contract of cs231n; --contract exercises asks for the exercises'."
        others = [n for n in functions_of(tree) if "layernorm" in n or "groupnorm" in n]
        if others:
            yield f"Not judged: {', '.join(others)}."
    said = " ".join(f.what for v in verdicts for f in v.findings)
    yield from (f"{text}." for text in missing_imports(tree, box.missing, said))
    if box.patched:
        patched = ", ".join(f"numpy.{name}" for name in box.patched)
        yield f"The file replaces {patched}; the grader does not use it."


def _source(path: Path) -> tuple[str, ast.Module]:
    """Return the text of a file, and read as Python; raise `Failure` if it is none."""
    if path.stat().st_size > LONGEST:
        raise Failure(f"the file is longer than {LONGEST // 1_000_000} MB")
    try:
        with tokenize.open(path) as file:
            source = file.read()
        if source.lstrip().startswith("{") and '"nbformat"' in source:
            raise Failure("the file is a notebook: export it as a Python file, and hand in that")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return source, ast.parse(source)
    except SyntaxError as error:
        place = f", in line {error.lineno}" if error.lineno else ""
        if (error.text or "").lstrip().startswith(("%", "!")):
            place += ", which is for notebooks only"
        raise Failure(f"SyntaxError: {clean(error.msg)}{place}") from None
    except (ValueError, LookupError) as error:  # bytes, or an encoding, that are none of a text
        raise Failure(f"the file is no Python: {clean(error)}") from None
    except (RecursionError, MemoryError):
        raise Failure("the file is no Python that can be read: it is nested too deeply") from None


def _refused(tree: ast.Module, about: Contract) -> dict[str, str]:
    """Return the functions that import what is not allowed, and a line on each; "" is the file."""
    return {
        function: f"it imports {name} in line {line}: exercises are solved with NumPy alone"
        for function, line, name in forbidden_imports(tree, about.functions)
    }
