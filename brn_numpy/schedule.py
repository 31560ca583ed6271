"""How far Batch Renormalization may correct: the bounds r_max and d_max at each training step."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ._checks import integer, real_number


@dataclass(frozen=True, kw_only=True)
class RenormSchedule:
    """Plain BN first, then r_max and d_max relaxed linearly, each over its own interval.

    Up to the step `warmup` the bounds are r_max = 1 and d_max = 0, which is BN. From there r_max
    rises in a straight line and reaches its final value at the step `r_end`; d_max likewise, at
    the step `d_end`. Call it with a step, counted from 0, to get the bounds. (Ioffe 2017, section
    4; the paper gives the end points, the straight lines are the usual reading.)

    Parameters
    ----------
    r_max, d_max : float
        The final bounds; r_max >= 1, d_max >= 0. np.inf, no bound, only where it opens at once:
        no straight line leads there.
    warmup, r_end, d_end : int
        Steps, 0 <= warmup <= r_end and warmup <= d_end. Where an end equals `warmup`, the bound
        opens at once: all 0 means the final bounds from the first step on.

    Raises
    ------
    TypeError, ValueError
        For a bound or a step out of range.

    Examples
    --------
    >>> PAPER_SCHEDULE(0), PAPER_SCHEDULE(15_000), PAPER_SCHEDULE(1_000_000)
    ((1.0, 0.0), (1.5714285714285714, 2.5), (3.0, 5.0))
    """

    r_max: float = 3.0
    d_max: float = 5.0
    warmup: int = 5_000
    r_end: int = 40_000
    d_end: int = 25_000

    def __post_init__(self) -> None:
        """Check the parameters, and keep them as plain Python numbers."""
        numbers = {
            "r_max": real_number("r_max", self.r_max, low=1.0, high=math.inf),
            "d_max": real_number("d_max", self.d_max, low=0.0, high=math.inf),
            "warmup": integer("warmup", self.warmup, low=0),
            "r_end": integer("r_end", self.r_end, low=0),
            "d_end": integer("d_end", self.d_end, low=0),
        }
        for name in ("r_end", "d_end"):
            if numbers[name] < numbers["warmup"]:
                raise ValueError(
                    f"{name} must be >= warmup = {numbers['warmup']}, got {numbers[name]}"
                )
            bound = name.replace("end", "max")
            if numbers[bound] == math.inf and numbers[name] > numbers["warmup"]:
                raise ValueError(
                    f"{bound} must be finite to rise until {name} = {numbers[name]}, got inf; with "
                    f"{name} = warmup = {numbers['warmup']} it opens at once"
                )
        for name, number in numbers.items():
            object.__setattr__(self, name, number)  # the way to do it in a frozen dataclass

    def __call__(self, step: int) -> tuple[float, float]:
        """Return the bounds (r_max, d_max) of a step, the first step being 0."""
        step = integer("step", step, low=0)
        return (
            self._ramp(step, self.r_end, 1.0, self.r_max),
            self._ramp(step, self.d_end, 0.0, self.d_max),
        )

    def _ramp(self, step: int, end: int, first: float, last: float) -> float:
        """Return `first` up to the warm-up, `last` from `end` on, and a straight line between."""
        if step >= end:
            return last
        if step <= self.warmup:
            return first
        return first + (last - first) * (step - self.warmup) / (end - self.warmup)

    def scaled(self, steps: int, *, of: int = 200_000) -> RenormSchedule:
        """Return this schedule for a training of `steps` steps instead of `of` steps.

        The paper's steps 5k, 25k and 40k are 2.5, 12.5 and 20 percent of a training of 200k.

        Examples
        --------
        >>> PAPER_SCHEDULE.scaled(1000)
        RenormSchedule(r_max=3.0, d_max=5.0, warmup=25, r_end=200, d_end=125)
        """
        steps, of = integer("steps", steps, low=1), integer("of", of, low=1)
        return RenormSchedule(
            r_max=self.r_max,
            d_max=self.d_max,
            warmup=round(self.warmup * steps / of),
            r_end=round(self.r_end * steps / of),
            d_end=round(self.d_end * steps / of),
        )


PAPER_SCHEDULE = RenormSchedule()
"""The schedule of Ioffe (2017): BN alone for 5k steps, d_max = 5 at 25k, r_max = 3 at 40k."""
