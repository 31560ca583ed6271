"""Batch Normalization and Batch Renormalization as the papers write them: a line a formula.

This is the specification; nothing is tuned and nothing is checked. The library computes the same,
is tested and timed against it, and students' functions are compared with it.

The shapes at the line ends are for rows x (N, C): N samples of C channels. For images, read
(N, C, H, W) for (N, C) and (1, C, 1, 1) for (1, C). What goes in and out for a channel is (C,).
Every std contains eps; momentum weighs the new value; a cache holds all names of its forward.

BN is Ioffe & Szegedy 2015 (arXiv:1502.03167), BRN is Ioffe 2017 (arXiv:1702.03275).
"""

from types import SimpleNamespace

import numpy as np


def batch_norm_forward(x, gamma, beta, eps):
    """Normalise with the minibatch, scale and shift: Algorithm 1 of BN."""
    gamma, beta = wide(gamma, x), wide(beta, x)  # (1, C)
    mu = mean(x)  # (1, C)
    xc = x - mu  # (N, C)
    var = variance(x)  # (1, C)
    std = np.sqrt(var + eps)  # (1, C)
    xhat = xc / std  # (N, C)
    y = gamma * xhat + beta  # (N, C)
    return y, SimpleNamespace(**locals())


def batch_norm_backward(dy, cache):
    """Return the gradients with respect to x, gamma, beta: section 3 of BN, in closed form."""
    dgamma = total(dy * cache.xhat)  # (C,)
    dbeta = total(dy)  # (C,)
    dxhat = cache.gamma * dy  # (N, C)
    through_mean = mean(dxhat)  # (1, C)
    through_std = cache.xhat * mean(dxhat * cache.xhat)  # (N, C)
    dx = (dxhat - through_mean - through_std) / cache.std  # (N, C)
    return dx, dgamma, dbeta


def update_running(running_mean, running_std, batch_mean, batch_std, momentum):
    """Move the running statistics towards the minibatch's: lines 7 and 8 of BRN."""
    new_mean = running_mean + momentum * (batch_mean - running_mean)  # (C,)
    new_std = running_std + momentum * (batch_std - running_std)  # (C,)
    return new_mean, new_std


def batch_norm_inference(x, gamma, beta, running_mean, running_std):
    """Normalise with the running statistics, scale and shift: inference in Algorithm 1 of BRN."""
    gamma, beta = wide(gamma, x), wide(beta, x)  # (1, C)
    mu, std = wide(running_mean, x), wide(running_std, x)  # (1, C)
    xhat = (x - mu) / std  # (N, C)
    y = gamma * xhat + beta  # (N, C)
    return y


def batch_norm_inference_backward(dy, x, gamma, running_mean, running_std):
    """Return the gradients with respect to x, gamma, beta; the running statistics are constants."""
    mu, std = wide(running_mean, x), wide(running_std, x)  # (1, C)
    xhat = (x - mu) / std  # (N, C)
    dgamma = total(dy * xhat)  # (C,)
    dbeta = total(dy)  # (C,)
    dx = wide(gamma, x) * dy / std  # (N, C)
    return dx, dgamma, dbeta


def renorm_correction(batch_mean, batch_std, running_mean, running_std, r_max, d_max):
    """Return r and d. Unclipped, they turn z into (x - running_mean) / running_std: lines 3, 4."""
    ratio = batch_std / running_std  # (C,)
    distance = (batch_mean - running_mean) / running_std  # (C,)
    r = np.clip(ratio, 1 / r_max, r_max)  # (C,)
    d = np.clip(distance, -d_max, d_max)  # (C,)
    return r, d


def batch_renorm_forward(x, gamma, beta, running_mean, running_std, r_max, d_max, eps):
    """Normalise with the minibatch, correct, scale and shift: Algorithm 1 of BRN."""
    gamma, beta = wide(gamma, x), wide(beta, x)  # (1, C)
    mu = mean(x)  # (1, C)
    xc = x - mu  # (N, C)
    var = variance(x)  # (1, C)
    std = np.sqrt(var + eps)  # (1, C)
    z = xc / std  # (N, C)
    running_mean, running_std = wide(running_mean, x), wide(running_std, x)  # (1, C)
    r, d = renorm_correction(mu, std, running_mean, running_std, r_max, d_max)  # (1, C)
    xhat = z * r + d  # (N, C)
    y = gamma * xhat + beta  # (N, C)
    return y, SimpleNamespace(**locals())


def batch_renorm_backward(dy, cache):
    """Return the gradients with r and d held constant: section 3 of BRN, in closed form."""
    dgamma = total(dy * cache.xhat)  # (C,)
    dbeta = total(dy)  # (C,)
    dxhat = cache.gamma * dy  # (N, C)
    dz = cache.r * dxhat  # (N, C)
    through_mean = mean(dz)  # (1, C)
    through_std = cache.z * mean(dz * cache.z)  # (N, C)
    dx = (dz - through_mean - through_std) / cache.std  # (N, C)
    return dx, dgamma, dbeta


def wide(vector, like):
    """Turn a vector (C,) into (1, C), or (1, C, 1, 1), which broadcasts against x."""
    return np.reshape(vector, (1, -1, *[1] * (like.ndim - 2)))


def over(a):
    """Return the axes that share a channel's statistics: all but the channels' own, axis 1."""
    return (0, *range(2, a.ndim))


def count(a):
    """Return m, the number of values of a channel: N, or N * H * W."""
    return a.size // a.shape[1]


def total(a):
    """Return the sum over each channel, (C,)."""
    return a.sum(axis=over(a))


def mean(a):
    """Return the mean of each channel, (1, C)."""
    return wide(total(a) / count(a), a)


def variance(a):
    """Return the mean squared distance from the mean, (1, C); m divides, and not m - 1."""
    return mean((a - mean(a)) ** 2)
