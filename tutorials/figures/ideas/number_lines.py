"""x -> z -> z·r + d on number lines: one image in four minibatches, under BN and under BRN.

An SVG that moves by CSS. Where motion is not wanted it stands still, at the first minibatch; rings
show where the others put the same image.
"""

import numpy as np
from style import BLUE, INK, MAGENTA, ORANGE

from brn_numpy import textbook

MEAN, STD = 5.0, 2.0  # of all images
SAME = 6.6  # the image that is in each minibatch
# (4, 4): four minibatches of 4; a seed with which no two dots of a minibatch overlap
OTHERS = np.random.default_rng(256).normal(MEAN, STD, (4, 3))
MINIBATCHES = np.roll(np.insert(OTHERS, 0, SAME, axis=1), 2, axis=0)
SECONDS = 14  # for all four
LINES = (100, 232, 400)  # how far down each number line is
COLORS = (INK, ORANGE, BLUE)
B = '<tspan dy="4" font-size="75%">B</tspan><tspan dy="-4">&#8203;</tspan>'  # a subscript
SAYS = (  # to the left of each line; the last words in the colour of the image that is in all
    ("x in one channel", "minibatches of 4 images", "● the same image in each"),
    (f"BN: z = (x − μ{B}) / σ{B}", "mean ± std = 0 ± 1", "● the same image jumps"),
    ("BRN: z · r + d", "the curve of x again", "● the same image stays"),
)


def rows(x):
    """Return where a minibatch (4,) stands on the three lines, (3, 4), and its μ_B, σ_B, r, d."""
    one, zero = np.ones(1), np.zeros(1)
    _, cache = textbook.batch_renorm_forward(
        x[:, None], one, zero, MEAN * one, STD * one, r_max=np.inf, d_max=np.inf, eps=1e-5
    )
    places = np.stack([(x - MEAN) / STD, cache.z[:, 0], cache.xhat[:, 0]])
    return places, [value.item() for value in (cache.mu, cache.std, cache.r, cache.d)]


def at(place):
    """Return pixels from the left; MEAN and MEAN + STD stand above 0 and 1."""
    return 516 + 92 * place


def number(value, digits=1):
    return f"{value:.{digits}f}".replace("-", "−")


def text(x, y, words, more=""):
    return f'<text x="{x:.1f}" y="{y}" {more}>{words}</text>'


def dot(place, line, color, more='r="6"'):
    return f'<circle cx="{at(place):.1f}" cy="{LINES[line]}" fill="{color}" {more}/>'


def bell(line):
    """Return the curve of all images above a number line."""
    x = np.linspace(-3.2, 3.2, 65)
    y = LINES[line] - 76 * np.exp(-(x**2) / 2)
    points = " ".join(f"{at(a):.1f},{b:.1f}" for a, b in zip(x, y, strict=True))
    return f'<polyline points="{points}" fill="{INK}" fill-opacity=".15" stroke="{INK}"/>'


def scale(line):
    """Return a number line with its ticks, and the words to the left of it."""
    y, (title, what, same) = LINES[line], SAYS[line]
    parts = [f'<path d="M{at(-3.3):.1f},{y}H{at(3.3):.1f}" stroke="{INK}"/>']
    for tick in range(-3, 4):
        label = MEAN + STD * tick if line == 0 else tick
        parts.append(f'<path d="M{at(tick):.1f},{y}v5" stroke="{INK}"/>')
        parts.append(text(at(tick), y + 21, number(label, 0), 'text-anchor="middle"'))
    parts.append(text(4, y - 56, title, f'class="title" style="fill:{COLORS[line]}"'))
    parts.append(text(4, y - 32, what))
    parts.append(text(4, y + 8, same, f'style="fill:{MAGENTA}"'))
    return parts


def span(line, places):
    """Return a bracket above a number line, from one deviation below the mean to one above."""
    mean, std, top = places.mean(), places.std(), LINES[line] - 24
    path = (
        f"M{at(mean - std):.1f},{top}v10m0,-5H{at(mean + std):.1f}m0,-5v10M{at(mean):.1f},{top}v10"
    )
    return f'<path d="{path}" stroke="{COLORS[line]}" stroke-width="2"/>'


def minibatch(k, x):
    """Return what is seen while minibatch k is shown, but for the image that is in all."""
    places, (mu, std, r, d) = rows(x)
    parts = [
        text(4, LINES[0] - 12, f"μ{B} ± σ{B} = {number(mu)} ± {number(std)}"),
        text(4, LINES[2] - 12, f"d ± r = {number(d)} ± {number(r)}"),
    ]
    for line, color in enumerate(COLORS):
        parts.append(span(line, places[line]))
        parts += [dot(place, line, color) for place in places[line, 1:]]
    for line in (0, 1):
        for i, (a, b) in enumerate(zip(places[line], places[line + 1], strict=True)):
            more = f'stroke="{INK}" stroke-opacity=".6"' if i else f'stroke="{MAGENTA}"'
            ends = f"M{at(a):.1f},{LINES[line] + 27}L{at(b):.1f},{LINES[line + 1] - 9}"
            parts.append(f'<path d="{ends}" {more}/>')
    return f'<g class="shown" style="animation-delay:{(k / 4 - 1) * SECONDS}s">{"".join(parts)}</g>'


def draw():
    """Return the SVG."""
    same = np.array([rows(x)[0][:, 0] for x in MINIBATCHES])  # (4, 3)
    jumps = at(same[:, 1]) - at(same[0, 1])  # (4,), pixels
    frames = "".join(
        f"{25 * k}%,{25 * k + 20}%{{transform:translateX({jump:.1f}px)}}"
        for k, jump in enumerate(jumps)
    )
    style = f"""
text {{ font: 14px 'DejaVu Sans', Verdana, sans-serif; fill: {INK} }}
.title {{ font: bold 17px 'DejaVu Sans', Verdana, sans-serif }}
.shown + .shown {{ opacity: 0 }}
@media (prefers-reduced-motion: no-preference) {{
  .shown {{ animation: show {SECONDS}s infinite }}
  .jumps {{ animation: jump {SECONDS}s infinite }}
}}
@keyframes show {{ 0%,20% {{opacity:1}} 22%,97% {{opacity:0}} 100% {{opacity:1}} }}
@keyframes jump {{ {frames} 100%{{transform:none}} }}
"""
    parts = [bell(0), bell(2), *scale(0), *scale(1), *scale(2)]
    parts.append(text(at(1), LINES[0] - 64, f"all images: μ = {MEAN:g}, σ = {STD:g}"))
    parts.append(text(4, LINES[1] - 12, "◌ in the other minibatches", f'style="fill:{MAGENTA}"'))
    dashes = f'stroke="{MAGENTA}" stroke-dasharray="3 3"'
    x = at(same[0, 0])
    parts.append(f'<path d="M{x:.1f},{LINES[0] + 27}V{LINES[2]}" {dashes} stroke-opacity=".6"/>')
    parts += [dot(place, 1, "none", f'r="8" {dashes}') for place in same[:, 1]]
    parts += [minibatch(k, x) for k, x in enumerate(MINIBATCHES)]
    for line, moves in enumerate(("", 'class="jumps"', "")):
        parts.append(dot(same[0, line], line, MAGENTA, f'r="8" {moves}'))
    body = "\n".join(parts)
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" width="830" height="430" fill="none">'
        f"<style>{style}</style>\n{body}\n</svg>"
    )
