"""Nodes that are objects with a forward and a backward pass; the cache is a list of them."""

from __future__ import annotations

import numpy as np


class Centre:
    def forward(self, x):
        self.mean = x.mean(axis=0)
        return x - self.mean

    def backward(self, d: np.ndarray) -> np.ndarray:
        return d - d.mean(axis=0)


class Divide:
    def __init__(self, eps):
        self.eps = eps

    def forward(self, xc):
        self.var = (xc * xc).mean(axis=0)
        self.std = np.sqrt(self.var + self.eps)
        self.out = xc / self.std
        return self.out

    def backward(self, d):
        return (d - self.out * (d * self.out).mean(axis=0)) / self.std


class Affine:
    def __init__(self, gamma, beta):
        self.gamma, self.beta = gamma, beta

    def forward(self, x):
        self.x = x
        return self.gamma * x + self.beta

    def backward(self, d):
        self.dgamma, self.dbeta = (d * self.x).sum(axis=0), d.sum(axis=0)
        return d * self.gamma


def batchnorm_forward(x, gamma, beta, bn_param):
    eps, momentum = bn_param.get("eps", 1e-5), bn_param.get("momentum", 0.9)
    affine = Affine(gamma, beta)
    match bn_param["mode"]:
        case "train":
            nodes = [Centre(), Divide(eps), affine]
            out = x
            for node in nodes:
                out = node.forward(out)
            for name, new in (("running_mean", nodes[0].mean), ("running_var", nodes[1].var)):
                old = bn_param.get(name, np.zeros_like(new))
                bn_param[name] = np.average([old, new], axis=0, weights=[momentum, 1 - momentum])
            return out, nodes
        case "test":
            std = np.sqrt(bn_param["running_var"] + eps)
            return affine.forward((x - bn_param["running_mean"]) / std), None
    raise ValueError(bn_param["mode"])


def batchnorm_backward(dout, cache):
    for node in reversed(cache):
        dout = node.backward(dout)
    return dout, cache[-1].dgamma, cache[-1].dbeta


def batchnorm_backward_alt(dout, cache):
    _, divide, affine = cache
    z, N = divide.out, len(dout)
    dgamma, dbeta = np.sum(z * dout, axis=0), np.sum(dout, axis=0)
    return affine.gamma / divide.std / N * (N * dout - z * dgamma - dbeta), dgamma, dbeta


def spatial_batchnorm_forward(x, gamma, beta, bn_param):
    last = np.moveaxis(x, 1, -1)
    out, cache = batchnorm_forward(last.reshape(-1, last.shape[-1]), gamma, beta, bn_param)
    return np.moveaxis(out.reshape(last.shape), -1, 1), cache


def spatial_batchnorm_backward(dout, cache):
    last = np.moveaxis(dout, 1, -1)
    dx, dgamma, dbeta = batchnorm_backward(last.reshape(-1, last.shape[-1]), cache)
    return np.moveaxis(dx.reshape(last.shape), -1, 1), dgamma, dbeta
