"""A layer as a pair of functions: its parameters are arguments, its state is put back."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from .steps import Array
from .subject import r_and_d, same


def functions_of(layer: Any, inputs: Any, problems: list[str], notes: list[str]) -> Any:
    """Return forward, backward and inputs of a copy of a layer, as of a pair of functions."""
    if not all(hasattr(layer, name) for name in ("forward", "backward", "state_dict")):
        raise TypeError(f"without backward, the first argument must be a layer, got {layer!r}")
    layer = copy.deepcopy(layer)
    state = copy.deepcopy(dict(layer.state_dict()))
    named = getattr(layer, "named_parameters", None)
    unnamed = [] if named else layer.parameters()
    params = dict(named() if named else ((f"parameter{i}", p) for i, p in enumerate(unnamed)))
    data = {name: p.data.copy() for name, p in params.items()}
    inputs = {"x": inputs["x"] if isinstance(inputs, Mapping) else inputs, **data}
    renorms: list[Any] = []  # those of the parts that have r and d now
    parts = _parts(layer)

    def forward(x: Array, correction: Any = (), **given: Array) -> tuple[Any, Any]:
        for name, p in params.items():
            p.data = data[name]  # not the complex ones of another call, which refuse the state
        layer.load_state_dict(copy.deepcopy(state))
        for name, p in params.items():
            p.data = given[name]
        for part, r, d in zip(renorms, *correction, strict=True) if correction else ():
            part.correction = r, d
        y = layer.forward(x)
        renorms[:] = [part for part in parts if hasattr(part, "correction") and r_and_d(part)]
        return y, {k: [getattr(part, k) for part in renorms] for k in "rd" if renorms}

    def backward(dy: Array, cache: Any) -> dict[str, Any]:
        return {"x": layer.backward(dy), **{name: p.grad for name, p in params.items()}}

    forward(**copy.deepcopy(inputs))
    moved = [k for k, v in layer.state_dict().items() if not same(v, state[k])]
    changed = [k for k, p in params.items() if not same(p.data, data[k])]
    if changed or (moved and not getattr(layer, "training", True)):
        problems.append(f"forward changed {', '.join(changed or moved)}")
    elif moved:
        notes.append(f"forward updates {', '.join(moved)}; this was undone after every call")
    return forward, backward, inputs


def _parts(layer: Any) -> list[Any]:
    """Return the layer, the layers inside it, and the layers inside these."""
    parts = [layer]
    for part in parts:  # which grows
        for value in vars(part).values():
            inside = value if isinstance(value, (list, tuple)) else [value]
            found = [each for each in inside if hasattr(each, "forward")]
            parts += [each for each in found if not any(each is part for part in parts)]
    return parts
