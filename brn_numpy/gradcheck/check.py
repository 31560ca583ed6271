"""The check of a backward pass."""

from __future__ import annotations

import copy
import math
import warnings
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.linalg import norm

from .compare import compare_gradient, digits_lost
from .hints import unpinned
from .numeric import SALT, PrecisionWarning, check_arguments, output_of
from .report import ArgumentReport, GradientReport
from .slope import Loss
from .steps import STEPS, Array, first_steps, spread
from .subject import Subject, functions_of, pins_of, same


def check_gradients(
    forward: Any,
    backward: Any = None,
    inputs: Any = None,
    *,
    wrt: str | Iterable[str] | None = None,
    frozen: Any = None,
    method: str = "richardson",
    directions: int | None = None,
    rtol: float | None = None,
    atol: float | None = None,
    seed: int = 0,
) -> GradientReport:
    """Compare a backward pass with numeric gradients, and look for what else can be wrong with it.

    Also checked: forward changes no input and, in inference mode, no state; backward changes
    neither dy nor the inputs; both give the same when called again; the gradients have the shape
    and dtype of their arguments; backward is linear in dy. Exceptions of both come through.

    Parameters
    ----------
    forward, backward : callable
        ``y, cache = forward(...)`` and ``backward(dy, cache)``, which returns the gradients: a
        tuple or list in the order of the arguments, a dict (keys "x" or "dx"), or one array. Or
        `forward` is a layer, an object with forward(x), backward(dy), parameters(), state_dict()
        and load_state_dict(), and `backward` is left out: a copy of the layer is checked.
    inputs : dict or sequence
        The arguments of forward, by name or in their order; for a layer x alone. float64; with
        float32 the numeric gradient is taken in float64, and a PrecisionWarning says so.
    wrt : str or sequence of str, optional
        Names of the arguments to check. Default: all floating arrays (and, of a layer, all
        parameters). Everything else is a constant: integer labels, numbers, tuples, ...
    frozen : True, dict, or function of the cache that returns a dict; optional
        Keyword arguments for forward in the numeric gradient, for what the backward pass regards as
        constant. True is short for ``lambda cache: {"correction": (cache.r, cache.d)}`` of batch
        renorm; of a layer, it pins all layers inside that have r, d and an attribute `correction`.
    method : {"richardson", "central", "complex"}
    directions : int, optional
        Compare along so many random directions; 0: compare every entry. Default: every entry of
        an argument of up to 512, four directions for a larger one.
    rtol, atol : float, optional
        Allowed is atol + rtol * (size of the terms that add up to the gradient). Default: rtol
        1e-7, or 200 roundings of the dtype times |x|/spread, at most 1e-5 (float32: 1e-2); atol ten
        times the estimated error of the numeric gradient, at most as much again.
    seed : int, for dy and the directions

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([1.0, 2.0, 3.0])
    >>> report = check_gradients(lambda x: (x**2, x), lambda dy, x: dy * 2 * x / 3, {"x": x})
    >>> report.ok, report.arguments[0].remark
    (False, 'dx is 1/3 x the numeric one: averaged?')
    """
    for option, number in (("rtol", rtol), ("atol", atol)):
        if number is not None and not (isinstance(number, (int, float)) and 0 <= number < math.inf):
            raise ValueError(f"{option} must be a number >= 0 and finite, got {number!r}")
    for option, whole in (("directions", directions), ("seed", seed)):
        if whole is not None and not (isinstance(whole, (int, np.integer)) and whole >= 0):
            raise ValueError(f"{option} must be an integer >= 0, got {whole!r}")
    problems: list[str] = []
    notes: list[str] = []
    if inputs is None and not callable(backward):
        inputs, backward = backward, None  # check_gradients(layer, x)
    if backward is None:
        forward, backward, inputs = functions_of(forward, inputs, problems, notes)
    subject = Subject(forward, backward, inputs, wrt)
    check_arguments(method, **{name: subject.inputs[name] for name in subject.names})
    rng = np.random.default_rng([SALT, seed])
    dy, grads = analytic_gradients(subject, rng, problems)
    single = [k for k in subject.floats if subject.inputs[k].dtype == np.float32]
    subject.inputs |= {k: subject.inputs[k].astype(np.float64) for k in single}
    if single:
        notes.append(f"{', '.join(single)}: float32; the numeric gradient was taken in float64")
        warnings.warn(notes[-1], PrecisionWarning, stacklevel=2)

    def compare(name: str) -> tuple[ArgumentReport, Array]:
        def f(z: Array) -> Array:
            return output_of(subject.run({name: z})[0], "forward", z)

        with np.errstate(all="ignore"):
            loss = Loss(f, subject.inputs[name], dy, method)
            return compare_gradient(
                subject, name, grads[name], loss, rng, directions, rtol, atol, bool(single)
            )

    y, cache, _ = subject.run()
    if frozen is not None:
        subject.pins = pins_of(forward, cache, frozen)
        if not np.allclose(subject.run()[0], y, equal_nan=True):
            problems.append("frozen changes what forward returns at the very point of the check")
    found = {name: compare(name) for name in grads}
    wrong = [name for name in grads if not found[name][0].ok]
    if wrong and frozen is None:
        try:
            subject.pins = pins_of(forward, cache, True)
        except ValueError:  # nothing to pin
            notes += [hint for k in wrong for hint in unpinned(k, found[k][1], dy)]
        else:
            right = ", ".join(f"d{name}" for name in wrong if compare(name)[0].ok)
            text = f"{right}: RIGHT once r and d are held constant, as the backward pass of batch "
            text += "renorm regards them. In the numeric gradient they moved. Use frozen=True"
            notes += [text] * bool(right)
    reports = tuple(report for report, _ in found.values())
    return GradientReport(reports, tuple(dict.fromkeys(problems)), tuple(notes), method, seed)


