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


def forbidden_imports(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Go through the imports of forbidden packages: the line, and the name that is imported."""
    for node in ast.walk(tree):
        names: list[object] = []
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.append(node.module)
        elif isinstance(node, ast.Call) and _called(node.func) in ("__import__", "import_module"):
            names += [a.value for a in node.args if isinstance(a, ast.Constant)]
        for name in names:
            if isinstance(name, str) and name.partition(".")[0] in FORBIDDEN:
                yield getattr(node, "lineno", 0), name


def _called(function: ast.expr) -> str:
    """Return the last name of what is called: `import_module` for `importlib.import_module`."""
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""
