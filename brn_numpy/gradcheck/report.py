"""What a check found, as data and as text of 80 columns."""

from __future__ import annotations

import json
import textwrap
from dataclasses import asdict, dataclass
from typing import Any

MAX_KINKS = 8  # that many kinks of a large argument are looked up, and named


@dataclass(frozen=True)
class ArgumentReport:
    """What was found about the gradient with respect to one argument.

    `worst` is the entry whose error is largest beside its tolerance; along random directions, the
    entry that a failure led to, or None. The relative error is relative to the size of the terms
    that add up to the gradient. At kinks, a gradient between 0 and the one-sided slopes is right.
    """

    name: str
    ok: bool
    checked: int
    kind: str  # "entries" or "directions"
    failed: int
    worst: tuple[int, ...] | None
    analytic: float
    numeric: float
    absolute_error: float
    relative_error: float
    tolerance: float
    tolerance_from: str
    kinks: tuple[tuple[int, ...], ...]  # entries without a derivative
    remark: str

    def lines(self) -> list[str]:
        """Return one line if all is fine, and else what is wrong, where, and by how much."""
        verdict = "ok" if self.ok else "WRONG" if self.failed else "OPEN"  # nothing was compared
        count = f"{self.checked} {self.kind}"
        count = count if self.ok else f"{self.failed} of {count} wrong"
        error = f"relative error {self.relative_error:.1e}"
        lines = wrapped(f"{'d' + self.name:12} {verdict:6} {count}, {error}", 2)
        more = []
        if self.failed:
            where = "along a direction" if self.worst is None else f"{self.name}{list(self.worst)}"
            more.append(f"at {where}: yours {self.analytic:.9g}, numeric {self.numeric:.9g}")
            allowed = f"{self.tolerance:.2g} = {self.tolerance_from}"
            more.append(f"error {self.absolute_error:.2g}, allowed {allowed}")
        if self.kinks:
            places = ", ".join(f"{self.name}{list(k)}" for k in self.kinks[:MAX_KINKS])
            more.append(f"kinks, without a derivative: {len(self.kinks)}, at {places}")
        if self.remark:
            more.append(self.remark)
        return lines + [line for text in more for line in wrapped(text, 6)]


@dataclass(frozen=True)
class GradientReport:
    """The result of `check_gradients`; `str()` of it is a table with all that was found.

    `problems` are what is wrong besides numbers (one is enough to fail), `notes` are what a reader
    should know, explanations of a failure among them.
    """

    arguments: tuple[ArgumentReport, ...]
    problems: tuple[str, ...]
    notes: tuple[str, ...]
    method: str
    seed: int

    @property
    def ok(self) -> bool:
        """True if every argument was checked and is right, and nothing else is wrong."""
        return not self.problems and all(argument.ok for argument in self.arguments)

    def assert_ok(self) -> None:
        """Raise AssertionError with the whole report, unless all is well."""
        if not self.ok:
            raise AssertionError(str(self))

    def to_dict(self) -> dict[str, Any]:
        """Return the report as dicts, lists, strings and numbers; NaN and inf become strings."""
        text = json.dumps({"ok": self.ok, **asdict(self)})
        return dict(json.loads(text, parse_constant=str))

    def __str__(self) -> str:
        """Return a line for every argument that is fine, and what is wrong with the others."""
        verdict = "all gradients agree" if self.ok else "FAILED"
        lines = [f"Gradient check, {self.method}, seed {self.seed}: {verdict}"]
        for argument in self.arguments:
            lines += argument.lines()
        texts = [f"problem: {p}" for p in self.problems] + [f"note: {n}" for n in self.notes]
        for text in texts:
            lines += wrapped(text, 0)
        return "\n".join(lines)


def wrapped(text: str, indent: int) -> list[str]:
    """Return a text in lines of at most 80 columns, those after the first a little further in."""
    first, later = " " * indent, " " * (indent + 2)
    return textwrap.wrap(text, 80, initial_indent=first, subsequent_indent=later)
