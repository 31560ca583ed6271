"""Activations by layer, without a normalisation and with BN: page 2's network with tanh."""

import numpy as np
from style import INK, ORANGE, plt

from brn_numpy.data import load_fashion_mnist, standardize

LAYERS = (1, 3, 10)


def activations(x, s, normalise):
    """Return what comes out of the ten tanh layers."""
    rng, h, kept = np.random.default_rng(0), x, []
    for _ in range(10):
        W = s / np.sqrt(h.shape[1]) * rng.standard_normal((100, h.shape[1]))
        a = h @ W.T  # (N, 100)
        if normalise:
            a = (a - a.mean(axis=0)) / a.std(axis=0)
        h = np.tanh(a)
        kept.append(h)
    return kept


def draw():
    """Return the figure: a row for each network, a column for each layer."""
    x = standardize(load_fashion_mnist(), dtype=np.float64).x_train[:256].reshape(256, -1)
    rows = (
        ("s = 0.3", 0.3, False),
        ("s = 1", 1, False),
        ("s = 3", 3, False),
        ("BN, any s", 3, True),
    )
    figure, axes = plt.subplots(len(rows), len(LAYERS), figsize=(9, 5.6), sharex=True)
    for line, (name, s, normalise) in zip(axes, rows, strict=True):
        kept = activations(x, s, normalise)
        for panel, layer in zip(line, LAYERS, strict=True):
            h = kept[layer - 1].ravel()
            counts, edges = np.histogram(h, np.linspace(-1, 1, 42))
            panel.stairs(counts, edges, fill=True, color=ORANGE if normalise else INK)
            panel.set(ylim=(0, 1.35 * counts.max()), yticks=[], xticks=(-1, 0, 1))
            panel.text(
                0,
                1.32 * counts.max(),
                f"{(h**2 > 0.9).mean():.0%} saturated",
                ha="center",
                va="top",
            )
            panel.spines["left"].set_visible(False)
        line[0].set_ylabel(name)
    for panel, layer in zip(axes[0], LAYERS, strict=True):
        panel.set_title(f"layer {layer}", fontsize=11)
    for panel in axes[-1]:
        panel.set_xlabel("activation")
    return figure
