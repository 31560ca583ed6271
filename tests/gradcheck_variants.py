"""A textbook BN and BRN, ways to get their backward passes wrong, and other functions to check."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np


def bn_forward(x, gamma, beta, eps=1e-5):
    """BN over all axes but 1, written to be analytic, so that the complex step can check it."""
    axes = tuple(i for i in range(x.ndim) if i != 1)
    column = (1, -1) + (1,) * (x.ndim - 2)
    mu = x.mean(axis=axes).reshape(column)
    xc = x - mu
    std = np.sqrt((xc * xc).mean(axis=axes).reshape(column) + eps)
    xhat = xc / std
    y = gamma.reshape(column) * xhat + beta.reshape(column)
    cache = SimpleNamespace(
        x=x, xc=xc, std=std, xhat=xhat, gamma=gamma.reshape(column), axes=axes, column=column,
        m=x.size // x.shape[1], eps=eps,
    )  # fmt: skip
    return y, cache


def bn_backward(dy, c):
    mean = lambda a: a.mean(axis=c.axes).reshape(c.column)  # noqa: E731
    dx = c.gamma / c.std * (dy - mean(dy) - c.xhat * mean(dy * c.xhat))
    return dx, (dy * c.xhat).sum(axis=c.axes), dy.sum(axis=c.axes)


def brn_forward(x, gamma, beta, mu, sigma, r_max=1.5, d_max=1.0, eps=0.2, correction=None):
    _, c = bn_forward(x, gamma, beta, eps)
    if correction is None:
        r = np.clip(c.std.ravel().real / sigma, 1 / r_max, r_max)
        d = np.clip((x.mean(axis=c.axes).real - mu) / sigma, -d_max, d_max)
    else:
        r, d = correction
    y = c.gamma * (c.xhat * r.reshape(c.column) + d.reshape(c.column)) + beta.reshape(c.column)
    c.r, c.d = r, d
    c.sigma = sigma
    return y, c


def brn_backward(dy, c):
    r, d = c.r.reshape(c.column), c.d.reshape(c.column)
    dx, dg, db = bn_backward(dy, c)
    return dx * r, r.ravel() * dg + d.ravel() * db, db


def _mean(a, c):
    return a.mean(axis=c.axes).reshape(c.column)


def _dx(change):
    """Make a BN backward pass of a wrong dx."""

    def backward(dy, c):
        _, dgamma, dbeta = bn_backward(dy, c)
        return change(dy, c), dgamma, dbeta

    return backward


def _three(change):
    """Make a BN backward pass by changing the three right gradients."""
    return lambda dy, c: change(*bn_backward(dy, c), dy, c)


def _bessel(dy, c):
    n = c.m
    return c.gamma / c.std * (dy - _mean(dy, c) - c.xhat * _mean(dy * c.xhat, c) * n / (n - 1))


def _eps_outside(dy, c):
    std = np.sqrt(c.std**2 - c.eps) + c.eps
    return c.gamma / std * (dy - _mean(dy, c) - c.xhat * _mean(dy * c.xhat, c))


def _diagonal(dy, c):
    return c.gamma / c.std * dy * (1 - 1 / c.m - c.xhat**2 / c.m)


def _doubled(dy, c):
    """Right: the path of the variance to the mean is multiplied by sum(xc) = 0."""
    dxhat = dy * c.gamma
    dvar = (dxhat * c.xc).sum(axis=c.axes).reshape(c.column) * -0.5 * c.std**-3
    dmu = (-dxhat / c.std).sum(axis=c.axes).reshape(c.column)
    dmu = dmu + 2 * dvar * -2 * _mean(c.xc, c)
    return dxhat / c.std + dvar * 2 * c.xc / c.m + dmu / c.m


def _raw_x(dy, c):
    """Right: sum over x instead of xc, with dy centred."""
    g = dy - _mean(dy, c)
    return c.gamma / c.std * (g - c.xhat * _mean(g * c.x, c) / c.std)


WRONG_BN = {
    "dx = dy": _dx(lambda dy, c: dy.copy()),
    "statistics constant": _dx(lambda dy, c: c.gamma / c.std * dy),
    "no gamma": _three(lambda dx, dg, db, dy, c: (dx / c.gamma, dg, db)),
    "diagonal": _dx(_diagonal),
    "no mean term": _dx(lambda dy, c: c.gamma / c.std * (dy - c.xhat * _mean(dy * c.xhat, c))),
    "no variance term": _dx(lambda dy, c: c.gamma / c.std * (dy - _mean(dy, c))),
    "dgamma averaged": _three(lambda dx, dg, db, dy, c: (dx, dg / c.m, db)),
    "dbeta averaged": _three(lambda dx, dg, db, dy, c: (dx, dg, db / c.m)),
    "dgamma from x": _three(lambda dx, dg, db, dy, c: (dx, (dy * c.x).sum(axis=c.axes), db)),
    "dgamma from xc": _three(lambda dx, dg, db, dy, c: (dx, (dy * c.xc).sum(axis=c.axes), db)),
    "n - 1": _dx(_bessel),
    "eps outside": _dx(_eps_outside),
    "variance for std": _three(lambda dx, dg, db, dy, c: (dx / c.std, dg, db)),
    "sign of dx": _three(lambda dx, dg, db, dy, c: (-dx, dg, db)),
    "dgamma and dbeta swapped": _three(lambda dx, dg, db, dy, c: (dx, db, dg)),
    "dx = 0": _three(lambda dx, dg, db, dy, c: (dx * 0, dg, db)),
    "shape of dbeta": _three(lambda dx, dg, db, dy, c: (dx, dg, db[None])),
}
EQUAL_BN = {"doubled zero": _doubled, "raw x": _raw_x}
EQUAL_BN = {name: _dx(dx) for name, dx in EQUAL_BN.items()}


def _brn(change):
    return lambda dy, c: change(*brn_backward(dy, c), dy, c)


def _through(dx, dg, db, dy, c):
    """The gradient through r and d where they are not clipped."""
    sigma = c.sigma.reshape(c.column)
    free = (np.abs(c.std / sigma / c.r.reshape(c.column) - 1) < 1e-12) & (
        np.abs(c.d).reshape(c.column) < 1.0
    )
    return np.where(free, c.gamma / sigma * dy, dx), dg, db


WRONG_BRN = {
    "r not in dx": _brn(lambda dx, dg, db, dy, c: (dx / c.r.reshape(c.column), dg, db)),
    "dgamma without r, d": _brn(lambda dx, dg, db, dy, c: (dx, bn_backward(dy, c)[1], db)),
    "dgamma without d": _brn(lambda dx, dg, db, dy, c: (dx, c.r * bn_backward(dy, c)[1], db)),
    "r inverted in dx": _brn(lambda dx, dg, db, dy, c: (dx / c.r.reshape(c.column) ** 2, dg, db)),
    "through r and d": _brn(_through),
}


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
    return gamma * (x - mu) / sigma + beta, (x, gamma, mu, sigma)


def inference_backward(dy, cache):
    x, gamma, mu, sigma = cache
    return dy * gamma / sigma, (dy * (x - mu) / sigma).sum(axis=0), dy.sum(axis=0)


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
