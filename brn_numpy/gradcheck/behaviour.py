"""What can be wrong with a backward pass besides its numbers."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from .steps import Array, digits_lost, norm, scale, spread
from .subject import Subject, same


class Behaviour:
    """Some calls of forward and backward: what they gave, and what is to be said of them."""

    def __init__(
        self, subject: Subject, rng: np.random.Generator, problems: list[str], notes: list[str]
    ) -> None:
        self.subject, self.problems, self.notes = subject, problems, notes
        self.nonlinear: set[str] = set()  # arguments whose gradient is not linear in dy
        self.y, cache, used = subject.run()
        changed = self._look_at_forward(used)
        self.dy = np.array(rng.standard_normal(self.y.shape) + 0.7, self.y.dtype).astype(np.float64)
        other = rng.standard_normal(self.y.shape) - 0.4
        first = self._gradients(self.dy, cache)
        again: dict[str, Any] | None = None
        try:
            again = self._gradients(self.dy, cache)
        except Exception as error:
            notes.append(
                "backward uses its cache up: a second call with the same cache raises "
                f"{type(error).__name__}. Each call got a cache of its own"
            )
        for name, value in subject.inputs.items():
            if name not in changed and not same(value, used[name]):
                problems.append(f"backward changed its argument {name}")
        afresh = []  # with a new cache each
        for dy in (self.dy, other, 2 * self.dy - 0.5 * other):
            y, cache, _ = subject.run()
            if close(y, self.y):
                afresh.append(self._gradients(dy, cache))
            else:
                problems.append("two calls of forward with the same input give different outputs")
        self.grads = {
            name: np.asarray(first[name], np.float64)
            for name in subject.names
            if self._has_its_shape(name, first)
        }
        arrays = [subject.inputs[k] for k in subject.floats]
        with np.errstate(all="ignore"):
            # What rounding may do to terms that cancel in the gradients: those of one argument
            # reach the gradients of all, |x|/spread times as large.
            terms = norm((np.abs(self.dy) + np.abs(other)) * spread(self.y))
            self.steepest = max(float(np.max(terms / scale(a, spread(a)))) for a in arrays)
            if len(afresh) == 3:  # of a forward that does not repeat, no two caches are alike
                lost = max(map(digits_lost, arrays))
                for name in self.grads:
                    self._compare_calls(name, lost, first, again, *afresh)

    def _look_at_forward(self, used: dict[str, Any]) -> list[str]:
        """Return what forward changed; say so, and whether y is an array of finite numbers."""
        changed = [k for k, v in self.subject.inputs.items() if not same(v, used[k])]
        for name in changed:
            if name in self.subject.names:
                self.problems.append(f"forward changed its argument {name}")
            else:
                self.notes.append(f"forward writes into {name}: each call got a copy of its own")
        kind = getattr(self.y, "dtype", type(self.y).__name__)
        if kind not in ("float", np.float32, np.float64):
            raise TypeError(f"forward must return a floating array y, got {kind}")
        self.y = np.array(self.y)
        for place in np.argwhere(~np.isfinite(self.y))[:1].tolist():
            self.problems.append(
                f"forward returned {self.y[tuple(place)]} at y{place}; outputs that are no numbers "
                "are left out of the numeric gradient"
            )
        return changed

    def _gradients(self, dy: Array, cache: Any) -> dict[str, Any]:
        """Call backward with a copy of dy, and see that it stays as it is."""
        given = np.array(dy, self.y.dtype)[()]
        passed = copy.deepcopy(given)
        result = self.subject.gradients(passed, cache)
        if not same(given, passed):
            self.problems.append("backward changed dy")
        return result

    def _has_its_shape(self, name: str, result: dict[str, Any]) -> bool:
        """Say whether a gradient can be compared, and what is wrong with its shape or dtype."""
        x, given = self.subject.inputs[name], result.get(name)
        expected = f"{x.dtype} {x.shape} like {name}"
        if given is None:
            what = "is None" if name in result else "is missing in what backward returned"
            self.problems.append(f"d{name} {what}, expected {expected}")
            return False
        ours = np.asarray(given)
        if (ours.dtype, ours.shape) != (x.dtype, x.shape):
            self.problems.append(f"d{name} must be {expected}, got {ours.dtype} {ours.shape}")
        return ours.shape == x.shape and ours.dtype.kind == "f"

    def _compare_calls(self, name: str, lost: float, *results: Any) -> None:
        """Compare what the calls of backward gave for one argument."""
        ours, again, afresh, third, mixed = (r and np.asarray(r[name]) for r in results)
        size = (self.steepest + np.max(np.abs(ours) + np.abs(third))) * lost
        slack = 1e3 * max(float(np.finfo(a.dtype).eps) for a in (self.y, ours)) * size
        if (np.abs(ours - afresh) > slack).any():
            self.problems.append(f"two calls of backward give different d{name}: does it add up?")
        elif again is not None and (np.abs(ours - again) > slack).any():
            text = f"backward overwrites its cache: a second call with it gives another d{name}"
            self.problems.append(text)
        elif (np.abs(2 * ours - 0.5 * third - mixed) > slack).any():
            self.problems.append(f"d{name} is not linear in dy")
            self.nonlinear.add(name)


def close(a: Any, b: Array) -> bool:
    """Compare outputs to some digits of the largest, of whatever size that is."""
    top = np.max(np.abs(b), initial=0.0, where=np.isfinite(b))
    return bool(np.allclose(a, b, rtol=1e-5, atol=1e-8 * top, equal_nan=True))
