"""The backward pass multiplies by the whole Jacobian of a channel; statistics in a dictionary."""

import numpy as np


def over(x):
    return tuple(i for i in range(x.ndim) if i != 1)


def shaped(v, x):
    return np.expand_dims(v, over(x))


def normalised(x, eps):
    mean, square = np.mean(x, over(x)), np.mean(x * x, over(x))
    std = np.sqrt(square - mean * mean + eps)  # one pass: right, but for large means
    return {"z": (x - shaped(mean, x)) / shaped(std, x), "mean": mean, "std": std}


def batch_norm_forward(x, gamma, beta, eps):
    kept = normalised(x, eps)
    kept["gamma"], kept["xhat"] = gamma.copy(), kept["z"]
    return shaped(gamma, x) * kept["z"] + shaped(beta, x), kept


def batch_norm_backward(dy, cache):
    dx = np.zeros_like(dy)
    for c in range(dy.shape[1]):
        z, g = cache["z"][:, c].ravel(), dy[:, c].ravel()
        m = z.size
        jacobian = (np.eye(m) - 1 / m - np.outer(z, z) / m) * cache["gamma"][c] / cache["std"][c]
        dx[:, c] = (jacobian.T @ g).reshape(dy[:, c].shape)
    return dx, np.sum(dy * cache["xhat"], over(dy)), np.sum(dy, over(dy))


def update_running(running_mean, running_std, batch_mean, batch_std, momentum):
    mean = np.average([running_mean, batch_mean], axis=0, weights=[1 - momentum, momentum])
    std = np.average([running_std, batch_std], axis=0, weights=[1 - momentum, momentum])
    return mean, std


def batch_norm_inference(x, gamma, beta, running_mean, running_std):
    z = (x - shaped(running_mean, x)) / shaped(running_std, x)
    return z * shaped(gamma, x) + shaped(beta, x)


def renorm_correction(batch_mean, batch_std, running_mean, running_std, r_max, d_max):
    ratio, shift = batch_std / running_std, (batch_mean - running_mean) / running_std
    r = np.where(ratio > r_max, r_max, np.where(ratio < 1 / r_max, 1 / r_max, ratio))
    return r, np.where(abs(shift) > d_max, np.sign(shift) * d_max, shift)


def batch_renorm_forward(x, gamma, beta, running_mean, running_std, r_max, d_max, eps):
    kept = normalised(x, eps)
    r, d = renorm_correction(kept["mean"], kept["std"], running_mean, running_std, r_max, d_max)
    kept["gamma"], kept["xhat"] = gamma * r, kept["z"] * shaped(r, x) + shaped(d, x)
    return shaped(gamma, x) * kept["xhat"] + shaped(beta, x), kept


batch_renorm_backward = batch_norm_backward
