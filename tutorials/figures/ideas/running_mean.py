"""The running mean behind the minibatches' means, for two momenta, from a start at 0."""

import numpy as np
from style import BLUE, INK, MAGENTA, plt

STEPS, SIZE, CENTRE = 500, 8, 3.0


def draw():
    """Return the figure."""
    figure, axes = plt.subplots(figsize=(9, 4.2))
    means = np.random.default_rng(0).normal(CENTRE, 2, size=(STEPS, SIZE)).mean(axis=1)
    steps = np.arange(1, STEPS + 1)
    axes.plot(steps, means, linewidth=0.8, color=INK, alpha=0.7, label="$\\mu_B$")
    axes.axhline(CENTRE, color=INK, linestyle=":", label="mean of all data")
    for momentum, color, style in ((0.1, MAGENTA, "--"), (0.01, BLUE, "-")):
        running, path = 0.0, []
        for mean in means:
            running += momentum * (mean - running)
            path.append(running)
        label = f"running $\\mu$, momentum {momentum}"
        axes.plot(steps, path, color=color, linestyle=style, linewidth=2.2, label=label)
    axes.set(xlabel="step", ylabel="mean", xlim=(0, STEPS))
    figure.legend(loc="outside upper center", ncols=4, columnspacing=1.4, handlelength=2)
    return figure
