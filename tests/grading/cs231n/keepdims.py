"""Statistics that keep their dimensions; images by reductions of their own over (0, 2, 3)."""

import numpy as np


def batchnorm_forward(x, gamma, beta, bn_param, axis=0):
    shape = [1 if i in np.atleast_1d(axis) else n for i, n in enumerate(x.shape)]
    C = x.shape[1]
    eps, momentum = bn_param.get("eps", 1e-5), bn_param.get("momentum", 0.9)
    rm = bn_param.get("running_mean", np.zeros(C)).reshape(shape)
    rv = bn_param.get("running_var", np.zeros(C)).reshape(shape)
    g, b = gamma.reshape(shape), beta.reshape(shape)
    if bn_param["mode"] == "test":
        return g * (x - rm) / np.sqrt(rv + eps) + b, None
    mu = x.mean(axis=axis, keepdims=True)
    var = ((x - mu) ** 2).mean(axis=axis, keepdims=True)
    bn_param["running_mean"] = np.squeeze(momentum * rm + (1 - momentum) * mu)
    bn_param["running_var"] = np.squeeze(momentum * rv + (1 - momentum) * var)
    return g * (x - mu) / np.sqrt(var + eps) + b, (x, mu, var, g, eps, axis)


def batchnorm_backward(dout, cache):
    x, mu, var, g, eps, axis = cache
    M = x.size / x.shape[1]
    d = dout * g
    dvar = np.sum(d * (x - mu) * -0.5 * (var + eps) ** -1.5, axis=axis, keepdims=True)
    dmu = np.sum(-d / np.sqrt(var + eps), axis=axis, keepdims=True)
    dmu += dvar * np.sum(-2 * (x - mu), axis=axis, keepdims=True) / M
    dx = d / np.sqrt(var + eps) + dvar * 2 * (x - mu) / M + dmu / M
    dgamma = np.sum(dout * (x - mu) / np.sqrt(var + eps), axis=axis)
    return dx, dgamma, np.sum(dout, axis=axis)


def batchnorm_backward_alt(dout, cache):
    x, mu, var, g, eps, axis = cache
    xn = (x - mu) / np.sqrt(var + eps)
    dgamma, dbeta = (dout * xn).sum(axis), dout.sum(axis)
    return g / np.sqrt(var + eps) * (dout - (xn * dgamma + dbeta) / len(x)), dgamma, dbeta


def spatial_batchnorm_forward(x, gamma, beta, bn_param):
    return batchnorm_forward(x, gamma, beta, bn_param, axis=(0, 2, 3))


def spatial_batchnorm_backward(dout, cache):
    return batchnorm_backward(dout, cache)
