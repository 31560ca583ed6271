"""Plain: axes from the number of dimensions, the closed form backward."""

import numpy as np


def axes(x):
    return (0, *range(2, x.ndim))


def w(v, x):
    return np.reshape(v, (1, -1) + (1,) * (x.ndim - 2))


def batch_norm_forward(x, gamma, beta, eps):
    mu = x.mean(axis=axes(x))
    var = x.var(axis=axes(x))
    std = np.sqrt(var + eps)
    xhat = (x - w(mu, x)) / w(std, x)
    return w(gamma, x) * xhat + w(beta, x), (xhat, std, gamma)


def batch_norm_backward(dy, cache):
    xhat, std, gamma = cache
    m = dy.size / dy.shape[1]
    dgamma = (dy * xhat).sum(axis=axes(dy))
    dbeta = dy.sum(axis=axes(dy))
    dx = w(gamma / std, dy) * (dy - w(dbeta, dy) / m - xhat * w(dgamma, dy) / m)
    return dx, dgamma, dbeta


def update_running(rm, rs, bm, bs, momentum):
    return (1 - momentum) * rm + momentum * bm, (1 - momentum) * rs + momentum * bs


def batch_norm_inference(x, gamma, beta, rm, rs):
    return w(gamma, x) * (x - w(rm, x)) / w(rs, x) + w(beta, x)


def renorm_correction(bm, bs, rm, rs, r_max, d_max):
    return np.clip(bs / rs, 1 / r_max, r_max), np.clip((bm - rm) / rs, -d_max, d_max)


def batch_renorm_forward(x, gamma, beta, rm, rs, r_max, d_max, eps):
    mu = x.mean(axis=axes(x))
    std = np.sqrt(x.var(axis=axes(x)) + eps)
    r, d = renorm_correction(mu, std, rm, rs, r_max, d_max)
    z = (x - w(mu, x)) / w(std, x)
    xhat = z * w(r, x) + w(d, x)
    return w(gamma, x) * xhat + w(beta, x), dict(z=z, xhat=xhat, k=gamma * r / std)


def batch_renorm_backward(dy, cache):
    z = cache["z"]
    a = axes(dy)
    dx = w(cache["k"], dy) * (
        dy - dy.mean(axis=a, keepdims=True) - z * (dy * z).mean(axis=a, keepdims=True)
    )
    return dx, (dy * cache["xhat"]).sum(axis=a), dy.sum(axis=a)
