"""Textbook BN and BRN, ways to get their backward passes wrong, and other functions to check."""

from __future__ import annotations

import inspect
import re
from unittest.mock import patch

import numpy as np

from brn_numpy import textbook

bn_backward, brn_backward = textbook.batch_norm_backward, textbook.batch_renorm_backward


def bn_forward(x, gamma, beta, eps=1e-5):
    """BN of the textbook; it is analytic, so that the complex step can check it."""
    return textbook.batch_norm_forward(x, gamma, beta, eps)


def brn_forward(x, gamma, beta, mu, sigma, r_max=1.5, d_max=1.0, eps=0.2, correction=None):
    """BRN of the textbook; `correction` gives r and d in the place of what is computed."""
    given = (x, gamma, beta, mu, sigma, r_max, d_max, eps)
    if correction is None:
        return textbook.batch_renorm_forward(*given)
    with patch.object(textbook, "renorm_correction", lambda *_: correction):
        return textbook.batch_renorm_forward(*given)


def with_line(function, line):
    """Return a function of the textbook with another line for the name that `line` sets last."""
    name = line.rpartition("; ")[2].split()[0]
    source = inspect.getsource(function)
    source, replaced = re.subn(rf"^    {name}\b.*$", f"    {line}", source, flags=re.MULTILINE)
    assert replaced == 1, line
    names = dict(vars(textbook))
    exec(source, names)
    return names[function.__name__]


DX = "(dxhat - through_mean - through_std) / cache.std"
WRONG_BN = {
    "dx = dy": "dx = dy.copy()",
    "statistics constant": "dx = dxhat / cache.std",
    "no gamma": "dxhat = dy",
    "diagonal": "dx = dxhat * (1 - (1 + cache.xhat**2) / count(dy)) / cache.std",
    "no mean term": "through_mean = 0",
    "no variance term": "through_std = 0",
    "dgamma averaged": "dgamma = total(dy * cache.xhat) / count(dy)",
    "dbeta averaged": "dbeta = total(dy) / count(dy)",
    "dgamma from x": "dgamma = total(dy * cache.x)",
    "dgamma from xc": "dgamma = total(dy * cache.xc)",
    "n - 1": "n = count(dy); through_std = cache.xhat * mean(dxhat * cache.xhat) * n / (n - 1)",
    "eps outside": f"std = np.sqrt(cache.var) + cache.eps; dx = {DX.replace('cache.std', 'std')}",
    "variance for std": f"dx = {DX}**2",
    "sign of dx": f"dx = -{DX}",
    "dgamma and dbeta swapped": "return dx, dbeta, dgamma",
    "dx = 0": "dx = 0 * dy",
    "shape of dbeta": "dbeta = total(dy)[None]",
}
WRONG_BN = {name: with_line(bn_backward, line) for name, line in WRONG_BN.items()}

EQUAL_BN = {  # odd, and right
    # the path of the variance to the mean is multiplied by sum(xc) = 0, so that it may be doubled
    "doubled zero": "dvar = -mean(dxhat * cache.xc) / (2 * cache.std**3); "
    "dmu = -mean(dxhat) / cache.std - 2 * dvar * 2 * mean(cache.xc); "
    "dx = dxhat / cache.std + 2 * dvar * cache.xc + dmu",
    # a sum over x in the place of xc is the same if dy is centred
    "raw x": "centred = dxhat - through_mean; "
    "dx = (centred - cache.xhat * mean(centred * cache.x) / cache.std) / cache.std",
}
EQUAL_BN = {name: with_line(bn_backward, line) for name, line in EQUAL_BN.items()}

WRONG_BRN = {
    "r not in dx": "dz = dxhat",
    "dgamma without r, d": "dgamma = total(dy * cache.z)",
    "dgamma without d": "dgamma = total(dy * cache.z * cache.r)",
    "r inverted in dx": "dz = dxhat / cache.r",
    # the gradient through r and d where they are not clipped
    "through r and d": "free = (cache.r == cache.std / cache.running_std) "
    "& (np.abs(cache.d) < cache.d_max); "
    f"dx = np.where(free, dxhat / cache.running_std, {DX.replace('dxhat', 'dz')})",
}
WRONG_BRN = {name: with_line(brn_backward, line) for name, line in WRONG_BRN.items()}


def bn_inputs(seed, shape=(7, 6), dtype=np.float64):
    rng = np.random.default_rng(seed)
    channels = shape[1]
    return {
        "x": (rng.standard_normal(shape) + 0.3).astype(dtype),
        "gamma": (rng.choice([-1, 1], channels) * rng.uniform(0.5, 2, channels)).astype(dtype),
        "beta": (rng.standard_normal(channels) + 0.3).astype(dtype),
    }


