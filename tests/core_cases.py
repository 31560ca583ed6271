"""Random cases for the tests of the functions, and how far two arrays may lie apart.

Hypothesis draws what a case is made of (shape, axis, seed, eps, ...); NumPy makes the arrays.
Nothing in a case is special: gamma has both signs, beta is not 0, the running pair is neither 0/1
nor the minibatch's own, and dy has a mean. Ones and zeros there would hide wrong terms.
"""

import math
from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st

import brn_numpy as bn

DTYPES = (np.float32, np.float64)
EPS = (1e-5, 0.1, 0.3)


class Case(NamedTuple):
    """What one forward and one backward pass need."""

    x: np.ndarray
    gamma: np.ndarray  # (C,)
    beta: np.ndarray  # (C,)
    running: bn.Moments  # two (C,) arrays
    dy: np.ndarray  # of the shape of x
    eps: float
    axis: int
    r_max: float
    d_max: float
    momentum: float


def make_case(
    shape: tuple[int, ...],
    axis: int = 1,
    seed: int = 0,
    dtype: Any = np.float64,
    eps: float = 1e-5,
    r_max: float = 1.5,
    d_max: float = 0.7,
    momentum: float = 0.3,
) -> Case:
    """Make a benign case: channels of standard deviation 0.3 to 3, means up to 4 of those away."""
    rng = np.random.default_rng(seed)
    c = shape[axis]
    std, far = rng.uniform(0.3, 3, c), rng.uniform(-4, 4, c)
    x = np.moveaxis((rng.standard_normal((*np.delete(shape, axis), c)) + far) * std, -1, axis)
    sign = np.where(rng.permutation(c) % 2, 1, -1)
    gamma, beta = sign * rng.uniform(0.3, 2, c), -sign * rng.uniform(0.3, 2, c)
    running = bn.Moments(
        (std * (far + rng.uniform(-2, 2, c))).astype(dtype),
        (std * rng.uniform(0.4, 2.5, c)).astype(dtype),
    )
    dy = rng.standard_normal(shape) + 0.7
    arrays = (np.ascontiguousarray(a, dtype=dtype) for a in (x, gamma, beta))
    return Case(*arrays, running, dy.astype(dtype), eps, axis, r_max, d_max, momentum)


@st.composite
def cases(draw: Any, dtypes: tuple[Any, ...] = DTYPES, max_ndim: int = 5) -> Case:
    """Draw a case of 2 to 5 axes, the channels on any of them, at least 4 values a channel."""
    ndim = draw(st.integers(2, max_ndim))
    shape = [draw(st.integers(4, 9)), *(draw(st.integers(1, 3)) for _ in range(ndim - 2))]
    axis = draw(st.sampled_from([1, -1, *range(-ndim, ndim)]))
    shape.insert(axis % ndim, draw(st.integers(1, 6)))
    return make_case(
        tuple(shape),
        axis,
        seed=draw(st.integers(0, 2**32 - 1)),
        dtype=draw(st.sampled_from(dtypes)),
        eps=draw(st.sampled_from(EPS)),
        r_max=draw(st.sampled_from([1.0, 1.2, 2.0, 3.0, np.inf])),
        d_max=draw(st.sampled_from([0.0, 0.3, 1.0, 5.0, np.inf])),
        momentum=draw(st.floats(0, 1)),
    )


def columns(a: np.ndarray, axis: int) -> np.ndarray:
    """Copy an array to (values, channels), whatever its channel axis; float32 to float64."""
    last = np.moveaxis(a, axis, -1)
    return last.reshape(-1, last.shape[-1]).astype(np.result_type(a.dtype, np.float64))


def bn_forward(case: Case) -> tuple[np.ndarray, Any]:
    """Call batch_norm_forward with the case."""
    return bn.batch_norm_forward(case.x, case.gamma, case.beta, eps=case.eps, axis=case.axis)


def bn_gradients(case: Case) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return BN's dx, dgamma, dbeta."""
    return bn.batch_norm_backward(case.dy, bn_forward(case)[1])


def brn_forward(case: Case, **changes: Any) -> tuple[np.ndarray, Any]:
    """Call batch_renorm_forward with the case; `changes` replaces or adds keyword arguments."""
    names = ("r_max", "d_max", "eps", "axis")
    options = {name: getattr(case, name) for name in names} | changes
    return bn.batch_renorm_forward(case.x, case.gamma, case.beta, case.running, **options)


