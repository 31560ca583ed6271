"""Loops over channels and values, lists for caches, prints in between."""

import math

import numpy as np


def channel(x, c):
    return [float(v) for v in x[:, c].ravel()]


def statistics(values, eps):
    mean = sum(values) / len(values)
    return mean, math.sqrt(sum((v - mean) ** 2 for v in values) / len(values) + eps)


def batch_norm_forward(x, gamma, beta, eps):
    y, cache = np.empty(x.shape), []
    for c in range(x.shape[1]):
        mean, std = statistics(channel(x, c), eps)
        xhat = (x[:, c] - mean) / std
        y[:, c] = gamma[c] * xhat + beta[c]
        cache.append([xhat, std, gamma[c], 1.0, 0.0])
        print("channel", c, mean, std)
    return [y, cache]


def batch_norm_backward(dy, cache):
    dx, dgamma, dbeta = np.empty(dy.shape), [], []
    for c, (xhat, std, gamma, r, d) in enumerate(cache):
        g, m = dy[:, c], dy[:, c].size
        s0 = s1 = 0.0
        for a, b in zip(g.ravel(), xhat.ravel(), strict=True):
            s0 += a
            s1 += a * b
        dx[:, c] = gamma * r / (m * std) * (m * g - s0 - xhat * s1)
        dgamma.append(r * s1 + d * s0)
        dbeta.append(s0)
    return dx, dgamma, dbeta


def update_running(running_mean, running_std, batch_mean, batch_std, momentum):
    means, stds = [], []
    for a, b in zip(running_mean, batch_mean, strict=True):
        means.append(a + momentum * (b - a))
    for a, b in zip(running_std, batch_std, strict=True):
        stds.append(a + momentum * (b - a))
    return np.array(means), np.array(stds)


def batch_norm_inference(x, gamma, beta, running_mean, running_std):
    y = np.empty(x.shape)
    for c in range(x.shape[1]):
        y[:, c] = gamma[c] * (x[:, c] - running_mean[c]) / running_std[c] + beta[c]
    return y


def renorm_correction(batch_mean, batch_std, running_mean, running_std, r_max, d_max):
    r, d = [], []
    for mb, sb, m, s in zip(batch_mean, batch_std, running_mean, running_std, strict=True):
        r.append(max(1 / r_max, min(r_max, sb / s)))
        d.append(max(-d_max, min(d_max, (mb - m) / s)))
    return np.array(r), np.array(d)


def batch_renorm_forward(x, gamma, beta, running_mean, running_std, r_max, d_max, eps):
    y, cache = batch_norm_forward(x, gamma, beta, eps)
    for c in range(x.shape[1]):
        mean, std = statistics(channel(x, c), eps)
        r, d = renorm_correction(
            [mean], [std], running_mean[c : c + 1], running_std[c : c + 1], r_max, d_max
        )
        cache[c][3:] = r[0], d[0]
        y[:, c] = gamma[c] * (cache[c][0] * r[0] + d[0]) + beta[c]
    return y, cache


batch_renorm_backward = batch_norm_backward
