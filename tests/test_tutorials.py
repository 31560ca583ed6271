"""The tutorials as pages: their links lead somewhere, their parts are there, their folds close."""

import inspect
import re
import runpy
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from brn_numpy import textbook

FOLDER = Path(__file__).parent.parent / "tutorials"
PAGES = sorted(FOLDER.glob("[0-9][0-9]_*.md"))
FILLED = runpy.run_path(str(FOLDER / "results" / "fill_tables.py"))["filled"]
MARKDOWN = [*FOLDER.glob("*.md"), *FOLDER.glob("exercises/*.md"), FOLDER.parent / "README.md"]
MARKDOWN += FOLDER.parent.glob(".github/*.md")
FIGURES = sorted(FOLDER.glob("figures/*.svg"))
CHECKSUM = runpy.run_path(str(FOLDER / "figures" / "draw.py"))["checksum"]
EVERY = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
DRAWN = pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: figure.stem)


def prose(page):
    """Return a page without its code."""
    return re.sub(r"^```(?!math).*?^```$", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)


@pytest.mark.parametrize("page", MARKDOWN, ids=lambda page: page.stem)
def test_links_lead_somewhere(page):
    """Every link to a file of the repository exists."""
    links = [link for link in re.findall(r"\]\(([^)]+)\)", prose(page)) if "://" not in link]
    assert links
    assert [link for link in links if not (page.parent / link.split("#")[0]).exists()] == []


@EVERY
def test_a_page_says_what_it_wants_and_asks_questions(page):
    """What you will do, learn and need; questions whose answers fold out; a pointer on."""
    text = prose(page)
    for part in ("What you will do", "What you will learn", "What you need", "## Questions"):
        assert part in text, part
    assert "**Go on:**" in text
    assert text.count("<details>") == text.count("</details>") == text.count("<summary>") >= 3


@pytest.mark.parametrize("page", MARKDOWN, ids=lambda page: page.stem)
def test_mathematics_is_as_github_renders_it(page):
    """Formulas stand in ```math or in $`...`$: in bare dollars, GitHub drops some signs."""
    text = page.read_text(encoding="utf-8")
    assert len(re.findall(r"^```", text, flags=re.M)) % 2 == 0
    bare = re.sub(r"^```math.*?^```$", "", prose(page), flags=re.M | re.S)
    bare = re.sub(r"`[^`\n]*`", "", re.sub(r"\$`[^`\n]+`\$", "", bare))
    assert [line for line in bare.splitlines() if "$" in line] == []


def quotes(page):
    """Return (function, lines) of each quotation: from `# textbook.py: name` to an empty line."""
    fences = re.findall(r"^```python\n(.*?)^```$", page.read_text("utf-8"), flags=re.M | re.S)
    found = re.findall(r"^ *# textbook\.py: (\w+)\n((?:.+\n)+)", "\n".join(fences), flags=re.M)
    return [(name, [line.strip() for line in lines.splitlines()]) for name, lines in found]


@pytest.mark.parametrize("page", MARKDOWN, ids=lambda page: page.stem)
def test_quotes_are_lines_of_the_textbook(page):
    """What a page quotes stands in that function, to the letter and in that order."""
    for name, lines in quotes(page):
        source = map(str.strip, inspect.getsource(getattr(textbook, name)).splitlines())
        for line in lines:
            assert line in source, f"{name}: {line}"  # `in` goes on where it found the last one


def test_every_formula_of_the_textbook_is_quoted():
    """Each line of it that ends in a shape, such as `# (N, C)`, stands on a page."""
    quoted = {(name, line) for page in PAGES for name, lines in quotes(page) for line in lines}
    formulas = {
        (name, line.strip())
        for name, function in inspect.getmembers(textbook, inspect.isfunction)
        for line in inspect.getsource(function).splitlines()
        if re.search(r"  # \(.+\)$", line)
    }
    assert len(formulas) > 40
    assert formulas - quoted == set()


@EVERY
def test_tables_of_results_are_those_of_the_files(page):
    """Every number of a table of results is in the JSON of its experiment."""
    text = page.read_text(encoding="utf-8")
    assert text == FILLED(text)


@DRAWN
def test_a_figure_is_up_to_date(figure):
    """It is an image, and its last line names what it was drawn from, with the checksum."""
    text = figure.read_text(encoding="utf-8")
    assert ElementTree.fromstring(text).tag.endswith("svg")
    drawn_from = re.fullmatch(r"<!-- drawn from (.+): (\w{64}) -->", text.splitlines()[-1])
    paths = [FOLDER / name for name in drawn_from[1].split()]
    assert CHECKSUM(paths) == drawn_from[2], f"run: python tutorials/figures/draw.py {figure.stem}"
    idea = FOLDER / "figures" / "ideas" / f"{figure.stem}.py"
    assert idea in paths or not idea.exists()


def luminance(color):
    """Return the relative luminance of a colour such as #0d1117, as WCAG 2 defines it."""
    levels = np.array([int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    linear = np.where(levels <= 0.04045, levels / 12.92, ((levels + 0.055) / 1.055) ** 2.4)
    return linear @ (0.2126, 0.7152, 0.0722)


@DRAWN
def test_a_figure_can_be_read_on_white_and_on_dark(figure):
    """Each of its colours has a contrast above 4 on both backgrounds of GitHub."""
    colors = set(re.findall(r"#[0-9a-f]{6}\b", figure.read_text(encoding="utf-8")))
    assert colors
    for color in colors:
        assert 1.05 / (luminance(color) + 0.05) > 4, color
        assert (luminance(color) + 0.05) / (luminance("#0d1117") + 0.05) > 4, color


def test_figures_are_shown_and_described():
    """Every figure stands on a page, and every image has words for those who cannot see it."""
    shown = {
        (page.parent / path).resolve(): words
        for page in MARKDOWN
        for words, path in re.findall(r"!\[([^\]]*)\]\(([^)]+)\)", page.read_text("utf-8"))
    }
    assert {path.stem for path in FIGURES} - {path.stem for path in shown} == set()
    assert [path for path, words in shown.items() if len(words) < 30] == []
    drawn = {path.stem for path in FIGURES}
    assert {path.stem for path in FOLDER.glob("figures/ideas/*.py")} <= drawn


@EVERY
def test_the_list_of_pages_has_it(page):
    """tutorials/README.md links to every page."""
    assert f"({page.name})" in (FOLDER / "README.md").read_text(encoding="utf-8")


@EVERY
def test_the_lecturer_is_told_how_long_a_page_takes(page):
    """The minutes in teaching.md are those that the page says."""
    text = (FOLDER / "teaching.md").read_text(encoding="utf-8")
    minutes = dict(re.findall(r"(\d+): (\d+)", re.search(r"^> 1: .*$", text, flags=re.M)[0]))
    says = re.search(r"\bAbout\s+(\d+)\s+minutes", page.read_text(encoding="utf-8"))
    assert minutes[str(int(page.name[:2]))] == says[1]


def test_words_stand_on_the_pages_that_the_glossary_names():
    """Each word of the glossary in tutorials/README.md is on its page."""
    glossary = (FOLDER / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| \*\*(.+?)\*\* \| \[\d+\]\((\S+)\)", glossary, flags=re.M)
    assert len(rows) > 40
    for words, name in rows:
        page = re.sub(r"[\s*]+", " ", (FOLDER / name).read_text(encoding="utf-8")).lower()
        assert [word for word in words.lower().split(", ") if word not in page] == [], name
