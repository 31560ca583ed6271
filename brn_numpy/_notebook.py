"""Python out of notebooks: the code cells in their order, without what only a notebook understands.

The exports of Jupyter and of Colab have such lines too, so a file's text is treated like a cell's.
"""

from __future__ import annotations

import ast
import json
import re
import warnings

# Magics, commands of the shell, and questions.
NOT_PYTHON = re.compile(r"^(\s*)(?:[%!?]|[\w.,\s]+=\s*[%!]|[\w.]+\?+\s*$).*")
HARMLESS = ("%%time", "%%capture", "%%prun")  # cell magics that run the rest of the cell


def code_cells(text: str) -> list[str]:
    """Return the Python of the code cells of a notebook.

    Raises
    ------
    ValueError
        If the text is no notebook of format 4.
    """
    try:
        cells = json.loads(text)["cells"]
        sources = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise ValueError("it is no notebook (of format 4), or is damaged") from None
    return [python_of(source) for source in sources]


def python_of(source: str) -> str:
    """Return the Python of a cell, or of an exported file.

    Lines of notebooks become `pass`, so that the others keep their numbers; where all is Python
    already, nothing changes.
    """
    if is_python(source):
        return source
    if source.lstrip().startswith("%%") and not source.lstrip().startswith(HARMLESS):
        return ""  # another language, or text for a file
    return "\n".join(NOT_PYTHON.sub(r"\1pass", line) for line in source.splitlines())


def is_python(source: str) -> bool:
    """Return whether Python can read a text."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True
