"""Grade a student's file: read it, run it apart, judge its functions one by one."""

from __future__ import annotations

import ast
import time
import tokenize
import warnings
from dataclasses import dataclass
from pathlib import Path

from .contract import CONTRACT
from .diagnose import judge
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


def grade(path: str | Path, seed: int, timeout: float = TIMEOUT, only: str | None = None) -> Graded:
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
        The one function whose verdict is returned; all are judged.

    Raises
    ------
    OSError
        If the file cannot be read.
    """
    wanted = [only] if only else list(CONTRACT)
    with open(path, "rb") as file:
        file.read(1)  # an OSError here is the caller's mistake, and not the student's
    try:
        source, tree = _source(Path(path))
        refused = _refused(tree)
        with Sandbox(source, Path(path), 2 * timeout + CPU) as box:
            verdicts = _judged(box, refused, seed, timeout)
            patched = ", ".join(f"numpy.{name}" for name in box.patched)
    except Failure as failure:
        empty = tuple(Verdict(name, FAILED, (Finding(str(failure)),)) for name in wanted)
        return Graded(str(path), empty, problem=str(failure))
    note = f"The file replaces {patched}; the grader does not use it." if patched else ""
    return Graded(str(path), tuple(verdicts[name] for name in wanted), note=note)


def _judged(box: Sandbox, refused: dict[str, str], seed: int, timeout: float) -> dict[str, Verdict]:
    """Return the verdicts on all functions: what is said of one may depend on the others."""
    if "" in refused:
        raise Failure(refused[""])
    began, share = time.monotonic(), SHARE * timeout
    box.allow(timeout)
    box.load()
    verdicts: dict[str, Verdict] = {}
    for i, name in enumerate(CONTRACT):
        if name in refused:
            verdicts[name] = Verdict(name, FAILED, (Finding(refused[name]),), works=False)
            continue
        used = time.monotonic() - began - box.starting
        left = WHOLE * timeout - used - share * (len(CONTRACT) - i)  # the others want some time too
        box.allow(min(timeout, max(left, share)))
        solution = {n: f for n, f in box.solution().items() if n not in refused}
        verdicts[name] = judge(solution, name, seed, verdicts)
        if verdicts[name].works:
            box.forgive(name)
    if not box.functions and all(v.status == NOT_STARTED for v in verdicts.values()):
        raise Failure(f"it defines none of the functions: {', '.join(CONTRACT)}")
    return verdicts


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


def _refused(tree: ast.Module) -> dict[str, str]:
    """Return the functions that import what is not allowed, and a line on each; "" is the file."""
    refused = {}
    for function, line, name in forbidden_imports(tree):
        text = f"it imports {name} in line {line}: exercises are solved with NumPy alone"
        refused[function if function in CONTRACT else ""] = text
    return refused
