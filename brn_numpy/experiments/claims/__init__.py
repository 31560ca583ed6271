"""The claims of the papers and questions of our own: an experiment a module, of the same name."""

from __future__ import annotations

from importlib import import_module

from ..experiment import Experiment

NAMES = """
    paper iid microbatches classes domains depth companions gradients warmup rates corrections
    convnet tuning family crossq
"""
EXPERIMENTS: dict[str, Experiment] = {
    name: import_module(f".{name}", __name__).EXPERIMENT for name in NAMES.split()
}
