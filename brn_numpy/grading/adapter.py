"""What a student wrote as functions of CONTRACT: the exercises as they are, cs231n's in parts.

cs231n has both modes in one function, and rows and images in two. Here each part of them is a
function of both layouts: one of rows gets the pixels of images as rows, and one of images gets rows
as images of one pixel. What is said of a part is put into cs231n's words again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from inspect import isfunction, signature
from typing import Any

import numpy as np

from .._checks import Array
from .contract import CS231N, EXERCISES, FORWARD_OF, ContractFunction, Solution
from .tidy import Odd, tidy

FORWARD, BACKWARD = "batch_norm_forward", "batch_norm_backward"
STATISTICS, TEST = "running_statistics", "test_mode"
DEFAULTS = {FORWARD: ("eps", 1e-5), STATISTICS: ("momentum", 0.9)}  # where bn_param has none
WORDS = {"y": "out", "dy": "dout", "y4": "out4", "dy4": "dout4", "Inference": "Test mode"}
MADE = "y", "y4", "cache", "cache4", STATISTICS, TEST  # rows and images have them in a line to run


@dataclass(frozen=True)
class Task:
    """One thing that is judged: a function that the student wrote, or a part of it."""

    title: str  # what a report calls it
    written: str  # the student's function
    function: str  # which one of CONTRACT it is
    layout: str = ""  # with what the names of cs231n's functions begin: "spatial_", or nothing

    def solution(self, written: Solution) -> Solution:
        """Return the functions of CONTRACT that the student's functions are, here."""
        return written if self.written in EXERCISES else _adapted(written, self)

    @property
    def backward(self) -> str:
        """The student's backward pass."""
        own = self.function == BACKWARD
        return self.written if own else f"{self.layout}batchnorm_backward"

    @property
    def forward(self) -> str:
        """The student's forward pass, of a backward pass."""
        own = self.written in EXERCISES
        return FORWARD_OF[self.function] if own else f"{self.layout}batchnorm_forward"

    def say(self, text: str) -> str:
        """Put what is said of a function of CONTRACT into the student's words."""
        forward = f"{self.layout}batchnorm_forward"
        if self.layout:
            text = text.replace("(N, C)", "(N, C, 1, 1)")
        return self._words(text, dict.fromkeys((FORWARD, STATISTICS, TEST), forward))

    def line(self, text: str) -> str:
        """Put a line to run, or a name in it, into the student's words: see `see.names_of`."""
        made = {name: self.layout + WORDS.get(name, name) for name in MADE}
        return self._words(text, made | {FORWARD: f"{self.layout}batchnorm_forward"})

    def other_default(self, written: Solution) -> str:
        """Return what is said of a right function with another default; empty if it has none."""
        if self.written in EXERCISES or self.function not in DEFAULTS:
            return ""
        name, default = DEFAULTS[self.function]
        x, found = np.random.default_rng(0).normal(scale=0.01, size=(5, 3)), []
        try:
            for param in ({}, {name: default}):
                old = {"running_mean": np.ones(3), "running_var": np.ones(3)}
                bn_param = {"mode": "train", **old, **param}
                given = _to(self.layout, x.copy()), np.ones(3), np.ones(3), bn_param
                found.append((written[self.written](*given)[0], bn_param["running_mean"]))
            same = all(map(np.allclose, *found))
        except Exception as error:  # of the student's function; if it is out of time, it may pass
            same = bool(getattr(error, "ended", False))
        return "" if same else f"It does not take {default:g} for {name} where bn_param has none."

    def _words(self, text: str, more: Mapping[str, str]) -> str:
        if self.written in EXERCISES:
            return text
        words = {**WORDS, BACKWARD: self.backward, **more}
        text = re.sub(rf"({FORWARD}\([^()]*), eps\)", r"\1, bn_param)", text)
        return re.sub(r"\w+", lambda found: words.get(found[0], found[0]), text)


@dataclass(frozen=True)
class Contract:
    """What a student writes, and what is judged of it."""

    name: str
    functions: Mapping[str, ContractFunction]
    tasks: tuple[Task, ...]


