"""r and d in a training in groups of 4, inside bounds that open, and how many are clipped."""

import matplotlib.pyplot as plt
import numpy as np
from style import BLUE, GREEN, ORANGE

from brn_numpy import nn
from brn_numpy.experiments.images import draw as minibatches
from brn_numpy.experiments.images import load_images
from brn_numpy.experiments.networks import build, norms_of
from brn_numpy.experiments.spec import Spec
from brn_numpy.experiments.training import train

SPEC = Spec(method="brn", steps=2000, microbatch_size=4)


def corrections():
    """Return the r and the d of all channels, groups and layers at every step, and the bounds."""
    images, found, bounds = load_images(None), [], []
    net = build(SPEC, images.x_train, 10)
    norms = norms_of(net)

    def after_step(step, loss):
        found.append([np.concatenate([getattr(n, name) for n in norms]) for name in "rd"])
        bounds.append(norms[0].schedule(step))

    batches = minibatches(SPEC, images.y_train, np.random.default_rng(1))
    optimizer = nn.SGD(net.parameters(), SPEC.learning_rate, momentum=SPEC.sgd_momentum)
    train(net, optimizer, images.x_train, images.y_train, batches, steps=SPEC.steps,
          after_step=after_step)  # fmt: skip
    return *np.array(found).swapaxes(0, 1), *np.array(bounds).T  # r and d are (steps, values)


def by_tens(values):
    """Return the means over ten steps each: a point for a picture."""
    return values.reshape(-1, 10).mean(axis=1)


def draw():
    r, d, r_max, d_max = corrections()
    steps = by_tens(np.arange(SPEC.steps))
    figure, (left, middle, right) = plt.subplots(1, 3, figsize=(9, 3.2))
    for axes, values, low, high, color, name in (
        (left, r, 1 / r_max, r_max, BLUE, "r"),
        (middle, d, -d_max, d_max, GREEN, "d"),
    ):
        tenth, median, ninth = map(by_tens, np.percentile(values, (10, 50, 90), axis=1))
        for bound, label in ((low, None), (high, "bounds")):
            axes.plot(steps, by_tens(bound), color=ORANGE, linestyle="--", label=label)
        band = {"color": color, "alpha": 0.35, "linewidth": 0, "label": "10 to 90 %"}
        axes.fill_between(steps, tenth, ninth, **band)
        axes.plot(steps, median, color=color, label="50 %")
        axes.set(title=name, xlabel="step")
        clipped = (values <= np.float32(low)[:, None]) | (values >= np.float32(high)[:, None])
        right.plot(steps, by_tens(100 * clipped.mean(axis=1)), color=color, label=f"of {name}")
    left.set(yscale="log", ylim=(0.3, 3.3))
    left.set_yticks([1 / 3, 0.5, 1, 2, 3], ["1/3", "1/2", "1", "2", "3"])
    left.minorticks_off()
    middle.legend(loc=(0.4, 0.64), fontsize=9)
    middle.set(ylim=(-5.6, 5.6))
    right.set(title="clipped, %", xlabel="step", ylim=(0, 103))
    right.legend(fontsize=9)
    return figure
