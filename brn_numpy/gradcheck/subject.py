"""What is checked: a forward and a backward pass by the names of their arguments, or a layer."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Mapping
from typing import Any

import numpy as np

from .steps import Array


class Subject:
    """Forward and backward by the names of their arguments, called with copies."""

    def __init__(self, forward: Any, backward: Any, inputs: Any, wrt: Any) -> None:
        if isinstance(inputs, (tuple, list)):
            names = list(inspect.signature(forward).parameters)
            if len(inputs) > len(names):
                taken = ", ".join(names)
                raise TypeError(f"inputs has {len(inputs)} values, but forward takes {taken}")
            inputs = dict(zip(names, inputs, strict=False))
        if not isinstance(inputs, Mapping):
            raise TypeError(f"inputs must be a dict or sequence of values, got {type(inputs)}")
        self.forward, self.backward, self.inputs = forward, backward, dict(inputs)
        self.pins: dict[str, Any] = {}  # more arguments of forward
        arrays = [k for k, v in inputs.items() if isinstance(v, np.ndarray)]
        self.floats = [k for k in arrays if inputs[k].dtype.kind == "f" and inputs[k].size]
        # By default the first array in any case: an x of integers is a mistake.
        chosen = {*arrays[:1], *self.floats} if wrt is None else _names(wrt)
        self.names = [k for k in inputs if k in chosen]
        if not chosen or chosen - set(inputs):
            unknown = ", ".join(sorted(chosen - set(inputs))) or "nothing"
            raise ValueError(f"wrt names {unknown}; there are {', '.join(inputs)}")

    def promote(self) -> list[str]:
        """Make float64 arrays of those of float32; return their names."""
        single = [name for name in self.floats if self.inputs[name].dtype == np.float32]
        self.inputs |= {name: self.inputs[name].astype(np.float64) for name in single}
        return single

    def check_names(self, bounds: Mapping[str, Any], steps: Mapping[str, Any]) -> None:
        """Refuse names that are none, and bounds that are none or have x outside."""
        for option, given in (("bounds", bounds), ("step", steps)):
            for name in given:
                if name not in self.names:
                    raise ValueError(f"{option} names {name}; checked are {', '.join(self.names)}")
        for name, pair in bounds.items():
            try:
                low, high = map(float, pair)
            except (TypeError, ValueError):
                raise TypeError(f"bounds of {name} must be (low, high), got {pair!r}") from None
            x = self.inputs[name]
            if not (low < high and ((low <= x) & (x <= high)).all()):
                raise ValueError(f"bounds of {name} must have all of {name} inside, got {pair!r}")

    def run(self, changes: Mapping[str, Array] | None = None) -> tuple[Any, Any, dict[str, Any]]:
        """Call forward on copies of the inputs; return y, the cache, and these copies."""
        inputs = copy.deepcopy({**self.inputs, **(changes or {})})
        result = self.forward(**inputs, **self.pins)
        if not isinstance(result, tuple) or len(result) != 2:
            raise TypeError(f"forward must return (y, cache), got {type(result).__name__}")
        return *result, inputs

    def gradients(self, dy: Any, cache: Any) -> dict[str, Any]:
        """Call backward; return copies of its gradients by the names of the arguments."""
        grads = copy.deepcopy(self.backward(dy, cache))
        if isinstance(grads, Mapping):
            return {k if k in self.inputs else k.removeprefix("d"): v for k, v in grads.items()}
        grads = grads if isinstance(grads, (tuple, list)) else [grads]
        for names in (self.names, self.floats):
            if len(names) == len(grads):
                return dict(zip(names, grads, strict=True))
        expected = f"one each for {', '.join(self.names)} (see wrt), or a dict"
        raise ValueError(f"backward returned {len(grads)} gradients, expected {expected}")

    def pin(self, frozen: Any, cache: Any) -> None:
        """Hold constant, in every call from now on, what `frozen` asks for."""
        if frozen is True:
            pair = r_and_d(cache)
            if pair is None or "correction" not in inspect.signature(self.forward).parameters:
                raise ValueError("frozen=True found nothing to pin: see check_gradients")
            frozen = {"correction": pair}
        pins = frozen(cache) if callable(frozen) else frozen
        if not isinstance(pins, Mapping):
            raise TypeError(f"frozen must be True, or give a dict, got {type(pins).__name__}")
        self.pins = copy.deepcopy(dict(pins))


def _names(wrt: Any) -> set[str]:
    """Return the names of arguments in a text such as "x,gamma", or in a sequence of such."""
    try:
        given = [wrt] if isinstance(wrt, str) else list(wrt)
        return {name.strip() for text in given for name in text.split(",")}
    except (TypeError, AttributeError):
        raise TypeError(f'wrt must be names such as "x,gamma" or ["x"], got {wrt!r}') from None


def functions_of(layer: Any, inputs: Any, problems: list[str], notes: list[str]) -> Any:
    """Return forward, backward and inputs of a copy of a layer, as of a pair of functions."""
    if not all(hasattr(layer, name) for name in ("forward", "backward", "state_dict")):
        raise TypeError(f"without backward, the first argument must be a layer, got {layer!r}")
    layer = copy.deepcopy(layer)
    state = copy.deepcopy(dict(layer.state_dict()))
    if hasattr(layer, "named_parameters"):
        params = dict(layer.named_parameters())
    else:
        params = {f"parameter{i}": p for i, p in enumerate(layer.parameters())}
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
            for each in value if isinstance(value, (list, tuple)) else [value]:
                if hasattr(each, "forward") and not any(each is known for known in parts):
                    parts.append(each)
    return parts


def r_and_d(cache: Any) -> tuple[Any, Any] | None:
    """Return the corrections of a batch renorm that a cache or layer holds, if there are any."""
    try:
        return (cache["r"], cache["d"]) if isinstance(cache, Mapping) else (cache.r, cache.d)
    except (AttributeError, KeyError, RuntimeError):  # not there, or not in inference
        return None


def same(a: Any, b: Any) -> bool:
    """Compare arrays and numbers, also in tuples, lists and dicts; other objects count as equal."""
    if isinstance(a, Mapping):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, (tuple, list)):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, (np.ndarray, np.generic, int, float)):
        return np.array_equal(a, b, equal_nan=np.asarray(a).dtype.kind in "fc")
    return True
