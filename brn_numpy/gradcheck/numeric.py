r"""Gradients without a backward pass: the whole idea on this screen, then what makes it exact.

The loss is L(x) = sum(dy * f(x)) for an upstream gradient dy, so that dL/dx is what a backward pass
must return. Move one entry of x by a small step h, and see how far L moves:

.. math:: \frac{L(x+h) - L(x-h)}{2h} \qquad \text{or} \qquad \frac{\operatorname{Im} L(x + ih)}{h}

The first is off by O(h^2) and by rounding, eps/h: nine or ten digits if h is well chosen. The
second subtracts nothing, so that h can be tiny and the result is exact to rounding; f must then be
analytic: no abs, no np.var, no real parts.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from .slope import Loss
from .steps import UNITS, Array, first_steps, only


def central_differences(f: Callable[[Array], Array], x: Array, dy: Array, h: float = 1e-5) -> Array:
    """Return dL/dx by central differences."""
    gradient = np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        step = np.zeros(x.shape)
        step[place] = h
        gradient[place] = np.sum(dy * (f(x + step) - f(x - step))) / (2 * h)
    return gradient


def complex_steps(f: Callable[[Array], Array], x: Array, dy: Array, h: float = 1e-30) -> Array:
    """Return dL/dx by complex steps."""
    gradient = np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        step = np.zeros(x.shape)
        step[place] = h
        gradient[place] = np.sum(dy * f(x + 1j * step)).imag / h
    return gradient


# What makes it exact: a step for every entry, as long as fits the numbers around it (steps.py);
# shorter ones near a kink or the edge of the domain, and an estimate of the error (slope.py);
# and arguments that are looked at before they are used.

SALT = 1702  # any number, lest dy be the x that a caller drew with the same seed: BN's dx is 0 then


class PrecisionWarning(UserWarning):
    """float32 values were promoted to float64 for a numeric gradient."""


def numerical_gradient(
    f: Callable[[Array], Any],
    x: Any,
    dy: Any = None,
    *,
    method: str = "central",
    step: Any = None,
    axis: int | None = None,
    seed: int = 0,
    return_error: bool = False,
) -> Any:
    """Return the gradient of sum(dy * f(x)) by x, an array like x; or (gradient, error estimate).

    Parameters
    ----------
    f : callable
        Function of one array, of which it gets copies, that returns one floating array or number.
    x : array of float64 (float32 is promoted, with a PrecisionWarning)
    dy : array of the shape of f(x), optional
        Upstream gradient. Default: random and not centred around 0. (With dy = 1 the dx of a batch
        norm is 0, and so a backward pass that returns zeros would look right.)
    method : {"central", "richardson", "complex"}
        "richardson" takes central differences at h, h/2 and h/4, so that the errors h^2 and h^4
        cancel: about eleven digits.
    step : None, "column", "entry", float or array, optional
        The first h; where f is not finite at x +- h, shorter ones follow. None: 2**-17 (richardson:
        2**-8) times the standard deviation of the entry's column, the length on which a batch norm
        bends (abs(x) is far too long for 10000 +- 1); "column": the same, for columns along `axis`
        (default 1); "entry": times abs(x); numbers: h.
    seed : int, for the default `dy`

    A TypeError or ValueError says which argument does not fit, or that f drops (some of) the
    imaginary part. The gradient is NaN where f is nowhere finite beside x, and where f(x) is not.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([1.0, 2.0, 3.0])
    >>> numerical_gradient(lambda x: x**3, x, np.ones(3)).round(6)  # 3 x^2
    array([ 3., 12., 27.])
    """
    x = np.asarray(x)
    check_arguments(method, x=x)
    if x.dtype != np.float64:
        warnings.warn(f"x is {x.dtype} and was promoted to float64", PrecisionWarning, stacklevel=2)
        x = x.astype(np.float64)

    def value(z: Array) -> Array:
        return output_of(f(z.copy()), "f", z)

    y = value(x)
    random = np.random.default_rng([SALT, seed]).standard_normal(y.shape)
    dy = random + 0.7 if dy is None else np.asarray(dy)
    if dy.shape != y.shape or dy.dtype.kind not in "fiu":
        raise ValueError(f"dy must be a real array of shape {y.shape}, got {dy.dtype} {dy.shape}")
    with np.errstate(all="ignore"):
        h = first_steps(x, method, step, axis)
        loss = Loss(value, x, dy, method)
        slopes = [loss.first_slope(only(h, place)) for place in np.ndindex(x.shape)]
        gradient = np.reshape([slope.value for slope in slopes], x.shape) / h
        error = np.reshape([slope.error for slope in slopes], x.shape) / h
    if not np.isfinite(y).all():
        gradient = error = np.full(x.shape, np.nan)  # so is the sum over all outputs
    return (gradient, error) if return_error else gradient


def check_arguments(method: str, **arrays: Any) -> None:
    """Refuse a method that there is not, and arguments that cannot have a gradient."""
    if method not in UNITS:
        raise ValueError(f"method must be one of {', '.join(UNITS)}, got {method!r}")
    for name, value in arrays.items():
        kind = getattr(value, "dtype", type(value).__name__)
        if kind not in (np.float32, np.float64):
            raise TypeError(f"{name} must be an array of float64 (or float32), got {kind}")
        if value.size == 0:
            raise ValueError(f"{name} must not be empty, got shape {value.shape}")


def check_numbers(**options: Any) -> None:
    """Refuse what is neither None nor a number >= 0, or an integer where one is expected."""
    for name, given in options.items():
        real = name in ("rtol", "atol")
        kinds, expected = ((int, float), "a number") if real else ((int, np.integer), "an integer")
        if given is not None and not (isinstance(given, kinds) and 0 <= given < np.inf):
            raise ValueError(f"{name} must be {expected} >= 0 and finite, got {given!r}")


def output_of(y: Any, name: str, x: Array) -> Array:
    """Return what the function `name` gave for `x` as an array, or refuse it."""
    known = isinstance(y, (np.ndarray, np.generic, float, complex))
    kind = np.asarray(y).dtype if known else type(y).__name__
    if kind not in (np.float64, x.dtype):
        hint = "; keep the output alone: lambda x: forward(x)[0]" if isinstance(y, tuple) else ""
        raise TypeError(f"{name} must return one array of {x.dtype}, like x, got {kind}{hint}")
    return np.asarray(y)
