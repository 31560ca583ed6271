"""What stands for what a student's file imports and is not here: it fails where it is used.

While the file is loaded, whatever is done with it gives the same again, so that a figure or a
download at the top of a file stops nothing. This is run in the child, and imports nothing of the
package.
"""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from copy import copy
from typing import Any

IMPORTS = ast.Import, ast.ImportFrom
future = importlib.import_module("__future__")
loading = [True]
stars: list[str] = []  # what is said of names that nothing stands for


class Missing:
    """Stands for a name that could not be imported."""

    def __init__(self, said: str) -> None:
        vars(self)["said"] = said

    def __call__(self, *_: Any, **__: Any) -> Missing:
        if loading:
            return self
        raise ImportError(vars(self)["said"])

    __getitem__ = __setitem__ = __setattr__ = __enter__ = __exit__ = __call__  # type: ignore

    def __getattr__(self, name: str) -> Missing:
        if name.startswith("__"):  # what Python asks for, and not the student
            raise AttributeError(name)
        return self()

    def __iter__(self) -> Iterator[Any]:
        self()
        return iter(())


def run(
    source: str, file: str, names: dict[str, Any]
) -> tuple[list[tuple[int, str, str]], list[BaseException]]:
    """Run a file statement by statement, also after one that fails.

    Return the failed imports, (line, from where, name) each, and what other statements raised.
    """
    found: list[tuple[int, str, str]] = []
    faults: list[BaseException] = []
    flags = 0
    names["get_ipython"] = Missing("get_ipython is there in notebooks only")
    loading[:] = [True]
    for node in _statements(source, file):
        code = compile(ast.Module([node], []), file, "exec", flags, dont_inherit=True)
        try:
            exec(code, names)
        except (Exception, SystemExit) as error:
            refused = "not allowed in an exercise" in str(error)
            if not isinstance(node, IMPORTS) and refused:
                raise
            if not isinstance(node, IMPORTS):
                faults.append(error)
                continue
            origin, name = _from_and_name(node)
            found.append((node.lineno, origin, name))
            where = f"{origin}, which could not be imported (line {node.lineno})"
            if name == "*":
                stars.append(where)
            else:
                names[name] = Missing(f"{name} is from {where}")
        if isinstance(node, ast.ImportFrom) and node.module == "__future__":
            flags |= getattr(future, node.names[0].name).compiler_flag
    loading.clear()
    return found, faults


def _statements(source: str, file: str) -> Iterator[ast.stmt]:
    """Go through the statements of a file; each name is imported by itself."""
    for node in ast.parse(source, file).body:
        if isinstance(node, IMPORTS):
            for alias in node.names:
                one = copy(node)
                one.names = [alias]
                yield one
        else:
            yield node


def _from_and_name(node: ast.Import | ast.ImportFrom) -> tuple[str, str]:
    """Return from where one name is imported, and that name."""
    [alias] = node.names
    if isinstance(node, ast.ImportFrom):
        return "." * node.level + (node.module or ""), alias.asname or alias.name
    return alias.name, alias.asname or alias.name.partition(".")[0]
