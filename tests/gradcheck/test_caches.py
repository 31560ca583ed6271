"""The code that people have: caches that are used up or overwritten, dicts that are written into.

The functions in the style of a well-known course are written for this test.
"""

from __future__ import annotations

import numpy as np
import pytest

from brn_numpy.gradcheck import check_gradients

X = np.random.default_rng(0).standard_normal((6, 3))


def batchnorm_forward(x, gamma, beta, bn_param):
    """Training or test by a dict, which keeps the running statistics and is written into."""
    mode, eps = bn_param["mode"], bn_param.get("eps", 1e-5)
    momentum = bn_param.get("momentum", 0.9)
    running_mean = bn_param.get("running_mean", np.zeros(x.shape[1], dtype=x.dtype))
    running_var = bn_param.get("running_var", np.zeros(x.shape[1], dtype=x.dtype))
    if mode == "train":
        mean, var = np.mean(x, axis=0), np.var(x, axis=0)
        running_mean = momentum * running_mean + (1 - momentum) * mean
        running_var = momentum * running_var + (1 - momentum) * var
    else:
        mean, var = running_mean, running_var
    z = (x - mean) / np.sqrt(var + eps)
    bn_param["running_mean"], bn_param["running_var"] = running_mean, running_var
    return gamma * z + beta, (z, gamma, np.sqrt(var + eps), mode)


def batchnorm_backward(dout, cache):
    z, gamma, std, mode = cache
    dz = dout * gamma
    dx = dz / std
    if mode == "train":
        n = len(z)
        dx = (n * dz - dz.sum(axis=0) - z * (dz * z).sum(axis=0)) / (n * std)
    return dx, (dout * z).sum(axis=0), dout.sum(axis=0)


def spatial_forward(x, gamma, beta, bn_param):
    n, c, h, w = x.shape
    flat, cache = batchnorm_forward(x.transpose(0, 2, 3, 1).reshape(-1, c), gamma, beta, bn_param)
    return flat.reshape(n, h, w, c).transpose(0, 3, 1, 2), cache


def spatial_backward(dout, cache):
    n, c, h, w = dout.shape
    dx, dgamma, dbeta = batchnorm_backward(dout.transpose(0, 2, 3, 1).reshape(-1, c), cache)
    return dx.reshape(n, h, w, c).transpose(0, 3, 1, 2), dgamma, dbeta


def dropout_forward(x, dropout_param):
    """Repeatable by the seed in its dict."""
    rng = np.random.default_rng(dropout_param["seed"])
    mask = (rng.random(x.shape) < dropout_param["p"]) / dropout_param["p"]
    return x * mask, (dropout_param, mask)


def dropout_backward(dout, cache):
    return dout * cache[1]


@pytest.mark.parametrize("shape", [(6, 3), (2, 3, 4, 2)])
@pytest.mark.parametrize(
    "param",
    [
        {"mode": "train"},
        {"mode": "train", "running_mean": np.ones(3), "running_var": np.ones(3)},
        {"mode": "test", "running_mean": np.ones(3), "running_var": np.full(3, 2.0)},
    ],
)
def test_a_dict_that_forward_writes_into(shape, param):
    """Right gradients pass without an adapter; a note says that the dict is written into."""
    x = np.random.default_rng(1).standard_normal(shape)
    pair = (batchnorm_forward, batchnorm_backward)
    pair = (spatial_forward, spatial_backward) if len(shape) == 4 else pair
    inputs = {"x": x, "gamma": np.array([1.5, -1, 0.5]), "beta": np.ones(3), "bn_param": param}
    before = {k: np.copy(v) for k, v in param.items()}
    report = check_gradients(*pair, inputs)
    report.assert_ok()
    assert [a.name for a in report.arguments] == ["x", "gamma", "beta"]
    writes = len(param) == 1 or param["mode"] == "train"
    assert len(report.notes) == writes and all("bn_param" in note for note in report.notes)
    assert param.keys() == before.keys()
    assert all(np.array_equal(param[k], before[k]) for k in before)

    def half(dout, cache):
        dx, dgamma, dbeta = pair[1](dout, cache)
        return dx / 2, dgamma, dbeta

    report = check_gradients(pair[0], half, inputs)
    assert [a.ok for a in report.arguments] == [False, True, True]


def test_a_constant_array_that_forward_updates_in_place():
    """Running statistics as arrays: constants by wrt, and no problem; checked, they are one."""

    def forward(x, running_mean):
        running_mean *= 0.9
        running_mean += 0.1 * x.mean(axis=0)
        return 3 * x, None

    inputs = {"x": X, "running_mean": np.ones(3)}
    report = check_gradients(forward, lambda dy, _: 3 * dy, inputs, wrt="x")
    report.assert_ok()
    assert "forward writes into running_mean" in report.notes[0]
    problems = check_gradients(forward, lambda dy, _: (3 * dy, np.zeros(3)), inputs).problems
    assert "forward changed its argument running_mean" in problems


