"""Which packages an exercise must not use, and whether a student's file names one.

The answers of the exercises are in this package and, in other dialects, in every deep learning
library. The file is read, not run; `child` refuses what is imported by a detour.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

FORBIDDEN = (
    "brn_numpy",
    "torch",
    "torchvision",
    "tensorflow",
    "keras",
    "jax",
    "jaxlib",
    "flax",
    "haiku",
    "equinox",
    "autograd",
    "mxnet",
    "paddle",
    "chainer",
    "tinygrad",
    "cupy",
    "sklearn",
    "theano",
    "mygrad",
    "minitorch",
    "onnxruntime",
)


def forbidden_imports(tree: ast.Module) -> Iterator[tuple[str, int, str]]:
    """Go through the imports of forbidden packages: the function, the line, and what is imported.

    The function is "" outside of the functions of the file. What a file does only when it is
    started by itself, under `if __name__ == "__main__"`, is its own affair.
    """
    for statement in tree.body:
        if isinstance(statement, ast.If) and "__main__" in ast.unparse(statement.test):
            continue
        function = statement.name if isinstance(statement, ast.FunctionDef) else ""
        for node in ast.walk(statement):
            for name in _imported(node):
                if name.partition(".")[0] in FORBIDDEN:
                    yield function, getattr(node, "lineno", 0), name


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
