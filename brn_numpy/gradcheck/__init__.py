"""Numeric gradients, and a check of a backward pass: needs NumPy alone, copy the folder."""

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