def _parts(layout: str) -> list[Task]:
    forward, backward = f"{layout}batchnorm_forward", f"{layout}batchnorm_backward"
    return [
        Task(f"{forward}: training", forward, FORWARD, layout),
        Task(f"{forward}: running statistics", forward, STATISTICS, layout),
        Task(f"{forward}: test mode", forward, TEST, layout),
        *(Task(n, n, BACKWARD, layout) for n in (backward, f"{backward}_alt") if n in CS231N),
    ]


CONTRACTS: dict[str, Contract] = {
    "exercises": Contract("exercises", EXERCISES, tuple(Task(n, n, n) for n in EXERCISES)),
    "cs231n": Contract("cs231n", CS231N, (*_parts(""), *_parts("spatial_"))),
}


def contract_of(functions: Mapping[str, list[str]], only: str | None = None) -> Contract:
    """Return the contract of a file, by the one function wanted, or by all and their arguments."""
    if only is not None:
        return next(c for c in CONTRACTS.values() if only in c.functions)
    own, other = (sum(name in c.functions for name in functions) for c in CONTRACTS.values())
    modes = any("bn_param" in arguments for arguments in functions.values())
    plain = "eps" in functions.get("batchnorm_forward", [])
    cs231n = (modes and not own) or (other > own and not plain)
    return CONTRACTS["cs231n" if cs231n else "exercises"]


def written_in(names: Mapping[str, Any]) -> tuple[Contract, Solution]:
    """Return the contract of functions that are there already, and those that it names."""
    own = {name: f for name, f in names.items() if callable(f)}
    about = contract_of({n: [*signature(f).parameters] for n, f in own.items() if isfunction(f)})
    return about, {name: own[name] for name in about.functions if name in own}


def _adapted(written: Solution, task: Task) -> Solution:
    """Return cs231n's functions of one layout as functions of CONTRACT."""
    layout, own = task.layout, tidy({n: f for n, f in written.items() if n in CS231N})
    forward, backward = own.get(f"{layout}batchnorm_forward"), own.get(task.backward)

    def run(x: Array, gamma: Array, beta: Array, mode: str, **param: Any) -> tuple[Any, Any, Any]:
        bn_param = deepcopy({"mode": mode, **param})
        assert forward is not None
        y, cache = forward(_to(layout, x), gamma, beta, bn_param)
        return _back(layout, y, x), cache, bn_param

    def batch_norm_forward(x: Array, gamma: Array, beta: Array, eps: float) -> tuple[Any, Any]:
        return run(x, gamma, beta, "train", eps=eps)[:2]

    def running_statistics(x: Array, mean: Array, var: Array, momentum: float, eps: float) -> Any:
        old = {"running_mean": mean, "running_var": var}
        ones = np.ones_like(mean)
        found = run(x.copy(), ones, 0 * ones, "train", **old, momentum=momentum, eps=eps)[2]
        return tuple(found.get(name, Odd("not in bn_param")) for name in old)

    def test_mode(x: Array, gamma: Array, beta: Array, mean: Array, var: Array, eps: float) -> Any:
        old = {"running_mean": mean, "running_var": var}
        y, _, found = run(x, gamma, beta, "test", **old, eps=eps)
        for name, value in old.items():
            if np.shape(found.get(name)) == value.shape:
                value[...] = np.real(found[name])  # so that it is seen if that has changed
        return y

    def batch_norm_backward(dy: Array, cache: Any) -> tuple[Any, Any, Any]:
        assert backward is not None
        dx, dgamma, dbeta = backward(_to(layout, dy), cache)
        return _back(layout, dx, dy), dgamma, dbeta

    made: dict[str, Any] = {}
    if forward is not None:
        made = {FORWARD: batch_norm_forward, STATISTICS: running_statistics, TEST: test_mode}
    return made | ({BACKWARD: batch_norm_backward} if backward is not None else {})


def _to(layout: str, x: Array) -> Array:
    """Return rows as images of one pixel, or the pixels of images as rows."""
    if layout:
        return x.reshape(*x.shape, 1, 1) if x.ndim == 2 else x
    return x if x.ndim == 2 else np.moveaxis(x, 1, -1).reshape(-1, x.shape[1])


def _back(layout: str, a: Array, like: Array) -> Array:
    """Return an array in the layout of x again; one of another shape stays as it is."""
    if a.shape != _to(layout, like).shape:
        return a
    if layout or like.ndim == 2:
        return a.reshape(like.shape)
    return np.moveaxis(a.reshape(np.moveaxis(like, 1, -1).shape), -1, 1)
