"""What every layer has: parameters with gradients, two modes, and a state to save."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

import numpy as np

from .._checks import Array, channel_axis, float_array, is_complex
from .parameter import Parameter, cast
from .states import fitting, refuse


class Layer:
    """A function of one array with a hand-written gradient.

    `forward(x)` keeps in `cache` what `backward(dy)` needs. `backward` takes the gradient of a loss
    with respect to the output, leaves those with respect to the parameters in their `grad`, and
    returns that with respect to the input. A forward that raises leaves the layer as it was.

    Most layers keep x by reference, not a copy: do not change x before backward has run.
    """

    training: bool = True
    cache: Any = None

    def forward(self, x: Array) -> Array:
        """Return the output of the layer."""
        raise NotImplementedError

    def backward(self, dy: Array) -> Array:
        """Return the gradient with respect to the input of the latest forward."""
        raise NotImplementedError

    def parameter_gradients(self, dy: Array) -> None:
        """Do what backward does, but without dx: training needs none for the input."""
        self.backward(dy)

    def __call__(self, x: Array) -> Array:
        """Call forward."""
        return self.forward(x)

    def __repr__(self) -> str:
        """Return the call that makes such a layer, without `rng` and without what is by default."""
        shown = []
        for name, argument in inspect.signature(type(self)).parameters.items():
            if name not in vars(self):
                continue
            value, default = vars(self)[name], argument.default
            if isinstance(default, bool):
                value = value is not None and value is not False  # bias: a Parameter, or None
            if default is argument.empty:
                shown.append(_text(value))
            elif _text(value) != _text(default):
                shown.append(f"{name}={_text(value)}")
        return f"{type(self).__name__}({', '.join(shown)})"

    def train(self, mode: bool = True) -> Layer:
        """Switch to training mode; return the layer."""
        self.training = bool(mode)
        return self

    def eval(self) -> Layer:
        """Switch to inference mode; return the layer."""
        return self.train(False)

    def named_parameters(self) -> dict[str, Parameter]:
        """Return the parameters by the names of the attributes that they are."""
        return {name: value for name, value in vars(self).items() if isinstance(value, Parameter)}

    def parameters(self) -> list[Parameter]:
        """Return the parameters, for an optimizer."""
        return list(self.named_parameters().values())

    def state_dict(self) -> dict[str, Array]:
        """Return a copy of all that a checkpoint must hold: parameters and running values."""
        return {name: param.data.copy() for name, param in self.named_parameters().items()}

    def load_state_dict(self, state: Mapping[str, Array]) -> None:
        """Take over a state that `state_dict` returned, all of it or, if it does not fit, nothing.

        Raises
        ------
        TypeError
            If `state` is no mapping.
        ValueError
            With a list of all missing and unexpected keys, wrong shapes and bad values: NaN and inf
            are refused, and float16, which must be widened first.
        """
        values, problems = fitting(self.state_dict(), state)
        refuse(problems + self._value_problems(values), self)
        self._set_state(values)

    def _value_problems(self, state: Mapping[str, Array]) -> list[str]:
        """Say what is wrong with the values of those entries whose keys and shapes are right."""
        return []

    def _set_state(self, state: Mapping[str, Array]) -> None:
        """Take over a state that was found to fit."""
        for name, param in self.named_parameters().items():
            param.data = state[name]

    def _cached(self) -> Any:
        """Return the cache of the latest forward."""
        if self.cache is None:
            raise RuntimeError(f"{type(self).__name__}.backward was called before forward")
        return self.cache


def _text(value: Any) -> str:
    """Return the value of an argument as it may stand in a call."""
    is_dtype = isinstance(value, np.dtype) or value is np.float64
    return repr(np.dtype(value).name if is_dtype else value)


def layer_input(
    layer: Layer, x: object, axes: str | None = None, channels: int | None = None
) -> Array:
    """Return `x` as a floating array; `axes` names the axes it must have, such as "N, C, H, W"."""
    array = float_array("x", x, complex_ok=True)
    if array.size == 0:
        raise ValueError(f"{type(layer).__name__} expects x with values in it, got {array.shape}")
    if axes is None:
        return array
    expected = f"{type(layer).__name__} expects x with axes ({axes})"
    if array.ndim != len(axes.split()):
        raise ValueError(f"{expected}, got shape {array.shape}")
    if channels is not None and array.shape[1] != channels:
        raise ValueError(f"{expected} and {channels} on axis 1, got shape {array.shape}")
    return array


def channels_input(layer: Layer, x: object, channels: int, axis: int) -> tuple[Array, int]:
    """Return `x` as a floating array with so many channels on `axis`, and this axis from 0."""
    array = float_array("x", x, complex_ok=True)
    from_0 = channel_axis(array, axis)
    if array.shape[from_0] != channels:
        raise ValueError(
            f"{type(layer).__name__} expects x with {channels} channels on axis {axis}, "
            f"got shape {array.shape}"
        )
    return array, from_0


def layer_upstream(layer: Layer, dy: object, shape: tuple[int, ...], dtype: Any) -> Array:
    """Return `dy` as an array of the shape and dtype of the layer's output."""
    array = float_array("dy", dy, complex_ok=True)
    if array.shape != shape:
        raise ValueError(
            f"{type(layer).__name__}.backward expects dy of shape {shape}, got {array.shape}"
        )
    return array if is_complex(array) else cast(array, dtype)
