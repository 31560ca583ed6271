"""Colours, text and lines that the figures share.

The background is transparent. Every colour is a middle tone, whose contrast is above 4 on white and
on GitHub's dark background: so a figure can be read on both, whichever a reader has chosen.
At 9 inches, the width of a page, text has 11 points, and never less than 9.
"""

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt
import numpy as np

INK, ORANGE, BLUE, GREEN, MAGENTA = "#757982", "#cb5405", "#2177e6", "#238b45", "#d53894"
TEAL, PURPLE, OLIVE, BROWN = "#19868f", "#a359c8", "#8a790f", "#99714a"
STYLES = {  # the kinds of lines and markers tell them apart where the colours do not
    "no normalisation": {"color": INK, "linestyle": ":", "marker": "s"},
    "BN": {"color": ORANGE, "linestyle": "--", "marker": "^"},
    "BRN": {"color": BLUE, "linestyle": "-", "marker": "o"},
}
OTHERS = [
    {"color": color, "linestyle": line, "marker": marker}
    for color, line, marker in (
        (GREEN, "-", "D"), (MAGENTA, "--", "v"), (TEAL, "-.", "P"), (PURPLE, ":", "X"),
        (OLIVE, "-", "<"), (BROWN, "-.", ">"),
    )
]  # fmt: skip
plt.rcParams.update(
    {
        "svg.fonttype": "none",
        "svg.hashsalt": "brn_numpy",
        "savefig.transparent": True,
        "figure.constrained_layout.use": True,
        "figure.max_open_warning": 0,
        "font.size": 11,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "legend.frameon": False,
        "lines.markersize": 5,
        "legend.handlelength": 2.6,
        **dict.fromkeys(
            ("text.color", "axes.edgecolor", "axes.labelcolor", "xtick.color", "ytick.color",
             "grid.color", "patch.edgecolor"), INK
        ),
    }
)  # fmt: skip


def mean_and_error(rows):
    """Return the mean of (seeds, ...) over the seeds, and its standard error."""
    rows = np.asarray(rows, float)
    return rows.mean(axis=0), rows.std(axis=0, ddof=1) / np.sqrt(len(rows))


def line(axes, x, rows, label, style):
    """Draw the mean of rows (seeds, points), in a band of one standard error."""
    mean, error = mean_and_error(rows)
    axes.plot(x, mean, label=label, **style)
    axes.fill_between(x, mean - error, mean + error, color=style["color"], alpha=0.25, linewidth=0)


def log_axis(axes, ticks):
    """Make the x axis logarithmic, with these ticks."""
    axes.set_xscale("log")
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.minorticks_off()


def canvas(width, height):
    """Return a figure and axes without a frame, whose units are points, from the top left."""
    figure = plt.figure(figsize=(width / 72, height / 72), layout="none")
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, width), ylim=(height, 0))
    axes.axis("off")
    return figure, axes
