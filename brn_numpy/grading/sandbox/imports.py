"""Which packages an exercise must not use, and whether a student's file names one.

The answers of the exercises are in this package and, in other dialects, in every deep learning
library. The file is read, not run; `guard` refuses what is imported by a detour.
"""

from __future__ import annotations

import ast
from collections import deque
from collections.abc import Container, Iterator

FORBIDDEN = (
    "brn_numpy torch torchvision tensorflow keras jax jaxlib flax haiku equinox autograd mxnet "
    "paddle chainer tinygrad cupy sklearn theano mygrad minitorch onnxruntime"
).split()
GRADER = "brn_numpy.grading"  # asked at the end of a notebook; here a stand-in does nothing


def forbidden_imports(
    tree: ast.Module, functions: Container[str]
) -> Iterator[tuple[str, int, str]]:
    """Go through the imports of forbidden packages: the function, the line, and what is imported.

    The function is one of those given, or "" where the file is loaded. What other functions import
    is refused when they are called; what a file does only when it is started by itself is its own
    affair.
    """
    todo: deque[tuple[str, ast.AST]] = deque(("", statement) for statement in tree.body)
    while todo:
        function, node = todo.popleft()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and not function:
            if node.name not in functions:
                continue
            function = node.name
        if isinstance(node, ast.If) and _names(node.test) & {"__name__", "TYPE_CHECKING"}:
            todo += [(function, other) for other in node.orelse]
            continue
        for name in _imported(node):
            asks = name == GRADER and not function
            if name.partition(".")[0] in FORBIDDEN and not asks:
                yield function, getattr(node, "lineno", 0), name
        todo += [(function, child) for child in ast.iter_child_nodes(node)]


def _names(test: ast.expr) -> set[str]:
    """Return the names in a condition, and the last ones of attributes."""
    nodes = list(ast.walk(test))
    return {n.id for n in nodes if isinstance(n, ast.Name)} | {
        n.attr for n in nodes if isinstance(n, ast.Attribute)
    }


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        return [node.module] if node.module and not node.level else []
    if isinstance(node, ast.Call) and _called(node.func) in ("__import__", "import_module"):
        constants = (a.value for a in node.args if isinstance(a, ast.Constant))
        return [value for value in constants if isinstance(value, str)]
    return []


def _called(function: ast.expr) -> str:
    """Return the last name of what is called: `import_module` for `importlib.import_module`."""
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""
