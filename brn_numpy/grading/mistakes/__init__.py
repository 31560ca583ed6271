"""What people write in place of the textbook's lines: the page `mistakes.md`, read and planted."""

from __future__ import annotations

from .page import MISTAKES, SEEN_BY, TAUGHT, Mistake, See

BY_KEY: dict[str, Mistake] = {m.key: m for m in MISTAKES}

SAME: dict[frozenset[str], str] = {
    frozenset({"r-clipped-from-zero", "r-clipped-symmetrically"}): (
        "a ratio of standard deviations is positive, so a lower bound of 0 and one of -r_max both "
        "do nothing"
    ),
}
"""Pairs of mistakes that no input can tell apart, with the reason."""

__all__ = ["BY_KEY", "MISTAKES", "SAME", "SEEN_BY", "TAUGHT", "Mistake", "See"]
