"""What holds for right functions whatever the numbers are, by name: said of what has no name."""

from __future__ import annotations

from . import statements  # noqa: F401 (it fills PROPERTIES)
from .base import PROPERTIES, Property, far

__all__ = ["PROPERTIES", "Property", "far"]
