"""A framework to read in an hour: layers with hand-written gradients, a loss, optimizers."""

from .checkpoint import load, save
from .conv import Conv2d
from .layer import Layer, Parameter
from .linear import Flatten, Linear, ReLU, he_normal
from .losses import softmax_cross_entropy
from .norm import BatchNorm, BatchRenorm
from .optim import SGD, Adam, Optimizer
from .pool import AvgPool2d, MaxPool2d
from .sequential import Sequential

__all__ = [
    "SGD",
    "Adam",
    "AvgPool2d",
    "BatchNorm",
    "BatchRenorm",
    "Conv2d",
    "Flatten",
    "Layer",
    "Linear",
    "MaxPool2d",
    "Optimizer",
    "Parameter",
    "ReLU",
    "Sequential",
    "he_normal",
    "load",
    "save",
    "softmax_cross_entropy",
]
