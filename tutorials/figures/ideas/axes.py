"""Which values share a mean and a std: batch, layer, group and instance normalisation.

Found by moving one pixel: the outputs that move with it have the same statistics.
"""

import numpy as np
from matplotlib.patches import Rectangle
from style import BLUE, INK, MAGENTA, canvas

import brn_numpy as bn

N, C, GROUPS = 4, 6, 2  # and images of 2 x 2 pixels
CELL = 21  # points
KINDS = (
    ("batch norm, BRN", bn.batch_norm_forward, (), "over N, H, W"),
    ("layer norm", bn.layer_norm_forward, (), "over C, H, W"),
    (f"group norm, G = {GROUPS}", bn.group_norm_forward, (GROUPS,), f"over C/{GROUPS}, H, W"),
    ("instance norm", bn.instance_norm_forward, (), "over H, W"),
)
MOVED = (1, 2)  # sample, channel


def shared(forward, more):
    """Return which cells (N, C) share statistics with which, (N * C, N, C)."""
    x = np.random.default_rng(0).normal(size=(N, C, 2, 2))
    gamma, beta = np.ones(C), np.zeros(C)
    before, _ = forward(x, gamma, beta, *more)
    found = []
    for n, c in np.ndindex(N, C):
        moved = x.copy()
        moved[n, c, 0, 0] += 1
        after, _ = forward(moved, gamma, beta, *more)
        found.append(np.any(after != before, axis=(2, 3)))
    return np.array(found)


def panel(axes, left, top, sets):
    """Draw the cells of one kind of normalisation, with borders between the sets."""
    same = sets.reshape(N, C, N, C)
    right, bottom = left + CELL * C, top + CELL * N
    for half, width in ((0, 1), (CELL / 2, 0.3)):  # cells, and their pixels
        look = {"color": INK, "linewidth": width}
        axes.vlines(left + half + CELL * np.arange(C), top, bottom, **look)
        axes.hlines(top + half + CELL * np.arange(N), left, right, **look)
    for n, c in np.ndindex(N, C):
        x, y, inside = left + CELL * c, top + CELL * n, same[MOVED][n, c]
        color, alpha = (BLUE, 0.75) if inside else (INK, 0.12)
        axes.add_patch(Rectangle((x, y), CELL, CELL, facecolor=(color, alpha), linewidth=0))
        if c == 0 or not same[n, c, n, c - 1]:
            axes.plot([x, x], [y, y + CELL], color=INK, linewidth=2.5)
        if n == 0 or not same[n, c, n - 1, c]:
            axes.plot([x, x + CELL], [y, y], color=INK, linewidth=2.5)
    axes.add_patch(Rectangle((left, top), CELL * C, CELL * N, fill=False, linewidth=2.5))
    n, c = MOVED
    axes.plot(left + CELL * (c + 0.25), top + CELL * (n + 0.25), "o", color=MAGENTA, markersize=6)


def draw():
    """Return the figure."""
    figure, axes = canvas(648, 196)
    top = 46
    for k, (name, forward, more, over) in enumerate(KINDS):
        left = 28 + 158 * k
        sets = shared(forward, more)
        panel(axes, left, top, sets)
        middle, below = left + CELL * C / 2, top + CELL * N + 16
        say = {"ha": "center", "va": "center", "fontsize": 10}
        axes.text(middle, 12, name, **{**say, "fontsize": 12}, weight="bold")
        axes.text(middle, top - 13, f"channels, C = {C}", **say)
        axes.text(left - 12, top + CELL * N / 2, f"samples, N = {N}", rotation=90, **say)
        axes.text(middle, below, f"mean and std {over}", **say)
        count = len(np.unique(sets.reshape(N * C, -1), axis=0))
        axes.text(middle, below + 15, f"{count} of each", **say)
    words = "a pixel, and in blue all that shares its mean and std; the small squares are pixels"
    axes.plot(32, 184, "o", color=MAGENTA, markersize=6)
    axes.text(42, 184, words, va="center", fontsize=10)
    return figure
