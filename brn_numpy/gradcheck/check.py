"""The check of a backward pass: all that is compared, and in which order."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np

from .behaviour import Behaviour, close
from .compare import Comparison, Table, Tolerance
from .hints import hint, statistics_constant
from .numeric import SALT, PrecisionWarning, check_arguments, check_numbers, output_of
from .report import ArgumentReport, GradientReport
from .slope import Loss
from .steps import Array, first_steps
from .subject import Subject, functions_of

Compared: TypeAlias = tuple[ArgumentReport, Table]

RENORM = (
    "RIGHT once r and d are held constant, as the backward pass of batch renorm regards them. In "
    "the numeric gradient they moved. Use frozen=True"
)


def check_gradients(
    forward: Any,
    backward: Any = None,
    inputs: Any = None,
    *,
    wrt: str | Iterable[str] | None = None,
    frozen: Any = None,
    method: str = "richardson",
    step: Any = None,
    bounds: Mapping[str, tuple[float, float]] | None = None,
    directions: int | None = None,
    rtol: float | None = None,
    atol: float | None = None,
    seed: int = 0,
) -> GradientReport:
    """Compare a backward pass with numeric gradients, and look for what else can be wrong with it.

    Also checked: forward changes no input and, in inference mode, no state; backward changes
    neither dy nor the inputs nor its cache; both give the same when called again; the gradients
    have the shape and dtype of their arguments; backward is linear in dy. Exceptions of both come
    through. Every call gets copies, so that a constant may be written into: a note says so.

    Parameters
    ----------
    forward, backward : callable
        ``y, cache = forward(...)`` and ``backward(dy, cache)``, which returns the gradients: a
        tuple or list in the order of the arguments, a dict (keys "x" or "dx"), or one array. Or
        `forward` is a layer, an object with forward(x), backward(dy), parameters(), state_dict()
        and load_state_dict(), and `backward` is left out: a copy of the layer is checked.
    inputs : dict or sequence
        The arguments of forward, by name or in their order; for a layer x alone. Of float32 arrays
        the numeric gradient is taken in float64, and a PrecisionWarning says so.
    wrt : str or sequence of str, optional
        Names of the arguments to check, such as "x,gamma". Default: all floating arrays (and, of a
        layer, all parameters). All else is a constant: integer labels, numbers, dicts, ...
    frozen : True, dict, or function of the cache that returns a dict; optional
        Keyword arguments for forward in the numeric gradient, for what the backward pass regards as
        constant. True is short for ``lambda cache: {"correction": (cache.r, cache.d)}`` of batch
        renorm; of a layer, it pins all layers inside that have r, d and an attribute `correction`.
    method : {"richardson", "central", "complex"}
    step : as in `numerical_gradient`, or a dict of such by name, optional
    bounds : dict, optional
        {"p": (0, 1)}: forward is not asked for a p outside; at the edge, differences are one-sided.
        Where forward returns NaN or inf outside its domain, that happens by itself.
    directions : int, optional
        Compare along so many random directions; 0: every entry. Default: 0 up to 512 entries, 4
        for more.
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
    problems: list[str] = []
    notes: list[str] = []
    if inputs is None and not callable(backward):
        inputs, backward = backward, None  # check_gradients(layer, x)
    if backward is None:
        forward, backward, inputs = functions_of(forward, inputs, problems, notes)
    subject = Subject(forward, backward, inputs, wrt)
    steps = step if isinstance(step, Mapping) else dict.fromkeys(subject.names, step)
    bounds = bounds or {}
    check_arguments(method, **{name: subject.inputs[name] for name in subject.names})
    subject.check_names(bounds, steps)
    check_numbers(rtol=rtol, atol=atol, directions=directions, seed=seed)
    rng = np.random.default_rng([SALT, seed])
    behaviour = Behaviour(subject, rng, problems, notes)
    single = subject.promote()
    if single:
        notes.append(f"{', '.join(single)}: float32; the numeric gradient was taken in float64")
        warnings.warn(notes[-1], PrecisionWarning, stacklevel=2)
    with np.errstate(all="ignore"):
        arrays = [subject.inputs[k] for k in subject.floats]
        tolerance = Tolerance(rtol, atol, arrays, bool(single), behaviour.steepest)

        def compare(name: str) -> Compared:
            """Compare the gradient with respect to one argument with slopes of the loss."""
            x = subject.inputs[name]
            low, high = bounds.get(name, (-math.inf, math.inf))

            def f(z: Array) -> Array:
                if np.any((z.real < low) | (z.real > high)):
                    return np.full(behaviour.y.shape, np.nan)
                return output_of(subject.run({name: z})[0], "forward", z)

            loss = Loss(f, x, behaviour.dy, method)
            h = first_steps(x, method, steps.get(name))
            comparison = Comparison(behaviour.grads[name], loss, h, tolerance)
            return comparison.report(name, directions, rng)

        reports = _explained(compare, subject, behaviour, frozen)
    told = tuple(dict.fromkeys(problems)), tuple(dict.fromkeys(notes))
    return GradientReport(reports, *told, method, seed)


def _explained(
    compare: Callable[[str], Compared], subject: Subject, behaviour: Behaviour, frozen: Any
) -> tuple[ArgumentReport, ...]:
    """Compare all gradients; where one is wrong, look for what explains it."""
    y, cache, _ = subject.run()
    if frozen is not None:
        subject.pin(frozen, cache)
        if not close(subject.run()[0], y):
            text = "frozen changes what forward returns at the point of the check"
            behaviour.problems.append(text)
    grads, dy = behaviour.grads, behaviour.dy
    found = {name: compare(name) for name in grads}
    wrong = {name: each for name, each in found.items() if not each[0].ok}
    if wrong and frozen is None:
        try:
            subject.pin(True, cache)
        except ValueError:  # there are no r and d of a batch renorm
            for name, (_, table) in wrong.items():
                behaviour.notes += statistics_constant(name, grads[name], table.numeric, dy)
        else:
            right = ", ".join(f"d{name}" for name in wrong if compare(name)[0].ok)
            behaviour.notes += [f"{right}: {RENORM}"] if right else []
    inputs = {k: subject.inputs[k] for k in subject.floats}
    for name, (report, table) in wrong.items():
        # A gradient that is not linear in dy is said to be that, which says it best.
        if report.kind == "entries" and report.failed and name not in behaviour.nonlinear:
            remark = hint(name, grads[name], table.numeric, table.size, inputs, dy)
            found[name] = replace(report, remark=remark or report.remark), table
    return tuple(report for report, _ in found.values())
