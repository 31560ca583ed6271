"""Running statistics of other frameworks: in and out, without changing an output.

All frameworks compute BN and BRN alike from a mean and a standard deviation; they differ in what
they keep between minibatches. `CONVENTIONS` says how, and the functions translate. A *state* maps
the framework's own names to arrays, as its checkpoints do; `eps` is that of its layer. All
functions are pure, and no eps or momentum has a default: each framework has another one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ._checks import Array, each_channel, epsilon, float_array, integer, real_number
from .moments import Moments, batch_moments, check_moments, check_running
from .nn import BatchNorm, Layer, Sequential
from .nn.norm import STEP_KEY
from .nn.states import as_array, mapping


@dataclass(frozen=True)
class Convention:
    """What a framework keeps; in training, all of them normalise with the biased variance."""

    framework: str  # the name that the functions take
    title: str
    momentum_weighs: str  # "new", the value of the minibatch, or "old"
    averages: str  # "σ", which contains eps, or "σ²", which does not
    factor: str  # of the minibatch's variance in the average
    reads: str  # what inference reads, "σ" or "σ²"; eps is added to σ² then
    keys: tuple[str, str]  # of what inference reads


FACTORS: dict[str, Callable[[int, int], float]] = {  # of m values in N samples
    "1": lambda m, n: 1.0,
    "m/(m-1)": lambda m, n: m / (m - 1),
    "m/max(m-1, 1)": lambda m, n: m / max(m - 1, 1),
    "N/(N-1)": lambda m, n: n / (n - 1) if n > 1 else np.inf,
}
# fmt: off
CONVENTIONS = (
    Convention("paper", "**brn_numpy** and Ioffe 2017 (α)", "new", "σ", "1", "σ",
               ("running_mean", "running_std")),
    Convention("torch", "PyTorch `BatchNorm`", "new", "σ²", "m/(m-1)", "σ²",
               ("running_mean", "running_var")),
    Convention("keras", "TF 2, Keras 3 `renorm=True`", "old", "σ", "1", "σ²",
               ("moving_mean", "moving_variance")),
    Convention("keras_bn", "Keras 3 and ONNX `BatchNormalization`, cs231n", "old", "σ²", "1", "σ²",
               ("moving_mean", "moving_variance")),  # of Keras; the rule is the same for all three
    Convention("tf1", "TF 1.13 `renorm=True`", "old", "σ", "1", "σ²",
               ("moving_mean", "moving_variance")),
    Convention("chainer", "Chainer (`decay`)", "old", "σ²", "m/max(m-1, 1)", "σ²",
               ("avg_mean", "avg_var")),  # of the link; its functions say running_mean, running_var
    Convention("torchrl", "torchrl `BatchRenorm1d`", "new", "σ²", "N/(N-1)", "σ²",
               ("running_mean", "running_var")),
    Convention("avalanche", "Avalanche `BatchRenorm2D`", "new", "σ", "1", "σ",
               ("running_avg_mean", "running_avg_std")),  # attributes, not in its state_dict()
)
# fmt: on
RENORM = ("renorm_mean", "renorm_stddev")  # what r and d use in TF; inference has other averages


def conventions_table() -> str:
    """Return CONVENTIONS as a Markdown table."""
    eps = {"σ σ": "within σ", "σ² σ²": "added to σ²", "σ σ²": "within σ; taken off σ², then added"}
    heads = ("", "momentum 0.9 means", "variance in training", "moving average of", "its variance")
    rows = [(*heads, "inference reads", "ε"), ("---",) * 7]
    for row in CONVENTIONS:
        weighs, averages = f"0.9 of the {row.momentum_weighs} value", f"μ and {row.averages}"
        scaled = "biased" if row.factor == "1" else "× " + row.factor.replace("-", "−")
        where = eps[f"{row.averages} {row.reads}"]
        rows.append((row.title, weighs, "biased", averages, scaled, f"μ and {row.reads}", where))
    return "\n".join(f"| {' | '.join(cells)} |" for cells in rows)


def momentum_from_decay(decay: float) -> float:
    """Return the weight of the new value; `decay` is the weight of the old one."""
    return 1 - real_number("decay", decay, low=0.0, high=1.0)


def decay_from_momentum(momentum: float) -> float:
    """Return the weight of the old value; `momentum` is the weight of the new one."""
    return 1 - real_number("momentum", momentum, low=0.0, high=1.0)


def std_from_variance(variance: Array, eps: float, *, name: str = "variance") -> Array:
    """Return sqrt(variance + eps), (C,), rounded to the dtype of `variance` at the end.

    ValueError where that is no positive number; `name` is what it calls the argument.
    """
    vector = _vector(name, variance)
    wide = vector.astype(np.float64) + epsilon(eps, vector.dtype)
    each_channel(name, vector, np.isfinite(vector) & (wide > 0), f"finite and > -eps = {-eps:g}")
    return np.sqrt(wide).astype(vector.dtype)


@np.errstate(over="ignore")
def variance_from_std(std: Array, eps: float, *, name: str = "std") -> Array:
    """Return std**2 - eps, (C,), so that sqrt(variance + eps) is `std`.

    A std below sqrt(eps) by no more than rounding gives 0. Below that it is a ValueError: 0 would
    change the outputs, and a negative number is no variance. A smaller eps there helps.
    """
    vector = _vector(name, std)
    eps = epsilon(eps, vector.dtype)
    wide = vector.astype(np.float64) ** 2 - eps
    slack = 8 * float(np.finfo(vector.dtype).eps) * eps
    lowest = f">= sqrt(eps) = {eps**0.5:g} (no variance >= 0 gives less; take a smaller eps)"
    each_channel(name, vector, (vector > 0) & (wide >= -slack), lowest)
    variance = np.maximum(wide, 0).astype(vector.dtype)
    each_channel(name, vector, np.isfinite(variance), f"of finite square in {vector.dtype}")
    return variance


def inference_moments(framework: str, state: Mapping[str, Any], *, eps: float) -> Moments:
    """Return the pair with which `inference_forward` gives the framework's inference output.

    Only the two `keys` of the Convention are read. ValueError if one is missing or not finite, or
    gives no std > 0, as Avalanche's initial state (mean 1, std 0) does.
    """
    row = _convention(framework)
    mean = _entry(state, row.keys[0])
    spread = _entry(state, row.keys[1], mean.size)
    if row.reads == "σ²":
        spread = std_from_variance(spread, eps, name=_name(row.keys[1]))
    return _pair(row.keys, mean, spread)


def training_moments(
    framework: str, state: Mapping[str, Any], *, eps: float, batch: Moments | None = None
) -> Moments:
    """Return the pair from which the framework takes r and d, for `batch_renorm_forward`.

    It is that of inference except in TF: renorm_mean and renorm_stddev, in "keras" not below
    sqrt(eps). "tf1" fills up what their weights lack with the minibatch: give its moments, `batch`.
    """
    row = _convention(framework)
    if row.averages == row.reads:
        return inference_moments(framework, state, eps=eps)
    mean = _entry(state, RENORM[0])
    std = _entry(state, RENORM[1], mean.size)
    if framework == "keras":
        return _pair(RENORM, mean, np.maximum(std, epsilon(eps, std.dtype) ** 0.5))
    if batch is None:
        raise ValueError("batch must be the Moments of the minibatch for 'tf1', got None")
    batch_mean, batch_std = check_moments("batch", batch)
    mean_lacks, std_lacks = (1 - _entry(state, f"{key}_weight", 1) for key in RENORM)
    mean = mean + mean_lacks * _vector("batch.mean", batch_mean, mean.size)
    return _pair(RENORM, mean, std + std_lacks * batch_std)


@np.errstate(all="ignore")
def state_from_moments(
    framework: str, running: Moments, *, eps: float, steps: int = 0
) -> dict[str, Array]:
    """Return a state with which the framework gives our inference output, and our r and d.

    `steps` becomes num_batches_tracked, in "torch" and "torchrl". ValueError for a std below
    sqrt(eps) if the framework keeps a variance, see `variance_from_std`.
    """
    row = _convention(framework)
    steps = integer("steps", steps, low=0)
    mean, std = (value.copy() for value in check_running(running))
    spread = std if row.reads == "σ" else variance_from_std(std, eps, name="running.std")
    state = dict(zip(row.keys, (mean, spread), strict=True))
    if framework == "avalanche":
        state = {key: value.reshape(1, -1, 1, 1) for key, value in state.items()}
    if framework in ("torch", "torchrl"):
        state[STEP_KEY] = np.array(steps)
    if framework in ("keras", "tf1"):
        state |= dict(zip(RENORM, (mean.copy(), std.copy()), strict=True))
    if framework == "keras":
        state["moving_stddev"] = std
    if framework == "tf1":
        state |= {f"{key}_weight": np.ones((), std.dtype) for key in RENORM}
    return state


@np.errstate(all="ignore")
def update_state(
    framework: str,
    state: Mapping[str, Any],
    x: Array,
    *,
    momentum: float,
    eps: float,
    axis: int = 1,
    renorm_momentum: float | None = None,
) -> dict[str, Array]:
    """Return the state that the framework has after it trained on the minibatch `x`.

    `momentum` is in the framework's words, see CONVENTIONS. In "keras" and "tf1" it is that of the
    averages for inference, and `renorm_momentum` that of those for r and d. Entries that are no
    running statistics are copied. Each rule is followed even to inf and NaN (torchrl with N = 1);
    only PyTorch's own refusal of a single value per channel is a ValueError here too. PyTorch's
    momentum=None is 1 / (num_batches_tracked + 1).
    """
    row = _convention(framework)
    alpha = _weight_of_new(row, "momentum", momentum)
    wide = float_array("x", x).astype(np.float64)
    batch = batch_moments(wide, eps=eps, axis=axis)
    channels = np.moveaxis(wide, axis, 0).reshape(batch.mean.size, -1)  # (C, m)
    count = channels.shape[1]
    if framework == "torch" and count == 1:
        raise ValueError(f"x must have more than one value per channel, got shape {wide.shape}")
    new = _arrays(state)

    def move(key: str, value: Array, weight: float | None) -> Array:
        """Move one average, or replace it if there is no weight; return it in float64."""
        old = _entry(state, key, value.size)
        moved = value if weight is None else (1 - weight) * old.astype(np.float64) + weight * value
        new[key] = moved.astype(old.dtype).reshape(new[key].shape)
        return moved

    if row.averages == row.reads:
        if renorm_momentum is not None:
            raise ValueError(f"renorm_momentum must be None for {framework!r}, which has none")
        variance = channels.var(axis=1) * FACTORS[row.factor](count, len(wide))
        move(row.keys[0], batch.mean, alpha)
        move(row.keys[1], batch.std if row.averages == "σ" else variance, alpha)
    else:
        renorm_alpha = _weight_of_new(row, "renorm_momentum", renorm_momentum)
        mean, std = (move(*item, renorm_alpha) for item in zip(RENORM, batch, strict=True))
        if framework == "keras":
            move("moving_mean", batch.mean, alpha)
            std = move("moving_stddev", batch.std, alpha)
            move("moving_variance", np.maximum(std**2 - eps, 0), None)
        else:
            weights = [move(f"{key}_weight", np.ones(1), renorm_alpha) for key in RENORM]
            move("moving_mean", mean / weights[0], alpha)
            move("moving_variance", (std / weights[1]) ** 2 - eps, alpha)
    if STEP_KEY in new:
        new[STEP_KEY] += 1
    return new


def to_torch_state_dict(net: Layer) -> dict[str, Array]:
    """Return the state of `net` as PyTorch's nn.Sequential of the same layers loads it.

    BatchNorm and BatchRenorm both become PyTorch's BatchNorm, which in inference is the same; give
    it the eps of ours. There, `torch.from_numpy` makes tensors of the arrays.
    """
    norms, state = _norms(net), {}
    for key, value in net.state_dict().items():
        if key in norms:
            value = variance_from_std(value, norms[key].eps, name=_name(key))
            key = _torch_key(key)
        state[key] = value
    return state


def from_torch_state_dict(net: Layer, state: Mapping[str, Any]) -> dict[str, Array]:
    """Return what `net.load_state_dict` takes, from the state_dict of the same network in PyTorch.

    The tensors, on the CPU, or arrays are converted with the eps and in the dtype of our layers.
    Where num_batches_tracked is missing, as in old checkpoints, it is 0. TypeError for a tensor
    that NumPy cannot read, such as one of bfloat16.
    """
    new = _arrays(state)
    for key, norm in _norms(net).items():
        variance = _entry(new, _torch_key(key)).astype(norm.running.std.dtype)
        new[key] = std_from_variance(variance, norm.eps, name=_name(_torch_key(key)))
        del new[_torch_key(key)]
        new.setdefault(key.replace("running_std", STEP_KEY), np.array(0))
    return new


def _norms(net: Layer, prefix: str = "") -> dict[str, BatchNorm]:
    """Return the normalisation layers of a network by the keys of their running std."""
    if not isinstance(net, Layer):
        raise TypeError(f"net must be a Layer, got {net!r}")
    norms = {}
    if isinstance(net, BatchNorm):
        if net.axis != 1:  # it would run in PyTorch, and give other numbers
            raise ValueError(f"net must have axis=1 in all layers, got {net.axis} in '{prefix}'")
        norms[f"{prefix}running_std"] = net
    if isinstance(net, Sequential):
        for position, layer in enumerate(net):
            norms |= _norms(layer, f"{prefix}{position}.")
    return norms


def _torch_key(key: str) -> str:
    return key.removesuffix("std") + "var"


def _convention(framework: str) -> Convention:
    rows = {row.framework: row for row in CONVENTIONS}
    if not isinstance(framework, str) or framework not in rows:
        raise ValueError(f"framework must be one of {', '.join(rows)}, got {framework!r}")
    return rows[framework]


def _weight_of_new(row: Convention, name: str, momentum: object) -> float:
    weight = real_number(name, momentum, low=0.0, high=1.0)
    return weight if row.momentum_weighs == "new" else 1 - weight


def _arrays(state: Mapping[str, Any]) -> dict[str, Array]:
    """Return copies of all arrays of a state."""
    return {key: as_array(_name(key), value).copy() for key, value in mapping(state).items()}


def _name(key: str) -> str:
    return f"state[{key!r}]"


def _entry(state: Mapping[str, Any], key: str, size: int | None = None) -> Array:
    if key not in mapping(state):
        raise ValueError(f"state must have the key {key!r}, got {', '.join(map(repr, state))}")
    return _vector(_name(key), as_array(_name(key), state[key]), size)


def _vector(name: str, value: object, size: int | None = None) -> Array:
    """Return (C,), C = size if given, from an array with one axis at most that is not 1 long."""
    array = float_array(name, value)
    one_axis = array.size == max(array.shape, default=1) > 0
    if not one_axis or size not in (None, array.size):
        shape = "(C,)" if size is None else f"({size},)"
        raise ValueError(f"{name} must have shape {shape}, got {array.shape}")
    return array.reshape(-1)


def _pair(keys: tuple[str, str], mean: Array, std: Array) -> Moments:
    each_channel(_name(keys[0]), mean, np.isfinite(mean), "finite")
    each_channel(_name(keys[1]), std, np.isfinite(std) & (std > 0), "finite and > 0")
    return Moments(mean.copy(), std.copy())
