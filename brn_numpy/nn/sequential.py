"""Layers one after the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from textwrap import indent

from .._checks import Array
from .layer import Layer
from .parameter import Parameter


class Sequential(Layer):
    """Run layers in their order, and their backward passes in the opposite order.

    The keys of its state are those of its layers behind their numbers: `0.weight`, `0.bias`, ...

    Parameters
    ----------
    *layers : Layer

    Examples
    --------
    >>> import numpy as np
    >>> from brn_numpy import nn
    >>> rng = np.random.default_rng(0)
    >>> net = nn.Sequential(nn.Linear(4, 8, rng=rng), nn.BatchNorm(8), nn.ReLU())
    >>> net(rng.standard_normal((5, 4))).shape
    (5, 8)
    """

    def __init__(self, *layers: Layer) -> None:
        for position, layer in enumerate(layers):
            if not isinstance(layer, Layer):
                raise TypeError(f"layers[{position}] must be a Layer, got {layer!r}")
            before = _flat(layers[:position])
            if any(inside is other for inside in _flat([layer]) for other in before):
                raise ValueError(
                    f"layers[{position}] stands there twice: a layer remembers one forward only"
                )
        if not layers:
            raise ValueError("layers must be at least one layer, got none")
        self.layers = layers

    def __repr__(self) -> str:
        """Return the call that makes such a network, a layer a line."""
        lines = "".join(f"{layer!r},\n" for layer in self.layers)
        return f"{type(self).__name__}(\n{indent(lines, '    ')})"

    def __iter__(self) -> Iterator[Layer]:
        """Go through the layers."""
        return iter(self.layers)

    def __len__(self) -> int:
        """Return the number of layers."""
        return len(self.layers)

    def __getitem__(self, position: int) -> Layer:
        """Return one layer."""
        return self.layers[position]

    def forward(self, x: Array) -> Array:
        """Return the output of the last layer."""
        before = [(layer, dict(vars(layer))) for layer in _flat(self.layers)]
        try:
            for layer in self.layers:
                x = layer.forward(x)
        except BaseException:
            for layer, attributes in before:  # running statistics of earlier layers included
                vars(layer).clear()
                vars(layer).update(attributes)
            raise
        return x

    def backward(self, dy: Array) -> Array:
        """Return the gradient with respect to the input of the first layer."""
        for layer in reversed(self.layers):
            dy = layer.backward(dy)
        return dy

    def parameter_gradients(self, dy: Array) -> None:
        """Leave the gradients at the parameters; no layer before the first of them runs."""
        with_parameters = [i for i, layer in enumerate(self.layers) if layer.named_parameters()]
        if with_parameters:
            first, *others = self.layers[with_parameters[0] :]
            for layer in reversed(others):
                dy = layer.backward(dy)
            first.parameter_gradients(dy)

    def train(self, mode: bool = True) -> Layer:
        """Switch all layers to training mode."""
        for layer in self.layers:
            layer.train(mode)
        return super().train(mode)

    def named_parameters(self) -> dict[str, Parameter]:
        """Return the parameters of all layers."""
        return {
            f"{position}.{name}": param
            for position, layer in enumerate(self.layers)
            for name, param in layer.named_parameters().items()
        }

    def state_dict(self) -> dict[str, Array]:
        """Return a copy of the states of all layers."""
        return {
            f"{position}.{name}": value
            for position, layer in enumerate(self.layers)
            for name, value in layer.state_dict().items()
        }

    def _value_problems(self, state: Mapping[str, Array]) -> list[str]:
        return [
            f"layer {position}: {problem}"
            for position, layer in enumerate(self.layers)
            for problem in layer._value_problems(_part(state, position))
        ]

    def _set_state(self, state: Mapping[str, Array]) -> None:
        for position, layer in enumerate(self.layers):
            layer._set_state(_part(state, position))


def _flat(layers: Iterable[Layer]) -> list[Layer]:
    """Return the layers, those of networks inside included."""
    found: list[Layer] = []
    for layer in layers:
        found += [layer, *_flat(layer if isinstance(layer, Sequential) else ())]
    return found


def _part(state: Mapping[str, Array], position: int) -> dict[str, Array]:
    """Return the entries of one layer, without its number."""
    prefix = f"{position}."
    return {key[len(prefix) :]: value for key, value in state.items() if key.startswith(prefix)}
