"""Batch Normalization and Batch Renormalization in plain NumPy: an educational reference."""

from . import _start as _start  # isort: skip  # before NumPy is loaded
from . import data, nn
from .batch_norm import (
    batch_norm_backward,
    batch_norm_forward,
    inference_backward,
    inference_forward,
)
from .batch_renorm import batch_renorm_backward, batch_renorm_forward, renorm_correction
from .family import (
    group_norm_backward,
    group_norm_forward,
    instance_norm_backward,
    instance_norm_forward,
    layer_norm_backward,
    layer_norm_forward,
    rms_norm_backward,
    rms_norm_forward,
)
from .gradcheck import GradientReport, check_gradients, numerical_gradient
from .moments import Moments, batch_moments, update_running
from .schedule import PAPER_SCHEDULE, RenormSchedule

__version__ = "0.2.0"

__all__ = [
    "PAPER_SCHEDULE",
    "GradientReport",
    "Moments",
    "RenormSchedule",
    "batch_moments",
    "batch_norm_backward",
    "batch_norm_forward",
    "batch_renorm_backward",
    "batch_renorm_forward",
    "check_gradients",
    "data",
    "group_norm_backward",
    "group_norm_forward",
    "inference_backward",
    "inference_forward",
    "instance_norm_backward",
    "instance_norm_forward",
    "layer_norm_backward",
    "layer_norm_forward",
    "nn",
    "numerical_gradient",
    "renorm_correction",
    "rms_norm_backward",
    "rms_norm_forward",
    "update_running",
]
