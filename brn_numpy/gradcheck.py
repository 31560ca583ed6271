r"""Numeric gradients, and a check of a hand-written backward pass that says what it found.

The loss here is L(x) = sum(dy * f(x)) for an upstream gradient dy, so dL/dx is what a backward pass
must return. Three ways to get it without any backward pass, h being a small step:

.. math:: D(h) = \frac{L(x+h) - L(x-h)}{2h}, \qquad \frac{4 D(h/2) - D(h)}{3}\ \text{and so on},
          \qquad \frac{\operatorname{Im} L(x + ih)}{h}

*central* is off by O(h^2) and by rounding, eps/h: nine or ten good digits if h is well chosen.
*richardson* takes D at h, h/2 and h/4 and cancels the errors h^2 and h^4: about eleven digits.
*complex* subtracts nothing, so that h can be tiny and the result is exact to rounding; f must then
be analytic: no abs, no np.var, no real parts.
"""

from __future__ import annotations

import copy
import inspect
import json
import math
import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.linalg import norm
from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]

# The steps of each method, in units of the scale on which x varies; 2**-17 is near cbrt(eps), which
# balances the two errors of a central difference. Complex steps are compared with such. Powers of
# two: x + h is then mostly exact.
STEPS: dict[str, tuple[float, ...]] = {
    "central": (2.0**-17, 2.0**-18),
    "richardson": (2.0**-8, 2.0**-9, 2.0**-10),
    "complex": (2.0**-17, 2.0**-18),
}
TINY = 2.0**-300  # step of the complex method: its square vanishes beside 1 and does not underflow
SALT = (
    1702  # any number: a caller may make x with default_rng(seed), and with dy = x a BN has dx = 0
)
SMALL = 512  # arguments with more entries than this are checked along random directions
MAX_KINKS = 8  # that many kinks of such an argument are looked up


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
    step : None, "column", "entry", float or array, optional
        The first h. None: 2**-17 (richardson: 2**-8) times the standard deviation of the entry's
        column, the length on which a batch norm bends (abs(x) is far too long for 10000 +- 1);
        "column": the same, for columns along `axis` (default 1); "entry": times abs(x); numbers: h.
    seed : int, for the default `dy`

    A TypeError or ValueError says which argument does not fit, or that f drops (some of) the
    imaginary part.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([1.0, 2.0, 3.0])
    >>> numerical_gradient(lambda x: x**3, x, np.ones(3)).round(6)  # 3 x^2
    array([ 3., 12., 27.])
    """
    x = np.asarray(x)
    _check(method, x=x)
    if x.dtype != np.float64:
        warnings.warn(f"x is {x.dtype} and was promoted to float64", PrecisionWarning, stacklevel=2)
        x = x.astype(np.float64)

    def value(z: Array) -> Array:
        return _output(f(z.copy()), "f", z)

    y = value(x)
    shape = y.shape
    random = np.random.default_rng([SALT, seed]).standard_normal(shape)
    dy = random + 0.7 if dy is None else np.asarray(dy)
    if dy.shape != shape or dy.dtype.kind not in "fiu":
        raise ValueError(f"dy must be a real array of shape {shape}, got {dy.dtype} {dy.shape}")
    with np.errstate(all="ignore"):
        h = _steps(x, method, step, axis)
        loss = _Loss(value, x, dy, method)
        slopes = [loss.slope(_only(h, place)) for place in np.ndindex(x.shape)]
        gradient = np.reshape([slope.value for slope in slopes], x.shape) / h
        error = np.reshape([slope.error for slope in slopes], x.shape) / h
    if np.isnan(y).any():
        gradient = error = np.full(x.shape, np.nan)  # so is the sum over all outputs
    return (gradient, error) if return_error else gradient


class _Slope(NamedTuple):
    """The derivative of L(x + t v) by t at t = 0, for one direction v."""

    value: float
    error: float  # estimate: what a smaller step changes, and rounding
    noise: float  # the part of rounding in it
    size: float  # size of the terms whose sum is `value`
    low: float  # the one-sided derivatives, summed over outputs, span low to low + jump
    jump: float
    kink: bool  # the jump is not rounding


class _Loss:
    """L(x) = sum(dy * f(x)) near one point x: all that is ever asked of f is a slope."""

    def __init__(self, f: Callable[[Array], Array], x: Array, dy: Array, method: str) -> None:
        y = f(x)
        void = np.isnan(y)  # such outputs say nothing
        self.f: Callable[[Array], Array] = lambda z: np.where(void, 0.0, f(z)) * dy
        self.x, self.y, self.method = x, np.where(void, 0.0, y) * dy, method  # y is weighted by dy
        self.terms = np.where(void, 0.0, dy * _spread(np.where(void, 0.0, y)))

    def slope(self, v: Array, shrink: float = 1.0) -> _Slope:
        """Differentiate along v; the first step is v * shrink."""
        x, y, steps = self.x, self.y, STEPS[self.method]
        right, left = [], []  # one-sided differences, output by output
        moved = np.zeros(y.shape, bool)  # the outputs that depend on x along v
        for step in steps:
            t = shrink * step / steps[0]  # 1, 1/2, 1/4, ...
            plus, minus = self.f(x + t * v), self.f(x - t * v)
            moved |= plus != minus
            right.append((plus - y) / t)
            left.append((y - minus) / t)
        central = [float(np.sum(a + b)) / 2 for a, b in zip(left, right, strict=True)]

        along = v != 0
        kappa = float(np.max(np.abs(x[along] / v[along]), initial=0.0)) * steps[0]
        # Rounding of y, and of x where f subtracts a mean: x / spread digits are lost.
        noise = np.finfo(np.float64).eps * (norm(y[moved]) + kappa * norm(self.terms)) / t
        # Terms that can be seen: dy_k * dy_k/dx. Terms that cancel inside f (BN of two samples has
        # dx = 0 as a difference of such terms) count when they are much larger.
        size = float(norm(right[-1] + left[-1])) / 2
        hidden = float(norm(self.terms[moved] if moved.any() else self.terms)) * steps[0]
        size = hidden if size < 1e-3 * hidden else size

        value = _richardson(central, 4) if self.method == "richardson" else central[0]
        error = abs(value - _richardson(central[1:], 4)) + noise
        if self.method == "complex":
            with warnings.catch_warnings():  # a cast to real shows in the value
                warnings.simplefilter("ignore", np.exceptions.ComplexWarning)
                value = float(np.sum(np.imag(self.f(x + 1j * (TINY * v))))) / TINY
            if abs(value - central[0]) > 10 * error + 1e-5 * size + norm(right[0] - left[0]):
                raise ValueError(
                    "method='complex': f drops (part of) the imaginary part, as abs, np.var, .real "
                    "and casts do. Write z * z for abs(z)**2, or use method='central'"
                )
            error = noise * steps[0]

        after, before = _richardson(right, 2), _richardson(left, 2)  # the one-sided derivatives
        low, jump = np.sum(np.minimum(after, before)), np.sum(np.abs(after - before))
        kink = norm(after - before) > 1e-6 * size + 50 * noise
        return _Slope(value, error, float(noise), size, float(low), float(jump), bool(kink))

    def careful_slope(self, v: Array, shrink: float = 1.0) -> _Slope:
        """Take the slope; where a kink or a sharp bend is near, shrink the step to get clear of it.

        A kink at the very point stays one at every step; a kink beside it disappears.
        """
        slope = self.slope(v, shrink)
        good = 1e-7 * slope.size
        too_noisy = slope.noise > good  # smaller steps would drown in rounding
        if (slope.kink or not slope.error <= good) and not too_noisy and shrink > 2.0**-16:
            finer = self.careful_slope(v, shrink / 16)
            if slope.kink or finer.kink or not finer.error >= slope.error:
                return finer
        return slope


def _richardson(values: list[Any], base: int) -> Any:
    """Cancel the errors in values taken at h, h/2, h/4: halving h divides them by base, base^2, ...

    One-sided differences have base 2 (errors h, h^2, ...), central ones 4 (h^2, h^4, ...).
    """
    for power in range(1, len(values)):
        q = base**power
        values = [(q * fine - coarse) / (q - 1) for coarse, fine in pairwise(values)]
    return values[0]


def _spread(a: Array, axis: int | None = None) -> Array:
    """Return for each entry on what scale the numbers around it vary.

    With two axes or more: the standard deviation of its slice of `axis`; without `axis`, of axis 1,
    where channels usually are, unless the numbers in another axis' slices lie much closer together.
    Otherwise, and where nothing varies, the size of the entry itself.
    """
    best, lowest = np.abs(a), math.inf
    for keep in () if a.ndim < 2 else range(a.ndim) if axis is None else [range(a.ndim)[axis]]:
        others = tuple(i for i in range(a.ndim) if i != keep)
        std = np.std(a, axis=others, keepdims=True)
        varies = np.isfinite(std) & (std > 0)
        # Another axis must do e^1.4, about 4 times, better before it is preferred to axis 1.
        score = np.log(std[varies]).mean() + 1.4 * (keep != 1) if varies.any() else math.inf
        if score < lowest:
            best, lowest = np.where(varies, std, np.abs(a)), score
    return best


def _steps(x: Array, method: str, step: Any = None, axis: int | None = None) -> Array:
    """Return h (shape of x), the first step for every entry."""
    if step is not None and not isinstance(step, str):
        h = np.broadcast_to(np.asarray(step, np.float64), x.shape)
        h = np.where(np.isfinite(x), (x + h) - x, h)  # the step that x + h really makes
        if not (np.isfinite(h) & (h > 0)).all():
            raise ValueError(f"step must be > 0, finite and not lost beside x, got {step!r}")
        return h
    if step not in (None, "column", "entry") or (axis is not None and step != "column"):
        raise ValueError(f'step must be None, numbers, "entry", or "column" (with axis), {step!r}')
    axis = 1 if step == "column" and axis is None else axis
    if axis is not None and not -x.ndim <= axis < x.ndim:
        raise ValueError(f"axis must be an axis of x, which has shape {x.shape}, got {axis!r}")
    scale = np.abs(x) if step == "entry" else _spread(x, axis)
    scale = np.where((scale > 0) & (scale < np.inf), scale, 1.0)
    # Not so small that x + h is x, or that sqrt(var + eps) has a bend within h; and finite.
    scale = np.fmax(np.maximum(scale, 1e-4), np.minimum(1e-9 * np.abs(x), 1e290))
    return np.asarray(STEPS[method][0] * 2.0 ** np.round(np.log2(scale)))


def _only(v: Array, place: Any) -> Array:
    """Return v with zeros everywhere but at `place`, an index or a tuple of arrays of them."""
    one = np.zeros(v.shape)
    one[place] = v[place]
    return one


def _check(method: str, **arrays: Any) -> None:
    """Refuse a method that there is not, and arguments that cannot have a gradient."""
    if method not in STEPS:
        raise ValueError(f"method must be one of {', '.join(STEPS)}, got {method!r}")
    for name, value in arrays.items():
        kind = getattr(value, "dtype", type(value).__name__)
        if kind not in (np.float32, np.float64):
            raise TypeError(f"{name} must be an array of float64 (or float32), got {kind}")
        if value.size == 0:
            raise ValueError(f"{name} must not be empty, got shape {value.shape}")


def _output(y: Any, name: str, x: Array) -> Array:
    """Return what the function `name` gave for `x` as an array, or refuse it."""
    known = isinstance(y, (np.ndarray, np.generic, float, complex))
    kind = np.asarray(y).dtype if known else type(y).__name__
    if kind not in (np.float64, x.dtype):
        hint = "; keep the output alone: lambda x: forward(x)[0]" if isinstance(y, tuple) else ""
        raise TypeError(f"{name} must return one array of {x.dtype}, like x, got {kind}{hint}")
    return np.asarray(y)


# --- the report ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class ArgumentReport:
    """What was found about the gradient by one argument.

    `worst` is the entry whose error is largest beside its tolerance; along random directions, the
    entry that a failure led to, or None. The relative error is relative to the size of the terms
    that add up to the gradient. At kinks, a gradient between 0 and the one-sided slopes is right.
    """

    name: str
    ok: bool
    checked: int
    kind: str  # "entries" or "directions"
    failed: int
    worst: tuple[int, ...] | None
    analytic: float
    numeric: float
    absolute_error: float
    relative_error: float
    tolerance: float
    tolerance_from: str
    kinks: tuple[tuple[int, ...], ...]  # entries without a derivative
    remark: str


@dataclass(frozen=True)
class GradientReport:
    """The result of `check_gradients`; `str()` of it is a table with all that was found.

    `problems` are what is wrong besides numbers (one is enough to fail), `notes` are what a reader
    should know, explanations of a failure among them.
    """

    arguments: tuple[ArgumentReport, ...]
    problems: tuple[str, ...]
    notes: tuple[str, ...]
    method: str
    seed: int

    @property
    def ok(self) -> bool:
        """True if every argument was checked and is right, and nothing else is wrong."""
        return not self.problems and all(argument.ok for argument in self.arguments)

    def assert_ok(self) -> None:
        """Raise AssertionError with the whole report, unless all is well."""
        if not self.ok:
            raise AssertionError(str(self))

    def to_dict(self) -> dict[str, Any]:
        """Return the report as dicts, lists, strings and numbers; NaN and inf become strings."""
        text = json.dumps({"ok": self.ok, **asdict(self)})
        return dict(json.loads(text, parse_constant=str))

    def __str__(self) -> str:
        """Return the table, the problems and the notes."""
        verdict = "all gradients agree" if self.ok else "FAILED"
        lines = [f"Gradient check, {self.method}, seed {self.seed}: {verdict}"]
        row = "  {:12} {:8} {:16} {:>16} {:>16} {:>8} {:>8}".format
        head = "gradient of", "verdict", "worst at", "yours", "numeric", "error", "allowed"
        lines.append(row(*head))
        for a in self.arguments:
            numbers = f"{a.analytic:.9g} {a.numeric:.9g} {a.absolute_error:.2g} {a.tolerance:.2g}"
            where = "(direction)" if a.worst is None else f"{a.name}{list(a.worst)}"
            lines.append(row(a.name, "ok" if a.ok else "WRONG", where, *numbers.split()))
            error = f"relative error {a.relative_error:.2g}, allowed {a.tolerance_from}"
            lines.append(f"    {a.failed} of {a.checked} {a.kind} wrong; {error}")
            places = ", ".join(f"{a.name}{list(k)}" for k in a.kinks[:MAX_KINKS])
            lines += [f"    kinks, without a derivative: {len(a.kinks)}, at {places}"] * bool(
                a.kinks
            )
            lines += [f"    {a.remark}"] * bool(a.remark)
        lines += [f"problem: {text}" for text in self.problems]
        return "\n".join(lines + [f"note: {text}" for text in self.notes])


# --- the check -----------------------------------------------------------------------------------


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
        forward, backward, inputs = _functions_of(forward, inputs, problems, notes)
    subject = _Subject(forward, backward, inputs, wrt)
    _check(method, **{name: subject.inputs[name] for name in subject.names})
    rng = np.random.default_rng([SALT, seed])
    dy, grads = _analytic(subject, rng, problems)
    single = [k for k in subject.floats if subject.inputs[k].dtype == np.float32]
    subject.inputs |= {k: subject.inputs[k].astype(np.float64) for k in single}
    if single:
        notes.append(f"{', '.join(single)}: float32; the numeric gradient was taken in float64")
        warnings.warn(notes[-1], PrecisionWarning, stacklevel=2)

    def compare(name: str) -> tuple[ArgumentReport, Array]:
        def f(z: Array) -> Array:
            return _output(subject.run({name: z})[0], "forward", z)

        with np.errstate(all="ignore"):
            loss = _Loss(f, subject.inputs[name], dy, method)
            return _compare(
                subject, name, grads[name], loss, rng, directions, rtol, atol, bool(single)
            )

    y, cache, _ = subject.run()
    if frozen is not None:
        subject.pins = _pins(forward, cache, frozen)
        if not np.allclose(subject.run()[0], y, equal_nan=True):
            problems.append("frozen changes what forward returns at the very point of the check")
    found = {name: compare(name) for name in grads}
    wrong = [name for name in grads if not found[name][0].ok]
    if wrong and frozen is None:
        try:
            subject.pins = _pins(forward, cache, True)
        except ValueError:  # nothing to pin
            notes += [hint for k in wrong for hint in _unpinned(k, found[k][1], dy)]
        else:
            right = ", ".join(f"d{name}" for name in wrong if compare(name)[0].ok)
            text = f"{right}: RIGHT once r and d are held constant, as the backward pass of batch "
            text += "renorm regards them. In the numeric gradient they moved. Use frozen=True"
            notes += [text] * bool(right)
    reports = tuple(report for report, _ in found.values())
    return GradientReport(reports, tuple(dict.fromkeys(problems)), tuple(notes), method, seed)


class _Subject:
    """Forward and backward by the names of their arguments, called with copies."""

    def __init__(self, forward: Any, backward: Any, inputs: Any, wrt: Any) -> None:
        if isinstance(inputs, (tuple, list)):
            names = list(inspect.signature(forward).parameters)
            if len(inputs) > len(names):
                raise TypeError(
                    f"inputs has {len(inputs)} values, but forward takes {', '.join(names)}"
                )
            inputs = dict(zip(names, inputs, strict=False))
        if not isinstance(inputs, Mapping):
            raise TypeError(f"inputs must be a dict or sequence of values, got {type(inputs)}")
        self.forward, self.backward, self.inputs = forward, backward, dict(inputs)
        self.pins: dict[str, Any] = {}  # more arguments of forward
        arrays = [k for k, v in inputs.items() if isinstance(v, np.ndarray)]
        self.floats = [k for k in arrays if inputs[k].dtype.kind == "f" and inputs[k].size]
        # By default the first array in any case: an x of integers is a mistake.
        chosen = [*arrays[:1], *self.floats] if wrt is None else wrt
        chosen = {chosen} if isinstance(chosen, str) else set(chosen)
        self.names = [k for k in inputs if k in chosen]
        if not chosen or chosen - set(inputs):
            unknown = ", ".join(sorted(chosen - set(inputs))) or "nothing"
            raise ValueError(f"wrt names {unknown}; there are {', '.join(inputs)}")

    def run(self, changes: Mapping[str, Array] | None = None) -> tuple[Any, Any, dict[str, Any]]:
        """Call forward on copies of the inputs; return y, the cache, and these copies."""
        inputs = copy.deepcopy({**self.inputs, **(changes or {})})
        result = self.forward(**inputs, **self.pins)
        if not isinstance(result, tuple) or len(result) != 2:
            raise TypeError(f"forward must return (y, cache), got {type(result).__name__}")
        return *result, inputs

    def gradients(self, dy: Any, cache: Any) -> dict[str, Any]:
        """Call backward; return copies of its gradients by the names of the arguments."""
        grads = copy.deepcopy(self.backward(dy, cache))
        if isinstance(grads, Mapping):
            return {k if k in self.inputs else k.removeprefix("d"): v for k, v in grads.items()}
        grads = grads if isinstance(grads, (tuple, list)) else [grads]
        for names in (self.names, self.floats):
            if len(names) == len(grads):
                return dict(zip(names, grads, strict=True))
        expected = f"one each for {', '.join(self.names)} (see wrt), or a dict"
        raise ValueError(f"backward returned {len(grads)} gradients, expected {expected}")


def _functions_of(layer: Any, inputs: Any, problems: list[str], notes: list[str]) -> Any:
    """Return forward, backward and inputs of a copy of a layer, as of a pair of functions."""
    if not all(hasattr(layer, name) for name in ("forward", "backward", "state_dict")):
        raise TypeError(f"without backward, the first argument must be a layer, got {layer!r}")
    layer = copy.deepcopy(layer)
    state = copy.deepcopy(dict(layer.state_dict()))
    named = getattr(layer, "named_parameters", None)
    unnamed = [] if named else layer.parameters()
    params = dict(named() if named else ((f"parameter{i}", p) for i, p in enumerate(unnamed)))
    data = {name: p.data.copy() for name, p in params.items()}
    inputs = {"x": inputs["x"] if isinstance(inputs, Mapping) else inputs, **data}
    renorms: list[Any] = []  # those of the parts that have r and d now
    parts = [layer]
    for part in parts:  # which grows: the layers inside, and the layers inside these
        for value in vars(part).values():
            inside = value if isinstance(value, (list, tuple)) else [value]
            found = [each for each in inside if hasattr(each, "forward")]
            parts += [each for each in found if not any(each is part for part in parts)]

    def forward(x: Array, correction: Any = (), **given: Array) -> tuple[Any, Any]:
        for name, p in params.items():
            p.data = data[name]  # not the complex ones of another call, which refuse the state
        layer.load_state_dict(copy.deepcopy(state))
        for name, p in params.items():
            p.data = given[name]
        for part, r, d in zip(renorms, *correction, strict=True) if correction else ():
            part.correction = r, d
        y = layer.forward(x)
        renorms[:] = [part for part in parts if hasattr(part, "correction") and _r_and_d(part)]
        return y, {k: [getattr(part, k) for part in renorms] for k in "rd" if renorms}

    def backward(dy: Array, cache: Any) -> dict[str, Any]:
        return {"x": layer.backward(dy), **{name: p.grad for name, p in params.items()}}

    forward(**copy.deepcopy(inputs))
    moved = [k for k, v in layer.state_dict().items() if not _same(v, state[k])]
    changed = [k for k, p in params.items() if not _same(p.data, data[k])]
    if changed or (moved and not getattr(layer, "training", True)):
        problems.append(f"forward changed {', '.join(changed or moved)}")
    elif moved:
        notes.append(f"forward updates {', '.join(moved)}; this was undone after every call")
    return forward, backward, inputs


def _r_and_d(cache: Any) -> tuple[Any, Any] | None:
    """Return the corrections of a batch renorm that a cache or layer holds, if there are any."""
    try:
        return (cache["r"], cache["d"]) if isinstance(cache, Mapping) else (cache.r, cache.d)
    except (AttributeError, KeyError, RuntimeError):  # not there, or not in inference
        return None


def _pins(forward: Any, cache: Any, frozen: Any) -> dict[str, Any]:
    """Return the keyword arguments that hold constant what `frozen` asks for."""
    if frozen is True:
        pair = _r_and_d(cache)
        if pair is None or "correction" not in inspect.signature(forward).parameters:
            raise ValueError("frozen=True found nothing to pin, see `frozen` in check_gradients")
        frozen = {"correction": pair}
    pins = frozen(cache) if callable(frozen) else frozen
    if not isinstance(pins, Mapping):
        raise TypeError(f"frozen must be True, or give a dict, got {type(pins).__name__}")
    return copy.deepcopy(dict(pins))


def _same(a: Any, b: Any) -> bool:
    """Compare arrays and numbers, also in tuples, lists and dicts; other objects count as equal."""
    if isinstance(a, Mapping):
        return a.keys() == b.keys() and all(_same(a[k], b[k]) for k in a)
    if isinstance(a, (tuple, list)):
        return len(a) == len(b) and all(map(_same, a, b))
    if isinstance(a, (np.ndarray, np.generic, int, float)):
        return np.array_equal(a, b, equal_nan=np.asarray(a).dtype.kind in "fc")
    return True


def _analytic(subject: _Subject, rng: Any, problems: list[str]) -> tuple[Array, dict[str, Array]]:
    """Return dy and the gradients; report all that can be wrong besides their values."""
    y, cache, used = subject.run()
    changed = [k for k, v in subject.inputs.items() if not _same(v, used[k])]
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
    if not _same(given, passed):
        problems.append("backward changed dy")
    moved = [k for k, v in subject.inputs.items() if k not in changed and not _same(v, used[k])]
    problems += [f"backward changed its argument {k}" for k in moved]
    if not np.allclose(subject.run()[0], y, equal_nan=True):
        problems.append("two calls of forward with the same input give different outputs")
    arrays = [subject.inputs[k] for k in subject.floats]
    with np.errstate(all="ignore"):
        # What rounding may do to terms that cancel in the gradients: those of one argument reach
        # the gradients of all, |x|/spread times as large.
        terms = norm((np.abs(dy) + np.abs(other)) * _spread(y)) * STEPS["central"][0]
        steepest = max(float(np.max(terms / _steps(a, "central"))) for a in arrays)
        lost = _digits_lost(arrays)
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


def _digits_lost(arrays: list[Array]) -> float:
    """Return 1 + |x| / spread, the largest of all arguments: so much larger rounding may become."""
    ratios = [np.abs(a) / _steps(a, "central") * STEPS["central"][0] for a in arrays]
    return 1 + max(float(np.fmax.reduce(ratio, axis=None)) for ratio in ratios)


def _compare(
    subject: _Subject,
    name: str,
    ours: Array,
    loss: _Loss,
    rng: np.random.Generator,
    directions: int | None,
    rtol: float | None,
    atol: float | None,
    single: bool,
) -> tuple[ArgumentReport, Array]:
    """Compare a gradient with slopes; return the report, and the numeric gradient (or slopes)."""
    x, h, step = loss.x, _steps(loss.x, loss.method), STEPS[loss.method][0]
    arrays = {k: subject.inputs[k] for k in subject.floats}
    kappa = _digits_lost(list(arrays.values()))
    eps, cap = (2.0**-23, 1e-2) if single else (2.0**-52, 1e-5)
    source = "10 x numeric error" if atol is None else f"{atol} (given)"
    source += f" + {rtol} (given)" if rtol is not None else ""
    if rtol is None:
        rtol = min(cap, max(1e-7, 200 * eps * kappa))
        source += f" + {rtol:.2g} (float{32 if single else 64}, |x|/spread {kappa:.2g})"

    def judge(probes: list[Any]) -> list[Array]:
        """Compare along directions (arrays) or at places (tuples); return columns of a table."""
        rows = []
        for probe in probes:
            v, unit = (_only(h, probe), h[probe]) if isinstance(probe, tuple) else (probe, step)
            rows.append((np.sum(ours[v != 0] * v[v != 0]), unit, *loss.careful_slope(v)))
        mine, unit, value, error, _, size, low, jump, kink = np.array(rows, np.float64).T
        if x.ndim > 1 and not count:
            # An error of one term spreads over its column, whichever axis that is.
            grid, axes = size.reshape(x.shape), set(range(x.ndim))
            tops = [np.fmax.reduce(grid, tuple(axes - {keep}), keepdims=True) for keep in axes]
            size = np.minimum.reduce(np.broadcast_arrays(*tops)).ravel()
        # Nothing that is wrong may hide behind a large error.
        top = size if x.ndim > 1 and not count else np.fmax.reduce(size)
        slack = np.fmin(10 * error, cap * top) if atol is None else atol * unit
        allowed = slack + rtol * size
        outside = np.maximum(np.fmin(low, 0) - mine, mine - np.fmax(low + jump, 0))
        gap = np.where(kink, np.maximum(outside, 0), np.abs(mine - value))
        score = np.where(gap == 0, 0, gap / allowed)
        wrong = ~(gap <= allowed)  # NaN is wrong
        return [*(a / unit for a in (mine, value, gap, allowed, size)), score, kink, wrong]

    count = (0 if x.size <= SMALL else 4) if directions is None else directions
    # Random directions: both signs, and sizes 1/2 to 3/2, so that no entry is near 0.
    signs = rng.choice([-1.0, 1.0], (count, *x.shape))
    vs = list(h * signs * rng.integers(8, 25, signs.shape) / 16)
    kinks: list[Any] = []
    for v in vs:
        while len(kinks) < MAX_KINKS and loss.careful_slope(v).kink:
            kinks.append(_locate(v, lambda u: loss.slope(u, 2.0**-12).jump))
            for u in vs:
                u[kinks[-1]] = 0.0
    probes = [v for v in vs if v.any()] + kinks if count else list(np.ndindex(x.shape))
    table = judge(probes)
    _, numeric, _, _, sizes, score, kink, wrong = table
    blind = bool(kink.all())  # also if more than MAX_KINKS are in every direction
    if not count:
        kinks = [place for place, bad in zip(probes, kink, strict=True) if bad]
        numeric, sizes = numeric.reshape(x.shape), sizes.reshape(x.shape)
    k = int(np.argmax(score))
    place, worst = probes[k], [float(column[k]) for column in table]
    if isinstance(place, np.ndarray) and wrong[k]:
        place = _locate(place, lambda v: abs(np.sum((ours * v)[v != 0]) - loss.slope(v).value))
        worst = [float(column[0]) for column in judge([place])]
    mine, value, gap, allowed, size = worst[:5]
    remark = "" if count or not wrong.any() else _telltale(name, ours, numeric, sizes, arrays)
    if blind:
        remark = "nothing could be compared for kinks: choose another x, or directions=0 for all"
    ok, failed = not blind and not wrong.any(), int(wrong.sum())
    kind, at = "directions" if count else "entries", place if isinstance(place, tuple) else None
    source += f" x {size:.2g}, the size of the terms"
    numbers = mine, value, gap, gap / size if gap and size else gap, allowed
    report = ArgumentReport(
        name, ok, len(probes), kind, failed, at, *numbers, source, tuple(kinks), remark
    )
    return report, numeric


def _locate(v: Array, score: Callable[[Array], float]) -> tuple[int, ...]:
    """Find an entry by halving: keep the half of v's entries that has the larger score."""
    places = np.argwhere(v != 0)
    while len(places) > 1:
        halves = np.array_split(places, 2)
        first, second = (score(_only(v, tuple(half.T))) for half in halves)
        places = halves[1 if second > first or math.isnan(second) else 0]
    return tuple(places[0].tolist())


