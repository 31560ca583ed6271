"""A framework to read in an hour: layers with hand-written gradients, a loss, optimizers."""

from .checkpoint import load, save
from .conv import Conv2d
from .family import GroupNorm, InstanceNorm, LayerNorm, RMSNorm
from .flatten import Flatten
from .layer import Layer
from .linear import Linear
from .losses import softmax_cross_entropy
from .norm import BatchNorm, BatchRenorm
from .optim import SGD, Adam, Optimizer
from .parameter import Parameter, he_normal
from .pool import AvgPool2d, GlobalAvgPool2d, MaxPool2d
from .relu import ReLU
from .sequential import Sequential

__all__ = [
    "SGD",
    "Adam",
    "AvgPool2d",
    "BatchNorm",
    "BatchRenorm",
    "Conv2d",
    "Flatten",
    "GlobalAvgPool2d",
    "GroupNorm",
    "InstanceNorm",
    "Layer",
    "LayerNorm",
    "Linear",
    "MaxPool2d",
    "Optimizer",
    "Parameter",
    "RMSNorm",
    "ReLU",
    "Sequential",
    "he_normal",
    "load",
    "save",
    "softmax_cross_entropy",
]
