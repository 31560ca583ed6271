"""What renorm_correction does."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..probe import TIGHT_D_MAX, TIGHT_R_MAX, WIDE, Probe
from .base import LIMIT, Faults, Group, far

GROUP = Group(("renorm_correction",))


def statistics(p: Probe) -> tuple[Any, Any, Any, Any]:
    """Return the four vectors that r and d are made of."""
    return p.batch_mean, p.batch_std, p.running_mean, p.running_std


@GROUP()
def r_and_d_keep_to_their_bounds(f: Any, p: Probe) -> Faults:
    """1 / r_max <= r <= r_max and |d| <= d_max."""
    for r_max, d_max in ((p.r_max, p.d_max), (TIGHT_R_MAX, TIGHT_D_MAX), (2.0, 0.5)):
        r, d = f.renorm_correction(*statistics(p), r_max, d_max)
        yield far(f"r with r_max = {r_max:g}", r, np.clip(r, 1 / r_max, r_max), 1)
        yield far(f"d with d_max = {d_max:g}", d, np.clip(d, -d_max, d_max), 1)


@GROUP()
def free_r_and_d_lead_to_the_running_statistics(f: Any, p: Probe) -> Faults:
    """Not clipped, r * running_std is batch_std and d * running_std is the means' distance."""
    r, d = f.renorm_correction(*statistics(p), WIDE, WIDE)
    yield far("r * running_std", r * p.running_std, p.batch_std)
    yield far("d * running_std", d * p.running_std, p.batch_mean - p.running_mean)


@GROUP()
def bounds_that_are_not_reached_do_nothing(f: Any, p: Probe) -> Faults:
    """Where the unclipped r or d lies within the bounds, it stays as it is."""
    free = f.renorm_correction(*statistics(p), WIDE, WIDE)
    found = f.renorm_correction(*statistics(p), p.r_max, p.d_max)
    bounds = ((1 / p.r_max, p.r_max), (-p.d_max, p.d_max))
    for name, a, b, (low, high) in zip(("r", "d"), found, free, bounds, strict=True):
        inside = (b > low) & (b < high)
        if inside.any():
            yield far(f"{name} where it is not clipped", a[inside], b[inside])


@GROUP()
def r_and_d_reach_their_bounds(f: Any, p: Probe) -> Faults:
    """With tight bounds r and d are at the upper one where the minibatch is above, else below."""
    r, d = f.renorm_correction(*statistics(p), TIGHT_R_MAX, TIGHT_D_MAX)
    wider, right = p.batch_std > p.running_std, p.batch_mean > p.running_mean
    yield far("r with r_max = 1.1", r, np.where(wider, TIGHT_R_MAX, 1 / TIGHT_R_MAX))
    yield far("d with d_max = 0.3", d, np.where(right, TIGHT_D_MAX, -TIGHT_D_MAX))


@GROUP()
def without_room_there_is_no_correction(f: Any, p: Probe) -> Faults:
    """r_max = 1 and d_max = 0 give r = 1 and d = 0."""
    r, d = f.renorm_correction(*statistics(p), 1.0, 0.0)
    yield far("r with r_max = 1", r, np.ones_like(p.r))
    yield far("d with d_max = 0", d, np.zeros_like(p.d), 1)


@GROUP()
def r_and_d_are_clipped_independently(f: Any, p: Probe) -> Faults:
    """Another r_max leaves d, and another d_max leaves r."""
    r, d = f.renorm_correction(*statistics(p), p.r_max, p.d_max)
    yield far("d with another r_max", f.renorm_correction(*statistics(p), 1.1, p.d_max)[1], d)
    yield far("r with another d_max", f.renorm_correction(*statistics(p), p.r_max, 0.3)[0], r)


@GROUP()
def r_and_d_have_no_unit(f: Any, p: Probe) -> Faults:
    """All four statistics in another unit give the same r and d: no eps is added."""
    r, d = f.renorm_correction(*statistics(p), p.r_max, p.d_max)
    small = [1e-3 * v for v in statistics(p)]
    scaled = f.renorm_correction(*small, p.r_max, p.d_max)
    yield far("r in a unit 1000 times as large", scaled[0], r)
    yield far("d in a unit 1000 times as large", scaled[1], d)


@GROUP()
def exchanged_statistics_turn_r_over(f: Any, p: Probe) -> Faults:
    """Minibatch and running statistics exchanged give 1 / r, so the bounds of r are symmetric."""
    r = f.renorm_correction(*statistics(p), p.r_max, p.d_max)[0]
    b_mean, b_std, r_mean, r_std = statistics(p)
    other = f.renorm_correction(r_mean, r_std, b_mean, b_std, p.r_max, p.d_max)[0]
    yield far("r * (r of the exchanged statistics)", r * other, np.ones_like(p.r))


@GROUP()
def mirrored_means_mirror_d(f: Any, p: Probe) -> Faults:
    """Both means with the other sign give -d and the same r."""
    r, d = f.renorm_correction(*statistics(p), p.r_max, p.d_max)
    b_mean, b_std, r_mean, r_std = statistics(p)
    other = f.renorm_correction(-b_mean, b_std, -r_mean, r_std, p.r_max, p.d_max)
    yield far("r of the mirrored means", other[0], r)
    yield far("d of the mirrored means", other[1], -d)


@GROUP()
def wider_bounds_never_correct_less(f: Any, p: Probe) -> Faults:
    """With larger bounds, |log r| and |d| do not become smaller."""
    narrow = f.renorm_correction(*statistics(p), p.r_max, p.d_max)
    wide = f.renorm_correction(*statistics(p), 2 * p.r_max, 2 * p.d_max)
    less = np.abs(np.log(wide[0])) < np.abs(np.log(narrow[0])) - LIMIT
    yield f"|log r| is smaller with 2 * r_max in channel {np.argmax(less)}" if less.any() else None
    less = np.abs(wide[1]) < np.abs(narrow[1]) - LIMIT
    yield f"|d| is smaller with 2 * d_max in channel {np.argmax(less)}" if less.any() else None
