"""The error of numeric derivatives of exp against the length of the step, as on page 1."""

import numpy as np
from style import BLUE, GREEN, INK, ORANGE, PURPLE, plt


def central(x, h):
    """Return the central difference of exp."""
    return (np.exp(x + h) - np.exp(x - h)) / (2 * h)


def richardson(x, h):
    """Return it with the errors h^2 and h^4 cancelled."""
    whole, half, quarter = (central(x, h / k) for k in (1, 2, 4))
    once, again = (4 * half - whole) / 3, (4 * quarter - half) / 3
    return (16 * again - once) / 15


def complex_step(x, h):
    """Return the derivative by a complex step."""
    return np.exp(x + 1j * h).imag / h


def draw():
    """Return the figure."""
    figure, axes = plt.subplots(figsize=(9, 4.6))
    points = np.random.default_rng(0).uniform(0.5, 1.5, 1000)
    for method, dtype, shortest, name, place, color, style, width in (
        (complex_step, np.float64, -12, "complex step", (1.3e-12, 4e-16), PURPLE, "--", 2),
        (central, np.float64, -12, "central difference", (1.3e-12, 1e-3), BLUE, "-", 3),
        (central, np.float32, -7, "the same in float32", (1e-6, 0.3), ORANGE, "-", 2),
        (richardson, np.float64, -5.5, "Richardson, twice", (1e-4, 3e-15), GREEN, "-.", 2),
    ):
        h = np.logspace(-1, shortest, round(6 * (-1 - shortest)) + 1)
        errors = [method(points.astype(dtype), dtype(step)) / np.exp(points) - 1 for step in h]
        middle = np.maximum(np.median(np.abs(errors), axis=1), 1e-16)
        axes.loglog(h, middle, color=color, linestyle=style, linewidth=width)
        axes.text(*place, name, color=color, va="center")
    for h, errors, place, words in (
        (
            [3e-11, 3e-7],
            [1e-4, 1e-8],
            (4e-9, 1.5e-5),
            "rounding, about $10^{-16}/h$:\nslope \N{MINUS SIGN}1",
        ),
        ([6e-5, 6e-3], [2e-11, 2e-7], (1.2e-3, 5e-10), "truncation, about $h^2$:\nslope 2"),
    ):
        axes.plot(h, errors, color=INK, linestyle=":")
        axes.text(*place, words, color=INK, va="center")
    axes.set(xlabel="step h", ylabel="relative error", ylim=(2e-17, 2), xlim=(1e-12, 0.2))
    return figure
