"""Make notebooks of the tutorials, beside the pages, for a class.

    pip install -e '.[notebooks]'
    python tutorials/notebooks.py

GitHub's mathematics becomes that of notebooks, links lead from notebook to notebook, and commands
for the shell stay text: only Python is a cell to run.
"""

import re
from pathlib import Path

import jupytext

FOLDER = Path(__file__).parent


def as_notebook(page):
    """Return the text of a page as a notebook."""
    page = re.sub(r"^```math\n(.*?)^```$", r"$$\n\1$$", page, flags=re.MULTILINE | re.DOTALL)
    page = re.sub(r"\$`(.*?)`\$", r"$\1$", page)
    page = re.sub(r"^```sh$", "```console", page, flags=re.MULTILINE)
    page = re.sub(r"\]\((\d\d_\w+)\.md\)", r"](\1.ipynb)", page)
    return jupytext.reads(page, fmt="md")


if __name__ == "__main__":
    for path in sorted(FOLDER.glob("[0-9][0-9]_*.md")):
        target = path.with_suffix(".ipynb")
        jupytext.write(as_notebook(path.read_text(encoding="utf-8")), target)
        print(target)
