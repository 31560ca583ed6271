"""The names that are at hand where a student runs the line of a mistake.

- the student's functions by their contract names, and `np`;
- the arrays and numbers of the probe: x, dy (N, C); x4, dy4 (N, C, H, W); gamma, beta,
  running_mean, running_std, and, as they should be, batch_mean, batch_std, r, d (C,), xhat (N, C);
  eps, momentum, r_max, d_max;
- what the student's forward passes make of it: y, cache (of x) and y4, cache4 (of x4);
  renorm_y, renorm_cache and renorm_y4, renorm_cache4.
"""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import numpy as np

from .contract import CONTRACT, Solution
from .observe import arguments_of
from .probe import Probe, make_probe


def names_of(path: str | Path, seed: int) -> dict[str, Any]:
    """Run your own file here, and return the names in which the line of a mistake is run."""
    found = runpy.run_path(str(path))
    return names_for({name: found[name] for name in CONTRACT if name in found}, make_probe(seed))


def names_for(solution: Solution, probe: Probe) -> dict[str, Any]:
    """Return the names in which the line of a mistake is run, for one solution."""
    values = {k: v.copy() if isinstance(v, np.ndarray) else v for k, v in vars(probe).items()}
    names: dict[str, Any] = {"np": np, **values, "xhat": probe.xhat, **solution}
    for function, prefix in (("batch_norm_forward", ""), ("batch_renorm_forward", "renorm_")):
        if function in solution:
            for images, suffix in ((False, ""), (True, "4")):
                try:
                    y, cache = solution[function](*arguments_of(function, probe, images=images))
                except NotImplementedError:  # an exercise that is not started
                    continue
                names |= {f"{prefix}y{suffix}": y, f"{prefix}cache{suffix}": cache}
    return names
