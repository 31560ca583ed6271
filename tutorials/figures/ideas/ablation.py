"""How much longer BN takes without a step of the kernels. Recorded, so that drawing times nothing:

python -m brn_numpy bench --ablate --rounds 45 --json tutorials/figures/ideas/ablation.json
"""

import json
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from style import BLUE, INK


def draw():
    """Draw a panel for each step, a bar for each shape, and half of the rounds as a whisker."""
    recorded = json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))
    rows = [row for row in recorded["rows"] if row["row"].startswith("float32")]
    steps = list(rows[0]["ratios"])  # "BLAS sums / all steps", ...
    figure, panels = plt.subplots(1, len(steps), figsize=(9, 3.4), sharey=True, sharex=True)
    places = np.arange(len(rows))[::-1]
    for axes, step in zip(panels, steps, strict=True):
        median, low, high = np.array([row["ratios"][step] for row in rows]).T
        axes.barh(places, median - 1, left=1, color=BLUE, height=0.7)
        axes.hlines(places, low, high, color=INK, linewidth=1.5)
        for place, value, end in zip(places, median, high, strict=True):
            axes.text(max(end, 1) + 0.04, place, f"{value:.2f}", va="center", fontsize=9)
        axes.axvline(1, color=INK, linewidth=0.8)
        axes.set_title(step.removesuffix(" / all steps").replace(" in ", "\nin "), fontsize=10)
        axes.set(xlim=(0.85, 2.25), xticks=[1, 1.5, 2])
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
    shapes = [tuple(map(int, row["row"].split()[1].split("x"))) for row in rows]
    panels[0].set_yticks(places, [str(shape) for shape in shapes], fontsize=9)
    figure.supxlabel("time without the step, in units of the time with all steps", fontsize=11)
    return figure
