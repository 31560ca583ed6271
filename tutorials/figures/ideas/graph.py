"""The computation graph of BN in tutorial 4's twelve steps: values forward, gradients back."""

from types import SimpleNamespace

import numpy as np
from matplotlib.patches import Rectangle
from style import GREEN, INK, MAGENTA, canvas

from brn_numpy import textbook

LEFT, MIDDLE, RIGHT = 108, 330, 530  # where the columns of boxes are


def passes():
    """Return all values and gradients of a minibatch (3, 1) whose numbers are short."""
    x, dy = np.array([0.0, 6.0, 9.0]), np.array([4.0, 0.0, -1.0])
    gamma, beta, eps, N = 2.0, 1.0, 2.0, 3
    sumx = x.sum()
    mu = sumx / N
    xc = x - mu
    sq = xc**2
    sumsq = sq.sum()
    var = sumsq / N
    var_eps = var + eps
    std = np.sqrt(var_eps)
    inv = 1 / std
    xhat = xc * inv
    scaled = gamma * xhat
    y = scaled + beta

    dscaled, dbeta = dy, dy.sum()
    dxhat, dgamma = gamma * dscaled, (dscaled * xhat).sum()
    dinv, dxc_10 = (dxhat * xc).sum(), dxhat * inv
    dstd = -dinv / std**2
    dvar_eps = dstd / (2 * std)
    dvar = dvar_eps
    dsumsq = dvar / N
    dsq = np.full(N, dsumsq)
    dxc_4 = 2 * xc * dsq
    dxc = dxc_10 + dxc_4
    dmu, zero, dx_3 = -dxc.sum(), -dxc_4.sum(), dxc
    dsumx = dmu / N
    dx_1 = np.full(N, dsumx)
    dx = dx_3 + dx_1
    return locals()


def agrees(n):
    """Return whether the textbook has the same results."""
    y, cache = textbook.batch_norm_forward(n.x[:, None], np.full(1, n.gamma), n.beta, n.eps)
    dx, dgamma, dbeta = textbook.batch_norm_backward(n.dy[:, None], cache)
    pairs = ((y, n.y), (dx, n.dx), (dgamma, n.dgamma), (dbeta, n.dbeta))
    return all(np.allclose(right.ravel(), mine) for right, mine in pairs)


def number(value):
    """Return a number, or a vector, as short as it is right."""
    if np.ndim(value):
        return f"({', '.join(map(number, value))})"
    return f"{value + 0.0:.6g}".replace("-", "−")


def row(step):
    """Return how far down a step is; there is more room where the path that is 0 runs."""
    return 40 + 37 * step + 22 * (step > 3)


def box(axes, at, step, code, half=78):
    """Write a line of code in a box."""
    axes.text(at, row(step), code, ha="center", va="center", family="monospace", fontsize=10)
    axes.add_patch(Rectangle((at - half, row(step) - 10), 2 * half, 20, fill=False))


def edge(axes, *path, color=INK, line="-"):
    """Draw a line through points, with an arrow at its end."""
    axes.plot(*zip(*path, strict=True), color=color, linestyle=line, linewidth=1)
    axes.annotate("", path[-1], path[-2], arrowprops={"arrowstyle": "-|>", "color": color})


def say(axes, x, y, words, color, ha="left", va="center"):
    """Write what runs along an edge."""
    axes.text(x, y, words, color=color, ha=ha, va=va, fontsize=10)


def down(axes, at, above, below, value, gradient):
    """Draw an edge from a step down to another: the value to its left, the gradient right."""
    edge(axes, (at, row(above) + 10), (at, row(below) - 10))
    middle = (row(above) + row(below)) / 2
    say(axes, at - 5, middle, f"{value} ↓", GREEN, ha="right")
    say(axes, at + 5, middle, f"↑ {gradient}", MAGENTA)


def across(axes, at, step, value, gradient):
    """Write the value above, and the gradient below, an edge that runs from side to side."""
    say(axes, at, row(step) - 3, value, GREEN, ha="center", va="bottom")
    say(axes, at, row(step) + 3, gradient, MAGENTA, ha="center", va="top")


def boxes(axes):
    """Write the twelve steps, and what is given to them."""
    box(axes, LEFT, 0, "x")
    box(axes, RIGHT, 1, "1 sumx = x.sum(axis=0)")
    box(axes, RIGHT, 2, "2 mu = sumx / N")
    box(axes, LEFT, 3, "3 xc = x - mu")
    box(axes, MIDDLE, 4, "4 sq = xc**2", 42)
    box(axes, RIGHT, 5, "5 sumsq = sq.sum(axis=0)")
    box(axes, RIGHT, 6, "6 var = sumsq / N")
    box(axes, RIGHT, 7, "7 var_eps = var + eps")
    box(axes, RIGHT, 8, "8 std = np.sqrt(var_eps)")
    box(axes, RIGHT, 9, "9 inv = 1 / std")
    box(axes, LEFT, 10, "10 xhat = xc * inv")
    box(axes, LEFT, 11, "11 scaled = gamma * xhat")
    box(axes, LEFT, 12, "12 y = scaled + beta")
    box(axes, 390, 11, "gamma", 24)
    box(axes, 390, 12, "beta", 24)
    box(axes, LEFT, 13, "loss", 26)


