"""What a check found, as data and as text."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

MAX_KINKS = 8  # that many kinks of such an argument are looked up


@dataclass(frozen=True)
class ArgumentReport:
    """What was found about the gradient by one argument.

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
        """Return the table, the problems and the notes."""
        verdict = "all gradients agree" if self.ok else "FAILED"
        lines = [f"Gradient check, {self.method}, seed {self.seed}: {verdict}"]
        row = "  {:12} {:8} {:16} {:>16} {:>16} {:>8} {:>8}".format
        head = "gradient of", "verdict", "worst at", "yours", "numeric", "error", "allowed"
        lines.append(row(*head))
        for a in self.arguments:
            numbers = f"{a.analytic:.9g} {a.numeric:.9g} {a.absolute_error:.2g} {a.tolerance:.2g}"
            where = "(direction)" if a.worst is None else f"{a.name}{list(a.worst)}"
            lines.append(row(a.name, "ok" if a.ok else "WRONG", where, *numbers.split()))
            error = f"relative error {a.relative_error:.2g}, allowed {a.tolerance_from}"
            lines.append(f"    {a.failed} of {a.checked} {a.kind} wrong; {error}")
            places = ", ".join(f"{a.name}{list(k)}" for k in a.kinks[:MAX_KINKS])
            lines += [f"    kinks, without a derivative: {len(a.kinks)}, at {places}"] * bool(
                a.kinks
            )
            lines += [f"    {a.remark}"] * bool(a.remark)
        lines += [f"problem: {text}" for text in self.problems]
        return "\n".join(lines + [f"note: {text}" for text in self.notes])
