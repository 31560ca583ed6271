"""The layers BatchNorm and BatchRenorm: the functions, and the running pair that they share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from .._checks import Array, integer, is_complex, real_number
from ..batch_norm import (
    batch_norm_backward,
    batch_norm_forward,
    inference_backward,
    inference_forward,
)
from ..batch_renorm import BatchRenormCache, batch_renorm_backward, batch_renorm_forward
from ..moments import Moments, update_running
from .layer import Layer, channels_input, layer_upstream
from .microbatches import join, mean_of_groups, repeat, split, sum_groups
from .parameter import Parameter, parameter_dtype

STEP_KEY = "num_batches_tracked"  # PyTorch's name, in the state, for the number of training steps


class NormCache(NamedTuple):
    """What the backward of a normalisation layer needs."""

    shape: tuple[int, ...]  # of x
    dtype: Any  # of x
    backward: Callable[[Array, Any], tuple[Array, Array, Array]]  # of the function that ran
    function: Any  # the cache of that function
    axis: int
    groups: int


class BatchNorm(Layer):
    """Batch Normalization with running statistics.

    In training mode it normalises with the moments of the minibatch and moves the running pair
    towards them; in inference mode, or after `freeze_running_stats()`, it normalises with the
    running pair and leaves it as it is. It keeps x by reference until backward has run.

    Parameters
    ----------
    num_features : int
        C, the number of channels.
    eps : float
        Positive; added to the variance.
    momentum : float, or None
        In [0, 1]; how much a new minibatch weighs in the running pair. None: as much as each one
        before, so that the pair is the plain average over all minibatches since the start, or
        since `reset_running_stats()`.
    axis : int
        The channel axis: 1, or -1 for channels-last.
    microbatch_size : int, optional
        Normalise in groups of this many samples: with G groups, the samples g, g + G, g + 2G, ...
        are group g. The running pair moves once, towards the mean of the groups' moments.
    dtype : float64 or float32
        Of the parameters and the running pair. Outputs have the dtype of the input. A running pair
        in float32 cannot follow what is smaller than its rounding: at a mean of 1e4, 1e-3.

    Attributes
    ----------
    weight, bias : Parameter (C,)
        gamma and beta, under PyTorch's names; they start at 1 and 0.
    running : Moments
        Two (C,) arrays; they start at mean 0 and std 1.
    num_batches_tracked : int
        Training steps so far.
    frozen : bool
        Whether training mode, too, uses the running pair; like the mode, no part of the state.

    Examples
    --------
    Running statistics estimated anew, with the weights as they are now:

    >>> import numpy as np
    >>> layer, minibatches = BatchNorm(1), [np.array([[1.0], [3.0]]), np.array([[4.0], [8.0]])]
    >>> layer.momentum = None
    >>> layer.reset_running_stats()
    >>> for x in minibatches:
    ...     y = layer(x)
    >>> print(layer.running.mean)
    [4.]
    """

    frozen = False

    def __init__(
        self,
        num_features: int,
        *,
        eps: float = 1e-5,
        momentum: float | None = 0.01,
        axis: int = 1,
        microbatch_size: int | None = None,
        dtype: Any = np.float64,
    ) -> None:
        self.num_features = integer("num_features", num_features, low=1)
        self.eps = real_number("eps", eps, low=0.0, above=True)
        if momentum is not None:
            momentum = real_number("momentum", momentum, low=0.0, high=1.0)
        self.momentum = momentum
        self.axis = integer("axis", axis, low=-64, high=63)  # NumPy's arrays have at most 64 axes
        if microbatch_size is not None:
            microbatch_size = integer("microbatch_size", microbatch_size, low=1)
        self.microbatch_size = microbatch_size
        self.dtype = parameter_dtype(dtype)
        self.weight = Parameter(np.ones(num_features, self.dtype))
        self.bias = Parameter(np.zeros(num_features, self.dtype))
        self.reset_running_stats()

    def __repr__(self) -> str:
        """Return the calls that make such a layer."""
        return super().__repr__() + (".freeze_running_stats()" if self.frozen else "")

    def reset_running_stats(self) -> None:
        """Begin anew with mean 0, std 1 and step 0, at which a schedule begins anew, too."""
        mean, std = np.zeros(self.num_features, self.dtype), np.ones(self.num_features, self.dtype)
        self.running = Moments(mean, std)
        self.num_batches_tracked = 0

    def freeze_running_stats(self, frozen: bool = True) -> BatchNorm:
        """Use the running pair in training mode, too, and do not move it; return the layer.

        The gradient is then that of inference mode. gamma and beta go on being trained.
        """
        self.frozen = bool(frozen)
        return self

    def forward(self, x: Array) -> Array:
        """Return y, of the shape of x; in training mode, also move the running pair."""
        x, axis = channels_input(self, x, self.num_features, self.axis)
        gamma, beta = self.weight.as_for(x), self.bias.as_for(x)
        if self.frozen or not self.training:
            y, cache = inference_forward(x, gamma, beta, self.running, axis=axis)
            self.cache = NormCache(x.shape, x.dtype, inference_backward, cache, axis, 1)
            return y
        groups, grouped = self._groups(len(x), axis), x
        if groups > 1:
            grouped = split(x, groups, axis)
            gamma, beta = repeat(gamma, groups), repeat(beta, groups)
        y, cache = self._normalise(grouped, gamma, beta, groups, axis)
        if not is_complex(y):  # a complex forward is a numeric check, not a training step
            batch = cache.batch
            if groups > 1:
                batch = Moments(*(mean_of_groups(part, groups) for part in batch))
            momentum = self.momentum
            if momentum is None:
                momentum = 1 / (self.num_batches_tracked + 1)
            self.running = update_running(self.running, batch, momentum)
            self.num_batches_tracked += 1
        self.cache = NormCache(x.shape, x.dtype, self._backward, cache, axis, groups)
        return y if groups == 1 else join(y, groups, axis)

    def _normalise(
        self, x: Array, gamma: Array, beta: Array, groups: int, axis: int
    ) -> tuple[Array, Any]:
        """Normalise x, which has groups * C channels: those of each group are its own."""
        return batch_norm_forward(x, gamma, beta, eps=self.eps, axis=axis)

    def _backward(self, dy: Array, cache: Any) -> tuple[Array, Array, Array]:
        return batch_norm_backward(dy, cache)

    def backward(self, dy: Array) -> Array:
        """Return dx; the gradients of gamma and beta, summed over the groups, go to `grad`."""
        cache: NormCache = self._cached()
        shape, dtype, backward, function_cache, axis, groups = cache
        dy = layer_upstream(self, dy, shape, dtype)
        if groups == 1:
            dx, self.weight.grad, self.bias.grad = backward(dy, function_cache)
            return dx
        dx, dgamma, dbeta = backward(split(dy, groups, axis), function_cache)
        self.weight.grad, self.bias.grad = sum_groups(dgamma, groups), sum_groups(dbeta, groups)
        return join(dx, groups, axis)

    def _groups(self, samples: int, axis: int) -> int:
        """Return into how many groups a minibatch is split."""
        size = self.microbatch_size
        if size is None:
            return 1
        if axis == 0:
            raise ValueError("microbatch_size needs the samples on axis 0, which axis=0 takes")
        if samples % size:
            raise ValueError(
                f"the minibatch must be a multiple of microbatch_size={size}, got {samples} samples"
            )
        return samples // size

    def state_dict(self) -> dict[str, Array]:
        """Return a copy of gamma, beta, the running pair and the number of steps."""
        return {
            **super().state_dict(),
            "running_mean": self.running.mean.copy(),
            "running_std": self.running.std.copy(),
            STEP_KEY: np.asarray(self.num_batches_tracked),
        }

    def _value_problems(self, state: Mapping[str, Array]) -> list[str]:
        problems = []
        std, steps = state.get("running_std"), state.get(STEP_KEY)  # None: reported elsewhere
        if std is not None and not (std > 0).all():
            problems.append(f"'running_std' must be > 0, got {std.min()}")
        if steps is not None and steps < 0:
            problems.append(f"{STEP_KEY!r} must be >= 0, got {steps}")
        return problems

    def _set_state(self, state: Mapping[str, Array]) -> None:
        super()._set_state(state)
        self.running = Moments(state["running_mean"], state["running_std"])
        self.num_batches_tracked = int(state[STEP_KEY])


class BatchRenorm(BatchNorm):
    """Batch Renormalization: BatchNorm corrected, in training mode, towards the running pair.

    As far as the bounds r_max and d_max allow, the output in training mode is that of inference
    mode with the running pair as it was before the minibatch. The bounds come from the schedule, by
    the number of training steps so far (`num_batches_tracked`).

    Parameters
    ----------
    num_features, eps, momentum, axis, microbatch_size, dtype
        As in BatchNorm. A single value per channel is allowed.
    schedule : callable
        Must be given. Maps a step to (r_max, d_max), for example a RenormSchedule:
        `PAPER_SCHEDULE.scaled(steps)` for a training of that many steps. PAPER_SCHEDULE itself is
        for 200,000 steps, and plain BN for the first 5,000 of them.

    Attributes
    ----------
    correction : (r, d), or None
        Pins r and d to these arrays, for numeric checks of the gradient. `r` and `d` of the latest
        forward can be read from the layer.
    """

    def __init__(
        self,
        num_features: int,
        *,
        eps: float = 1e-5,
        momentum: float | None = 0.01,
        axis: int = 1,
        microbatch_size: int | None = None,
        schedule: Callable[[int], tuple[float, float]] | None = None,
        dtype: Any = np.float64,
    ) -> None:
        super().__init__(
            num_features,
            eps=eps,
            momentum=momentum,
            axis=axis,
            microbatch_size=microbatch_size,
            dtype=dtype,
        )
        if not callable(schedule):
            raise TypeError(
                "schedule must be given, a function of the step that returns (r_max, d_max), such "
                "as schedule=PAPER_SCHEDULE.scaled(steps) for a training of that many steps; got "
                f"{schedule!r}"
            )
        self.schedule = schedule
        self.correction: tuple[Array, Array] | None = None

    @property
    def r(self) -> Array:
        """The scale correction of the latest forward, in training: (C,), or (groups * C,)."""
        return self._latest_correction()[0]

    @property
    def d(self) -> Array:
        """The shift correction of the latest forward, in training: (C,), or (groups * C,)."""
        return self._latest_correction()[1]

    def _latest_correction(self) -> tuple[Array, Array]:
        cache = None if self.cache is None else self.cache.function
        if not isinstance(cache, BatchRenormCache):
            raise RuntimeError(
                "there is no r and d: the latest forward must be one in training mode, not frozen"
            )
        return cache.r, cache.d

    def _normalise(
        self, x: Array, gamma: Array, beta: Array, groups: int, axis: int
    ) -> tuple[Array, Any]:
        r_max, d_max = self.schedule(self.num_batches_tracked)
        return batch_renorm_forward(
            x,
            gamma,
            beta,
            self.running if groups == 1 else Moments(*(repeat(v, groups) for v in self.running)),
            r_max=r_max,
            d_max=d_max,
            eps=self.eps,
            axis=axis,
            correction=self.correction,
        )

    def _backward(self, dy: Array, cache: Any) -> tuple[Array, Array, Array]:
        return batch_renorm_backward(dy, cache)
