"""Node by node."""

import numpy as np


def rows(a):
    return a if a.ndim == 2 else a.transpose(0, 2, 3, 1).reshape(-1, a.shape[1])


def unrows(a, shape):
    if len(shape) == 2:
        return a
    n, c, h, w = shape
    return a.reshape(n, h, w, c).transpose(0, 3, 1, 2)


def batch_norm_forward(x, gamma, beta, eps):
    shape = x.shape
    a = rows(x)
    N, _ = a.shape
    total = np.sum(a, axis=0)
    mu = total / N
    xmu = a - mu
    sq = xmu**2
    sumsq = np.sum(sq, axis=0)
    var = sumsq / N
    vareps = var + eps
    sqrtvar = np.sqrt(vareps)
    ivar = 1.0 / sqrtvar
    xhat = xmu * ivar
    gammax = gamma * xhat
    out = gammax + beta
    return unrows(out, shape), (xhat, gamma, xmu, ivar, sqrtvar, var, eps)


def batch_norm_backward(dy, cache):
    xhat, gamma, xmu, ivar, sqrtvar, var, eps = cache
    dout = rows(dy)
    N, D = dout.shape
    dbeta = np.sum(dout, axis=0)
    dgammax = dout
    dgamma = np.sum(dgammax * xhat, axis=0)
    dxhat = dgammax * gamma
    divar = np.sum(dxhat * xmu, axis=0)
    dxmu1 = dxhat * ivar
    dsqrtvar = -1.0 / (sqrtvar**2) * divar
    dvar = 0.5 * 1.0 / np.sqrt(var + eps) * dsqrtvar
    dsq = 1.0 / N * np.ones((N, D)) * dvar
    dxmu2 = 2 * xmu * dsq
    dx1 = dxmu1 + dxmu2
    dmu = -1 * np.sum(dxmu1 + dxmu2, axis=0)
    dx2 = 1.0 / N * np.ones((N, D)) * dmu
    dx = dx1 + dx2
    return unrows(dx, dy.shape), dgamma, dbeta


def update_running(running_mean, running_std, batch_mean, batch_std, momentum):
    new_mean = running_mean * (1 - momentum) + batch_mean * momentum
    new_std = running_std * (1 - momentum) + batch_std * momentum
    return new_mean, new_std


def batch_norm_inference(x, gamma, beta, running_mean, running_std):
    a = rows(x)
    centred = a - running_mean
    xhat = centred / running_std
    scaled = gamma * xhat
    out = scaled + beta
    return unrows(out, x.shape)


def renorm_correction(batch_mean, batch_std, running_mean, running_std, r_max, d_max):
    ratio = batch_std / running_std
    r = np.clip(ratio, 1 / r_max, r_max)
    shift = (batch_mean - running_mean) / running_std
    d = np.clip(shift, -d_max, d_max)
    return r, d


def batch_renorm_forward(x, gamma, beta, running_mean, running_std, r_max, d_max, eps):
    a = rows(x)
    N = len(a)
    mu = np.sum(a, axis=0) / N
    xmu = a - mu
    var = np.sum(xmu**2, axis=0) / N
    sigma = np.sqrt(var + eps)
    r, d = renorm_correction(mu, sigma, running_mean, running_std, r_max, d_max)
    z = xmu / sigma
    xhat = z * r + d
    out = gamma * xhat + beta
    return unrows(out, x.shape), (xhat, xmu, sigma, r, gamma)


def batch_renorm_backward(dy, cache):
    xhat, xmu, sigma, r, gamma = cache
    dout = rows(dy)
    N = len(dout)
    dbeta = dout.sum(axis=0)
    dgamma = np.sum(dout * xhat, axis=0)
    dxhat = dout * gamma
    dz = dxhat * r
    dsigma = np.sum(dz * xmu, axis=0) * -1 / sigma**2
    dxmu = dz / sigma
    dvar = dsigma / (2 * sigma)
    dxmu = dxmu + 2 * xmu * dvar / N
    dmu = -dxmu.sum(axis=0)
    dx = dxmu + dmu / N
    return unrows(dx, dy.shape), dgamma, dbeta
