"""What machine this is, and how many bytes it moves in a second."""

from __future__ import annotations

import os
import platform
from typing import Any

import numpy as np

from .. import __version__
from . import norms
from .frameworks import torch
from .timing import in_turn

LARGE = (32, 64, 56, 56)  # 26 MB in float32, more than most caches hold
MOVED = 7  # arrays read or written at least: forward x twice, y; backward x, dy twice, dx


def facts() -> dict[str, Any]:
    """Return names and versions, for the JSON file."""
    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "threads": os.environ.get("OMP_NUM_THREADS", "not set"),
        "blas": f"{blas.get('name')} {blas.get('version')}",
        "torch": None if torch is None else str(torch.__version__),
    }


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            names = [line.split(":", 1)[1].strip() for line in file if "model name" in line]
    except OSError:
        names = []
    return names[0] if names else platform.processor() or platform.machine()


def describe() -> str:
    """Say in one line what was timed, and where."""
    about = facts()
    rival = "no PyTorch" if torch is None else f"PyTorch {about['torch']}"
    return (
        f"brn_numpy {__version__}, NumPy {np.__version__} ({about['blas']}), {rival}; "
        f"{about['processor']}, {about['cores']} cores, OMP_NUM_THREADS={about['threads']}"
    )


def bandwidth(rounds: int) -> dict[str, float]:
    """Return the bytes a second of a copy, and of BN's forward and backward."""
    x = norms.inputs(LARGE, np.float32)["x"]
    target = np.empty_like(x)
    bn = norms.passes(LARGE, np.float32)["bn"]
    timings = in_turn({"copy": lambda: np.copyto(target, x), "bn": bn}, rounds)
    copy, both = (float(np.median(timings[name])) for name in ("copy", "bn"))
    return {"copy": 2 * x.nbytes / copy, "bn": MOVED * x.nbytes / both}


def sentence(moved: dict[str, float]) -> str:
    """Say how near BN comes to what the memory can do."""
    megabytes = int(np.prod(LARGE)) * 4 / 1e6
    return (
        f"a copy moves {moved['copy'] / 1e9:.1f} GB/s; BN, forward and backward, {MOVED} arrays of "
        f"{megabytes:.0f} MB in float32, {moved['bn'] / 1e9:.1f} GB/s, "
        f"{moved['bn'] / moved['copy']:.0%} of it, on one thread"
    )
