"""Sums as einsum; images that are not turned into rows, and both modes as one product."""

import numpy as np


def statistics(x, sums):
    count = x.size // x.shape[1]
    mean = np.einsum(sums, x) / count
    return mean, np.einsum(sums, x * x) / count - mean * mean


def normalise(x, gamma, beta, bn_param, wide, sums):
    eps, momentum = bn_param.get("eps", 1e-5), bn_param.get("momentum", 0.9)
    if bn_param["mode"] == "train":
        mean, var = statistics(x, sums)
        keep = {"running_mean": mean, "running_var": var}
        for name in keep:
            new = (1 - momentum) * keep[name]
            bn_param[name] = momentum * bn_param[name] + new if name in bn_param else new
    else:
        mean, var = bn_param["running_mean"], bn_param["running_var"]
    scale = gamma / np.sqrt(var + eps)
    out = x * scale.reshape(wide) + (beta - mean * scale).reshape(wide)
    xhat = (x - mean.reshape(wide)) / np.sqrt(var + eps).reshape(wide)
    return out, (xhat, scale, wide, sums)


def batchnorm_forward(x, gamma, beta, bn_param):
    return normalise(x, gamma, beta, bn_param, (1, -1), "nc->c")


def batchnorm_backward(dout, cache):
    xhat, scale, wide, sums = cache
    m = dout.size // dout.shape[1]
    dgamma, dbeta = np.einsum(sums, dout * xhat), np.einsum(sums, dout)
    projected = xhat * (dgamma / m).reshape(wide) + (dbeta / m).reshape(wide)
    return scale.reshape(wide) * (dout - projected), dgamma, dbeta


def batchnorm_backward_alt(dout, cache):
    xhat, scale, _, _ = cache
    centred = dout - dout.mean(axis=0)
    dgamma = np.einsum("nc,nc->c", dout, xhat)
    return scale * (centred - xhat * dgamma / len(xhat)), dgamma, dout.sum(axis=0)


def spatial_batchnorm_forward(x, gamma, beta, bn_param):
    return normalise(x, gamma, beta, bn_param, (1, -1, 1, 1), "nchw->c")


def spatial_batchnorm_backward(dout, cache):
    return batchnorm_backward(dout, cache)
