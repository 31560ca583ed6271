"""Write the tables of the tutorials anew, from the results of the experiments in this folder.

    python tutorials/results/fill_tables.py

Below a line <!-- results: NAME K --> stands table K of the experiment NAME. The results are made by
`python -m brn_numpy experiment all --seeds 5 --json tutorials/results --resume`.
"""

import re
from pathlib import Path

from brn_numpy.experiments import store
from brn_numpy.experiments.claims import EXPERIMENTS
from brn_numpy.experiments.report import View, markdown_of

FOLDER = Path(__file__).parent
TABLE = re.compile(r"^<!-- results: (\w+) (\d+) -->\n\n(?:\|.*\n)*", re.MULTILINE)


def filled(text):
    """Return the text of a page with its tables as the results have them."""

    def table(match):
        name, number = match[1], int(match[2])
        results = store.load(FOLDER / f"{name}.json")
        seeds = 1 + max(spec.seed for spec in results)
        rows = markdown_of(EXPERIMENTS[name].tables[number - 1], results, View(seeds))
        return f"<!-- results: {name} {number} -->\n\n{rows}\n"

    return TABLE.sub(table, text)


if __name__ == "__main__":
    for page in sorted(FOLDER.parent.glob("*.md")):
        text = page.read_text(encoding="utf-8")
        if filled(text) != text:
            page.write_text(filled(text), encoding="utf-8")
            print(page)
