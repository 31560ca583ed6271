"""Functions of NumPy for operators, a dict for a cache, running statistics changed in place."""

import numpy as np


def batchnorm_forward(x, gamma, beta, bn_param):
    D = x.shape[1]
    eps = bn_param.get("eps", 1e-5)
    momentum = bn_param.get("momentum", 0.9)
    running_mean = bn_param.setdefault("running_mean", np.zeros(D))
    running_var = bn_param.setdefault("running_var", np.zeros(D))
    cache = {}
    if bn_param["mode"] == "train":
        mean, var = np.mean(x, axis=0), np.var(x, axis=0)
        cache["istd"] = np.divide(1.0, np.sqrt(np.add(var, eps)))
        cache["xhat"] = np.multiply(np.subtract(x, mean), cache["istd"])
        cache["gamma"] = gamma
        out = np.add(np.multiply(gamma, cache["xhat"]), beta)
        np.multiply(running_mean, momentum, out=running_mean)
        np.multiply(running_var, momentum, out=running_var)
        running_mean += np.multiply(1 - momentum, mean)
        running_var += np.multiply(1 - momentum, var)
    else:
        out = np.divide(np.subtract(x, running_mean), np.sqrt(np.add(running_var, eps)))
        out = np.add(np.multiply(gamma, out), beta)
    return out, cache


def batchnorm_backward(dout, cache):
    xhat, istd = cache["xhat"], cache["istd"]
    dgamma = np.add.reduce(np.multiply(dout, xhat), axis=0)
    dbeta = np.add.reduce(dout, axis=0)
    inner = np.subtract(dout, np.divide(np.add(dbeta, np.multiply(xhat, dgamma)), len(dout)))
    return np.multiply(np.multiply(cache["gamma"], istd), inner), dgamma, dbeta


batchnorm_backward_alt = batchnorm_backward


def rows(x):
    return np.swapaxes(x.reshape(*x.shape[:2], -1), 1, 2).reshape(-1, x.shape[1])


def images(a, shape):
    N, C, H, W = shape
    return np.swapaxes(a.reshape(N, H * W, C), 1, 2).reshape(shape)


def spatial_batchnorm_forward(x, gamma, beta, bn_param):
    out, cache = batchnorm_forward(rows(x), gamma, beta, bn_param)
    return images(out, x.shape), cache


def spatial_batchnorm_backward(dout, cache):
    dx, dgamma, dbeta = batchnorm_backward(rows(dout), cache)
    return images(dx, dout.shape), dgamma, dbeta
