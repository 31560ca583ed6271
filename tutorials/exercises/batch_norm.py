"""The exercises: Batch Normalization and Batch Renormalization, in NumPy.

Copy this file, solve the exercises in order, and let the grader look at it as often as you like:

    python -m brn_numpy grade my_batch_norm.py

x and dy are arrays (N, C) or (N, C, H, W) of float64: N samples, C channels, and for images H x W
pixels. All pixels of a channel share its statistics. gamma, beta, and every mean and std are (C,).
Leave the arrays that you get as they are, and return new ones.
"""

import numpy as np  # noqa: F401


def batch_norm_forward(x, gamma, beta, eps):
    """Return (y, cache): x normalised with its own mean and biased variance, scaled and shifted.

    eps is added to the variance. The cache is yours: put in what the backward pass will need.
    """
    raise NotImplementedError("exercise 1, see tutorials/03_batch_norm_forward.md")


def batch_norm_backward(dy, cache):
    """Return (dx, dgamma, dbeta), gradients of the loss; dy is that with respect to y."""
    raise NotImplementedError("exercise 2, see tutorials/04_batch_norm_backward.md")


def update_running(running_mean, running_std, batch_mean, batch_std, momentum):
    """Return the new (running_mean, running_std); momentum is the weight of the new value."""
    raise NotImplementedError("exercise 3, see tutorials/06_running_statistics.md")


def batch_norm_inference(x, gamma, beta, running_mean, running_std):
    """Return y, normalised with the running statistics; running_std contains eps already."""
    raise NotImplementedError("exercise 4, see tutorials/06_running_statistics.md")


def renorm_correction(batch_mean, batch_std, running_mean, running_std, r_max, d_max):
    """Return (r, d), the correction that leads to the running statistics, within its bounds."""
    raise NotImplementedError("exercise 5, see tutorials/08_batch_renorm_forward.md")


def batch_renorm_forward(x, gamma, beta, running_mean, running_std, r_max, d_max, eps):
    """Return (y, cache): as batch_norm_forward, with the correction before gamma and beta."""
    raise NotImplementedError("exercise 6, see tutorials/08_batch_renorm_forward.md")


def batch_renorm_backward(dy, cache):
    """Return (dx, dgamma, dbeta); r and d are constants."""
    raise NotImplementedError("exercise 7, see tutorials/09_batch_renorm_backward.md")
