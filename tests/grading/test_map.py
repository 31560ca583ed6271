"""The map of the grader: it names every file, and each imports only what stands above it."""

import ast
import re
from pathlib import Path

from brn_numpy import grading

FOLDER = Path(grading.__file__).parent
NAMES = re.findall(r"^([a-z0-9_]+) {2,}\S", grading.__doc__, flags=re.M)


def imports(path):
    """Return which parts of the grader a file imports."""
    inside = len(path.relative_to(FOLDER).parts) - 1  # how many folders deep
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level == inside + 1:
            found |= {node.module.split(".")[0]} if node.module else {a.name for a in node.names}
    return found


def test_the_map_names_every_file():
    """Files and folders, once."""
    there = {p.stem for p in FOLDER.iterdir() if p.suffix == ".py" or (p / "__init__.py").exists()}
    assert sorted(NAMES) == sorted(there - {"__init__"})


def test_arrows_point_one_way():
    """A file imports what stands above it in the map, so there is no circle."""
    for i, name in enumerate(NAMES):
        folder = FOLDER / name
        for path in folder.glob("*.py") if folder.is_dir() else [FOLDER / f"{name}.py"]:
            assert imports(path) <= set(NAMES[:i]), path