def _telltale(name: str, ours: Array, numeric: Array, size: Array, arrays: Any) -> str:
    """Say by which simple factor our gradient differs from the numeric one, if it is one."""
    factors: dict[str, Any] = {"-1 x the numeric one: the sign?": -1.0}
    for other, a in arrays.items():
        for n in {len(a), a.size // a.shape[a.ndim > 1]} - {1} if a.ndim else ():
            factors[f"1/{n} x the numeric one: averaged?"] = 1 / n
            factors[f"{n} x the numeric one: summed?"] = n
        for axis in range(ours.ndim) if a.ndim == 1 < ours.ndim else ():
            if len(a) == ours.shape[axis] and a.all():  # 0 and 1/0 would fit anything
                p = a.reshape([-1 if i == axis else 1 for i in range(ours.ndim)])
                factors[f"the numeric one / {other}: is {other} missing?"] = 1 / p
                factors[f"the numeric one x {other}: is {other} one too many?"] = p
    for text, factor in factors.items():
        off = np.abs(ours - factor * numeric) > 1e-5 * size * np.abs(factor)
        if not off.any() and (np.abs(numeric) > 1e-3 * size).any():
            return f"d{name} is {text}"
    return "" if ours.any() else f"d{name} is 0 everywhere"


def _unpinned(name: str, numeric: Array, dy: Array) -> list[str]:
    """Say so if a numeric gradient is that of a normalisation with constant statistics."""
    if numeric.shape != dy.shape or dy.ndim < 2:
        return []
    for axis in (1, dy.ndim - 1):
        ratio = np.moveaxis(numeric / dy, axis, 0).reshape(dy.shape[axis], -1)
        same = (np.ptp(ratio, axis=1) <= 1e-5 * np.abs(ratio).max(axis=1)) & ratio.any(axis=1)
        if ratio.shape[1] > 2 and same.any():
            return [
                f"the numeric d{name} is a constant times dy in channel(s) "
                f"{np.flatnonzero(same).tolist()} of axis {axis}: as if the statistics were "
                "constant. So it is with batch renorm when r and d are not clipped and move with "
                "the input; a backward pass that holds them constant needs both pinned: see frozen"
            ]
    return []
