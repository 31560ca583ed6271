"""The textbook's functions with other lines in them.

A line stands in the place of the textbook's that assigns the same name, or that returns; a line
that assigns a new name comes before the next one that does not. So two mistakes that assign
different names can be made at once.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from importlib.resources import files
from types import CodeType
from typing import Any, TypeAlias

from ... import textbook
from ..contract import CONTRACT, CORRECT, FORWARD_OF

Lines: TypeAlias = tuple[tuple[str, str], ...]
"""Other lines: the name whose line they stand in the place of, and their text."""

THERE = "renorm_correction."  # before a name: its line in that function, which BRN's forward calls

_SOURCES = [
    files(__package__.split(".")[0]).joinpath(*path).read_text(encoding="utf-8")
    for path in (["textbook.py"], ["grading", "cs231n.py"])
]


def _name(statement: ast.stmt) -> str:
    """Return what a statement assigns, "return", or nothing."""
    if isinstance(statement, ast.Return):
        return "return"
    return ast.unparse(statement.targets[0]) if isinstance(statement, ast.Assign) else ""


_BODIES = {  # of each function: what a line assigns, and the line; without the docstring
    f.name: [(_name(s), ast.unparse(s)) for s in f.body[1:]]
    for source in _SOURCES
    for f in ast.parse(source).body
    if isinstance(f, ast.FunctionDef)
}


def by_name(function: str, text: str) -> dict[str, str]:
    """Return lines by the names of the textbook's lines in whose place they stand."""
    known = dict(_BODIES[function])
    if fields := fields_in(function, text):
        return in_place_of(function, fields)
    found: dict[str, list[str]] = {}
    waiting: list[str] = []
    for statement in ast.parse(text).body:
        waiting.append(ast.unparse(statement))
        if (name := _name(statement)) in known:
            found[name] = found.get(name, []) + waiting
            waiting = []
    if waiting:
        found["return"] = [*waiting, known["return"]]
    return {name: "\n".join(texts) for name, texts in found.items()}


def fields_in(function: str, text: str) -> dict[str, str]:
    """Return what lines put in the place of the cache's fields, if they do nothing else."""
    if function not in FORWARD_OF:
        return {}
    forward = FORWARD_OF[function]
    made = re.findall(r"\w+", " ".join(name for name, _ in _BODIES[forward]))
    there = {*CONTRACT[forward].arguments, *made}
    body = ast.parse(text).body
    fields = {_name(s): ast.unparse(s.value) for s in body if isinstance(s, ast.Assign)}
    return fields if len(fields) == len(body) and fields.keys() <= there else {}


def in_place_of(function: str, fields: Mapping[str, str], at: int | None = None) -> dict[str, str]:
    """Return the lines of a backward pass with something else in the place of the cache's fields.

    `at` is which place in its line it is, if it is that one only.
    """
    found, uses = {}, re.compile(rf"cache\.({'|'.join(fields)})\b")
    for line, text in _BODIES[function]:
        places = list(uses.finditer(text))
        for m in reversed(places if at is None else places[at : at + 1]):
            text = f"{text[: m.start()]}({fields[m[1]]}){text[m.end() :]}"
        if places:
            found[line] = ast.unparse(ast.parse(text))
    return found


def plant(function: str, lines: Lines, number: float | None = None) -> Callable[..., Any]:
    """Return a textbook's function with other lines; `number` is what they call so.

    Its lines are run one by one, so that each is compiled once, and not once in each company.
    """
    own = {name: text for name, text in lines if not name.startswith(THERE)}
    there = tuple((n.removeprefix(THERE), t) for n, t in lines if n.startswith(THERE))
    names = {**vars(textbook), "textbook": textbook, "number": number}
    if there:
        names["renorm_correction"] = plant("renorm_correction", there, number)
    elif not own:
        return CORRECT[function]
    steps = [step for name, text in _BODIES[function] for step in _compiled(own.get(name, text))]
    arguments = CONTRACT[function].arguments

    def run(*given: Any) -> Any:
        here = {**names, **dict(zip(arguments, given, strict=True))}
        for step in steps[:-1]:
            exec(step, here)
        return eval(steps[-1], here)

    return run


@lru_cache(maxsize=4096)
def _compiled(text: str) -> list[CodeType]:
    """Compile lines; what the last one returns is an expression."""
    *body, last = ast.parse(text).body
    steps: list[ast.Module | ast.Expression] = [ast.Module([statement], []) for statement in body]
    result = last.value if isinstance(last, ast.Return) else None
    steps.append(ast.Expression(result) if result else ast.Module([last], []))
    return [
        compile(step, "<page>", "eval" if isinstance(step, ast.Expression) else "exec")
        for step in steps
    ]


def solution(
    changed: str = "", lines: Callable[..., Any] | Mapping[str, str] | None = None
) -> dict[str, Callable[..., Any]]:
    """Return the right functions, one of them replaced or with other lines, by name.

    A correction with other lines is also the one that `batch_renorm_forward` then calls.
    """
    functions = dict(CORRECT)
    if callable(lines):
        functions[changed] = lines
    elif lines:
        functions[changed] = plant(changed, tuple(lines.items()))
        if changed == "renorm_correction":
            there = tuple((THERE + name, text) for name, text in lines.items())
            functions["batch_renorm_forward"] = plant("batch_renorm_forward", there)
    return functions
