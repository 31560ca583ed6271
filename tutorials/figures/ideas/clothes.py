"""The ten classes; a minibatch of four of them, and the unit that it moves most."""

import matplotlib.pyplot as plt
import numpy as np
from style import BLUE, INK, ORANGE

from brn_numpy import data

SHADE = [int(INK[i : i + 2], 16) / 255 for i in (1, 3, 5)]


def tiles(images):
    """Return rows of images (R, K, 14, 14) as one picture, ink where the cloth is bright."""
    rows, columns = images.shape[:2]
    framed = np.pad(images, ((0, 0), (0, 0), (1, 1), (1, 1)))
    alpha = framed.swapaxes(1, 2).reshape(16 * rows, 16 * columns) / images.max()
    large = np.kron(alpha, np.ones((4, 4)))  # so that no viewer blurs the pixels
    return np.dstack([np.broadcast_to(SHADE, (*large.shape, 3)), large])


def draw():
    clothes = data.load_fashion_mnist()
    one_of_each = np.array([np.flatnonzero(clothes.y_train == k)[0] for k in range(10)])
    batch = next(data.class_batches(clothes.y_train, 32, 4, rng=3))  # (32,), class by class
    pixels = data.standardize(clothes, dtype=np.float64).x_train.reshape(-1, 196)
    units = pixels @ np.random.default_rng(0).standard_normal((196, 100))  # (8000, 100)
    units = (units - units.mean(axis=0)) / units.std(axis=0)
    unit = units[:, units[batch].mean(axis=0).argmax()]  # (8000,)
    mu, mu_b = 0.0, unit[batch].mean()

    figure, panels = plt.subplots(
        2, 2, figsize=(9, 4.2), gridspec_kw={"height_ratios": (1, 2.2), "width_ratios": (1.4, 1)}
    )
    (strip, curve), (minibatch, dots) = panels
    strip.imshow(tiles(clothes.x_train[one_of_each][None]), interpolation="none")
    names = [clothes.class_names[label].split("/")[0].lower() for label in range(10)]
    strip.set_xticks(64 * np.arange(10) + 32, names, fontsize=9, rotation=40, ha="right")
    strip.set_title("the ten classes", fontsize=11)
    minibatch.imshow(tiles(clothes.x_train[batch].reshape(4, 8, 14, 14)), interpolation="none")
    minibatch.set_title('a minibatch "4 classes x 8"', fontsize=11)
    for axes in (strip, minibatch):
        axes.tick_params(length=0, pad=1)
        axes.set_yticks([])
        axes.spines[:].set_visible(False)
    minibatch.set_xticks([])

    high = curve.hist(unit, bins=60, color=INK, alpha=0.5)[0].max()
    curve.set_title("one unit: all 8000 images", fontsize=11)
    dots.set_title("the minibatch, a row a class", fontsize=11)
    for row, values in enumerate(unit[batch].reshape(4, 8)):
        dots.plot(values, np.full(8, -row), "o", color=BLUE, markersize=5, alpha=0.8)
    for axes, top in ((curve, 0.78), (dots, 1)):
        axes.axvline(mu, 0, top, color=INK, linestyle="--")
        axes.axvline(mu_b, 0, top, color=ORANGE)
        axes.set(xlim=(-4, 4), yticks=[], xticks=[])
        axes.spines["left"].set_visible(False)
    curve.set_ylim(0, 1.3 * high)
    curve.text(mu, 1.12 * high, "μ", color=INK, ha="center")
    curve.text(mu_b, 1.12 * high, "μ$_B$", color=ORANGE, ha="center")
    dots.set(ylim=(-3.5, 0.5), xticks=range(-4, 5), xlabel="value, in σ")
    return figure
