"""Images become rows, the backward pass goes from node to node, BRN is written as BN."""

import numpy as np


def to_rows(x):
    return np.moveaxis(x, 1, -1).reshape(-1, x.shape[1])


def back(rows, like):
    last = np.moveaxis(like, 1, -1)
    return np.moveaxis(rows.reshape(last.shape), -1, 1)


def batch_norm_forward(x, gamma, beta, eps):
    a = to_rows(x)
    mu = np.mean(a, axis=0)
    xc = a - mu
    var = np.mean(xc * xc, axis=0)
    std = np.sqrt(var + eps)
    inverse = 1.0 / std
    xhat = xc * inverse
    return back(gamma * xhat + beta, x), {"xc": xc, "std": std, "i": inverse, "gamma": gamma}


def batch_norm_backward(dy, cache):
    g = to_rows(dy)
    m = g.shape[0]
    xc, std, inverse = cache["xc"], cache["std"], cache["i"]
    dbeta = np.sum(g, axis=0)
    dgamma = np.sum(g * xc * inverse, axis=0)
    dxhat = g * cache["gamma"]
    dinverse = np.sum(dxhat * xc, axis=0)
    dxc = dxhat * inverse
    dstd = -dinverse / std**2
    dvar = 0.5 * dstd / std
    dxc = dxc + 2.0 / m * xc * dvar
    dmu = -np.sum(dxc, axis=0)
    return back(dxc + dmu / m, dy), dgamma, dbeta


def update_running(running_mean, running_std, batch_mean, batch_std, momentum):
    keep = 1 - momentum
    return keep * running_mean + momentum * batch_mean, keep * running_std + momentum * batch_std


def batch_norm_inference(x, gamma, beta, running_mean, running_std):
    scale = gamma / running_std
    return back(to_rows(x) * scale + (beta - running_mean * scale), x)


def renorm_correction(batch_mean, batch_std, running_mean, running_std, r_max, d_max):
    r = np.maximum(np.minimum(batch_std / running_std, r_max), 1 / r_max)
    d = np.maximum(np.minimum((batch_mean - running_mean) / running_std, d_max), -d_max)
    return r, d


def batch_renorm_forward(x, gamma, beta, running_mean, running_std, r_max, d_max, eps):
    a = to_rows(x)
    std = np.sqrt(a.var(axis=0) + eps)
    r, d = renorm_correction(a.mean(axis=0), std, running_mean, running_std, r_max, d_max)
    y, cache = batch_norm_forward(x, gamma * r, beta + gamma * d, eps)
    return y, (cache, r, d)


def batch_renorm_backward(dy, cache):
    dx, dscale, dbeta = batch_norm_backward(dy, cache[0])
    return dx, cache[1] * dscale + cache[2] * dbeta, dbeta
