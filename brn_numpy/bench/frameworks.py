"""PyTorch, where it is installed: the library itself never needs it."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from typing import Any


class _Later:
    """PyTorch, loaded when something of it is first asked for: that takes seconds."""

    def __getattr__(self, name: str) -> Any:
        module: Any = importlib.import_module("torch")
        module.set_num_threads(1)
        vars(self).update(vars(module))  # from now on as quick as the module itself
        return getattr(module, name)


torch: Any = _Later() if importlib.util.find_spec("torch") is not None else None


def autograd(function: Callable[..., Any], tensors: list[Any], upstream: Any) -> Any:
    """Return a call of PyTorch's forward and backward of a function of these tensors."""
    return lambda: torch.autograd.grad(function(*tensors), tensors, upstream)
