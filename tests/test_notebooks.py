"""Notebooks, slides and hand-outs: made of the pages, with answers folded and prints as outputs."""

import builtins
import json
import re
import runpy
import symtable
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent.parent / "tutorials"
NOTEBOOKS = runpy.run_path(str(FOLDER / "notebooks.py"))
PAGES = sorted([*FOLDER.glob("[0-9][0-9]_*.md"), *FOLDER.glob("handouts/*.md")])
EVERY = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)


def cells_of(page):
    """Return the cells of a page's notebook, as they are on disk."""
    return json.loads(NOTEBOOKS["notebook_of"](page))["cells"]


def code_of(cells):
    """Return the code of the cells that can be run."""
    return [c["source"] for c in cells if c["cell_type"] == "code"]


@EVERY
def test_answers_stay_folded(page):
    """Their code is text of the answer, in the cell that opens and closes it."""
    for cell in cells_of(page):
        assert cell["source"].count("<details>") == cell["source"].count("</details>")
        if cell["cell_type"] == "code":
            assert "<" + "details" not in cell["source"]


def names_of(table):
    """Return the global names that code defines, and those that it uses."""
    top = table.get_type() == "module"
    symbols = table.get_symbols()
    defined = {n.get_name() for n in symbols if top and (n.is_assigned() or n.is_imported())}
    used = {n.get_name() for n in symbols if n.is_referenced() and (top or n.is_global())}
    for child in table.get_children():
        more = names_of(child)
        defined, used = defined | more[0], used | more[1]
    return defined, used


@EVERY
def test_code_does_not_need_that_of_answers(page):
    """Every name that the cells use is defined in one of them."""
    code = "\n".join(code_of(cells_of(page)))
    defined, used = names_of(symtable.symtable(code, page.name, "exec"))
    assert used - defined - set(dir(builtins)) - {"__name__"} == set()


@EVERY
def test_what_a_page_prints_is_the_output_of_its_cell(page):
    """And not text below it as well."""
    text = page.read_text(encoding="utf-8")
    outside = re.sub(r"^<details.*?</details>$", "", text, flags=re.M | re.S)
    printed = re.findall(r"^```python\n.*?^```\s*^```text\n(.*?)^```$", outside, flags=re.M | re.S)
    cells = cells_of(page)
    outputs = [o["text"] for c in cells if c["cell_type"] == "code" for o in c["outputs"]]
    assert [o for o in outputs if o not in printed] == [] and len(outputs) <= len(printed) + 1
    for cell in cells:
        if cell["cell_type"] == "markdown":
            assert not any(f"```text\n{o}```" in cell["source"] for o in outputs)


@pytest.mark.parametrize(
    "page", [p for p in PAGES if p.parent.name == "handouts"], ids=lambda page: page.stem
)
def test_a_handout_has_functions_to_write_and_asks_the_grader(page):
    """Its functions are exercises, as their stubs have them, and its last cell is the question."""
    stubs = (FOLDER / "exercises" / "batch_norm.py").read_text(encoding="utf-8")
    *code, last = code_of(cells_of(page))
    functions = re.findall(r"^def .*:$", "\n".join(code), flags=re.M)
    assert functions and all(function in stubs for function in functions)
    assert "grade_functions(globals())" in last


def test_mathematics_and_links_are_those_of_notebooks():
    """Dollars without backquotes, and links from notebook to notebook."""
    text = NOTEBOOKS["as_markdown"](
        "$`x`$\n```math\ny\n```\n[2](02_why.md#a) [e](exercises/x.md)\n"
    )
    assert text == "$x$\n$$\ny\n$$\n[2](02_why.ipynb#a) [e](exercises/x.md)"


def test_the_notebook_of_the_exercises_is_that_of_the_stubs():
    """Made by tutorials/notebooks.py: a cell for each function, and one that asks the grader."""
    stubs = (FOLDER / "exercises" / "batch_norm.py").read_text(encoding="utf-8")
    made = NOTEBOOKS["notebook"](NOTEBOOKS["exercise_cells"](stubs))
    assert (FOLDER / "exercises" / "batch_norm.ipynb").read_text(encoding="utf-8") == made
    code = code_of(json.loads(made)["cells"])
    assert len(code) == 2 + stubs.count("\ndef ")
    names = {}
    exec("\n".join(code[:-1]), names)
    assert "grade_functions(globals())" in code[-1]


def test_a_slide_for_each_page():
    """Of its number, in the order of the pages, with a question at its end."""
    cells = NOTEBOOKS["slide_cells"]((FOLDER / "slides.md").read_text(encoding="utf-8"))
    kinds = [c["metadata"]["slideshow"]["slide_type"] for c in cells]
    titles = [c["source"].partition("\n")[0] for c in cells if c["source"].startswith("## ")]
    pages = sorted(FOLDER.glob("[0-9][0-9]_*.md"))
    assert [title.split()[1] for title in titles] == [f"{int(p.name[:2])}." for p in pages]
    assert kinds.count("slide") == 1 + len(pages) and kinds.count("fragment") == len(pages)
    assert all(
        c["source"].rstrip("*").endswith("?")
        for c, k in zip(cells, kinds, strict=True)
        if k == "fragment"
    )
