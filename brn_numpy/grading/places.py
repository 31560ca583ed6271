"""Where a result is wrong: in which calls, and in which kind of channels."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .._checks import Array
from .observe import LIMIT, Values, probe_of
from .probe import Probe


def where(wrong: list[str], every: list[str], function: str) -> str:
    """Return in which calls only a result is wrong, in words; empty if in all."""
    kinds = {
        "only for images (N, C, H, W)": [k for k in every if "H, W" in k],
        "only for (N, C), not for images": [k for k in every if "(N, C)" in k or "small" in k],
        "only where the values are small: is a number added somewhere?": [
            k for k in every if "small" in k
        ],
    }
    if "renorm" in function:
        kinds["only where r_max and d_max clip nothing"] = [k for k in every if k[0] == "2"]
        kinds["only where r_max and d_max clip something"] = [k for k in every if k[0] != "2"]
    for text, keys in kinds.items():
        if set(wrong) == set(keys) != set(every):
            return text
    probes = {k[0] for k in wrong}
    if "0" not in probes:
        return "only with other numbers or shapes than the first, (7, 6) and (3, 6, 2, 4)"
    return "only with some of the numbers and shapes" if len(probes) < 3 else ""


def channels(found: Values, right: Values, seed: int, function: str) -> str:
    """Return in which kind of channels only a result is wrong, in words; empty if in all."""
    texts = set()
    for key, a in found.items():
        probe = probe_of(key, seed)[0]
        error = np.abs(a - right[key])
        bad = error > LIMIT * np.abs(right[key]).max()
        bad = bad if a.ndim == 1 else bad.any(axis=tuple(i for i in range(a.ndim) if i != 1))
        texts.add(next((text for text, kind in _kinds(probe, function) if (bad == kind).all()), ""))
    return texts.pop() if len(texts) == 1 else ""


def samples(found: Values, right: Values) -> str:
    """Return in which sample only a result is wrong, in words; empty if in others too."""
    texts = set()
    for key, a in found.items():
        bad = np.abs(a - right[key]) > LIMIT * np.abs(right[key]).max()
        rows = np.flatnonzero(bad.any(axis=tuple(range(1, a.ndim))))
        ends = {0: "only in the first sample", len(a) - 1: "only in the last sample"}
        texts.add(ends.get(int(rows[0]), "") if len(rows) == 1 else "")
    return texts.pop() if len(texts) == 1 else ""


def _kinds(probe: Probe, function: str) -> Iterator[tuple[str, Array]]:
    """Go through the kinds of channels that a function knows: words, and which ones they are."""
    ratio = probe.batch_std / probe.running_std
    shift = (probe.batch_mean - probe.running_mean) / probe.running_std
    high, low = ratio > probe.r_max, ratio < 1 / probe.r_max
    up, down = shift > probe.d_max, shift < -probe.d_max
    last = np.arange(ratio.size) == ratio.size - 1
    kinds = [
        ("only in the last channel", last),
        ("only in the first channel", last[::-1]),
        ("in all channels but the first", ~last[::-1]),
    ]
    clipped = [
        ("only where r is clipped", high | low),
        ("only where r is clipped from above", high),
        ("only where r is clipped from below", low),
        ("only where d is clipped", up | down),
        ("only where d is clipped from above", up),
        ("only where d is clipped from below", down),
        ("only where batch_std < running_std", ratio < 1),
    ]
    for text, kind in kinds + clipped * ("renorm" in function):
        if kind.any() and not kind.all():
            yield text, kind
