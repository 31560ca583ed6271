"""As in the course's file: other layers around it, and imports of files that are not here."""

from builtins import range  # noqa: UP029

import no_such_plots as plt
import numpy as np

from ..layer_utils import *  # noqa: F403
from .fast_layers import *  # noqa: F403

plt.rcParams["figure.figsize"] = (10.0, 8.0)


def conv_forward(x, w, b, conv_param):
    return conv_forward_fast(x, w, b, conv_param)  # noqa: F405


def batchnorm_forward(x, gamma, beta, bn_param):
    mode = bn_param["mode"]
    eps = bn_param.get("eps", 1e-5)
    momentum = bn_param.get("momentum", 0.9)
    _N, D = x.shape
    running_mean = bn_param.get("running_mean", np.zeros(D, dtype=x.dtype))
    running_var = bn_param.get("running_var", np.zeros(D, dtype=x.dtype))
    out, cache = None, None
    if mode == "train":
        mu, var = x.mean(axis=0), x.var(axis=0)
        std = np.sqrt(var + eps)
        x_norm = (x - mu) / std
        out = x_norm * gamma + beta
        shape, axis = bn_param.get("shape", x.shape), bn_param.get("axis", 0)
        cache = x, mu, var, std, gamma, x_norm, shape, axis
        if axis == 0:
            running_mean = momentum * running_mean + (1 - momentum) * mu
            running_var = momentum * running_var + (1 - momentum) * (std**2 - eps)
    elif mode == "test":
        out = gamma * (x - running_mean) / np.sqrt(running_var + eps) + beta
    else:
        raise ValueError('Invalid forward batchnorm mode "%s"' % mode)  # noqa: UP031
    bn_param["running_mean"] = running_mean
    bn_param["running_var"] = running_var
    return out, cache


def batchnorm_backward(dout, cache):
    x, mu, _, std, gamma, z, _, axis = cache
    N = 1.0 * dout.shape[0]
    dfdz = dout * gamma
    dudx = 1 / N
    dvdx = 2 / N * (x - mu)
    dzdx = 1 / std
    dzdu = -1 / std
    dzdv = -0.5 * std**-3 * (x - mu)
    dvdu = -2 / N * np.sum(x - mu, axis=0)
    dx = dfdz * dzdx + np.sum(dfdz * dzdu, axis=0) * dudx
    dx += np.sum(dfdz * dzdv, axis=0) * (dvdx + dvdu * dudx)
    dgamma = sum(dout[i] * z[i] for i in range(len(dout)))
    return dx, dgamma, np.sum(dout, axis=axis)


def batchnorm_backward_alt(dout, cache):
    _, _, _, std, gamma, z, shape, _ = cache
    assert dout.shape == shape
    dfdz = dout * gamma
    dfdz_sum = np.sum(dfdz, axis=0)
    dx = dfdz - dfdz_sum / len(z) - np.sum(dfdz * z, axis=0) * z / len(z)
    dx /= std
    return dx, np.sum(dout * z, axis=0), dout.sum(axis=0)


def layernorm_forward(x, gamma, beta, ln_param):
    out, cache = None, None
    return out, cache


def spatial_batchnorm_forward(x, gamma, beta, bn_param):
    N, C, H, W = x.shape
    x = np.moveaxis(x, 1, 3).reshape(N * H * W, C)
    out, cache = batchnorm_forward(x, gamma, beta, bn_param)
    return np.moveaxis(out.reshape(N, H, W, C), 3, 1), cache


def spatial_batchnorm_backward(dout, cache):
    N, C, H, W = dout.shape
    dout = np.moveaxis(dout, 1, 3).reshape(N * H * W, C)
    dx, dgamma, dbeta = batchnorm_backward(dout, cache)
    return np.moveaxis(dx.reshape(N, H, W, C), 3, 1), dgamma, dbeta


def spatial_groupnorm_forward(x, gamma, beta, G, gn_param):
    pass
