"""Rows and images written twice, with images by broadcasting and a rolled axis."""

import numpy as np


def batchnorm_forward(x, gamma, beta, bn_param):
    eps, momentum = bn_param.get("eps", 1e-5), bn_param.get("momentum", 0.9)
    N, D = x.shape
    running_mean = bn_param.get("running_mean", np.zeros(D, dtype=x.dtype))
    running_var = bn_param.get("running_var", np.zeros(D, dtype=x.dtype))
    cache = ()
    if bn_param["mode"] == "train":
        mu, sigma2 = np.dot(np.ones(N), x) / N, np.cov(x.T, bias=True).diagonal()
        x_hat = np.divide(x - mu, np.sqrt(sigma2 + eps))
        out = np.tile(gamma, (N, 1)) * x_hat + np.tile(beta, (N, 1))
        running_mean = momentum * running_mean + (1 - momentum) * mu
        running_var = momentum * running_var + (1 - momentum) * sigma2
        cache = x_hat, sigma2, eps, gamma
    else:
        out = beta + gamma * (x - running_mean) * np.power(running_var + eps, -0.5)
    bn_param["running_mean"], bn_param["running_var"] = running_mean, running_var
    return out, cache


def batchnorm_backward(dout, cache):
    x_hat, sigma2, eps, gamma = cache
    dgamma, dbeta = (x_hat * dout).sum(axis=0), dout.sum(axis=0)
    dx_hat = dout * gamma
    std = np.sqrt(sigma2 + eps)
    dx = dx_hat / std
    dx -= dx_hat.mean(axis=0) / std
    dx -= x_hat / std * (x_hat * dx_hat).mean(axis=0)
    return dx, dgamma, dbeta


def batchnorm_backward_alt(dout, cache):
    x_hat, sigma2, eps, gamma = cache
    N = dout.shape[0]
    dgamma, dbeta = np.sum(dout * x_hat, axis=0), np.sum(dout, axis=0)
    dx = gamma / (N * np.sqrt(sigma2 + eps)) * (N * dout - x_hat * dgamma - dbeta)
    return dx, dgamma, dbeta


def spatial_batchnorm_forward(x, gamma, beta, bn_param):
    eps, momentum = bn_param.get("eps", 1e-5), bn_param.get("momentum", 0.9)
    C = x.shape[1]
    g, b = gamma[:, None, None], beta[:, None, None]
    if bn_param["mode"] == "train":
        mu, var = np.mean(x, (0, 2, 3)), np.var(x, (0, 2, 3))
        z = (x - mu[:, None, None]) / np.sqrt(var + eps)[:, None, None]
        bn_param["running_mean"] = (
            momentum * bn_param.get("running_mean", np.zeros(C)) + (1 - momentum) * mu
        )
        bn_param["running_var"] = (
            momentum * bn_param.get("running_var", np.zeros(C)) + (1 - momentum) * var
        )
        return g * z + b, (z, g / np.sqrt(var + eps)[:, None, None])
    std = np.sqrt(bn_param["running_var"] + eps)
    z = (np.rollaxis(x, 1, 4) - bn_param["running_mean"]) / std
    return np.rollaxis(gamma * z + beta, 3, 1), None


def spatial_batchnorm_backward(dout, cache):
    z, scale = cache
    m = dout[:, 0].size
    dgamma, dbeta = np.sum(dout * z, (0, 2, 3)), np.sum(dout, (0, 2, 3))
    inner = m * dout - dbeta[None, :, None, None] - z * dgamma.reshape(1, -1, 1, 1)
    return scale * inner / m, dgamma, dbeta
