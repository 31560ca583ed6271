"""Three actors swing a pendulum, each trained without a target network, its critic another one.

An SVG that moves by CSS. Where motion is not wanted it stands still, at the end of the episode; the
pale rods show where the rod was every half second.
"""

import math
from pathlib import Path

import numpy as np
from style import INK, ORANGE, TEAL

from brn_numpy.experiments import store
from brn_numpy.experiments.claims.crossq import ROWS, WITHOUT

SOURCES = ("crossq",)  # the file of results that the angles are from
SHOWN = {"no normalisation": INK, "BN, eval": ORANGE, "BRN, joint": TEAL}
SECONDS, PER_SECOND = 10, 10  # of an episode; the angles that are known of a second
ROD, MIDDLE, WIDTH = 88, 138, 276  # pixels: length of a rod, height of a hinge, a panel
CHART = (262, 322)  # how high and how low the angle is drawn


def text(x, y, words, more=""):
    return f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="middle" {more}>{words}</text>'


def rod(x, angle, color, more):
    """Return a rod with its bob; the angle is 0 where it stands upright."""
    end = (x - ROD * math.sin(angle), MIDDLE - ROD * math.cos(angle))
    line = f'<path d="M{x:.0f},{MIDDLE}L{end[0]:.1f},{end[1]:.1f}" stroke="{color}" {more}/>'
    return f'{line}<circle cx="{end[0]:.1f}" cy="{end[1]:.1f}" r="7" fill="{color}" {more}/>'


def chart(left, angles, color):
    """Return how far from upright the rod is, over the time, and the axis below."""
    x = left + 38 + (WIDTH - 76) * np.arange(len(angles)) / (len(angles) - 1)
    away = np.abs((angles + math.pi) % (2 * math.pi) - math.pi) / math.pi  # 0: upright, 1: hangs
    y = CHART[0] + (CHART[1] - CHART[0]) * away
    points = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y, strict=True))
    ends = f"M{x[0]:.1f},{CHART[1] + 6}H{x[-1]:.1f}"
    return (
        f'<path d="{ends}" stroke="{INK}"/><polyline points="{points}" stroke="{color}" '
        f'stroke-width="2"/>'
        + text(x[0], CHART[1] + 23, "0 s")
        + text(x[-1], CHART[1] + 23, "10 s")
    )


def panel(number, label, color, result):
    """Return one pendulum, and the CSS that moves it."""
    angles, left = np.array(result["swing"]), WIDTH * number
    x = left + WIDTH / 2
    parts = [text(x, 20, label, f'class="title" style="fill:{color}"')]
    for angle in angles[:: PER_SECOND // 2]:
        parts.append(rod(x, angle, color, 'opacity=".28" stroke-width="3"'))
    turned = np.degrees(angles[-1] - angles)
    frames = "".join(
        f"{100 * k / (len(angles) - 1):.2f}%{{transform:rotate({turn:.1f}deg)}}"
        for k, turn in enumerate(turned)
    )
    style = f".p{number} {{ transform-origin: {x:.0f}px {MIDDLE}px }}\n"
    style += f"@keyframes p{number} {{ {frames} }}\n"
    moving = rod(x, angles[-1], color, 'stroke-width="6"')
    parts.append(f'<g class="moves p{number}" style="animation-name:p{number}">{moving}</g>')
    parts.append(f'<circle cx="{x:.0f}" cy="{MIDDLE}" r="4" fill="{INK}"/>')
    parts.append(chart(left, angles, color))
    now = f"M{left + WIDTH - 38},{CHART[0] - 4}V{CHART[1] + 6}"
    parts.append(f'<path class="moves" style="animation-name:now" d="{now}" stroke="{INK}"/>')
    return "\n".join(parts), style


def draw():
    """Return the SVG."""
    results = store.load(Path(__file__).parents[2] / "results" / "crossq.json")
    panels = [
        panel(number, label, color, results[ROWS[label][WITHOUT]])
        for number, (label, color) in enumerate(SHOWN.items())
    ]
    style = f"""
text {{ font: 13px 'DejaVu Sans', Verdana, sans-serif; fill: {INK} }}
.title {{ font: bold 16px 'DejaVu Sans', Verdana, sans-serif }}
@media (prefers-reduced-motion: no-preference) {{
  .moves {{ animation: {SECONDS}s linear infinite }}
}}
@keyframes now {{ 0%{{transform:translateX({76 - WIDTH}px)}} 100%{{transform:none}} }}
"""
    words = [
        f'<text x="2" y="{CHART[0] + 5}">up</text>',
        f'<text x="2" y="{CHART[1] + 5}">down</text>',
    ]
    body = "\n".join([*(part for part, _ in panels), *words])
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{3 * WIDTH}" height="356" fill="none">'
        f"<style>{style}{''.join(css for _, css in panels)}</style>\n{body}\n</svg>"
    )
