"""Optimizers: SGD with momentum, and Adam."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from .._checks import Array, integer, pair, real_number
from .parameter import Parameter
from .states import fitting, refuse


class Optimizer:
    """Change parameters along their gradients; `lr` may be changed between steps.

    The state holds the rate as it is then, and loading it sets the rate.

    `slots` holds what is remembered of earlier steps: lists with one array per parameter.
    """

    def __init__(
        self,
        parameters: Iterable[Parameter],
        lr: float,
        weight_decay: float,
        slots: tuple[str, ...],
    ) -> None:
        self.parameters = list(parameters) if isinstance(parameters, Iterable) else [parameters]
        for param in self.parameters:
            if not isinstance(param, Parameter):
                raise TypeError(
                    f"parameters must be those that layer.parameters() returns, got {param!r:.60}"
                )
        if not self.parameters:
            raise ValueError(
                "parameters must be at least one, got none: an iterator that was used up gives none"
            )
        if len({id(param) for param in self.parameters}) < len(self.parameters):
            raise ValueError("parameters holds one of them twice: it would be stepped twice")
        self.lr = real_number("lr", lr, low=0.0)
        self.weight_decay = real_number("weight_decay", weight_decay, low=0.0)
        self.steps = 0
        self.slots: dict[str, list[Array]] = {
            name: [np.zeros_like(param.data) for param in self.parameters] for name in slots
        }

    @np.errstate(all="ignore")
    def step(self) -> None:
        """Change all parameters once."""
        grads = []
        for position, param in enumerate(self.parameters):
            if param.grad is None:
                raise RuntimeError(f"parameter {position} has no gradient yet: call backward first")
            if param.grad.shape != param.data.shape:
                raise ValueError(
                    f"parameter {position} must have a gradient of its shape {param.data.shape}, "
                    f"got {param.grad.shape}"
                )
            if param.grad.dtype.kind != "f":
                raise TypeError(
                    f"parameter {position} must have a real gradient, got {param.grad.dtype}"
                )
            grads.append(param.grad)
        self.steps += 1
        for position, (param, grad) in enumerate(zip(self.parameters, grads, strict=True)):
            if self.weight_decay:
                grad = grad + self.weight_decay * param.data
            param.data -= self.lr * self._direction(grad, position)

    def _direction(self, grad: Array, position: int) -> Array:
        """Return where a parameter goes, per unit of lr, and remember what the next step needs."""
        raise NotImplementedError

    def zero_grad(self) -> None:
        """Forget all gradients. Not needed, since a backward pass overwrites them."""
        for param in self.parameters:
            param.grad = None

    def state_dict(self) -> dict[str, Array]:
        """Return a copy of what a checkpoint must hold to go on as if never interrupted."""
        state = {
            f"{name}.{position}": array.copy()
            for name, arrays in self.slots.items()
            for position, array in enumerate(arrays)
        }
        return {"lr": np.asarray(float(self.lr)), "steps": np.asarray(self.steps), **state}

    def load_state_dict(self, state: Mapping[str, Array]) -> None:
        """Take over a state that `state_dict` returned, all of it or, if it does not fit, nothing.

        Raises
        ------
        TypeError, ValueError
            With a list of all missing and unexpected keys and wrong shapes.
        """
        values, problems = fitting(self.state_dict(), state)
        refuse(problems, self)
        lr = real_number("state['lr']", values["lr"], low=0.0)
        steps = integer("state['steps']", values["steps"], low=0)
        self.lr, self.steps = lr, steps
        for name, arrays in self.slots.items():
            for position in range(len(arrays)):
                arrays[position] = values[f"{name}.{position}"]


class SGD(Optimizer):
    """Stochastic gradient descent: v = momentum * v + g, then w = w - lr * v.

    Parameters
    ----------
    parameters : iterable of Parameter
    lr : float
    momentum : float
        In [0, 1]. How much of the last direction is kept; not the momentum of a normalisation.
    weight_decay : float
        Adds weight_decay * w to the gradient g.
    """

    def __init__(
        self,
        parameters: Iterable[Parameter],
        lr: float,
        *,
        momentum: float = 0.0,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(parameters, lr, weight_decay, ("velocity",))
        self.momentum = real_number("momentum", momentum, low=0.0, high=1.0)

    def _direction(self, grad: Array, position: int) -> Array:
        velocity = self.slots["velocity"][position]
        velocity *= self.momentum
        velocity += grad
        return velocity


class Adam(Optimizer):
    """Adam: w = w - lr * m / (sqrt(v) + eps), m and v being averages of g and of g * g.

    Kingma & Ba (2014), arXiv:1412.6980, Algorithm 1. The averages start at 0; dividing
    by 1 - beta**t, at step t, makes up for that.

    Parameters
    ----------
    parameters : iterable of Parameter
    lr : float
    betas : (float, float)
        In [0, 1): how much of the old averages m and v is kept at each step.
    eps : float
        Positive.
    weight_decay : float
        Adds weight_decay * w to the gradient g.
    """

    def __init__(
        self,
        parameters: Iterable[Parameter],
        lr: float = 1e-3,
        *,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(parameters, lr, weight_decay, ("mean", "square"))
        keep_mean, keep_square = pair("betas", betas, "(beta of m, beta of v)")
        below_one = float(np.nextafter(1.0, 0.0))
        self.betas = (
            real_number("betas[0]", keep_mean, low=0.0, high=below_one),
            real_number("betas[1]", keep_square, low=0.0, high=below_one),
        )
        self.eps = real_number("eps", eps, low=0.0, above=True)

    def _direction(self, grad: Array, position: int) -> Array:
        mean, square = self.slots["mean"][position], self.slots["square"][position]
        keep_mean, keep_square = self.betas
        mean += (1 - keep_mean) * (grad - mean)
        square += (1 - keep_square) * (grad * grad - square)
        mean_now = mean / (1 - keep_mean**self.steps)
        square_now = square / (1 - keep_square**self.steps)
        direction: Array = mean_now / (np.sqrt(square_now) + self.eps)
        return direction
