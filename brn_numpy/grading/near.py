"""What the text of a file says of its functions: near names, the order of arguments, imports."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from difflib import SequenceMatcher

from .contract import ContractFunction
from .submission import Submission
from .verdict import FAILED, NOT_JUDGED, NOT_STARTED, Finding, Verdict

ALIKE = str.maketrans("аеорсухіјѕԁһκοανɡρ", "aeopcyxijsdhkoavgp")  # of other alphabets
NEAR = 0.85  # share of equal letters


def functions_of(tree: ast.Module) -> dict[str, list[str]]:
    """Return the functions that a file defines, and the names of their arguments."""
    return {name: _arguments(f) for name, f in _defined(tree).items()}


def _defined(tree: ast.Module) -> dict[str, ast.FunctionDef]:
    """Return the functions at the top of a file; the last one of a name, if nothing replaces it."""
    found: dict[str, ast.FunctionDef] = {}
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            found[node.name] = node
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                found.pop(ast.unparse(target), None)
    return found


def _arguments(function: ast.FunctionDef) -> list[str]:
    return [a.arg for a in (*function.args.posonlyargs, *function.args.args)]


def told(
    tree: ast.Module, functions: Mapping[str, ContractFunction], there: Iterable[str] = ()
) -> dict[str, Verdict]:
    """Return verdicts on functions that need not be run; `there` are those that can be."""
    found: dict[str, Verdict] = {}
    defined = _defined(tree)
    for name in defined.keys() & functions.keys():
        came, wanted = _arguments(defined[name]), list(functions[name].arguments)
        if all(map(_says_nothing, defined[name].body)):
            found[name] = Verdict(name, NOT_STARTED, works=False)
        elif sorted(came) == sorted(wanted) and came != wanted:
            text = f"it takes ({', '.join(came)}), expected ({', '.join(wanted)})"
            finding = Finding(f"{text}: arguments are given in this order.")
            found[name] = Verdict(name, FAILED, (finding,), works=False)
    near: dict[str, tuple[float, str]] = {}
    for other in defined.keys() - functions.keys():
        share, name = max((_share(other, name), name) for name in functions)
        if name not in {*defined, *there}:
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


def order_of_cache(tree: ast.Module, forward: str, backward: str) -> list[str]:
    """Return what is to be said if a cache is taken apart in another order than it was made in."""
    defined = _defined(tree)
    if not {forward, backward} <= defined.keys() or len(_arguments(defined[backward])) < 2:
        return []
    values = [n.value for n in ast.walk(defined[forward]) if isinstance(n, ast.Assign | ast.Return)]
    made = [_names(v) for value in values for v in (value, *getattr(value, "elts", [])[-1:])]
    for node in ast.walk(defined[backward]):
        if not isinstance(node, ast.Assign):
            continue
        taken = _names(node.targets[0])
        orders = [names for names in made if len(names) == len(taken) and {*names} & {*taken}]
        of_cache = ast.unparse(node.value) == _arguments(defined[backward])[1]
        if of_cache and orders and not any(_same_places(taken, names) for names in orders):
            return [
                f"{backward} takes ({', '.join(taken)}) out of the cache, "
                f"but {forward} puts ({', '.join(orders[0])}) into it: another order."
            ]
    return []


def _same_places(one: list[str], other: list[str]) -> bool:
    """Return whether names that are in both lists are at the same places in them."""
    return all(name not in other or other[i] == name for i, name in enumerate(one))


def _names(node: ast.expr | None) -> list[str]:
    """Return the names in a tuple or list of names; none if it is anything else."""
    parts = node.elts if isinstance(node, ast.Tuple | ast.List) else []
    names = [part.id for part in parts if isinstance(part, ast.Name)]
    return names if len(names) == len(parts) else []


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


def missing_imports(
    hand_in: Submission, missing: Iterable[tuple[int, str, str]], said: str
) -> Iterator[str]:
    """Go through failed imports (line, from where, name) that are not spoken of already."""
    used = {node.id for node in ast.walk(hand_in.tree) if isinstance(node, ast.Name)}
    lines: dict[tuple[int, str], set[str]] = {}
    for line, origin, name in missing:
        lines.setdefault((line, origin), set()).add(name)
    for (line, origin), names in list(lines.items())[:9]:
        place = hand_in.place(line)
        if f"({place})" not in said:
            idle = "nothing that was judged needs it"
            if "*" in names:
                idle = "if your functions are in it, put them into this file"
            rest = idle if names & {*used, "*"} else f"it is never used: remove {place}"
            yield f"{place.capitalize()} imports {origin}, which is not here; {rest}"
