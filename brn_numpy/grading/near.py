"""What the text of a file says of its functions: near names, arguments in another order, stubs."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from difflib import SequenceMatcher

from .contract import ContractFunction
from .verdict import FAILED, NOT_JUDGED, NOT_STARTED, Finding, Verdict

ALIKE = str.maketrans("аеорсухіјѕԁһκοανɡρ", "aeopcyxijsdhkoavgp")  # of other alphabets
NEAR = 0.85  # share of equal letters


def functions_of(tree: ast.Module) -> dict[str, list[str]]:
    """Return the functions that a file defines, and the names of their arguments."""
    found = (f for f in tree.body if isinstance(f, ast.FunctionDef))
    return {f.name: [a.arg for a in (*f.args.posonlyargs, *f.args.args)] for f in found}


def told(tree: ast.Module, functions: Mapping[str, ContractFunction]) -> dict[str, Verdict]:
    """Return verdicts on functions that need not be run, by the name of the function."""
    found: dict[str, Verdict] = {}
    defined = functions_of(tree)
    for function in tree.body:
        if isinstance(function, ast.FunctionDef) and function.name in functions:
            name, wanted = function.name, functions[function.name].arguments
            came = defined[name]
            if all(map(_says_nothing, function.body)):
                found[name] = Verdict(name, NOT_STARTED, works=False)
            elif sorted(came) == sorted(wanted) and came != list(wanted):
                text = f"it takes ({', '.join(came)}), expected ({', '.join(wanted)})"
                finding = Finding(f"{text}: arguments are given in this order.")
                found[name] = Verdict(name, FAILED, (finding,), works=False)
    near: dict[str, tuple[float, str]] = {}
    for other in defined.keys() - functions.keys():
        share, name = max((_share(other, name), name) for name in functions)
        if name not in defined:
            near[name] = max((share, other), near.get(name, (NEAR, "")))
    for name, (_, other) in near.items():
        if other:
            text = f"The file has {other}, and no {name}: did you mean {name}?"
            if not other.isascii():
                strange = ", ".join(sorted({c for c in other if not c.isascii()}))
                text += f" Not all of its letters are Latin: {strange}."
            finding = Finding(text)
            found[name] = Verdict(name, NOT_JUDGED, (finding,), works=False)
    return found


def _share(one: str, other: str) -> float:
    """Return how alike two names are, whatever their capitals and alphabets are."""
    a, b = (name.translate(ALIKE).casefold() for name in (one, other))
    return SequenceMatcher(a=a, b=b).ratio()


def _says_nothing(statement: ast.stmt) -> bool:
    """Return whether a statement is a docstring, pass, a return of None, or NotImplementedError."""
    if isinstance(statement, ast.Return):
        value = statement.value
        return value is None or (isinstance(value, ast.Constant) and value.value is None)
    if isinstance(statement, ast.Raise):
        return statement.exc is not None and "NotImplementedError" in ast.unparse(statement.exc)
    constant = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    return constant or isinstance(statement, ast.Pass)
