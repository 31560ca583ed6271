"""Make notebooks of the tutorials, and slides for a lecture, beside the pages."""

import argparse
import json
import re
import sys
from pathlib import Path

FOLDER = Path(__file__).parent
PAGES = "[0-9][0-9]_*.md"
EXAMPLES = """\
examples:
  01_checking_a_gradient.ipynb and so on, one for each page and each hand-out:
    python tutorials/notebooks.py
  the same, and run them all from top to bottom:
    python tutorials/notebooks.py --run
  slides.html, to project, from slides.md:
    python tutorials/notebooks.py --slides

JupyterLab, which opens them, comes with pip install -e '.[notebooks]'; so does
what --run and --slides need. The slides load reveal.js and MathJax from the
network.
"""
LOOK = """\
<style>
.reveal .jp-RenderedHTMLCommon { font-size: 36px; }
.reveal .fragment .jp-RenderedHTMLCommon { font-size: 32px; }
.reveal h1 { font-size: 80px; }
.reveal h3 { font-size: 44px; }
.reveal img { display: block; width: 100%; height: 580px; object-fit: contain; }
.reveal td, .reveal th { font-size: 34px; white-space: nowrap; }
.reveal .highlight pre { font-size: 28px !important; line-height: 1.4; }
</style>
"""
PIECE = re.compile(
    r"^<details.*?</details>\n"  # an answer stays a text, with its code: else it would lie open
    r"|^```python\n(?P<code>.*?)^```$(?:\s*^```text\n(?P<prints>.*?)^```$)?",
    re.MULTILINE | re.DOTALL,
)


def as_markdown(text):
    """Return a page's text as notebooks want it: their mathematics, and links between them."""
    text = re.sub(r"^```math\n(.*?)^```$", r"$$\n\1$$", text, flags=re.MULTILINE | re.DOTALL)
    text = re.sub(r"\$`(.*?)`\$", r"$\1$", text, flags=re.DOTALL)
    text = re.sub(r"^```sh$", "```console", text, flags=re.MULTILINE)
    return re.sub(r"\]\((\d\d_\w+)\.md", r"](\1.ipynb", text).strip("\n")


def cell(kind, source, **metadata):
    """Return a cell of text or of code."""
    made = {"cell_type": kind, "metadata": metadata, "source": source}
    return made | ({"execution_count": None, "outputs": []} if kind == "code" else {})


def text_cell(text, **metadata):
    """Return a cell of text."""
    return cell("markdown", as_markdown(text), **metadata)


def code_cell(code, prints=""):
    """Return a cell of code, with what it prints as its output."""
    made = cell("code", code.strip("\n"))
    if prints:
        made["outputs"] = [{"output_type": "stream", "name": "stdout", "text": prints}]
    return made


def cells_of(page):
    """Return a page as cells: its Python to run, unless it is part of an answer."""
    cells, at = [], 0
    for piece in PIECE.finditer(page):
        if piece["code"] is not None:
            cells += [text_cell(page[at : piece.start()])]
            cells += [code_cell(piece["code"], piece["prints"])]
            at = piece.end()
    cells.append(text_cell(page[at:]))
    return [c for c in cells if c["source"]]


ASK = """\
from brn_numpy.grading import grade_functions, student_text

print(student_text(grade_functions(globals())))
"""


def exercise_cells(module):
    """Return the stubs of the exercises as cells, one each; the last one asks the grader."""
    head, *functions = re.split(r"^(?=def )", module, flags=re.MULTILINE)
    _, about, imports = head.split('"""')
    title, _, more = about.partition("\n")
    rules = more.partition("my_batch_norm.py\n")[2]  # without the command for a file
    how = "Replace one `raise NotImplementedError` after the other; the last cell asks the grader."
    return [
        text_cell(f"# {title}\n\n{how}\n{rules}"),
        code_cell(imports),
        *map(code_cell, functions),
        code_cell(ASK),
    ]


def slide_cells(text):
    """Return slides.md as cells: a slide for `##`, one below it for `###`, then a question."""
    cells = []
    title, *slides = re.split(r"^(?=## )", text, flags=re.MULTILINE)
    for slide in [title.partition("\n")[0], *slides]:
        kind = "slide"
        for part in re.split(r"^(?=### )|^(?=\*[A-Z])", slide, flags=re.MULTILINE):
            kind = "fragment" if part.startswith("*") else kind
            cells.append(text_cell(part, slideshow={"slide_type": kind}))
            kind = "subslide"
    return cells


def notebook(cells):
    """Return the JSON of a notebook."""
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    content = {
        "cells": [{"id": f"cell-{number}", **c} for number, c in enumerate(cells, 1)],
        "metadata": {"kernelspec": kernel, "language_info": {"name": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def notebook_of(page):
    """Return the notebook of a page; that of a hand-out ends with the question to the grader."""
    cells = cells_of(page.read_text(encoding="utf-8"))
    return notebook(cells + [code_cell(ASK)] * (page.parent.name == "handouts"))


def printed(made):
    """Return what the cells of a notebook print, but for the grader's report."""
    cells = [c for c in made["cells"] if c["cell_type"] == "code" and c["source"] != ASK.strip()]
    return ["".join(o.get("text", "") for o in c["outputs"]) for c in cells]


def run(path):
    """Run a notebook where it lies; return whether its cells print what they should."""
    import nbclient
    import nbformat

    made = nbformat.read(path, as_version=4)
    expected = printed(made)
    try:
        nbclient.NotebookClient(made, resources={"metadata": {"path": path.parent}}).execute()
    except nbclient.exceptions.CellExecutionError as error:
        print(f"{path}: {error.ename}: {error.evalue}", file=sys.stderr)
        return False
    same = printed(made) == expected
    if not same:
        print(f"{path} prints something else than its page", file=sys.stderr)
    return same


def project(path):
    """Make slides of slides.md, in one file with its pictures."""
    import nbconvert
    import nbformat

    cells = slide_cells((FOLDER / "slides.md").read_text(encoding="utf-8"))
    made = nbformat.reads(notebook(cells), as_version=4)
    exporter = nbconvert.SlidesExporter(
        embed_images=True, reveal_width="1280", reveal_height="800", reveal_number="c"
    )
    text, _ = exporter.from_notebook_node(made, {"metadata": {"path": str(FOLDER)}})
    path.write_text(text.replace("</head>", LOOK + "</head>", 1), encoding="utf-8")
    print(path)


def main(arguments=None):
    """Make what was asked for; return the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--run", action="store_true", help="run each notebook, too")
    parser.add_argument("--slides", action="store_true", help="make slides.html and nothing else")
    options = parser.parse_args(arguments)
    try:
        if options.slides:
            project(FOLDER / "slides.html")
            return 0
        right = True
        for page in sorted([*FOLDER.glob(PAGES), *FOLDER.glob("handouts/*.md")]):
            path = page.with_suffix(".ipynb")
            path.write_text(notebook_of(page), encoding="utf-8")
            print(path, flush=True)
            right = (not options.run or run(path)) and right
        exercises = FOLDER / "exercises" / "batch_norm.py"
        made = notebook(exercise_cells(exercises.read_text(encoding="utf-8")))
        exercises.with_suffix(".ipynb").write_text(made, encoding="utf-8")
        return 0 if right else 1
    except ModuleNotFoundError as error:
        print(f"{error.name} is missing: pip install -e '.[notebooks]'", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
