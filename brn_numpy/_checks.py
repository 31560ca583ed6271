"""Checks of arguments: every refusal names the argument, what came and what was expected."""

from __future__ import annotations

import math
import operator
from typing import Any, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]
Cache = TypeVar("Cache")

REAL_TYPES = (np.dtype(np.float32), np.dtype(np.float64))
LARGEST = float(np.finfo(np.float64).max)


def float_array(name: str, value: object, *, complex_ok: bool = False) -> Array:
    """Return `value` as an array of float32 or float64 (or complex128, if `complex_ok`)."""
    if type(value) is np.ndarray and value.dtype in REAL_TYPES:
        return value
    if isinstance(value, np.ma.MaskedArray):
        raise TypeError(
            f"{name} must be a plain array, got a masked one, whose mask would be lost; "
            f"leave out what is masked, or fill it: {name}.filled(...)"
        )
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise ValueError(f"{name} must be an array, got what is none: {error}") from None
    dtype = array.dtype
    if dtype in REAL_TYPES or (complex_ok and dtype == np.complex128):
        return array
    if dtype.byteorder in "<>":  # values read from a file of the other byte order
        return float_array(name, array.astype(dtype.newbyteorder("=")), complex_ok=complex_ok)
    expected = "float32, float64 or complex128" if complex_ok else "float32 or float64"
    raise TypeError(
        f"{name} must be an array of {expected}, got dtype {dtype}; "
        f"convert it first, for example with np.asarray({name}, dtype=np.float64)"
    )


def is_complex(a: Array) -> bool:
    """Say what np.iscomplexobj says, ten times as fast: every forward asks a few times."""
    return a.dtype.kind == "c"


def channel_axis(x: Array, axis: object) -> int:
    """Return `axis` as a number from 0 to x.ndim - 1, and check that `x` has values."""
    if x.ndim < 2:
        raise ValueError(f"x must have at least 2 axes, samples and channels, got shape {x.shape}")
    if x.size == 0:
        raise ValueError(f"x must not be empty, got shape {x.shape}")
    return integer("axis", axis, low=-x.ndim, high=x.ndim - 1) % x.ndim


def channel_vector(name: str, value: object, channels: int) -> Array:
    """Return `value` as a (C,) array, C being the number of channels."""
    vector = float_array(name, value, complex_ok=True)
    if vector.shape != (channels,):
        raise ValueError(
            f"{name} must have shape ({channels},), one value per channel, got {vector.shape}"
        )
    return vector


def arguments(
    x: object, gamma: object, beta: object, axis: object
) -> tuple[Array, Array, Array, int]:
    """Return x, gamma (C,) and beta (C,) in the dtype of x, all complex if one is; and the axis."""
    x = float_array("x", x, complex_ok=True)
    gamma = float_array("gamma", gamma, complex_ok=True)
    beta = float_array("beta", beta, complex_ok=True)
    if is_complex(gamma) or is_complex(beta):
        x = x.astype(np.complex128, copy=False)
    axis = channel_axis(x, axis)
    if not gamma.shape == beta.shape == (x.shape[axis],):
        channel_vector("gamma", gamma, x.shape[axis])
        channel_vector("beta", beta, x.shape[axis])
    return x, gamma.astype(x.dtype, copy=False), beta.astype(x.dtype, copy=False), axis


def real_number(
    name: str, value: object, *, low: float, high: float = LARGEST, above: bool = False
) -> float:
    """Return `value` as a float in [low, high], or in (low, high] if `above`; never NaN."""
    if type(value) is float and low < value <= high:
        return value
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        number = float(value) if abs(value) <= LARGEST else math.inf if value > 0 else -math.inf
    else:
        array = np.asarray(value)
        if array.ndim > 0 or array.dtype.kind not in "iuf":
            expected = _interval(low, high, above)
            raise TypeError(f"{name} must be a number {expected}, got {value!r}")
        number = float(array)
    if not (low < number if above else low <= number) or not number <= high:
        raise ValueError(f"{name} must be {_interval(low, high, above)}, got {value!r}")
    return number


def _interval(low: float, high: float, above: bool) -> str:
    """Say in which numbers `real_number` finds nothing wrong."""
    if high < LARGEST:
        return f"in {'(' if above else '['}{low:g}, {high:g}]"
    return f"{'>' if above else '>='} {low:g}" + (" and finite" if high == LARGEST else "")


def pair(name: str, value: object, expected: str) -> tuple[object, object]:
    """Return the two parts of `value`, a tuple or another sequence of two."""
    if isinstance(value, tuple) and len(value) == 2:
        return value
    unsized = isinstance(value, np.ndarray) and value.ndim == 0
    if unsized or not isinstance(value, (tuple, list, np.ndarray)) or len(value) != 2:
        raise TypeError(f"{name} must be a pair {expected}, got {type(value).__name__} {value!r}")
    return value[0], value[1]


def cache_of(cache: object, kind: type[Cache], forward: str) -> Cache:
    """Return `cache`, if it is what the function named `forward` returned."""
    if not isinstance(cache, kind):
        raise TypeError(
            f"cache must be the {kind.__name__} that {forward} returned, got {type(cache).__name__}"
        )
    return cache


def each_channel(name: str, vector: Array, good: Array, expected: str) -> None:
    """Refuse a (C,) vector unless `good`, a (C,) array of bools, is True everywhere."""
    if not good.all():
        channel = int(np.argmin(good))
        raise ValueError(f"{name} must be {expected}, got {vector[channel]} in channel {channel}")


def epsilon(value: object, dtype: np.dtype[Any]) -> float:
    """Return `value` as a float > 0 that is a normal number in `dtype` too."""
    if type(value) is float and 1e-30 <= value <= 1e30:  # normal in every dtype
        return value
    eps = real_number("eps", value, low=0.0, above=True)
    limits = np.finfo(dtype)
    if not limits.tiny <= eps <= limits.max:
        raise ValueError(f"eps must be a number > 0 that {dtype} can hold, got {value!r}")
    return eps


def integer(name: str, value: object, *, low: int, high: int | None = None) -> int:
    """Return `value` as an int in [low, high]; a float or a bool is refused."""
    if type(value) is int and low <= value and (high is None or value <= high):
        return value
    try:
        if isinstance(value, (bool, np.bool_)):
            raise TypeError
        number = operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        number = None
    if number is None or number < low or (high is not None and number > high):
        expected = f"an integer >= {low}" if high is None else f"an integer in [{low}, {high}]"
        kind = TypeError if number is None else ValueError
        raise kind(f"{name} must be {expected}, got {value!r}")
    return number


def generator(rng: object) -> np.random.Generator:
    """Return the Generator that the caller passed, or one from the seed that the caller passed."""
    if isinstance(rng, np.random.Generator):
        return rng
    if isinstance(rng, (int, np.integer)) and not isinstance(rng, bool):
        return np.random.default_rng(integer("rng", rng, low=0))
    raise TypeError(f"rng must be a numpy.random.Generator or an integer seed, got {rng!r}")
