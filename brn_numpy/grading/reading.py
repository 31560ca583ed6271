"""Where in the tutorials a mistake is taught: the page, and a step or a heading on it."""

from __future__ import annotations

from collections.abc import Iterable

from .catalogue import BY_KEY

STEPS = "04_batch_norm_backward"  # the page on which BN's backward pass goes in numbered steps
PAGES = {  # where a function is taught
    "batch_norm_forward": "03_batch_norm_forward",
    "batch_norm_backward": STEPS,
    "update_running": "06_running_statistics",
    "batch_norm_inference": "06_running_statistics",
    "renorm_correction": "08_batch_renorm_forward",
    "batch_renorm_forward": "08_batch_renorm_forward",
    "batch_renorm_backward": "09_batch_renorm_backward",
}
HEADINGS = {  # where on these pages, by function and topic; or on another page
    ("batch_norm_forward", "forward"): "In NumPy",
    ("batch_norm_forward", "variance"): "By hand",
    ("batch_norm_forward", "eps"): "By hand",
    ("batch_norm_forward", "conv"): "Images",
    ("update_running", "momentum"): "Momentum, in two directions",
    ("update_running", "std"): "Averaging σ, or σ²",
    ("batch_norm_inference", "inference"): "Why a second mode",
    ("batch_norm_inference", "eps"): "Why a second mode",
    ("batch_norm_inference", "correction"): "Why a second mode",
    ("renorm_correction", "correction"): "Two ways to normalise the same value",
    ("renorm_correction", "eps"): "The forward pass",
    ("renorm_correction", "bounds"): "Bounds",
    ("batch_renorm_forward", "renorm forward"): "The forward pass",
    ("batch_renorm_forward", "order"): "The forward pass",
    ("batch_renorm_forward", "eps"): "The forward pass",
    ("batch_renorm_forward", "variance"): "The forward pass",
    ("batch_renorm_backward", "renorm dx"): "The paper's formulas, line by line",
    ("batch_renorm_backward", "renorm dgamma"): "The paper's formulas, line by line",
    ("batch_renorm_backward", "conv"): "The same in one line",
    ("batch_renorm_backward", "stop gradient"): "Stop gradient",
}


def places(function: str, keys: Iterable[str | None]) -> str:
    """Return where to read on about mistakes by their keys; None stands for an unknown one."""
    found: dict[str, list[str]] = {}
    for key in keys:
        page, where = _place(function, key)
        found.setdefault(page, []).append(where)
    texts = []
    for page, all_of_it in found.items():
        which = " and ".join(dict.fromkeys(w for w in all_of_it if w))
        texts.append(f"tutorials/{page}.md, {which}" if which else f"tutorials/{page}.md")
    return "; ".join(texts)


def _place(function: str, key: str | None) -> tuple[str, str]:
    """Return a page, and where on it."""
    if key is None:
        return PAGES[function], ""
    mistake = BY_KEY[key]
    if mistake.step:
        return STEPS, f"step {mistake.step}"
    heading = HEADINGS.get((mistake.function, mistake.topic), "")
    return PAGES[mistake.function], heading and f'"{heading}"'
