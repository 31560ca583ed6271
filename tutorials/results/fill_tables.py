"""Write the tables of the tutorials anew, from the results of the experiments in this folder.

    python tutorials/results/fill_tables.py

Below a line <!-- results: NAME K --> stands table K of the experiment NAME; and below a line
<!-- results: NAME | HEAD = COLUMN of K | ... --> one with these columns, each a column of a table.
The results are made by
`python -m brn_numpy experiment all --seeds 5 --json tutorials/results --resume`.
"""

import re
from pathlib import Path

from brn_numpy.experiments import store
from brn_numpy.experiments.claims import EXPERIMENTS
from brn_numpy.experiments.tables import View, markdown_of

FOLDER = Path(__file__).parent
TABLE = re.compile(r"^(<!-- results: (\w+) (.+) -->\n\n)(?:\|.*\n)*", re.MULTILINE)


def table(name, number):
    """Return table `number` of an experiment, for a page."""
    results = store.load(FOLDER / f"{name}.json")
    seeds = 1 + max(spec.seed for spec in results)
    return markdown_of(EXPERIMENTS[name].tables[number - 1], results, View(seeds))


def columns(name, chosen):
    """Return a table of columns of several tables: `| HEAD = COLUMN of K | ...`."""
    found = []
    for head, column, number in re.findall(r"\| (.+?) = (.+?) of (\d+)", chosen):
        rows = [line.split("|")[1:-1] for line in table(name, int(number)).splitlines()]
        place = [cell.strip() for cell in rows[0]].index(column)
        found.append([f" {head} "] + [row[place] for row in rows[1:]])
    labels = [row[0] for row in rows]
    return "\n".join(f"|{'|'.join(row)}|" for row in zip(labels, *found, strict=True))


def filled(text):
    """Return the text of a page with its tables as the results have them."""

    def refill(match):
        line, name, which = match.groups()
        rows = table(name, int(which)) if which.isdigit() else columns(name, which)
        return f"{line}{rows}\n"

    return TABLE.sub(refill, text)


if __name__ == "__main__":
    for page in sorted(FOLDER.parent.glob("*.md")):
        text = page.read_text(encoding="utf-8")
        if filled(text) != text:
            page.write_text(filled(text), encoding="utf-8")
            print(page)