def test_dropout_with_its_seed_in_a_dict():
    """A mask that is drawn anew from the same seed is the same function."""
    inputs = {"x": X, "dropout_param": {"p": 0.5, "seed": 3}}
    report = check_gradients(dropout_forward, dropout_backward, inputs)
    report.assert_ok()
    assert report.notes == ()


@pytest.mark.parametrize(
    ("cache", "backward", "error"),
    [
        (lambda x: {"x": x}, lambda dy, c: 2 * dy * c.pop("x"), "KeyError"),
        (lambda x: [x], lambda dy, c: 2 * dy * c.pop(), "IndexError"),
        (lambda x: [x], lambda dy, c: (2 * dy * c[0], c.clear())[0], "IndexError"),
        (lambda x: iter([x]), lambda dy, c: 2 * dy * next(c), "StopIteration"),
    ],
)
def test_a_backward_that_uses_its_cache_up(cache, backward, error):
    """It is right for every cache once: it passes, and a note says what a second call does."""
    report = check_gradients(lambda x: (x * x, cache(x)), backward, [X])
    report.assert_ok()
    (note,) = report.notes
    assert note.startswith(
        f"backward uses its cache up: a second call with the same cache raises {error}"
    )
    wrong = check_gradients(lambda x: (x * x, cache(x)), lambda dy, c: backward(dy, c) / 2, [X])
    assert [a.ok for a in wrong.arguments] == [False]


def test_a_backward_that_overwrites_its_cache():
    """Another gradient for the same cache is a problem, by its own name."""

    def backward(dy, cache):
        grad = 2 * dy * cache["x"]
        cache["x"] = grad
        return grad

    report = check_gradients(lambda x: (x * x, {"x": x}), backward, [X])
    assert report.problems == (
        "backward overwrites its cache: a second call with it gives another dx",
    )
    assert report.arguments[0].ok


def test_a_backward_that_fails_fails():
    """An exception of the first call comes through."""
    with pytest.raises(KeyError, match="z"):
        check_gradients(lambda x: (x * x, {"x": x}), lambda dy, c: c["z"], [X])


@pytest.mark.parametrize("wrt", [3, ["x", 3], [["x"]], [None]])
def test_names_that_are_none(wrt):
    """A list or a number in the place of a name is refused as that."""
    with pytest.raises(TypeError, match=r'wrt must be names such as "x,gamma"'):
        check_gradients(lambda x: (x, None), lambda dy, _: dy, {"x": X}, wrt=wrt)


@pytest.mark.parametrize("wrt", ["x,b", "x, b", ["x", "b"], ("b", "x"), {"x", "b"}])
def test_names_in_one_text(wrt):
    """Names may be separated by commas."""
    inputs = {"x": X, "b": np.ones(3), "c": np.ones(3)}
    forward = lambda x, b, c: (x + b + c, None)  # noqa: E731
    report = check_gradients(forward, lambda dy, _: (dy, dy.sum(axis=0)), inputs, wrt=wrt)
    report.assert_ok()
    assert [a.name for a in report.arguments] == ["x", "b"]


def test_a_layer_that_uses_its_cache_up():
    """A layer keeps its cache inside; every backward call comes after a forward call of its own."""

    class Square:
        cache = None

        def forward(self, x):
            self.cache = [x]
            return x * x

        def backward(self, dy):
            return 2 * dy * self.cache.pop()

        def parameters(self):
            return []

        def state_dict(self):
            return {}

        def load_state_dict(self, state):
            pass

    report = check_gradients(Square(), X)
    report.assert_ok()
    assert "uses its cache up" in report.notes[0]


def test_a_forward_that_does_not_repeat_is_one_problem():
    """Of a mask drawn anew in each call, nothing is said but that."""
    rng = np.random.default_rng(0)

    def forward(x):
        mask = rng.random(x.shape) < 0.5
        return x * mask, [mask]

    report = check_gradients(forward, lambda dy, cache: dy * cache.pop(), [X])
    assert report.problems == ("two calls of forward with the same input give different outputs",)


def test_rounding_between_calls_is_no_difference():
    """Outputs that differ by a trillionth of the largest are the same, also beside a 0."""
    calls = []

    def forward(x):
        calls.append(1)
        return x * x + 1e-12 * len(calls), x

    x = np.array([1.0, 0.0, -2.0])
    assert check_gradients(forward, lambda dy, x: 2 * dy * x, [x]).problems == ()
