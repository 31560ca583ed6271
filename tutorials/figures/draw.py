"""Draw the figures of the tutorials: all of them, or those that are named.

    pip install -e '.[figures]'
    python tutorials/figures/draw.py
    python tutorials/figures/draw.py iid number_lines

A plot of results is a function draw_NAME of plots.py. The picture of an idea is
ideas/NAME.py, whose draw() returns a figure of matplotlib or the text of an SVG.
The last line of each SVG names the files that it was drawn from, with their
checksum; a test compares it with the files.
"""

import argparse
import hashlib
import importlib
import io
import sys
from pathlib import Path

FOLDER = Path(__file__).parent


def checksum(paths):
    """Return the SHA-256 of these text files. Line ends do not count: git may change them."""
    texts = [path.read_text(encoding="utf-8") for path in paths]
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()


def svg(figure):
    """Return the text of a figure, the same one each time."""
    file = io.StringIO()
    figure.savefig(file, format="svg", metadata={"Date": None})
    return file.getvalue()


def plot(name, plots):
    """Return a plot of results and the files that it was drawn from."""
    results, files = plots.load(name)
    return getattr(plots, f"draw_{name}")(results), files


def idea(name):
    """Return the picture of an idea and the files that it was drawn from."""
    module = importlib.import_module(f"ideas.{name}")
    results = FOLDER.parent / "results"
    sources = [results / f"{source}.json" for source in getattr(module, "SOURCES", ())]
    return module.draw(), [*sorted(FOLDER.glob(f"ideas/{name}.*")), FOLDER / "style.py", *sources]


def main():
    """Draw the figures that are named on the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", metavar="NAME", nargs="*", help="the figures; all by default")
    asked = parser.parse_args().names
    try:
        plots = importlib.import_module("plots")
    except ModuleNotFoundError as error:
        sys.exit(f"{error}; to draw figures, run: pip install -e '.[figures]'")
    drawn = {name.removeprefix("draw_") for name in vars(plots) if name.startswith("draw_")}
    known = sorted(drawn | {path.stem for path in FOLDER.glob("ideas/*.py")})
    if unknown := [name for name in asked if name not in known]:
        parser.error(f"no figure {', '.join(unknown)}; there are {', '.join(known)}")
    for name in asked or known:
        figure, files = plot(name, plots) if name in drawn else idea(name)
        text = figure if isinstance(figure, str) else svg(figure)
        names = " ".join(file.relative_to(FOLDER.parent).as_posix() for file in files)
        text = f"{text.rstrip()}\n<!-- drawn from {names}: {checksum(files)} -->\n"
        (FOLDER / f"{name}.svg").write_text(text, encoding="utf-8", newline="\n")
        print(FOLDER / f"{name}.svg", file=sys.stderr)


if __name__ == "__main__":
    main()