def analytic_gradients(
    subject: Subject, rng: Any, problems: list[str]
) -> tuple[Array, dict[str, Array]]:
    """Return dy and the gradients; report all that can be wrong besides their values."""
    y, cache, used = subject.run()
    changed = [k for k, v in subject.inputs.items() if not same(v, used[k])]
    problems += [f"forward changed its argument {k}" for k in changed]
    kind = getattr(y, "dtype", type(y).__name__)
    if kind not in ("float", np.float32, np.float64):
        raise TypeError(f"forward must return a floating array y, got {kind}")
    y = np.array(y)
    for place in np.argwhere(~np.isfinite(y))[:1].tolist():
        problems.append(
            f"forward returned {y[tuple(place)]} at y{place}; outputs that are no numbers are left "
            "out of the numeric gradient"
        )

    # dy twice, and two others that show whether backward is linear
    dy = np.array(rng.standard_normal(y.shape) + 0.7, y.dtype).astype(np.float64)
    other = rng.standard_normal(y.shape) - 0.4
    given = [np.array(a, y.dtype)[()] for a in (dy, dy, other, 2 * dy - 0.5 * other)]
    passed = copy.deepcopy(given)
    results = [subject.gradients(a, cache) for a in passed]
    if not same(given, passed):
        problems.append("backward changed dy")
    moved = [k for k, v in subject.inputs.items() if k not in changed and not same(v, used[k])]
    problems += [f"backward changed its argument {k}" for k in moved]
    if not np.allclose(subject.run()[0], y, equal_nan=True):
        problems.append("two calls of forward with the same input give different outputs")
    arrays = [subject.inputs[k] for k in subject.floats]
    with np.errstate(all="ignore"):
        # What rounding may do to terms that cancel in the gradients: those of one argument reach
        # the gradients of all, |x|/spread times as large.
        terms = norm((np.abs(dy) + np.abs(other)) * spread(y)) * STEPS["central"][0]
        steepest = max(float(np.max(terms / first_steps(a, "central"))) for a in arrays)
        lost = digits_lost(arrays)
    grads = {}
    for name in subject.names:
        x, ours = subject.inputs[name], np.asarray(results[0].get(name))
        if (ours.dtype, ours.shape) != (x.dtype, x.shape):
            expected = f"{x.dtype} {x.shape} like {name}, got {ours.dtype} {ours.shape}"
            problems.append(f"d{name} must be {expected}")
            if ours.shape != x.shape or ours.dtype.kind != "f":
                continue
        grads[name] = ours.astype(np.float64)
        with np.errstate(all="ignore"):
            again, third, mixed = (result[name] for result in results[1:])
            size = (steepest + np.max(np.abs(ours) + np.abs(third))) * lost
            coarse = max(float(np.finfo(a.dtype).eps) for a in (y, ours))
            slack = 1e3 * coarse * size
            if (np.abs(ours - again) > slack).any():
                problems.append(f"two calls of backward give different d{name}: does it add up?")
            elif (np.abs(2 * ours - 0.5 * third - mixed) > slack).any():
                problems.append(f"d{name} is not linear in dy")
    return dy, grads
