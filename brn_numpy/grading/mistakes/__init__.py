"""What people write in place of the textbook's lines: the page `mistakes.md`, read and planted.

page        the page: its mistakes, and what shows them
plant       lines in the place of the textbook's
fit         the number in a line
candidates  the mistakes as they may be in a function: its own, and those of others
"""

from __future__ import annotations

from .page import MISTAKES, ONLY, SEEN_BY, TAUGHT, Mistake, See, place_of

BY_KEY: dict[str, Mistake] = {m.key: m for m in MISTAKES}

__all__ = ["BY_KEY", "MISTAKES", "ONLY", "SEEN_BY", "TAUGHT", "Mistake", "See", "place_of"]
