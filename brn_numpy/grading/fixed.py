"""Numbers written into a function: an eps, a momentum, or weights that do not add up."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .._checks import Array
from .factors import slopes
from .properties.base import samples
from .seen import Values, close, probe_of

TEXTS = {  # what is constant, by function: the key of the mistake, and a sentence
    "batch_norm_forward": (
        ("inside", "forward-eps-fixed", "eps is {:.3g} in effect, whatever the argument is."),
        ("outside", "forward-eps-fixed-outside-root", "{:.3g} is added to the root, and no eps."),
    ),
    "batch_norm_inference": (
        ("inside", "inference-eps-again", "{:.3g} is added to running_std**2."),
        ("outside", "inference-eps-added-to-std", "{:.3g} is added to running_std."),
    ),
    "renorm_correction": (("outside", "correction-eps-again", "{:.3g} is added to running_std."),),
}


def fixed_numbers(
    function: str, result: str, found: Values, right: Values, seed: int
) -> Iterator[tuple[str | None, str]]:
    """Look for numbers written into a function: go through (key of the mistake, sentence)."""
    if function == "update_running":
        yield from _weights(result, found, seed)
        return
    if function == "renorm_correction":
        added = _added_to_running_std(result, found, seed)
    elif function in TEXTS:
        added = _added_to_deviation(function, found, right, seed)
    else:
        return
    for where, key, text in TEXTS[function]:
        values = np.ravel(added.get(where, []))
        if values.size and values[0] > 0 and np.ptp(values) < 1e-3 * values[0] + 1e-14:
            yield key, text.format(float(np.median(values)))


def _weights(result: str, found: Values, seed: int) -> Iterator[tuple[str | None, str]]:
    """Say of which part of the old and of the new value a running value consists."""
    weights = []
    for key, value in found.items():
        probe = probe_of(key, seed)[0]
        name = result.removeprefix("running_")
        pair = np.stack([getattr(probe, f"{w}_{name}") for w in ("running", "batch")], axis=1)
        weights.append(np.linalg.lstsq(pair, value, rcond=None)[0])
        if not close(pair @ weights[-1], value):
            return
    keep, gain = np.array(weights).T
    if close(keep + gain, np.ones_like(keep)) and close(gain, np.full_like(gain, gain[0])):
        text = f"The weight of the new value is {gain[0]:.4g}, whatever momentum is."
        yield "running-momentum-ignored", text
    momentum = probe_of(next(iter(found)), seed)[0].momentum
    yield (
        None,
        f"With momentum {momentum:g}, {result} is {keep[0]:.4g} times the old value and "
        f"{gain[0]:.4g} times the new one.",
    )


def _added_to_deviation(
    function: str, found: Values, right: Values, seed: int
) -> dict[str, list[Array]]:
    """Return what is added to the variance, or to the deviation, that y is divided by."""
    lines = slopes(found, right)
    if lines is None:
        return {}
    inside, outside = [], []
    for key, slope in lines[0].items():
        probe, x, _ = probe_of(key, seed)
        unit = 1e-3 if "small" in key else 1.0
        var = x.var(axis=samples(x)) * unit**2
        std = np.sqrt(var + probe.eps * unit**2)
        root = np.sqrt(var)
        if function == "batch_norm_inference":
            std = root = probe.running_std * unit
            var = std**2
        inside.append((std / slope) ** 2 - var)
        outside.append(std / slope - root)
    return {"inside": inside, "outside": outside}


def _added_to_running_std(result: str, found: Values, seed: int) -> dict[str, list[Array]]:
    """Return what is added to running_std, that r or d is divided by, where nothing is clipped."""
    outside = []
    for key, value in found.items():
        probe = probe_of(key, seed)[0]
        if key[0] == "2":
            unit = 1e-3 if "small" in key else 1.0
            above = probe.batch_std if result == "r" else probe.batch_mean - probe.running_mean
            outside.append(unit * (above / value - probe.running_std))
    return {"outside": outside}