def inference_forward(case: Case) -> tuple[np.ndarray, Any]:
    """Call inference_forward with the case."""
    return bn.inference_forward(case.x, case.gamma, case.beta, case.running, axis=case.axis)


def results(case: Case) -> dict[str, np.ndarray]:
    """Return every array that the functions make of a case, by name."""
    found: dict[str, np.ndarray] = {}

    def add(label: str, names: str, values: tuple[np.ndarray, ...]) -> None:
        found.update({f"{label}.{n}": v for n, v in zip(names.split(), values, strict=True)})

    batch = bn.batch_moments(case.x, eps=case.eps, axis=case.axis)
    add("moments", "mean std", batch)
    add("updated", "mean std", bn.update_running(case.running, batch, case.momentum))
    add("correction", "r d", bn.renorm_correction(batch, case.running, case.r_max, case.d_max))
    y, cache = inference_forward(case)
    add("inference", "y dx dgamma dbeta", (y, *bn.inference_backward(case.dy, cache)))
    y, cache = brn_forward(case)
    add("brn", "y dx dgamma dbeta", (y, *bn.batch_renorm_backward(case.dy, cache)))
    add("brn", "r d mean std", (cache.r, cache.d, *cache.batch))
    if case.x.size > case.x.shape[case.axis]:  # BN needs two values a channel
        y, cache = bn_forward(case)
        add("bn", "y dx dgamma dbeta", (y, *bn.batch_norm_backward(case.dy, cache)))
        add("bn", "mean std", cache.batch)
    return found


class Sizes(NamedTuple):
    """How large the terms are that add up to each result: rounding errors are relative to them."""

    xhat: np.ndarray  # all (C,)
    y: np.ndarray
    dx: np.ndarray
    dgamma: np.ndarray
    dbeta: np.ndarray


def sizes(case: Case, mean: Any = None, std: Any = None) -> Sizes:
    """Return the sizes of BN's results, or of inference with `mean` and `std`."""
    x, dy = columns(case.x, case.axis), columns(case.dy, case.axis)
    if mean is None or std is None:
        mean, std = x.mean(axis=0), np.sqrt(x.var(axis=0) + case.eps)
    scale = np.abs(case.gamma) / std
    # an input is a rounded number too: |mean| / std is what its last digit weighs
    xhat = np.abs(x - mean).max(axis=0) / std + np.abs(mean) / std + 1
    return Sizes(
        xhat=xhat,
        y=np.abs(case.gamma) * xhat + np.abs(case.beta),
        dx=scale * np.abs(dy).max(axis=0) * xhat**2,
        dgamma=np.abs(dy).sum(axis=0) * xhat,
        dbeta=np.abs(dy).sum(axis=0),
    )


def tolerances(case: Case) -> dict[str, np.ndarray]:
    """Return the size of the terms of everything in `results`, by the last part of its name."""
    own, run = sizes(case), sizes(case, case.running.mean, case.running.std)
    # r and d lie within the ratio of the two statistics, which sizes() holds as xhat
    size = {
        name: getattr(own, name) * run.xhat**2 + getattr(run, name)
        for name in ("y", "dx", "dgamma", "dbeta")
    }
    std = np.abs(case.running.std) + np.sqrt(columns(case.x, case.axis).var(axis=0) + case.eps)
    return size | {"mean": std * own.xhat, "std": std, "r": run.xhat**2 + 1, "d": run.xhat}


def assert_close(
    actual: np.ndarray, expected: Any, size: Any, axis: int = -1, *, ulps: float = 64
) -> None:
    """Compare channel by channel: |actual - expected| <= ulps * (machine epsilon) * size (C,).

    `axis` is the channel axis; a vector has one axis only, its channels.
    """
    assert np.shape(actual) == np.shape(expected)
    axis = axis if np.ndim(actual) > 1 else 0
    unit = np.finfo(actual.dtype).eps
    error = np.abs(columns(actual, axis) - columns(np.asarray(expected), axis)).max(axis=0)
    limit = ulps * unit * np.asarray(size, dtype=np.float64)
    assert (error <= limit).all(), f"error {error} exceeds {limit}"


def count(case: Case) -> int:
    """Return the number of values a channel."""
    return math.prod(case.x.shape) // case.x.shape[case.axis]