def brn_inputs(seed):
    """Channels whose r is clipped low, high, free; whose d is clipped -, +, free."""
    mu = np.array([0.2, -1.5, 2.4, 0.5, -0.3, 0.2])
    sigma = np.array([1.0, 0.3, 5.0, 1.1, 0.8, 1.3])
    return {**bn_inputs(seed), "mu": mu, "sigma": sigma}


def linear_forward(x, w, b):
    return x @ w + b, (x, w)


def linear_backward(dy, cache):
    x, w = cache
    return dy @ w.T, x.T @ dy, dy.sum(axis=0)


def net_forward(x, w1, w2):
    hidden = x @ w1
    return np.maximum(hidden, 0) @ w2, (x, w1, w2, hidden)


def net_backward(dy, cache):
    x, w1, w2, hidden = cache
    dhidden = dy @ w2.T * (hidden > 0)
    return {"x": dhidden @ w1.T, "dw1": x.T @ dhidden, "w2": np.maximum(hidden, 0).T @ dy}


def pool_forward(x):
    blocks = x.reshape(len(x), -1, 3)
    return blocks.max(axis=2), blocks


def pool_backward(dy, blocks):
    first = blocks.argmax(axis=2)[..., None] == np.arange(3)
    return (dy[..., None] * first).reshape(len(dy), -1)


def cross_entropy(z, labels):
    z = z - z.max(axis=1, keepdims=True)
    p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    return -np.log(p[np.arange(len(z)), labels]).mean(), (p, labels)


def cross_entropy_backward(dy, cache):
    p, labels = cache
    return dy * (p - (np.arange(p.shape[1]) == labels[:, None])) / len(p)


def inference_forward(x, gamma, beta, mu, sigma):
    return textbook.batch_norm_inference(x, gamma, beta, mu, sigma), (x, gamma, mu, sigma)


def inference_backward(dy, cache):
    return textbook.batch_norm_inference_backward(dy, *cache)


def relu(x):
    return np.maximum(x, 0), x


def relu_backward(dy, x):
    return dy * (x > 0)


class Parameter:
    def __init__(self, data):
        self.data, self.grad = data, None


class BatchNorm:
    """A layer with parameters, running statistics, a step counter and a hidden one."""

    def __init__(self, channels, dtype=np.float64):
        self.gamma = Parameter(np.linspace(-1, 2, channels).astype(dtype))
        self.beta = Parameter(np.linspace(1, 3, channels).astype(dtype))
        self.mean, self.steps, self.training = np.zeros(channels), np.array(0), True
        self.hidden = 0

    def forward(self, x):
        y, self.cache = bn_forward(x, self.gamma.data, self.beta.data)
        if self.training:
            self.mean = self.mean + 0.1 * (x.mean(axis=0).real - self.mean)
            self.steps = self.steps + 1
        self.hidden += 1
        return y

    def backward(self, dy):
        dx, self.gamma.grad, self.beta.grad = bn_backward(dy, self.cache)
        return dx

    def parameters(self):
        return list(self.named_parameters().values())

    def named_parameters(self):
        return {"gamma": self.gamma, "beta": self.beta}

    def state_dict(self):
        return {
            "gamma": self.gamma.data, "beta": self.beta.data, "mean": self.mean, "steps": self.steps
        }  # fmt: skip

    def load_state_dict(self, state):
        self.gamma.data, self.beta.data = state["gamma"], state["beta"]
        self.mean, self.steps = state["mean"], state["steps"]


class BatchRenorm(BatchNorm):
    """A layer whose r and d can be read after a forward, and pinned by an attribute."""

    mu, sigma = np.array([0.2, -1.5, 2.4]), np.array([1.0, 0.3, 5.0])
    correction = None
    r = property(lambda self: self.cache.r)  # raises before the first forward
    d = property(lambda self: self.cache.d)

    def forward(self, x):
        y, self.cache = brn_forward(
            x, self.gamma.data, self.beta.data, self.mu, self.sigma, correction=self.correction
        )
        return y

    def backward(self, dy):
        dx, self.gamma.grad, self.beta.grad = brn_backward(dy, self.cache)
        return dx


class Chain(BatchNorm):
    def __init__(self, *layers):
        self.layers = layers

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, dy):
        for layer in reversed(self.layers):
            dy = layer.backward(dy)
        return dy

    def named_parameters(self):
        parts = enumerate(layer.named_parameters().items() for layer in self.layers)
        return {f"{i}.{name}": p for i, items in parts for name, p in items}

    def state_dict(self):
        return {f"{i}.{k}": v for i, q in enumerate(self.layers) for k, v in q.state_dict().items()}

    def load_state_dict(self, state):
        for i, layer in enumerate(self.layers):
            layer.load_state_dict({k: state[f"{i}.{k}"] for k in layer.state_dict()})


BRN = ("x", "gamma", "beta")
