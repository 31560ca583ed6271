"""keepdims, an if for the number of dimensions, the closed form with sums."""

import numpy as np


def batch_norm_forward(x, gamma, beta, eps=1e-5):
    if x.ndim == 4:
        axes = (0, 2, 3)
        shape = (1, x.shape[1], 1, 1)
    else:
        axes = 0
        shape = (1, x.shape[1])
    g = gamma.reshape(shape)
    b = beta.reshape(shape)
    mean = np.mean(x, axis=axes, keepdims=True)
    var = np.var(x, axis=axes, keepdims=True)
    x_norm = (x - mean) / np.sqrt(var + eps)
    y = g * x_norm + b
    cache = {"xc": x - mean, "x_norm": x_norm, "var": var, "eps": eps, "g": g, "axes": axes}
    return y, cache


def batch_norm_backward(dy, cache):
    x_norm, var, eps, g, axes = (cache[k] for k in ("x_norm", "var", "eps", "g", "axes"))
    M = dy.shape[0] if dy.ndim == 2 else dy.shape[0] * dy.shape[2] * dy.shape[3]
    dgamma = np.sum(dy * x_norm, axis=axes)
    dbeta = np.sum(dy, axis=axes)
    istd = 1 / np.sqrt(var + eps)
    s1 = np.sum(dy, axis=axes, keepdims=True)
    s2 = np.sum(dy * x_norm, axis=axes, keepdims=True)
    dx = (g * istd / M) * (M * dy - s1 - x_norm * s2)
    return dx, dgamma, dbeta


def update_running(running_mean, running_std, batch_mean, batch_std, momentum):
    running_mean = running_mean + momentum * (batch_mean - running_mean)
    running_std = running_std + momentum * (batch_std - running_std)
    return running_mean, running_std


def batch_norm_inference(x, gamma, beta, running_mean, running_std):
    shape = (1, -1, 1, 1) if x.ndim == 4 else (1, -1)
    mu, sigma, g, b = (v.reshape(shape) for v in (running_mean, running_std, gamma, beta))
    x_norm = (x - mu) / sigma
    return g * x_norm + b


def renorm_correction(batch_mean, batch_std, running_mean, running_std, r_max, d_max):
    r = batch_std / running_std
    r = np.where(r > r_max, r_max, r)
    r = np.where(r < 1 / r_max, 1 / r_max, r)
    d = (batch_mean - running_mean) / running_std
    d = np.where(d > d_max, d_max, d)
    d = np.where(d < -d_max, -d_max, d)
    return r, d


def batch_renorm_forward(x, gamma, beta, running_mean, running_std, r_max, d_max, eps=1e-5):
    axes, shape = ((0, 2, 3), (1, -1, 1, 1)) if x.ndim == 4 else (0, (1, -1))
    g, b, rm, rs = (v.reshape(shape) for v in (gamma, beta, running_mean, running_std))
    mean = np.mean(x, axis=axes, keepdims=True)
    std = np.sqrt(np.var(x, axis=axes, keepdims=True) + eps)
    r = np.clip(std / rs, 1 / r_max, r_max)
    d = np.clip((mean - rm) / rs, -d_max, d_max)
    x_hat = (x - mean) / std * r + d
    y = g * x_hat + b
    return y, {"x": x, "mean": mean, "std": std, "r": r, "g": g, "x_hat": x_hat, "axes": axes}


def batch_renorm_backward(dy, cache):
    x, mean, std, r, g, axes = (cache[k] for k in ("x", "mean", "std", "r", "g", "axes"))
    x_hat = cache["x_hat"]
    M = dy.size // dy.shape[1]
    dx_hat = dy * g
    d_std = np.sum(dx_hat * (x - mean) * (-r / std**2), axis=axes, keepdims=True)
    d_mean = np.sum(dx_hat * (-r / std), axis=axes, keepdims=True)
    dx = dx_hat * r / std + d_std * (x - mean) / (M * std) + d_mean / M
    dgamma = np.sum(dy * x_hat, axis=axes)
    dbeta = np.sum(dy, axis=axes)
    return dx, dgamma, dbeta