def edges(axes, n):
    """Draw the ways of the values, with all numbers."""
    right = LEFT + 78
    edge(axes, (right, row(0)), (RIGHT, row(0)), (RIGHT, row(1) - 10))
    across(axes, 340, 0, f"{n.x} →", f"← dx_1 = {n.dx_1}")
    down(axes, RIGHT, 1, 2, n.sumx, f"dsumx = {n.dsumx}")
    down(axes, LEFT, 0, 3, n.x, f"dx_3 = dxc_10 + dxc_4 = {n.dx_3}")
    edge(axes, (RIGHT, row(2) + 10), (RIGHT, row(3)), (right, row(3)))
    say(axes, 400, row(3) - 3, f"← {n.mu}", GREEN, ha="center", va="bottom")
    say(axes, RIGHT + 15, row(2.5), f"↑ dmu = {n.dmu}", MAGENTA)
    edge(axes, (150, row(3) + 10), (150, row(4)), (MIDDLE - 42, row(4)))
    across(axes, 218, 4, f"{n.xc} →", f"← dxc_4 = {n.dxc_4}")
    edge(axes, (MIDDLE + 42, row(4)), (RIGHT, row(4)), (RIGHT, row(5) - 10))
    across(axes, 450, 4, f"{n.sq} →", f"← dsq = {n.dsq}")
    down(axes, RIGHT, 5, 6, n.sumsq, f"dsumsq = {n.dsumsq}")
    down(axes, RIGHT, 6, 7, n.var, f"dvar = {n.dvar}")
    down(axes, RIGHT, 7, 8, n.var_eps, f"dvar_eps = {n.dvar_eps}")
    down(axes, RIGHT, 8, 9, n.std, f"dstd = {n.dstd}")
    down(axes, LEFT, 3, 10, n.xc, f"dxc_10 = {n.dxc_10}")
    edge(axes, (RIGHT, row(9) + 10), (RIGHT, row(10)), (right, row(10)))
    across(axes, 400, 10, f"← {n.inv}", f"dinv = {n.dinv} →")
    down(axes, LEFT, 10, 11, n.xhat, f"dxhat = {n.dxhat}")
    down(axes, LEFT, 11, 12, n.scaled, f"dscaled = {n.dscaled}")
    down(axes, LEFT, 12, 13, n.y, f"dy = {n.dy}")
    edge(axes, (366, row(11)), (right, row(11)))
    across(axes, 302, 11, f"← {n.gamma}", f"dgamma = {n.dgamma} →")
    edge(axes, (366, row(12)), (right, row(12)))
    across(axes, 302, 12, f"← {n.beta}", f"dbeta = {n.dbeta} →")


def remarks(axes, n):
    """Mark the fan-outs and the path that is 0, and say what the colours are."""
    for step in (0, 3):
        axes.plot(LEFT + 66, row(step), "o", color=MAGENTA, fillstyle="none", markersize=10)
        axes.plot(LEFT + 66, row(step), "+", color=MAGENTA, markersize=7)
    say(axes, LEFT - 78, row(0) - 19, f"dx = dx_3 + dx_1 = {n.dx}", MAGENTA)
    y, x = row(3) + 8, RIGHT + 9
    edge(axes, (LEFT + 78, y), (x, y), (x, row(2) + 10), color=MAGENTA, line="--")
    say(axes, 400, y + 3, f"of dmu, from dxc_4: {n.zero}", MAGENTA, ha="center", va="top")
    x, y = 440, row(11)
    for words, color in (
        ("values, forward", GREEN),
        ("gradients, backward", MAGENTA),
        ("⊕ used twice: gradients add up", MAGENTA),
        ("- - always 0, so it may be left out", MAGENTA),
        ("the right column has shape (C,):", INK),
        ("a sum leads there, a broadcast back", INK),
    ):
        say(axes, x, y, words, color)
        y += 16


def draw():
    """Return the figure."""
    found = passes()
    assert agrees(SimpleNamespace(**found))
    n = SimpleNamespace(**{name: number(value) for name, value in found.items()})
    figure, axes = canvas(648, 564)
    boxes(axes)
    edges(axes, n)
    remarks(axes, n)
    return figure
