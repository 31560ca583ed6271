"""The claims of the papers and questions of our own, an experiment each."""

from __future__ import annotations

from ..experiment import Experiment
from . import (
    classes,
    companions,
    convnet,
    corrections,
    crossq,
    depth,
    domains,
    family,
    gradients,
    iid,
    microbatches,
    paper,
    rates,
    tuning,
    warmup,
)

EXPERIMENTS: dict[str, Experiment] = {
    module.EXPERIMENT.name: module.EXPERIMENT
    for module in (
        paper,
        iid,
        microbatches,
        classes,
        domains,
        depth,
        companions,
        gradients,
        warmup,
        rates,
        corrections,
        convnet,
        tuning,
        family,
        crossq,
    )
}
