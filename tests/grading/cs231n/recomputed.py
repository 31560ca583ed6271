"""A cache of the arguments alone, everything computed again; Kronecker's formula for dx."""

import numpy as np


def batchnorm_forward(x, gamma, beta, bn_param):
    mode, eps = bn_param["mode"], bn_param.get("eps", 1e-5)
    momentum = bn_param.get("momentum", 0.9)
    D = x.shape[1]
    running_mean = bn_param.get("running_mean", np.zeros(D))
    running_var = bn_param.get("running_var", np.zeros(D))
    if mode == "train":
        sample_mean = np.mean(x, axis=0)
        sample_var = np.mean(np.square(x - sample_mean), axis=0)
        running_mean = momentum * running_mean + (1 - momentum) * sample_mean
        running_var = momentum * running_var + (1 - momentum) * sample_var
        out = gamma * ((x - sample_mean) / np.sqrt(sample_var + eps)) + beta
    elif mode == "test":
        out = gamma * ((x - running_mean) / np.sqrt(running_var + eps)) + beta
    bn_param.update(running_mean=running_mean, running_var=running_var)
    return out, (x, gamma, beta, bn_param, eps)


def batchnorm_backward(dout, cache):
    x, gamma, _beta, _bn_param, eps = cache
    N = x.shape[0]
    mu = 1.0 / N * np.sum(x, axis=0)
    var = 1.0 / N * np.sum((x - mu) ** 2, axis=0)
    dbeta = np.sum(dout, axis=0)
    dgamma = np.sum((x - mu) * (var + eps) ** (-1.0 / 2.0) * dout, axis=0)
    dx = (
        (1.0 / N)
        * gamma
        * (var + eps) ** (-1.0 / 2.0)
        * (
            N * dout
            - np.sum(dout, axis=0)
            - (x - mu) * (var + eps) ** (-1.0) * np.sum(dout * (x - mu), axis=0)
        )
    )
    return dx, dgamma, dbeta


def batchnorm_backward_alt(dout, cache):
    x, gamma, _, _, eps = cache
    kronecker = np.eye(len(x)) - 1 / len(x)
    xc = kronecker @ x
    std = np.sqrt((xc**2).mean(axis=0) + eps)
    dxc = gamma * dout / std - xc * (gamma * dout * xc).mean(axis=0) / std**3
    return kronecker.T @ dxc, (dout * xc / std).sum(axis=0), dout.sum(axis=0)


def spatial_batchnorm_forward(x, gamma, beta, bn_param):
    N, C, H, W = x.shape
    x_new = np.reshape(np.transpose(x, (0, 2, 3, 1)), (N * H * W, C))
    out, cache = batchnorm_forward(x_new, gamma, beta, bn_param)
    return np.transpose(np.reshape(out, (N, H, W, C)), (0, 3, 1, 2)), cache


def spatial_batchnorm_backward(dout, cache):
    N, C, H, W = dout.shape
    dout_new = np.reshape(np.transpose(dout, (0, 2, 3, 1)), (N * H * W, C))
    dx, dgamma, dbeta = batchnorm_backward(dout_new, cache)
    return np.transpose(np.reshape(dx, (N, H, W, C)), (0, 3, 1, 2)), dgamma, dbeta
