"""Loops over features and samples; what is counted is counted one by one."""

import math

import numpy as np


def batchnorm_forward(x, gamma, beta, bn_param):
    N, D = x.shape
    eps = bn_param["eps"] if "eps" in bn_param else 1e-5
    momentum = bn_param["momentum"] if "momentum" in bn_param else 0.9
    if "running_mean" not in bn_param:
        bn_param["running_mean"], bn_param["running_var"] = np.zeros(D), np.zeros(D)
    out = np.zeros((N, D))
    cache = []
    for j in range(D):
        if bn_param["mode"] == "train":
            mean = sum(x[i, j] for i in range(N)) / N
            var = sum((x[i, j] - mean) ** 2 for i in range(N)) / N
            for name, value in (("running_mean", mean), ("running_var", var)):
                old = bn_param[name][j]
                bn_param[name][j] = old + (1 - momentum) * (value - old)
        else:
            mean, var = bn_param["running_mean"][j], bn_param["running_var"][j]
        std = math.sqrt(var + eps)
        column = []
        for i in range(N):
            column.append((x[i, j] - mean) / std)
            out[i, j] = gamma[j] * column[-1] + beta[j]
        cache.append((column, gamma[j], std))
    return out, cache


def batchnorm_backward(dout, cache):
    N, D = dout.shape
    dx, dgamma, dbeta = np.zeros((N, D)), np.zeros(D), np.zeros(D)
    for j, (column, g, std) in enumerate(cache):
        for i in range(N):
            dgamma[j] += dout[i, j] * column[i]
            dbeta[j] += dout[i, j]
        for i in range(N):
            dx[i, j] = g / std * (dout[i, j] - dbeta[j] / N - column[i] * dgamma[j] / N)
    return dx, dgamma, dbeta


def batchnorm_backward_alt(dout, cache):
    N, D = dout.shape
    dx = np.zeros((N, D))
    for j, (column, g, std) in enumerate(cache):
        z = np.array(column)
        jacobian = g / std * (np.eye(N) - 1 / N - np.outer(z, z) / N)
        dx[:, j] = jacobian @ dout[:, j]
    z = np.array([column for column, _, _ in cache]).T
    return dx, np.diag(z.T @ dout).copy(), np.ones(N) @ dout


def columns(x):
    return np.array([x[:, c].ravel() for c in range(x.shape[1])]).T


def put_back(a, like):
    out = np.empty_like(like)
    for c in range(like.shape[1]):
        out[:, c] = a[:, c].reshape(like[:, c].shape)
    return out


def spatial_batchnorm_forward(x, gamma, beta, bn_param):
    out, cache = batchnorm_forward(columns(x), gamma, beta, bn_param)
    return put_back(out, x), cache


def spatial_batchnorm_backward(dout, cache):
    dx, dgamma, dbeta = batchnorm_backward(columns(dout), cache)
    return put_back(dx, dout), dgamma, dbeta
