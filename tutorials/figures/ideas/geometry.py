"""BN's gradient as geometry: with three samples it runs along a circle, with two it has no way."""

import numpy as np
from style import BLUE, INK, MAGENTA, ORANGE, TEAL, canvas

from brn_numpy import textbook

THREE = (2.0, 1.0, 6.0), (2.4, 0.7, 0.2)  # x, dxhat
TWO = (3.0, 1.0), (0.4, 1.8)
BASIS = np.array([[1, -1, 0], [1, 1, -2], [1, 1, 1]]) / np.sqrt([[2], [6], [3]])  # orthonormal
TURN, TILT = np.radians(312), np.radians(33)  # from where the circle is seen


def corners(x, dxhat):
    """Return xhat; it plus dxhat; without what the mean takes; without what the std takes too."""
    x, dxhat, one = np.array(x)[:, None], np.array(dxhat)[:, None], np.ones(1)
    _, cache = textbook.batch_norm_forward(x, one, 0 * one, 1e-12)
    dx, _, _ = textbook.batch_norm_backward(dxhat, cache)  # gamma is 1, so dy is dxhat
    steps = (cache.xhat, dxhat, -textbook.mean(dxhat) * np.ones_like(x))
    return np.array([*np.cumsum(steps, axis=0)[..., 0], (cache.xhat + dx * cache.std)[:, 0]])


def in_space(points):
    """Return where points (..., 3) are on the page, (..., 2); (1, 1, 1) points up."""
    across, back, up = np.moveaxis(points @ BASIS.T, -1, 0)
    cos, sin = np.cos(TURN), np.sin(TURN)
    across, back = cos * across - sin * back, sin * across + cos * back
    down = -np.sin(TILT) * back - np.cos(TILT) * up
    return np.array([192, 176]) + 74 * np.stack([across, down], axis=-1)


def in_plane(points):
    """Return where points (..., 2) are on the page."""
    return np.array([500, 172]) + 50 * np.asarray(points) * [1, -1]


def arrows(axes, points):
    """Draw dxhat, what is taken of it, and what is left."""
    xhat, tip, foot, left = points
    ways = ((xhat, tip, INK), (tip, foot, ORANGE), (foot, left, TEAL), (xhat, left, MAGENTA))
    for start, end, color in ways:
        if np.linalg.norm(end - start) > 1:
            look = {"arrowstyle": "-|>", "color": color, "linewidth": 2, "shrinkA": 0, "shrinkB": 0}
            axes.annotate("", end, start, arrowprops=look)
    axes.plot(*xhat, "o", color=BLUE)


def write(axes, at, words, color=INK, by=(0, 0), **more):
    """Write words at a point, or by so much beside it."""
    axes.text(*np.add(at, by), words, color=color, fontsize=10.5, va="center", **more)


def three(axes):
    """Draw the circle, and dxhat at a point of it with what is taken and what is left."""
    angle = np.linspace(0, 2 * np.pi, 100)[:, None]
    circle = np.sqrt(3) * (np.cos(angle) * BASIS[0] + np.sin(angle) * BASIS[1])  # (100, 3)
    axes.fill(*in_space(1.35 * circle).T, color=INK, alpha=0.12, linewidth=0)
    axes.plot(*in_space(circle).T, color=BLUE)
    axes.plot(*in_space(np.outer([0, 1.9], BASIS[2])).T, color=INK, linewidth=1)
    points = in_space(corners(*THREE))
    axes.plot(*np.array([in_space(np.zeros(3)), points[0]]).T, color=BLUE, linewidth=1)
    arrows(axes, points)
    xhat, tip, foot, left = points
    write(axes, xhat, "xhat", BLUE, by=(-8, 4), ha="right")
    write(axes, tip, "dxhat", by=(7, 9))
    write(axes, foot, "through_mean", ORANGE, by=(-5, -24), ha="right")
    write(axes, (foot + left) / 2, "through_std", TEAL, by=(7, 7))
    write(axes, left, "what is left: dx · std, along the circle", MAGENTA, by=(0, 14), ha="center")
    write(axes, in_space(1.9 * BASIS[2]), "(1, 1, 1)", by=(6, 2))
    write(axes, (20, 84), "plane Σ xhat = 0")
    write(axes, (112, 150), "circle\nΣ xhat² = 3", BLUE)
    write(axes, (192, 14), "3 samples: a gradient along a circle", weight="bold", ha="center")


def two(axes):
    """Draw the two points that xhat can be, and the same for two samples."""
    angle = np.linspace(0, 2 * np.pi, 100)
    circle = np.sqrt(2) * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    axes.plot(*in_plane([[-1.9, 1.9], [2.2, -2.2]]).T, color=INK, alpha=0.3, linewidth=6)
    axes.plot(*in_plane(circle).T, color=BLUE, linewidth=1, linestyle=":")
    axes.plot(*in_plane([[-1, 1], [1, -1]]).T, "o", color=BLUE)
    points = in_plane(corners(*TWO))
    arrows(axes, points)
    xhat, tip, foot, left = points
    write(axes, xhat, "xhat", BLUE, by=(8, 4))
    write(axes, tip, "dxhat", by=(6, -4))
    write(axes, (tip + foot) / 2, "through_mean", ORANGE, by=(-8, -4), ha="right")
    write(axes, (foot + left) / 2, "through_std", TEAL, by=(-6, 6), ha="right")
    write(axes, in_plane([-1.9, 1.9]), "line Σ xhat = 0", by=(12, 0))
    write(axes, in_plane([-0.3, -1.65]), "Σ xhat² = 2", BLUE, ha="center")
    write(axes, (500, 296), "nothing is left: dx = 0", MAGENTA, ha="center")
    write(axes, (500, 14), "2 samples: two points, no way between", weight="bold", ha="center")


def draw():
    """Return the figure."""
    figure, axes = canvas(648, 312)
    three(axes)
    two(axes)
    return figure
