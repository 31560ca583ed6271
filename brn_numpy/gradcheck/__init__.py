"""Numeric gradients, and a check of a backward pass: needs NumPy alone, copy the folder.

To read: numeric has the idea; steps and slope make it exact. check compares a backward pass with
it: subject calls both passes, behaviour looks at what they do, compare at the numbers, hints at
what a wrong one gives away, and report tells it.
"""

from .check import check_gradients
from .numeric import PrecisionWarning, numerical_gradient
from .report import ArgumentReport, GradientReport

__all__ = [
    "ArgumentReport",
    "GradientReport",
    "PrecisionWarning",
    "check_gradients",
    "numerical_gradient",
]
