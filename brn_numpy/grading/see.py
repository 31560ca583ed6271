"""The line that shows a mistake, what there is to see, and the names that a student has to run it.

- the student's functions by their contract names, and `np`;
- the arrays and numbers of the probe: x, dy (N, C); x4, dy4 (N, C, H, W); gamma, beta,
  running_mean, running_std, and, as they should be, batch_mean, batch_std, r, d (C,), xhat and
  inference_y (N, C); eps, momentum, r_max, d_max;
- tight: the last arguments of batch_renorm_forward with bounds so narrow that r and d are clipped
  everywhere, and so constants; tight_r, what r is then;
- what the student's forward passes make of it: y, cache (of x) and y4, cache4 (of x4);
  renorm_y, renorm_cache and renorm_y4, renorm_cache4; with tight bounds tight_y, tight_cache
  and tight_y4, tight_cache4.

For a file with cs231n's functions it is out and dout in the place of y and dy, bn_param in that of
eps, and what belongs to the spatial functions begins with spatial_. running_statistics returns what
batchnorm_forward has put into bn_param in training mode, and test_mode its out in test mode.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from .._checks import Array
from .adapter import FORWARD, written_in
from .contract import CORRECT, Solution
from .mistakes import ONLY, SEEN_BY, See
from .mistakes.candidates import Candidate
from .mistakes.plant import solution
from .observe import arguments_of
from .probe import TIGHT_D_MAX, TIGHT_R_MAX, Probe, make_probe
from .sandbox.child import load
from .submission import read

MADE = (  # with what the names of y and of the cache begin, the function, tight bounds or not
    ("", "batch_norm_forward", False),
    ("renorm_", "batch_renorm_forward", False),
    ("tight_", "batch_renorm_forward", True),
)


def names_of(own: str | Path | Mapping[str, Any], seed: int) -> dict[str, Any]:
    """Return the names in which the line of a mistake is run.

    They are those of your own file, which is run here, or of a notebook: `globals()`.
    """
    if not isinstance(own, Mapping):
        source, folder = read(Path(own)).source, str(Path(own).resolve().parent)
        own = vars(load({"source": source, "file": str(own), "folder": folder})[0])
    about, written = written_in(own)
    names: dict[str, Any] = {}
    for task in about.tasks:
        of_task = names_for(task.solution(written), make_probe(seed))
        if about.name == "exercises":
            return of_task
        if FORWARD in of_task:
            of_task[FORWARD] = _with_param(of_task[FORWARD])
            of_task["bn_param"] = {"mode": "train", "eps": of_task["eps"]}
        names |= {task.line(name): value for name, value in of_task.items()}
    return names


def _with_param(forward: Callable[..., Any]) -> Callable[..., Any]:
    """Return cs231n's forward pass in training mode, which takes bn_param and not eps."""
    return lambda x, gamma, beta, bn_param: forward(x, gamma, beta, bn_param["eps"])


def names_for(functions: Solution, probe: Probe, text: str = "") -> dict[str, Any]:
    """Return the names in which the line of a mistake is run, for one solution.

    Of the results of its forward passes only those that are in the text, if there is one.
    """
    values = {k: v.copy() if isinstance(v, np.ndarray) else v for k, v in vars(probe).items()}
    tight = (probe.running_mean, probe.running_std, TIGHT_R_MAX, TIGHT_D_MAX, probe.eps)
    inference = "batch_norm_inference"
    names: dict[str, Any] = {
        "np": np,
        **values,
        **{name: getattr(probe, name) for name in ("xhat", "r", "d")},
        "inference_y": CORRECT[inference](*arguments_of(inference, probe)),
        "tight": tight,
        "tight_r": np.where(probe.batch_std > probe.running_std, TIGHT_R_MAX, 1 / TIGHT_R_MAX),
        **functions,
    }
    for (prefix, function, narrow), images in product(MADE, ("", "4")):
        y, cache = f"{prefix}y{images}", f"{prefix}cache{images}"
        if function in functions and (not text or re.search(rf"\b({y}|{cache})\b", text)):
            given = arguments_of(function, probe, images=bool(images))
            given = [*given[:3], *tight] if narrow else given
            try:
                names[y], names[cache] = functions[function](*given)
            except Exception:  # not started, or it fails here: the other lines run all the same
                continue
    return names


def see_for(candidate: Candidate, function: str) -> See | None:
    """Return what shows a mistake in a function, if there is such a line."""
    what = candidate.mistake.what
    see = SEEN_BY.get((what, function))
    if not candidate.only:
        return see
    part = ONLY[candidate.only][1]  # made in one line only, it may be seen by that one better
    images = ", images" if re.search("[xy]4", candidate.mistake.see.run) else ""
    made = solution(function, dict(candidate.lines))
    for name in (part + images, what):
        see = SEEN_BY.get((name, function))
        if see is not None and shown(see, made, 0):
            return see
    return None


def shown(see: See, functions: Solution, seed: int) -> str:
    """Return in words what there is to see for a solution; empty if it is nothing."""
    try:
        one, other = (eval(e, names_for(functions, make_probe(seed), e)) for e in see[1:])
    except Exception:  # of the student's functions, which may fail here only
        return ""
    words = see.words
    if isinstance(one, tuple):  # a shape
        return f"{words}: {one}, should be {other}" if one != other else ""
    one, other = np.asarray(one), np.asarray(other)
    if one.shape != other.shape:
        return f"{words}: an array {one.shape}, should be {other.shape}"
    if {one.dtype.kind, other.dtype.kind} <= {"f", "i"}:
        one, other = 1.0 * one, 1.0 * other
        with np.errstate(all="ignore"):
            apart = np.abs(one - other)
        limit = 1e-4 if "slope" in words else 1e-9  # of differences, and of rounding
        if (apart <= limit * max(1, np.abs(other).max())).all():
            return ""
        if one.ndim == 2:
            worst = int(np.argmax(np.nan_to_num(apart, nan=np.inf).max(axis=1)))
            one, other = one[worst], other[worst]
            words += f", sample {worst}" * (len(apart) > 1)
    tiny = 1e-6 if "slope" in words else 1e-9  # a slope is measured
    for digits in (3, 6, 9) if one.size < 10 else ():  # more is nothing to read
        texts = _text(one, digits, tiny), _text(other, digits, tiny)
        if texts[0] != texts[1]:
            return f"{words}: {texts[0]}, should be {texts[1]}"
    return ""


def _text(value: Array, digits: int, tiny: float) -> str:
    """Return numbers with a few digits; what is 0 but for rounding is 0."""
    if value.dtype.kind != "f":
        return " ".join(str(value).split())
    return f"[{' '.join(f'{0.0 if abs(v) < tiny else v:.{digits}g}' for v in value.ravel())}]"
