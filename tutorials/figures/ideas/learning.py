"""What tutorial 11 trains: its loss, and what it says of five images."""

import contextlib
import io
import re
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from style import BLUE, INK, ORANGE

from .clothes import tiles

PAGE = Path(__file__).parents[2] / "11_network_from_scratch.md"


def run_page():
    """Return the names of the page after its code has run."""
    names = {}
    with contextlib.redirect_stdout(io.StringIO()):
        for code in re.findall(r"^```python\n(.*?)^```$", PAGE.read_text("utf-8"), re.M | re.S):
            exec(code, names)
    return names


def draw():
    page = run_page()
    images, losses = page["images"], page["losses"]
    figure = plt.figure(figsize=(9, 3.2))
    grid = figure.add_gridspec(1, 6, width_ratios=(4, 1, 1, 1, 1, 1))
    curve = figure.add_subplot(grid[0])
    curve.plot(losses, color=INK, alpha=0.5, linewidth=1, label="each minibatch")
    steps, test = np.array(list(page["test_losses"].items())).T
    curve.plot(steps, test, color=BLUE, marker="o", label="test images")
    curve.set(xlabel="step", title="loss", ylim=(0, 5))
    curve.legend(fontsize=9)
    for i, (word, sure) in enumerate(page["say"](page["copy"])):
        axes, name = figure.add_subplot(grid[1 + i]), images.class_names[images.y_test[i]]
        pixels = images.x_test[i] - images.x_test.min()
        axes.imshow(tiles(pixels[None, None]), interpolation="none")
        axes.set_title(f"{word.split('/')[0].lower()}\n{sure:.0%}", fontsize=11)
        if word != name:
            axes.set_xlabel(f"it is: {name.lower()}", color=ORANGE, fontsize=9)
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set_visible(False)
    return figure
