"""What stands for what a student's file imports and is not here: it fails where it is used.

While the file is loaded, whatever is done with it gives the same again, so that a figure or a
download at the top of a file stops nothing. This is run in the child, and imports nothing of the
package.
"""

from __future__ import annotations
import __future__

import ast
from collections.abc import Iterator
from typing import Any

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


def run(source: str, file: str, names: dict[str, Any]) -> list[tuple[int, str, str]]:
    """Run a file statement by statement; return the failed imports: line, from where, and name."""
    found, flags = [], 0
    for node in ast.parse(source, file).body:
        code = compile(ast.Module([node], []), file, "exec", flags, dont_inherit=True)
        if isinstance(node, ast.ImportFrom) and node.module == "__future__":
            flags |= sum(getattr(__future__, a.name).compiler_flag for a in node.names)
        try:
            exec(code, names)
        except Exception as error:
            refused = isinstance(error, ImportError) and "not allowed" in str(error)
            if refused or not isinstance(node, (ast.Import, ast.ImportFrom)):
                raise
            for alias in node.names:
                dots = "." * getattr(node, "level", 0)
                origin = dots + (getattr(node, "module", alias.name) or "")
                where = f"{origin}, which could not be imported (line {node.lineno})"
                name = alias.asname or alias.name
                if isinstance(node, ast.Import) and not alias.asname:
                    name = name.partition(".")[0]
                found.append((node.lineno, origin, name))
                if name == "*":
                    stars.append(where)
                else:
                    names[name] = Missing(f"{name} is from {where}")
    loading.clear()
    return found
