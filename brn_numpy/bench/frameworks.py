"""PyTorch, where it is installed: the library itself never needs it."""

from __future__ import annotations

import importlib
import importlib.util
from typing import Any

torch: Any = None
if importlib.util.find_spec("torch") is not None:
    torch = importlib.import_module("torch")
    torch.set_num_threads(1)
