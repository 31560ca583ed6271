"""A bias that runs away: its gradient ignores the mean that is subtracted (paper of 2015)."""

import matplotlib.pyplot as plt
import numpy as np
from style import BLUE, INK, ORANGE

STEPS, RATE = 100, 0.1


def trained(alpha, through_the_mean):
    """Return b and the loss at every step, for inputs of mean 0 and a target 1 above them."""
    b = mu = 0.0
    found = []
    for _ in range(STEPS + 1):
        if alpha == 1:
            mu = b  # the mean of the minibatch itself
        error = b - mu - 1  # of every sample alike
        found.append((b, error**2 / 2))
        mu += alpha * (b - mu)
        b -= 0 if through_the_mean else RATE * error
    return np.array(found).T


def draw():
    figure, (dots, bias, loss) = plt.subplots(
        1, 3, figsize=(9, 3.3), gridspec_kw={"width_ratios": (1.5, 1, 1)}
    )
    kinds = {
        "minibatch's mean": (*trained(1, False), {"color": ORANGE}),
        "a moving average": (*trained(0.01, False), {"color": INK, "linestyle": "--"}),
        "BRN": (*trained(0.01, True), {"color": BLUE, "linestyle": "-."}),
    }
    for label, (b, losses, style) in kinds.items():
        bias.plot(b, label=label, **style)
        loss.plot(losses, **style)
    bias.set(title="the bias b", xlabel="step")
    bias.legend(fontsize=9)
    loss.set(title="the loss", xlabel="step", ylim=(-0.02, 0.55))

    u = np.linspace(-1.2, 1.2, 7)
    for step in range(0, STEPS + 1, 25):
        shifted = u + kinds["minibatch's mean"][0][step]
        first = step == 0
        dots.plot(shifted, [step] * 7, "o", color=ORANGE, label="u + b" if first else None)
        dots.plot(
            u, [step + 6] * 7, "s", color=INK, label="output: u + b − mean" if first else None
        )
    dots.axvline(1, color=INK, linestyle=":", label="mean of the target")
    dots.set(
        title="with the minibatch's own mean",
        ylabel="step",
        yticks=range(0, 101, 25),
        ylim=(112, -22),
        xlabel="value",
    )
    dots.legend(fontsize=9, loc="upper right")
    return figure
